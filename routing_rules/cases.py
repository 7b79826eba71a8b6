"""Running the worked cases of a rule set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from routing_rules.decide import decide, matched
from routing_rules.outcome import Outcome
from routing_rules.rule import Case
from routing_rules.ruleset import RuleSet
from routing_rules.vocabulary import Output, Policy
from routing_rules.weigh import NoRuleGives, ValuesConflict


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
    except (ValuesConflict, NoRuleGives) as error:
        return CaseResult(case.id, (f"case {case.id}: {type(error).__name__}: {error}",), ())
    problems = [
        f"case {case.id}: {what} should be {wanted}, is {found}"
        for what, wanted, found in _compared(ruleset, case.expect, outcome)
        if wanted != found
    ]
    hit = matched(ruleset, case.facts)
    problems += [f"case {case.id}: {rule} does not match" for rule in case.hits if rule not in hit]
    shaped = {rule for rules in outcome.given.values() for rule in rules}
    return CaseResult(case.id, tuple(problems), tuple(r for r in hit if r in shaped))


def _compared(
    ruleset: RuleSet, expect: Mapping[str, object], outcome: Outcome
) -> Iterator[tuple[str, object, object]]:
    for key, wanted in expect.items():
        output = ruleset.vocabulary.outputs.get(key)
        if output is None:
            yield key, _loose(wanted), set(outcome.uncertain)
        elif isinstance(wanted, Mapping):
            for member, value in wanted.items():
                yield f"{key} of {member}", _loose(value), _found(output, outcome, member)
        else:
            yield key, _loose(wanted), _found(output, outcome, "")


def _found(output: Output, outcome: Outcome, of: str) -> object:
    if output.policy is Policy.OR:
        return outcome.value(output.name) is True
    if output.single:
        return outcome.value(output.name, of)
    members = set(outcome.members(output.name, of))
    # What is given all the same was not taken.
    return members - set(outcome.members(output.takes_from, of)) if output.takes_from else members


def _loose(value: object) -> object:
    return set(value) if isinstance(value, list | tuple) else value
