"""How long agencies take, kept as counts of referrals by length of time, never of single ones.

A length is known to the hour up to two days, and to the day up to 120; what took longer stands in
one last bucket without an end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from intake.domain.deadline import local_date
from intake.domain.referral import Move


class What(StrEnum):
    """What is timed: from the referral's arrival at the agency to the first such move."""

    ACCEPT = "accept"
    RESPOND = "respond"


ENDED_BY: Mapping[What, frozenset[Move]] = {
    What.ACCEPT: frozenset({Move.ACCEPT, Move.RETURN, Move.HAND_OVER}),
    What.RESPOND: frozenset({Move.RESPOND}),
}
"""The moves that end each, the first of them on a referral. Those of *accept* are what meets the
clock of that name: an agency that sends a report on at once has not been slow to take it up.
"""

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_HOURS, _DAYS = 48, 120
_TO_DAYS = _HOURS - 2  # the bucket of the third day comes after the last hour's
LONGEST = _TO_DAYS + _DAYS
"""The last bucket: 120 days or more."""
MEDIAN, SLOW = 50, 90
"""The percentiles that are shown."""


def ended_by(move: Move) -> What | None:
    """What the move ends if it is the first of its kind; no move ends two."""
    return next((what for what, moves in ENDED_BY.items() if move in moves), None)


def bucket_of(took: timedelta) -> int:
    """The bucket of a length of time; less than none counts as none."""
    if took < _HOURS * _HOUR:
        return max(0, took // _HOUR)
    return min(LONGEST, _TO_DAYS + took // _DAY)


def longest_in(bucket: int) -> timedelta | None:
    """All that a bucket holds took less than this; None of the last one."""
    if bucket < _HOURS:
        return (bucket + 1) * _HOUR
    return None if bucket >= LONGEST else (bucket - _TO_DAYS + 1) * _DAY


def shortest_in(bucket: int) -> timedelta:
    """Nothing that a bucket holds took less than this."""
    return bucket * _HOUR if bucket < _HOURS else (bucket - _TO_DAYS) * _DAY


def percentile(counts: Mapping[int, int], percent: int) -> int | None:
    """The bucket that the percentile lies in, by nearest rank; None where nothing was counted.

    Exactly the bucket of the shortest time that ``percent`` of a hundred do not exceed: reading it
    from counts adds no error but that a bucket is an hour wide, or a day after two days.
    """
    rank = -(-sum(counts.values()) * percent // 100)
    passed = 0
    for bucket in sorted(counts):
        passed += counts[bucket]
        if 0 < rank <= passed:
            return bucket
    return None


@dataclass(frozen=True)
class Times:
    """How many were counted, and the buckets of their median and their 90th percentile."""

    count: int
    median: int | None
    slow: int | None

    @classmethod
    def of(cls, counts: Mapping[int, int]) -> Times:
        """Read from the counts of the buckets."""
        read = (percentile(counts, percent) for percent in (MEDIAN, SLOW))
        return cls(sum(counts.values()), *read)


def month_of(at: datetime) -> str:
    """The month of an instant in Helsinki, as YYYY-MM."""
    return f"{local_date(at):%Y-%m}"


def months_until(now: datetime, count: int) -> list[str]:
    """So many months with that of ``now`` as the last, the oldest first."""
    year, month = divmod(local_date(now).year * 12 + local_date(now).month - count, 12)
    first = [year * 12 + month + number for number in range(count)]
    return [f"{date(each // 12, each % 12 + 1, 1):%Y-%m}" for each in first]
