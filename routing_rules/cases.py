"""Running the worked cases of a rule set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from routing_rules.decide import decide, matched
from routing_rules.outcome import Outcome
from routing_rules.problem import Problem, mark
from routing_rules.rule import Case
from routing_rules.ruleset import RuleSet
from routing_rules.vocabulary import Output, Policy
from routing_rules.weigh import NoRuleGives, ValuesConflict

_UNDECIDED = {
    ValuesConflict: mark("rules contradict one another: %(rules)s"),
    NoRuleGives: mark("what must be given is not given (%(rules)s)"),
}


@dataclass(frozen=True)
class CaseResult:
    """How one case went: `problems` is empty when it holds; `shaped` names the rules that had an
    effect on the outcome."""

    case: str
    problems: tuple[Problem, ...]
    shaped: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether the case came out as expected."""
        return not self.problems


def run_cases(ruleset: RuleSet) -> list[CaseResult]:
    """Decide every case and compare."""
    return [run_case(ruleset, case) for case in ruleset.cases]


def run_case(ruleset: RuleSet, case: Case) -> CaseResult:
    """Decide one case and compare."""
    place = Problem(mark("case %(id)s"), id=case.id)
    try:
        outcome = decide(ruleset, case.facts)
    except (ValuesConflict, NoRuleGives) as error:
        key = _UNDECIDED[type(error)]
        return CaseResult(case.id, (Problem(key, rules=error.args[0]).at(place),), ())
    differs = mark("%(what)s should be %(wanted)s, is %(found)s")
    problems = [
        Problem(differs, what=what, wanted=_said(wanted), found=_said(found))
        for what, wanted, found in _compared(ruleset, case.expect, outcome)
        if wanted != found
    ]
    hit = matched(ruleset, case.facts)
    missed = mark("%(rule)s does not match")
    problems += [Problem(missed, rule=rule) for rule in case.hits if rule not in hit]
    shaped = {rule for rules in outcome.given.values() for rule in rules}
    return CaseResult(
        case.id, tuple(p.at(place) for p in problems), tuple(r for r in hit if r in shaped)
    )


def _compared(
    ruleset: RuleSet, expect: Mapping[str, object], outcome: Outcome
) -> Iterator[tuple[str, object, object]]:
    for key, wanted in expect.items():
        output = ruleset.vocabulary.outputs.get(key)
        if output is None:
            yield key, _loose(wanted), set(outcome.uncertain)
        elif isinstance(wanted, Mapping):
            for member, value in wanted.items():
                what = Problem(mark("%(output)s of %(member)s"), output=key, member=member)
                yield what, _loose(value), _found(output, outcome, member)
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


def _said(value: object) -> object:
    """As a set's file writes it, the words of a list in an order of their own."""
    if value is None or value == set():
        return Problem(mark("nothing"))
    if isinstance(value, set):
        return ", ".join(sorted(map(str, value)))
    return str(value).lower() if isinstance(value, bool) else value
