"""Taking regions out of boxes, lazily: sound and complete, within a budget."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from routing_rules.budget import STORED, Budget
from routing_rules.space import COUNT_STEPS, Box, Space

REGION = 20 * STORED
PIECE = 8 * STORED
"""A box that waits to be cut further."""


@dataclass(slots=True, eq=False)
class Region:
    """The facts of a box that lie in none of its holes."""

    box: Box
    holes: tuple[Region, ...] = ()


class Cut:
    """Cuts boxes of one space by regions. Raises BudgetSpent."""

    def __init__(self, space: Space, budget: Budget) -> None:
        self.space = space
        self.spend = budget.spend
        self._regions: dict[tuple[Box, tuple[Region, ...]], Region] = {}

    def region(self, box: Box, holes: tuple[Region, ...] = ()) -> Region:
        """Return the region of a box without holes; two that are alike are one."""
        self.spend(1 + len(holes))
        key = box, holes
        found = self._regions.get(key)
        if found is None:
            self.spend(REGION + STORED * len(holes))
            found = self._regions[key] = Region(box, holes)
        return found

    def largest_first(self, regions: Sequence[Region]) -> list[Region]:
        """Return the regions as they are best cut away: those without holes, the largest first."""
        self.spend(COUNT_STEPS * len(regions))
        count = self.space.count
        return sorted(regions, key=lambda region: (bool(region.holes), -count(region.box)))

    def outside(self, box: Box, regions: Sequence[Region]) -> Iterator[Box]:
        """Yield disjoint boxes that together are the part of `box` outside all regions."""
        meeting, minus, spend = self.space.meeting, self.space.minus, self.spend
        left: list[tuple[Box, Sequence[Region]]] = [(box, regions)]
        while left:
            box, regions = left.pop()
            spend(len(regions) + PIECE)
            near = meeting(box, regions)
            if not near:
                yield box
                continue
            apart = [(box & ~region.box).bit_count() for region in near]
            least = min(apart)
            at = apart.index(least)
            first, rest = near[at], near[:at] + near[at + 1 :]
            if not least and any(not each.holes and not box & ~each.box for each in near):
                continue
            left.extend((piece, rest) for piece in minus(box, first.box))
            if first.holes:
                inner = self.inside(box & first.box, first.holes)
                left.extend((piece, rest) for piece in inner)

    def inside(self, box: Box, regions: Sequence[Region]) -> Iterator[Box]:
        """Yield disjoint boxes that together are the part of `box` inside some region."""
        meeting, minus, spend = self.space.meeting, self.space.minus, self.spend
        left: list[tuple[Box, Sequence[Region]]] = [(box, regions)]
        while left:
            box, regions = left.pop()
            spend(len(regions) + PIECE)
            near = meeting(box, regions)
            if not near:
                continue
            first, rest = near[0], near[1:]
            inner = box & first.box
            if first.holes:
                yield from self.outside(inner, first.holes)
                if rest:
                    left.extend((piece, rest) for piece in self.inside(inner, first.holes))
            else:
                yield inner
            if rest:
                left.extend((piece, rest) for piece in minus(box, first.box))

    def within(self, region: Region, others: Sequence[Region]) -> Iterator[Box]:
        """Yield disjoint boxes that together are the part of `region` outside all others."""
        return self.outside(region.box, (*region.holes, *others))

    def meet(self, one: Region, other: Region) -> Region | None:
        """Return the facts in both, None where the two boxes share none."""
        self.spend(1)
        box = one.box & other.box
        if not self.space.possible(box):
            return None
        self.spend(len(one.holes) + len(other.holes))
        return self.region(box, tuple(dict.fromkeys((*one.holes, *other.holes))))

    def without(self, region: Region, others: Sequence[Region]) -> Region:
        """Return the region with those others as holes that it meets."""
        if not others:
            return region
        self.spend(len(others))
        near = self.space.meeting(region.box, others)
        return self.region(region.box, (*region.holes, *near)) if near else region
