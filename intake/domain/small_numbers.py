"""Counts as they may leave the house: small ones hidden, with whatever would give them away.

The rule: a table is cut into cells that do not overlap, and each is shown or hidden by itself
(``shown``). Every other number that leaves the house is a sum of such cells, and is shown only
where all of them are (``together``). So a hidden cell may be any number from 1 to 4, whoever has
all the tables and knows this rule.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from intake.domain.timing import SLOW, Times

SMALLEST_SHOWN = 5


def shown(count: int) -> int | None:
    """A count of one cell; None, hidden, from 1 to 4."""
    return None if 0 < count < SMALLEST_SHOWN else count


def together(cells: Iterable[int]) -> int | None:
    """The sum of cells; hidden if one of them is, which could be worked out from it."""
    counts = list(cells)
    return None if any(shown(count) is None for count in counts) else sum(counts)


@dataclass(frozen=True)
class ShownTimes:
    """How many were counted, and the buckets of two percentiles; None where hidden or nothing."""

    count: int | None
    median: int | None
    slow: int | None


def shown_times(times: Times) -> ShownTimes:
    """Nothing of a few; and no percentile that is just the time of the slowest one."""
    if shown(times.count) is None:
        return ShownTimes(None, None, None)
    is_slowest = -(-times.count * SLOW // 100) == times.count
    return ShownTimes(times.count, times.median, None if is_slowest else times.slow)


_MOST_HIDDEN = SMALLEST_SHOWN - 1
_APART = 5


def bounds(cells: Iterable[int]) -> tuple[int, int]:
    """The least and the most that cells can be together, by what is shown of them."""
    counts = list(cells)
    told = sum(shown(count) or 0 for count in counts)
    hidden = sum(shown(count) is None for count in counts)
    return told + hidden, told + _MOST_HIDDEN * hidden


def stand_apart(things: Iterable[int], parts_of_them: Iterable[Iterable[int]]) -> bool:
    """Whether cells of things, and cells of what each thing has at most one of, may both be told.

    The sum of the latter is no more than that of the former, and so either bounds the other: of ten
    open reports, nine of which are due today, just one can be late. They must be further apart by
    what is shown than that could matter. Who knows the rule and sees the former hidden learns that
    they are not, which leaves each hidden cell its range.
    """
    counts = list(things)
    _, most = bounds(counts)
    least = max((bounds(parts)[0] for parts in parts_of_them), default=0)
    return not any(counts) or most >= least + _APART
