"""Proof by boxes: that some rule names a lead for every possible set of facts, and never two.

A rule covers a box: for each plain fact the values it allows, for a set fact what it asks of the
members. Taking boxes away from the box of all facts leaves what no rule covers; any point of the
rest is a witness. Sound and complete; past the node budget it fails closed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from routing_rules.boxes import Box, Space
from routing_rules.match import keyed_on
from routing_rules.rule import Rule
from routing_rules.ruleset import RuleSet

NODE_BUDGET = 200_000


class BudgetSpent(RuntimeError):
    """The proof needs more steps than allowed."""


@dataclass(frozen=True)
class Finding:
    """A fault of a rule set. `witness` is a full set of facts that shows it (None: not proved)."""

    what: str
    rules: tuple[str, ...]
    witness: Mapping[str, object] | None

    def line(self) -> str:
        """Return the finding as one line."""
        if self.witness is None:
            return self.what
        shown = ", ".join(
            f"{name}={'+'.join(sorted(map(str, value))) if isinstance(value, frozenset) else value}"
            for name, value in self.witness.items()
        )
        return f"{self.what}, for example with {shown}"


def verify(ruleset: RuleSet, budget: int = NODE_BUDGET) -> list[Finding]:
    """Prove total coverage, and that no tier names two leads for the same facts.

    At most one finding for coverage and one for each pair of rules in conflict.
    """
    prover = _Prover(ruleset, budget)
    try:
        return [*prover.gaps(), *prover.conflicts()]
    except BudgetSpent:
        return [Finding(f"the proof needs more than {budget} steps: not proved", (), None)]


class _Prover:
    def __init__(self, ruleset: RuleSet, budget: int) -> None:
        self.budget = budget
        self.vocabulary = ruleset.vocabulary
        self.space = Space(ruleset.vocabulary)
        self.law = ruleset.vocabulary.tiers[0]
        self.barring: dict[str, list[Box]] = {}
        for rule in ruleset.rules:
            for kind in rule.then.withhold:
                self.barring.setdefault(kind, []).append(self.space.box(rule.when))
        self.leading = [rule for rule in ruleset.rules if rule.then.leads]
        # Leads that nothing can withhold first: they take away the most in one step.
        self.leading.sort(key=lambda rule: bool(self._barring(rule)))
        self.boxes = {rule.id: self._lead_box(rule) for rule in self.leading}

    def gaps(self) -> Iterator[Finding]:
        for box in self._left(self.space.everything, self.leading, 0):
            what = "no rule names a lead or says that nobody may get it"
            yield Finding(what, (), self.space.witness(box))
            return

    def conflicts(self) -> Iterator[Finding]:
        order = self.vocabulary.tiers.index
        for number, one in enumerate(self.leading):
            for other in self.leading[number + 1 :]:
                if one.tier != other.tier or one.then.lead == other.then.lead:
                    continue
                stronger = [each for each in self.leading if order(each.tier) < order(one.tier)]
                for box in self._both_lead(one, other):
                    left = next(self._left(box, stronger, 0), None)
                    if left is not None:
                        what = f"rules {one.id} and {other.id} of tier {one.tier} name two leads"
                        yield Finding(what, (one.id, other.id), self.space.witness(left))
                        break

    def _barring(self, rule: Rule) -> list[Box]:
        if rule.then.lead is None or rule.tier == self.law:
            return []
        return self.barring.get(rule.then.lead, [])

    def _lead_box(self, rule: Rule) -> Box | None:
        box = self.space.box(rule.when)
        bound = keyed_on(rule, self.vocabulary)
        key = self.vocabulary.lead_key
        if bound is not None and key is not None:
            return self.space.meet(box, self.space.box({key.name: bound}))
        return box

    def _both_lead(self, one: Rule, other: Rule) -> Iterator[Box]:
        first, second = self.boxes[one.id], self.boxes[other.id]
        both = self.space.meet(first, second) if first and second else None
        if both is not None:
            yield from self._outside(both, self._barring(one) + self._barring(other), 0)

    def _outside(self, box: Box, boxes: list[Box], start: int) -> Iterator[Box]:
        """Yield the parts of `box` that lie in none of `boxes[start:]`."""
        self._spend()
        for number in range(start, len(boxes)):
            if self.space.meet(box, boxes[number]) is not None:
                for piece in self.space.minus(box, boxes[number]):
                    yield from self._outside(piece, boxes, number + 1)
                return
        yield box

    def _left(self, box: Box, rules: list[Rule], start: int) -> Iterator[Box]:
        """Yield the parts of `box` in which none of `rules[start:]` leads."""
        self._spend()
        for number in range(start, len(rules)):
            rule_box = self.boxes[rules[number].id]
            inside = self.space.meet(box, rule_box) if rule_box else None
            if inside is None or rule_box is None:
                continue
            for piece in self.space.minus(box, rule_box):
                yield from self._left(piece, rules, number + 1)
            for piece in self._withheld(inside, self._barring(rules[number]), 0):
                yield from self._left(piece, rules, number + 1)
            return
        yield box

    def _withheld(self, box: Box, barring: list[Box], start: int) -> Iterator[Box]:
        """Yield the parts of `box` that lie in some of `barring[start:]`."""
        for number in range(start, len(barring)):
            inside = self.space.meet(box, barring[number])
            if inside is not None:
                yield inside
                for piece in self.space.minus(box, barring[number]):
                    yield from self._withheld(piece, barring, number + 1)
                return

    def _spend(self) -> None:
        self.budget -= 1
        if self.budget < 0:
            raise BudgetSpent
