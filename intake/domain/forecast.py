"""The days ahead for which work is planned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from intake.domain.calendar import Calendar, DayOff
from intake.domain.deadline import local_date, local_instant
from intake.domain.public_holidays import eve
from intake.domain.school_year import Names

WORKING_DAYS = 20
_DAY = timedelta(days=1)
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True)
class DayAhead:
    """A day. ``off``: why it is no working day; ``eve``: the name of one that counts as one."""

    date: date
    off: DayOff | None
    eve: Names | None


def days_ahead(now: datetime, calendar: Calendar) -> list[DayAhead]:
    """From today to the 20th working day, today included, with the days off in between; beyond
    the calendar's reach weekends alone.
    """
    calendar = calendar.without_end
    days: list[DayAhead] = []
    day, left = local_date(now), WORKING_DAYS
    while left:
        off = calendar.why_not(day)
        left -= off is None
        days.append(DayAhead(day, off, None if off else eve(day)))
        day += _DAY
    return days


def end_of(days: list[DayAhead]) -> datetime:
    """The instant at which the last of the days is over."""
    return local_instant(days[-1].date + _DAY, time())


def day_of(due_at: datetime) -> date:
    """The day on which a deadline runs out; one that is over at midnight, on the day before."""
    return local_date(due_at - _INSTANT)
