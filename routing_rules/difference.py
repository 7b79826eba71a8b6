"""What changes between two rule sets: all facts whose outcome differs, as boxes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from routing_rules.canonical import plain
from routing_rules.cut import BudgetSpent, Cut, Region
from routing_rules.regions import Regions
from routing_rules.rule import Give, Rule, basis_of
from routing_rules.ruleset import RuleSet
from routing_rules.space import Box, Conditions, Space
from routing_rules.verify import NODE_BUDGET
from routing_rules.vocabulary import Output, Value, Vocabulary

MOST_TOUCHED = 12
SHARE_BUDGET = 5_000


@dataclass(frozen=True)
class Change:
    """One thing that is given otherwise: a value that replaces another, or that comes or goes.

    Of what comes with a member only changes where the member is given before and after are named.
    `where` holds the facts concerned as boxes, `witness` one of them, `share` their part of all
    possible facts.
    """

    output: str
    of: str
    before: Value | None
    after: Value | None
    where: tuple[Conditions, ...]
    witness: Mapping[str, object]
    share: float


@dataclass(frozen=True)
class Edit:
    """A rule, basis, case or other table that was added, removed or changed in what is written."""

    table: str
    id: str
    how: str


@dataclass(frozen=True)
class Difference:
    """`changes`: what comes out otherwise; `share`: of how much of all possible facts (None: not
    counted); `edits`: what was written otherwise, whether or not anything comes of it."""

    changes: tuple[Change, ...]
    share: float | None
    edits: tuple[Edit, ...]


class VocabulariesDiffer(ValueError):
    """The two sets do not speak of the same facts and outputs."""


def difference(before: RuleSet, after: RuleSet, budget: int = NODE_BUDGET) -> Difference:
    """Return all that changes. Raises VocabulariesDiffer, and BudgetSpent past `budget` steps."""
    if before.vocabulary != after.vocabulary:
        raise VocabulariesDiffer("the two sets have different vocabularies")
    compared = _Compared(before, after, budget)
    changes = tuple(compared.changes())
    return Difference(changes, compared.share(), tuple(_edits(before, after)))


class _Compared:
    def __init__(self, before: RuleSet, after: RuleSet, budget: int) -> None:
        self.vocabulary: Vocabulary = before.vocabulary
        self.space = Space(self.vocabulary)
        self.cut = Cut(self.space, budget)
        self.before = Regions(before, self.cut)
        self.after = Regions(after, self.cut)
        self.touched = self._touched()
        self.differing: list[Box] = []

    def changes(self) -> Iterator[Change]:
        for output in self.vocabulary.outputs.values():
            if output.takes_from:
                continue
            owner = self.vocabulary.outputs[output.per].values if output.per else ("",)
            for of in map(str, owner):
                yield from self._single(output, of) if output.single else self._union(output, of)
                if output.based:
                    for member in map(str, output.values):
                        yield from self._bases(output, member)

    def share(self) -> float | None:
        """Return how much of all possible facts some change concerns; None: too many to count."""
        apart: list[Box] = []
        self.cut.budget = SHARE_BUDGET
        try:
            for box in sorted(set(self.differing), key=self.space.count, reverse=True):
                apart += self.cut.outside(box, [Region(other) for other in apart])
        except BudgetSpent:
            return None
        return sum(map(self.space.count, apart)) / self.space.count(self.space.everything)

    def _touched(self) -> list[Box]:
        """Return disjoint boxes that hold all facts for which some changed rule matches.

        Nothing changes elsewhere. Of many changed rules simply all facts.
        """
        old, new = (_by_id(regions.ruleset) for regions in (self.before, self.after))
        boxes = [
            region.box
            for regions, others in ((self.before, new), (self.after, old))
            for number, rule in enumerate(regions.ruleset.rules)
            if others.get(rule.id) != _meaning(rule, regions.ruleset.effects[number])
            for region in regions.boxes[number]
        ]
        if len(boxes) > MOST_TOUCHED:
            return [self.space.everything]
        found: list[Box] = []
        for box in sorted(boxes, key=self.space.count, reverse=True):
            found += self.cut.outside(box, [Region(other) for other in found])
        return found

    def _union(self, output: Output, of: str) -> Iterator[Change]:
        for value in output.values:
            give = Give(output.name, of, value)
            for before, after, change in (
                (self.before, self.after, (value, None)),
                (self.after, self.before, (None, value)),
            ):
                boxes = self._only(before, after, give, output.per)
                yield from self._change(output.name, of, change, boxes)

    def _bases(self, output: Output, member: str) -> Iterator[Change]:
        name = basis_of(output.name)
        for basis in {**self.before.ruleset.bases, **self.after.ruleset.bases}:
            give = Give(name, member, basis)
            for before, after, change in (
                (self.before, self.after, (basis, None)),
                (self.after, self.before, (None, basis)),
            ):
                boxes = self._only(before, after, give, output.name)
                yield from self._change(name, member, change, boxes)

    def _single(self, output: Output, of: str) -> Iterator[Change]:
        """Yield each pair of values of which one replaces the other; None: no value at all."""
        for old in output.values:
            lost = list(self._only(self.before, self.after, Give(output.name, of, old), output.per))
            left: Sequence[Box] = lost
            for new in output.values:
                regions = [r for _, r in self.after.where(Give(output.name, of, new))]
                if new == old or not lost:
                    continue
                boxes = [piece for box in lost for piece in self.cut.inside(box, regions)]
                left = [piece for box in left for piece in self.cut.outside(box, regions)]
                yield from self._change(output.name, of, (old, new), boxes)
            yield from self._change(output.name, of, (old, None), left)
        every = [
            region
            for old in output.values
            for _, region in self.before.where(Give(output.name, of, old))
        ]
        for new in output.values:
            gained = self._only(self.after, self.before, Give(output.name, of, new), output.per)
            boxes = [piece for box in gained for piece in self.cut.outside(box, every)]
            yield from self._change(output.name, of, (None, new), boxes)

    def _only(self, one: Regions, other: Regions, give: Give, per: str | None) -> Iterator[Box]:
        """Yield where `one` gives what `other` does not; of a member only where both have it."""
        not_giving = [region for _, region in other.where(give)]
        same = set(not_giving)
        giving = [region for _, region in one.where(give) if region not in same]
        present = [region for _, region in other.where(Give(per, "", give.of))] if per else []
        if not giving or (per and same.issuperset(present)):
            return
        for box in self.touched:
            for inner in self.cut.inside(box, giving):
                for left in self.cut.outside(inner, not_giving):
                    if per:
                        yield from self.cut.inside(left, present)
                    else:
                        yield left

    def _change(
        self,
        output: str,
        of: str,
        change: tuple[Value | None, Value | None],
        boxes: Iterator[Box] | Sequence[Box],
    ) -> Iterator[Change]:
        found = list(boxes)
        if not found:
            return
        self.differing += found
        joined = self.space.joined(found)
        total = self.space.count(self.space.everything)
        yield Change(
            output=output,
            of=of,
            before=change[0],
            after=change[1],
            where=tuple(map(self.space.conditions, joined)),
            witness=self.space.witness(joined[0]),
            share=sum(map(self.space.count, joined)) / total,
        )


def _by_id(ruleset: RuleSet) -> dict[str, object]:
    pairs = zip(ruleset.rules, ruleset.effects, strict=True)
    return {rule.id: _meaning(rule, effects) for rule, effects in pairs}


def _meaning(rule: Rule, effects: Sequence[Give]) -> object:
    """Return all of a rule that can change an outcome."""
    return rule.tier, rule.fallback, dict(rule.when), frozenset(effects), rule.gives


def _edits(before: RuleSet, after: RuleSet) -> Iterator[Edit]:
    tables: list[tuple[str, Mapping[str, object], Mapping[str, object]]] = [
        ("rule", before.by_id, after.by_id),
        ("usual", before.usual, after.usual),
        ("basis", before.bases, after.bases),
        ("case", {c.id: c for c in before.cases}, {c.id: c for c in after.cases}),
    ]
    for name in {**before.beside, **after.beside}:
        tables.append((name, before.beside.get(name, {}), after.beside.get(name, {})))
    for table, old, new in tables:
        for each in {**old, **new}:
            if each not in new:
                yield Edit(table, each, "removed")
            elif each not in old:
                yield Edit(table, each, "added")
            elif plain(old[each]) != plain(new[each]):
                yield Edit(table, each, "changed")
