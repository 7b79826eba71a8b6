"""Proofs about a rule set, by cutting boxes: sound and complete, and closed where they give up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

from routing_rules.budget import Budget, BudgetSpent
from routing_rules.cases import run_case
from routing_rules.cut import Cut, Region
from routing_rules.finding import Finding, FindingKind
from routing_rules.last_tier import LastTier, left_to_last_tier
from routing_rules.regions import Regions
from routing_rules.rule import Give
from routing_rules.ruleset import RuleSet
from routing_rules.space import Box, Space
from routing_rules.vocabulary import Output, Policy, RulesInvalid, Value

MOST_FINDINGS = 2_000
"""Of one part of a proof: more than anybody reads."""
CASE_STEPS = 500
"""What running a case is worth."""
MOST_DETAILED = 20
"""Of how many failing cases, and how many problems of each, more than the message is kept."""


@dataclass(frozen=True)
class Proof:
    """What the prover found. `holds` when there is nothing wrong."""

    findings: tuple[Finding, ...]
    last_tier: tuple[LastTier, ...]

    @property
    def holds(self) -> bool:
        """Whether the rule set may be put in force."""
        return not self.findings


def verify(ruleset: RuleSet, base: RuleSet | None = None, budget: Budget | None = None) -> Proof:
    """Prove a rule set, within a budget that several proofs may share (None: one of its own).

    Everything that must be given is given for all possible facts, and so is what a member needs; no
    two rules conflict; no rule
    is dead; nothing that the first tier of `base` gives is lost, nor is the basis on which it does;
    every case holds, and every rule has its effect in one.
    """
    prover = _Prover(ruleset, budget or Budget())
    findings: list[Finding] = []
    for what, prove in (
        ("coverage", prover.gaps),
        ("absence of conflicts", prover.conflicts),
        ("dead rules", prover.dead),
        ("the base's law", lambda: prover.weakened(base) if base else ()),
        ("worked cases", prover.cases),
    ):
        findings += _within_budget(what, prove)
    last_tier: tuple[LastTier, ...] = ()
    with suppress(BudgetSpent):
        last_tier = tuple(left_to_last_tier(prover.regions, prover.budget))
    return Proof(tuple(findings), last_tier)


def refuse_unproved(ruleset: RuleSet, budget: Budget | None = None) -> None:
    """Raise RulesInvalid where some facts lack what must be given, or have it twice."""
    prover = _Prover(ruleset, budget or Budget())
    found = [*_within_budget("coverage", prover.gaps)]
    found += _within_budget("absence of conflicts", prover.conflicts)
    if found:
        raise RulesInvalid(f"{ruleset.id}: {finding.line()}" for finding in found)


def _within_budget(what: str, prove: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """Yield what is found, and where the proof ends before its time that nothing is proved."""
    try:
        for number, finding in enumerate(prove()):
            if number == MOST_FINDINGS:
                raise BudgetSpent(f"more than {MOST_FINDINGS:,} findings")
            yield finding
    except BudgetSpent as error:
        message = f"{what}: the proof needs {error}, so it is not proved"
        yield Finding(FindingKind.NOT_PROVED, (), None, message)


class _Prover:
    def __init__(self, ruleset: RuleSet, budget: Budget) -> None:
        self.ruleset = ruleset
        self.vocabulary = ruleset.vocabulary
        self.space = Space(ruleset.vocabulary)
        self.budget = budget
        self.cut = Cut(self.space, budget)
        self.decided = [o for o in ruleset.vocabulary.outputs.values() if o.decided]

    @cached_property
    def regions(self) -> Regions:
        """Where each thing is given. Raises BudgetSpent."""
        return Regions(self.ruleset, self.cut)

    def gaps(self) -> Iterator[Finding]:
        """At most one for each output, and for each member that lacks what it needs."""
        for output in self.decided:
            if output.otherwise is not None:
                continue
            regions = [r for _, _, some in self.regions.candidates(output) for r in some]
            for box in self.cut.outside(self.space.everything, self.cut.largest_first(regions)):
                message = f'no rule gives "{output.name}"'
                witness = self.space.witness(box)
                yield Finding(FindingKind.GAP, (), witness, message, (output.name,))
                break

        for output in self.vocabulary.outputs.values():
            if output.needs is not None and output.per:
                for member in map(str, self.vocabulary.outputs[output.per].values):
                    yield from self._lacking(output, output.per, member, output.needs)

    def _lacking(self, output: Output, per: str, member: str, needs: Value) -> Iterator[Finding]:
        """One where a member is given without what it needs."""
        given = [region for _, region in self.regions.where(Give(output.name, member, needs))]
        for _, region in self.regions.where(Give(per, "", member)):
            self.cut.spend(len(given))
            for box in self.cut.within(region, given):
                message = f'{member} is given no "{output.name}" {needs}'
                named = (output.name, str(needs), member)
                yield Finding(FindingKind.GAP, (), self.space.witness(box), message, named)
                return

    def conflicts(self) -> Iterator[Finding]:
        """One for each pair of rules."""
        for output in self.decided:
            candidates = self.regions.candidates(output)
            for at, (one, value, regions) in enumerate(candidates):
                rule = self.ruleset.rules[one]
                stronger = self.regions.stronger(output, rule.tier)
                self.cut.spend(len(candidates) - at)
                for other, other_value, others in candidates[at + 1 :]:
                    second = self.ruleset.rules[other]
                    if value == other_value or (
                        output.policy is Policy.FIRST and rule.tier != second.tier
                    ):
                        continue
                    box = self._in_both(regions, others, stronger)
                    if box is not None:
                        tier = "" if output.policy is Policy.UNIQUE else f" of tier {rule.tier}"
                        yield Finding(
                            FindingKind.CONFLICT,
                            (rule.id, second.id),
                            self.space.witness(box),
                            f'rules {rule.id} and {second.id}{tier} give "{output.name}" two '
                            f"values, {value} and {other_value}",
                            (output.name, str(value), str(other_value)),
                        )

    def _in_both(
        self, some: Sequence[Region], others: Sequence[Region], stronger: Sequence[Region]
    ) -> Box | None:
        possible = self.space.possible
        self.cut.spend(len(some) * len(others))
        for one in some:
            for other in others:
                if possible(one.box & other.box):
                    holes = (*one.holes, *other.holes, *stronger)
                    for box in self.cut.outside(one.box & other.box, holes):
                        return box
        return None

    def dead(self) -> Iterator[Finding]:
        """One for each rule that is never the only one to give anything."""
        for number, rule in enumerate(self.ruleset.rules):
            if not self._matters(number):
                box = next((region.box for region in self.regions.boxes[number]), None)
                witness = None if box is None else self.space.witness(box)
                why = "it can never hold" if box is None else "others always give what it gives"
                message = f"rule {rule.id} changes nothing: {why}, or withhold it"
                if box is None:
                    message = f"rule {rule.id} changes nothing: {why}"
                yield Finding(FindingKind.DEAD, (rule.id,), witness, message)

    def _matters(self, number: int) -> bool:
        """Tell whether some facts exist where this rule alone gives something."""
        effects = self.ruleset.effects[number]
        for give in sorted(effects, key=lambda give: give.output in self.vocabulary.outputs):
            where = self.regions.where(give)
            self.cut.spend(len(where))
            others = [region for giver, region in where if giver != number]
            for giver, region in where:
                if giver == number and any(True for _ in self.cut.within(region, others)):
                    return True
        return False

    def weakened(self, base: RuleSet) -> Iterator[Finding]:
        """One for each rule of the base's first tier that loses something, and for each basis of
        such rules that is described otherwise."""
        yield from self._redefined(base)
        before = Regions(base, self.cut)
        for number, rule in enumerate(base.rules):
            if rule.tier != self.vocabulary.tiers[0] or self._unchanged(base, number):
                continue
            for give in base.effects[number]:
                box = self._lost(before, number, give)
                if box is not None:
                    message = f"law rule {rule.id} of {rule.layer} loses {_named(give)}"
                    named = (give.output, str(give.value), give.of)
                    witness = self.space.witness(box)
                    yield Finding(FindingKind.WEAKENED, (rule.id,), witness, message, named)
                    break

    def _redefined(self, base: RuleSet) -> Iterator[Finding]:
        resting: dict[str, list[str]] = {}
        for rule in base.rules:
            if rule.tier == self.vocabulary.tiers[0] and rule.basis:
                resting.setdefault(rule.basis.id, []).append(rule.id)
        for name, rules in resting.items():
            if self.ruleset.bases.get(name) != base.bases[name]:
                message = (
                    f"basis {name}, on which law rule {rules[0]} rests, is described otherwise"
                )
                yield Finding(FindingKind.WEAKENED, tuple(rules), None, message, (name,))

    def _unchanged(self, base: RuleSet, number: int) -> bool:
        rule = base.rules[number]
        now = self._numbers.get(rule.id)
        return now is not None and (
            self.ruleset.rules[now] == rule and self.ruleset.effects[now] == base.effects[number]
        )

    @cached_property
    def _numbers(self) -> Mapping[str, int]:
        return {rule.id: number for number, rule in enumerate(self.ruleset.rules)}

    def _lost(self, before: Regions, number: int, give: Give) -> Box | None:
        """Return a box in which the base's rule gives what is not given any more."""
        output = self.vocabulary.outputs.get(give.output)
        if output and output.takes_from:
            own = before.boxes[number]
            now = [
                region
                for giver in self.regions.givers.get(give, ())
                for region in self.regions.boxes[giver]
            ]
        else:
            own = [region for giver, region in before.where(give) if giver == number]
            now = [
                region
                for value in _as_strict(output, give)
                for _, region in self.regions.where(give._replace(value=value))
            ]
        self.cut.spend(len(now))
        for region in own:
            for box in self.cut.within(region, now):
                return box
        return None

    def cases(self) -> Iterator[Finding]:
        """One for each case that fails, and for each rule that has its effect in none."""
        shown: set[str] = set()
        failed = 0
        for case in self.ruleset.cases:
            self.cut.spend(CASE_STEPS)
            result = run_case(self.ruleset, case)
            shown.update(result.shaped)
            if not result.holds:
                message = "; ".join(result.problems)
                failed += 1
                details = result.problems[:MOST_DETAILED] if failed <= MOST_DETAILED else ()
                yield Finding(
                    FindingKind.CASE_FAILS, (case.id,), case.facts, message, problems=details
                )
        for rule in self.ruleset.rules:
            if rule.id not in shown:
                message = f"rule {rule.id} has its effect in no case"
                yield Finding(FindingKind.NO_CASE, (rule.id,), None, message)


def _as_strict(output: Output | None, give: Give) -> Sequence[Value]:
    if output and output.policy is Policy.MIN:
        return output.values[: output.rank(give.value) + 1]
    return (give.value,)


def _named(give: Give) -> str:
    return f'"{give.output}" {give.value}' + (f" of {give.of}" if give.of else "")
