"""The chase steps that a deadline's row keeps: which have come, and which comes next.

A step that repeats is kept once; when it comes again is counted on the calendar as it comes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import count
from operator import attrgetter
from typing import Any

from intake.domain.calendar import Calendar
from intake.domain.deadline import HELSINKI, local_instant

Entry = Mapping[str, Any]
"""As ``ChaseAt.entry`` made it: step, to, at, standby, and repeats where it does."""
_DAY = timedelta(days=1)
_at = attrgetter("at")


@dataclass(frozen=True)
class Taking:
    """A step as it comes, once. ``name`` is unique within the deadline: the step's id, and from
    the second time on its number, such as ``days-late-10.2``. ``place``: which reminder it is.
    """

    name: str
    entry: Entry
    at: datetime
    place: int

    @property
    def to(self) -> str:
        """Whom it is for."""
        return str(self.entry["to"])

    @property
    def again(self) -> bool:
        """Whether it has come before."""
        return bool(self.name != self.entry["step"])


def instant(entry: Entry) -> datetime:
    """When a step comes first."""
    return datetime.fromisoformat(entry["at"])


def look(
    steps: Sequence[Entry], since: datetime, now: datetime, calendar: Calendar
) -> tuple[list[Taking], Taking | None]:
    """The steps that come at ``since`` or later and not after ``now``, in their order, and the
    first that comes later; None where all have come and none repeats.

    Beyond the calendar's reach only weekends are off: what repeats goes on.
    """
    calendar = calendar.without_end
    came: list[Taking] = []
    coming: list[Taking] = []
    for place, entry in enumerate(steps, 1):
        at = datetime.fromisoformat(entry["at"])
        if at > now:
            coming.append(Taking(entry["step"], entry, at, place))
            continue
        if at >= since:
            came.append(Taking(entry["step"], entry, at, place))
        if entry.get("repeats"):
            for taking in _again(entry, at, place, calendar):
                if taking.at > now:
                    coming.append(taking)
                    break
                if taking.at >= since:
                    came.append(taking)
    came.sort(key=_at)
    return came, min(coming, key=_at, default=None)


def next_chase(
    steps: Sequence[Entry], now: datetime, done: Collection[str] = ()
) -> datetime | None:
    """When a deadline that begins to run ``now`` is to be looked at: at its next step.

    Where a step that repeats has come at once: the sweep then finds out when it comes again.
    Where all are past the last of them, so that it is taken at once and somebody hears of it,
    unless it is among those ``done``.
    """
    if any(entry.get("repeats") and instant(entry) <= now for entry in steps):
        return now
    left = [entry for entry in steps if entry["step"] not in done]
    if coming := [at for at in map(instant, left) if at > now]:
        return min(coming)
    if left[-1:] != steps[-1:]:
        return None
    return max(map(instant, left), default=None)


def step_at(steps: Sequence[Entry], at: datetime) -> Entry:
    """The step that comes at an instant at which the deadline is to be looked at."""
    return next((s for s in steps if instant(s) >= at), steps[-1])


def _again(entry: Entry, first: datetime, place: int, calendar: Calendar) -> Iterator[Taking]:
    """From its second time on, without an end."""
    local = first.astimezone(HELSINKI)
    day = local.date()
    for number in count(2):
        day = _working_days_later(day, entry["repeats"], calendar)
        at = local_instant(day, local.time())
        yield Taking(f"{entry['step']}.{number}", entry, at, place + number - 1)


@lru_cache(maxsize=4096)
def _working_days_later(day: date, number: int, calendar: Calendar) -> date:
    for _ in range(number):
        day += _DAY
        while not calendar.is_working_day(day):
            day += _DAY
    return day
