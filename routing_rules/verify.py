"""Proofs about a rule set, by cutting boxes: sound and complete, and closed where they give up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from routing_rules.cases import run_cases
from routing_rules.cut import BudgetSpent, Cut, Region
from routing_rules.regions import Regions
from routing_rules.rule import Give
from routing_rules.ruleset import RuleSet
from routing_rules.space import Space
from routing_rules.vocabulary import Output, Policy, RulesInvalid, Value

NODE_BUDGET = 2_000_000
"""Steps that one proof may take: some seconds."""
EXAMPLES = 3


class FindingKind(StrEnum):
    """What is wrong. GAP: no rule gives what must be given. CONFLICT: two values, neither stronger.

    DEAD: never the only rule to give anything. WEAKENED: what the base's first tier gives is not
    given any more. CASE_FAILS: a worked case comes out otherwise. NO_CASE: no case shows the rule.
    NOT_PROVED: the budget was spent.
    """

    GAP = "gap"
    CONFLICT = "conflict"
    DEAD = "dead"
    WEAKENED = "weakened"
    CASE_FAILS = "case_fails"
    NO_CASE = "no_case"
    NOT_PROVED = "not_proved"


@dataclass(frozen=True)
class Finding:
    """A fault of a rule set. `rules` names rules or, for CASE_FAILS, the case.

    `witness`: a full set of facts that shows it, None where there is none to show. `named`: what
    the message names beside rules, for who says it in other words: an output, values of it, and
    the member of which they are.
    """

    kind: FindingKind
    rules: tuple[str, ...]
    witness: Mapping[str, object] | None
    message: str
    named: tuple[str, ...] = ()

    def line(self) -> str:
        """Return the finding as one line."""
        if self.witness is None:
            return self.message
        shown = ", ".join(
            f"{name}={'+'.join(sorted(map(str, value))) if isinstance(value, frozenset) else value}"
            for name, value in self.witness.items()
        )
        return f"{self.message}, for example with {shown}"


@dataclass(frozen=True)
class LastTier:
    """What only the last tier decides: its `share` of all possible facts (None: not counted within
    the budget) and a few examples."""

    output: str
    share: float | None
    examples: tuple[Mapping[str, object], ...]


@dataclass(frozen=True)
class Proof:
    """What the prover found. `holds` when there is nothing wrong."""

    findings: tuple[Finding, ...]
    last_tier: tuple[LastTier, ...]

    @property
    def holds(self) -> bool:
        """Whether the rule set may be put in force."""
        return not self.findings


def verify(ruleset: RuleSet, base: RuleSet | None = None, budget: int = NODE_BUDGET) -> Proof:
    """Prove a rule set.

    Everything that must be given is given for all possible facts; no two rules conflict; no rule
    is dead; nothing that the first tier of `base` gives is lost; every case holds, and every rule
    has its effect in one.
    """
    prover = _Prover(ruleset, budget)
    findings: list[Finding] = []
    for what, prove in (
        ("coverage", prover.gaps),
        ("absence of conflicts", prover.conflicts),
        ("dead rules", prover.dead),
        ("the base's law", lambda: prover.weakened(base) if base else ()),
    ):
        findings += _within_budget(what, prove, budget)
    findings += _cases(ruleset)
    return Proof(tuple(findings), tuple(prover.last_tier()))


def refuse_unproved(ruleset: RuleSet, budget: int = NODE_BUDGET) -> None:
    """Raise RulesInvalid where some facts lack what must be given, or have it twice."""
    prover = _Prover(ruleset, budget)
    found = [*_within_budget("coverage", prover.gaps, budget)]
    found += _within_budget("absence of conflicts", prover.conflicts, budget)
    if found:
        raise RulesInvalid(f"{ruleset.id}: {finding.line()}" for finding in found)


def _within_budget(
    what: str, prove: Callable[[], Iterable[Finding]], budget: int
) -> Iterator[Finding]:
    try:
        yield from prove()
    except BudgetSpent:
        message = f"{what}: the proof needs more than {budget} steps, so it is not proved"
        yield Finding(FindingKind.NOT_PROVED, (), None, message)


class _Prover:
    def __init__(self, ruleset: RuleSet, budget: int) -> None:
        self.ruleset = ruleset
        self.vocabulary = ruleset.vocabulary
        self.space = Space(ruleset.vocabulary)
        self._budget = budget
        self.cut = Cut(self.space, budget)
        self.regions = Regions(ruleset, self.cut)
        self.decided = [o for o in ruleset.vocabulary.outputs.values() if o.decided]

    def gaps(self) -> Iterator[Finding]:
        """At most one for each output."""
        self._refill()
        for output in self.decided:
            if output.otherwise is not None:
                continue
            regions = [r for _, _, some in self.regions.candidates(output) for r in some]
            regions.sort(key=lambda region: (bool(region.holes), -self.space.count(region.box)))
            for box in self.cut.outside(self.space.everything, regions):
                message = f'no rule gives "{output.name}"'
                witness = self.space.witness(box)
                yield Finding(FindingKind.GAP, (), witness, message, (output.name,))
                break

    def conflicts(self) -> Iterator[Finding]:
        """One for each pair of rules."""
        self._refill()
        possible = self.space.possible
        for output in self.decided:
            candidates = self.regions.candidates(output)
            for at, (one, value, regions) in enumerate(candidates):
                rule = self.ruleset.rules[one]
                stronger = self.regions.stronger(output, rule.tier)
                for other, other_value, others in candidates[at + 1 :]:
                    second = self.ruleset.rules[other]
                    if value == other_value or (
                        output.policy is Policy.FIRST and rule.tier != second.tier
                    ):
                        continue
                    box = self._in_both(regions, others, stronger, possible)
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
        self,
        regions: Sequence[Region],
        others: Sequence[Region],
        stronger: Sequence[Region],
        possible: Callable[[int], bool],
    ) -> int | None:
        for region in regions:
            for other in others:
                if possible(region.box & other.box):
                    both = Region(region.box & other.box, region.holes + other.holes)
                    for box in self.cut.within(both, stronger):
                        return box
        return None

    def dead(self) -> Iterator[Finding]:
        """One for each rule that is never the only one to give anything."""
        self._refill()
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
            others = [region for giver, region in where if giver != number]
            for giver, region in where:
                if giver == number and any(True for _ in self.cut.within(region, others)):
                    return True
        return False

    def weakened(self, base: RuleSet) -> Iterator[Finding]:
        """One for each rule of the base's first tier that loses something."""
        self._refill()
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

    def _unchanged(self, base: RuleSet, number: int) -> bool:
        rule = base.rules[number]
        now = self.ruleset.by_id.get(rule.id)
        return now == rule and (
            self.ruleset.effects[self.ruleset.rules.index(now)] == base.effects[number]
        )

    def _lost(self, before: Regions, number: int, give: Give) -> int | None:
        """Return a box in which the base's rule gives what is not given any more."""
        output = self.vocabulary.outputs.get(give.output)
        if output is None:
            return None  # on which basis it is given may change, not whether
        if output.takes_from:
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
        for region in own:
            for box in self.cut.within(region, now):
                return box
        return None

    def last_tier(self) -> Iterator[LastTier]:
        """What only the last tier decides, of each output that is decided by tiers."""
        tier = self.vocabulary.tiers[-1]
        for output in self.decided:
            if output.policy is not Policy.FIRST:
                continue
            self._refill()
            stronger = self.regions.stronger(output, tier)
            stronger = sorted(stronger, key=lambda r: (bool(r.holes), -self.space.count(r.box)))
            examples = list(islice(self._examples(stronger), EXAMPLES))
            self._refill()
            yield LastTier(output.name, self._share(stronger), tuple(examples))

    def _examples(self, stronger: Sequence[Region]) -> Iterator[Mapping[str, object]]:
        try:
            for box in self.cut.outside(self.space.everything, stronger):
                yield self.space.witness(box)
        except BudgetSpent:
            return

    def _share(self, stronger: Sequence[Region]) -> float | None:
        try:
            boxes = self.cut.outside(self.space.everything, stronger)
            left = sum(map(self.space.count, boxes))
        except BudgetSpent:
            return None
        return left / self.space.count(self.space.everything)

    def _refill(self) -> None:
        self.cut.budget = self._budget


def _as_strict(output: Output, give: Give) -> Sequence[Value]:
    if output.policy is Policy.MIN:
        return output.values[: output.rank(give.value) + 1]
    return (give.value,)


def _named(give: Give) -> str:
    return f'"{give.output}" {give.value}' + (f" of {give.of}" if give.of else "")


def _cases(ruleset: RuleSet) -> Iterator[Finding]:
    shown: set[str] = set()
    for result, case in zip(run_cases(ruleset), ruleset.cases, strict=True):
        shown.update(result.shaped)
        if not result.holds:
            message = "; ".join(result.problems)
            yield Finding(FindingKind.CASE_FAILS, (case.id,), case.facts, message)
    for rule in ruleset.rules:
        if rule.id not in shown:
            yield Finding(
                FindingKind.NO_CASE, (rule.id,), None, f"rule {rule.id} has its effect in no case"
            )
