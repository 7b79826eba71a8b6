"""Running the worked cases of a rule set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from routing_rules.decide import LeadsConflict, NoRuleLeads, decide, matched
from routing_rules.outcome import Outcome
from routing_rules.rule import Case
from routing_rules.ruleset import RuleSet
from routing_rules.tables import NOBODY


@dataclass(frozen=True)
class CaseResult:
    """How one case went: `problems` is empty when it holds; `shaped` names the rules that had an
    effect on the outcome."""

    case: str
    problems: tuple[str, ...]
    shaped: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether the case came out as expected."""
        return not self.problems


def run_cases(ruleset: RuleSet) -> list[CaseResult]:
    """Decide every case and compare."""
    return [_run(ruleset, case) for case in ruleset.cases]


def _run(ruleset: RuleSet, case: Case) -> CaseResult:
    try:
        outcome = decide(ruleset, case.facts)
    except (LeadsConflict, NoRuleLeads) as error:
        return CaseResult(case.id, (f"case {case.id}: {type(error).__name__}: {error}",), ())
    problems = [
        f"case {case.id}: {key} should be {wanted}, is {found}"
        for key, wanted, found in _compared(case.expect, outcome)
        if wanted != found
    ]
    hit = matched(ruleset, case.facts)
    problems += [f"case {case.id}: {rule} does not match" for rule in case.hits if rule not in hit]
    return CaseResult(case.id, tuple(problems), tuple(reason.rule for reason in outcome.reasons))


def _compared(expect: Mapping[str, object], outcome: Outcome) -> list[tuple[str, object, object]]:
    kinds = {recipient.kind: recipient for recipient in outcome.recipients}
    found: dict[str, object] = {
        "lead": outcome.lead or NOBODY,
        "recipients": set(kinds),
        "withheld": {withheld.kind for withheld in outcome.withheld},
        "alert": outcome.alert,
        "notices": set(outcome.notices),
        "uncertain": set(outcome.uncertain),
    }
    compared: list[tuple[str, object, object]] = []
    for key, wanted in expect.items():
        if isinstance(wanted, Mapping):
            for kind, named in wanted.items():
                value = getattr(kinds.get(kind), "desk" if key == "desk" else key, None)
                compared.append((f"{key} of {kind}", _loose(named), _loose(value)))
        else:
            compared.append((key, _loose(wanted), found[key]))
    return compared


def _loose(value: object) -> object:
    return set(value) if isinstance(value, list | tuple) else value
