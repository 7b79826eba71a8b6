"""What changes between two rule sets: all facts whose outcome differs, as boxes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from routing_rules.budget import STORED, Budget, BudgetSpent
from routing_rules.canonical import plain
from routing_rules.cut import Cut, Region
from routing_rules.regions import Regions
from routing_rules.rule import Give, Rule, basis_of
from routing_rules.ruleset import RuleSet
from routing_rules.space import COUNT_STEPS, Box, Conditions, Space
from routing_rules.vocabulary import Output, Value, Vocabulary

MOST_TOUCHED = 12
MOST_SHOWN = 50
SHARE_STEPS, JOIN_STEPS = 200_000, 500_000
BOX = 20 * STORED
Places = dict[Region, None]
"""Regions, each once, in order."""


@dataclass(frozen=True)
class Change:
    """One thing that is given otherwise: a value that replaces another, or that comes or goes.

    Of what comes with a member only changes where the member is given before and after are named.
    `where` holds the facts concerned as boxes, the largest first, which may overlap; of `boxes` in
    all those beyond the first MOST_SHOWN are left out. `witness` is one of the facts, `share` their
    part of all possible facts (None: not counted).
    """

    output: str
    of: str
    before: Value | None
    after: Value | None
    where: tuple[Conditions, ...]
    boxes: int
    witness: Mapping[str, object]
    share: float | None


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


def difference(
    before: RuleSet, after: RuleSet, budget: Budget | None = None, shown: int = MOST_SHOWN
) -> Difference:
    """Return all that changes, of each change so many boxes. Raises VocabulariesDiffer, and
    BudgetSpent past the budget (None: one of its own)."""
    if before.vocabulary != after.vocabulary:
        raise VocabulariesDiffer("the two sets have different vocabularies")
    compared = _Compared(before, after, budget or Budget(), shown)
    changes = tuple(compared.changes())
    return Difference(changes, compared.share(), tuple(_edits(before, after)))


class _Compared:
    def __init__(self, before: RuleSet, after: RuleSet, budget: Budget, shown: int) -> None:
        self.vocabulary: Vocabulary = before.vocabulary
        self.space = Space(self.vocabulary)
        self.budget = budget
        self.shown = shown
        self.cut = Cut(self.space, budget)
        self.before = Regions(before, self.cut)
        self.after = Regions(after, self.cut)
        self.touched = self._touched()
        self.differing: set[Box] = set()
        self._anywhere: Places = {self.cut.region(self.space.everything): None}

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
        return self._share(sorted(self.differing, key=int.bit_count, reverse=True))

    def _share(self, boxes: Iterable[Box]) -> float | None:
        cut, count = Cut(self.space, self.budget.part(SHARE_STEPS)), self.space.count
        apart: list[Region] = []
        counted = 0
        try:
            for box in boxes:
                for piece in list(cut.outside(box, apart)):
                    cut.spend(COUNT_STEPS)
                    counted += count(piece)
                    apart.append(Region(piece))
        except BudgetSpent:
            return None
        return counted / count(self.space.everything)

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
            yield from self._comes_or_goes(Give(output.name, of, value), output.per)

    def _bases(self, output: Output, member: str) -> Iterator[Change]:
        name = basis_of(output.name)
        for basis in {**self.before.ruleset.bases, **self.after.ruleset.bases}:
            yield from self._comes_or_goes(Give(name, member, basis), output.name)

    def _comes_or_goes(self, give: Give, per: str | None) -> Iterator[Change]:
        """Yield where one thing is given only before, or only after; of a member only where both
        have it."""
        before, after = (self._places(regions, give) for regions in (self.before, self.after))
        if before == after:
            return
        sides = (
            (_others(before, after), after, self.after, (give.value, None)),
            (_others(after, before), before, self.before, (None, give.value)),
        )
        for giving, not_giving, other, change in sides:
            present = self._places(other, Give(per, "", give.of)) if per else self._anywhere
            if not_giving.keys() >= present.keys():
                continue  # it comes with the member wherever that is
            boxes = self._in_both(giving, present, tuple(not_giving))
            yield from self._change(give.output, give.of, change, boxes)

    def _single(self, output: Output, of: str) -> Iterator[Change]:
        """Yield each pair of values of which one replaces the other; None: no value at all."""
        values = (*output.values, None) if output.otherwise is None else output.values
        before, after = (
            {value: self._valued(regions, output, of, value) for value in values}
            for regions in (self.before, self.after)
        )
        for old in values:
            for new in values:
                if new != old:
                    boxes = self._in_both(
                        _others(before[old], after[old]), _others(after[new], before[new])
                    )
                    yield from self._change(output.name, of, (old, new), boxes)

    def _valued(self, regions: Regions, output: Output, of: str, value: Value | None) -> Places:
        """Return where a single output has a value; None: it has none."""
        if value is not None:
            return self._places(regions, Give(output.name, of, value))
        if output.decided:
            some = [r for _, _, found in regions.candidates(output) for r in found]
        else:
            some = [r for v in output.values for r in self._valued(regions, output, of, v)]
        there = self._places(regions, Give(output.per, "", of)) if output.per else self._anywhere
        return dict.fromkeys(self.cut.without(region, some) for region in there)

    def _in_both(self, some: Places, others: Places, holes: tuple[Region, ...] = ()) -> list[Box]:
        """Return boxes, which may overlap, that hold what lies in both, was touched and in no
        hole."""
        spend, meeting, possible = self.cut.spend, self.space.meeting, self.space.possible
        weight = sum(1 + len(hole.holes) for hole in holes)
        found: list[Box] = []
        for one in some:
            spend(len(others))
            for other in meeting(one.box, others):
                both = one.box & other.box
                spend(len(self.touched))
                near = [box & both for box in self.touched if possible(box & both)]
                if not near:
                    continue
                spend(weight + len(one.holes) + len(other.holes))
                own = dict.fromkeys((*one.holes, *other.holes))
                # What lies in a hole of its own is cut out anyway.
                more = [Region(h.box, tuple(r for r in h.holes if r not in own)) for h in holes]
                for box in near:
                    spend(len(found))
                    if not any(not box & ~each for each in found):
                        for left in self.cut.outside(box, (*own, *more)):
                            spend(BOX)
                            found.append(left)
        return found

    def _change(
        self, output: str, of: str, change: tuple[Value | None, Value | None], boxes: list[Box]
    ) -> Iterator[Change]:
        if not boxes:
            return
        self.differing.update(boxes)
        joined = self._joined(boxes)
        yield Change(
            output=output,
            of=of,
            before=change[0],
            after=change[1],
            where=tuple(map(self.space.conditions, joined[: self.shown])),
            boxes=len(joined),
            witness=self.space.witness(joined[0]),
            share=self._share(joined),
        )

    def _joined(self, boxes: list[Box]) -> list[Box]:
        """Return fewer boxes that hold the same facts, as few as can be had cheaply, the
        largest first (roughly where they are very many)."""
        try:
            return self.space.joined(boxes, self.budget.part(JOIN_STEPS))
        except BudgetSpent:
            return sorted(boxes, key=int.bit_count, reverse=True)

    def _places(self, regions: Regions, give: Give) -> Places:
        where = regions.where(give)
        self.cut.spend(BOX + len(where))
        return dict.fromkeys(region for _, region in where)


def _others(some: Places, same: Places) -> Places:
    """Leave out the regions that stand on both sides: nothing changes in them."""
    return {region: None for region in some if region not in same}


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
