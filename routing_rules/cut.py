"""Taking regions out of boxes, lazily: sound and complete, within a budget of steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from routing_rules.space import Box, Space


class BudgetSpent(RuntimeError):
    """The proof needs more steps than allowed."""


class Region(NamedTuple):
    """The facts of a box that lie in none of its holes."""

    box: Box
    holes: tuple[Region, ...] = ()


class Cut:
    """Cuts boxes of one space by regions. Raises BudgetSpent once `budget` steps are used up."""

    def __init__(self, space: Space, budget: int) -> None:
        self.space = space
        self.budget = budget

    def outside(self, box: Box, regions: Sequence[Region]) -> Iterator[Box]:
        """Yield disjoint boxes that together are the part of `box` outside all regions."""
        meeting, minus = self.space.meeting, self.space.minus
        left: list[tuple[Box, Sequence[Region]]] = [(box, regions)]
        while left:
            self._spend()
            box, regions = left.pop()
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
        meeting, minus = self.space.meeting, self.space.minus
        left: list[tuple[Box, Sequence[Region]]] = [(box, regions)]
        while left:
            self._spend()
            box, regions = left.pop()
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
        box = one.box & other.box
        if not self.space.possible(box):
            return None
        return Region(box, one.holes + tuple(hole for hole in other.holes if hole not in one.holes))

    def _spend(self) -> None:
        self.budget -= 1
        if self.budget < 0:
            raise BudgetSpent
