"""Reading that an auditor should ask about. A count is no accusation: work may explain it."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID

from intake.domain.deadline import HELSINKI

SPAN = timedelta(days=30)
"""How far back it is looked."""


@dataclass(frozen=True)
class Thresholds:
    """From when on something is told.

    ``many``: how many reports at least, and ``times`` as many as the median colleague of the same
    role; ``day``: outside these hours, Monday to Friday, where the desk is not open day and night;
    ``long``: how long after the last step on what was closed.
    """

    many: int = 20
    times: float = 3.0
    day: tuple[time, time] = (time(6), time(20))
    at_night: int = 5
    not_own: int = 5
    long: timedelta = timedelta(days=30)
    long_after: int = 3


USUAL = Thresholds()


@dataclass(frozen=True)
class Opening:
    """A referral was opened. ``own``: by who was ever its worker or recorded something on it."""

    person_id: UUID
    name: str
    role: str
    agency_id: str
    referral_id: UUID
    at: datetime
    own: bool
    closed_at: datetime | None
    always_open: bool = False


@dataclass(frozen=True)
class Found:
    """What was unusual of a person in a role; a count is 0 where it was not."""

    name: str
    role: str
    opened: int
    usual: float
    many: int
    at_night: int
    not_own: int
    long_after: int


def unusual(openings: Iterable[Opening], limits: Thresholds = USUAL) -> list[Found]:
    """Who is above a threshold, those with most openings first."""
    by_person: dict[tuple[str, UUID], list[Opening]] = defaultdict(list)
    for each in openings:
        by_person[each.role, each.person_id].append(each)
    reports = {who: len({one.referral_id for one in some}) for who, some in by_person.items()}
    found = []
    for (role, person), some in by_person.items():
        others = [n for (of, who), n in reports.items() if of == role and who != person]
        usual = statistics.median(others) if others else 0.0
        opened = reports[role, person]
        many = others and opened >= limits.many and opened >= limits.times * usual
        told = Found(
            name=some[0].name,
            role=role,
            opened=opened,
            usual=usual,
            many=opened if many else 0,
            at_night=_if_many(sum(_at_night(one, limits) for one in some), limits.at_night),
            not_own=_if_many(len({one.referral_id for one in some if not one.own}), limits.not_own),
            long_after=_if_many(
                sum(
                    one.closed_at is not None and one.at - one.closed_at > limits.long
                    for one in some
                ),
                limits.long_after,
            ),
        )
        if told.many or told.at_night or told.not_own or told.long_after:
            found.append(told)
    return sorted(found, key=lambda each: (-each.opened, each.name))


def _if_many(count: int, least: int) -> int:
    return count if count >= least else 0


def _at_night(one: Opening, limits: Thresholds) -> bool:
    if one.always_open:
        return False
    opens, closes = limits.day
    local = one.at.astimezone(HELSINKI)
    return local.isoweekday() > 5 or not opens <= local.time() < closes
