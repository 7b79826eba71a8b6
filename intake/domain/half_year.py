"""The half-years of lastensuojelulaki §27a: which days they hold, and when they are reported.

Counties tell THL twice a year how the two deadlines of §26 were kept: April to September by
17 October, October to March by 17 April (THL: *Lastensuojelun käsittelyajat*).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from intake.domain.calendar import Calendar
from intake.domain.deadline import local_date, local_instant
from intake.domain.message import Message, mark
from intake.domain.referral import Move
from intake.domain.small_numbers import shown, together

CLOCKS: Mapping[str, Move] = {
    "lsl26_start": Move.ASSESSMENT_STARTED,
    "lsl26_complete": Move.ASSESSMENT_COMPLETE,
}
"""The clocks that the statistics are of, by their ids in the rule sets (417/2007 §26), and the move
that counts as kept or broken. The database's index is of these clocks too.
"""
NO_ASSESSMENT = (Move.ASSESSMENT_NOT_NEEDED, Move.ALREADY_CLIENT, Move.CLOSE)
"""Moves that end a clock without an assessment."""
MOVED_ON = frozenset({Move.HAND_OVER, Move.TAKE_OVER, Move.RETURN, Move.WITHDRAW})
"""Moves that end a clock here because another agency has the report: it is counted there."""

FIRST_MONTHS = (4, 10)
REPORTING_DAY = 17
LISTED = 5
"""Periods to choose of: the running one and those before it."""

STEPS: Mapping[str, int] = {
    "before_10": -10,
    "before_3": -3,
    "on_the_day": 0,
    "after_1": 1,
    "after_3": 3,
    "after_5": 5,
}
"""The reminders, in their order: working days from the day by which a period is reported."""
LETTERS_AT = time(8)
MADE_UP_FOR = timedelta(days=14)
"""A reminder that could not be written for longer is left out."""
_DAY = timedelta(days=1)


class PeriodUnknown(ValueError):
    """A text names no half-year."""


@dataclass(frozen=True, order=True)
class Period:
    """April to September or October to March, by its first day. ``str`` is such as 2026-04."""

    first: date

    def __post_init__(self) -> None:
        if self.first.day != 1 or self.first.month not in FIRST_MONTHS:
            raise PeriodUnknown(f"no half-year begins on {self.first}")

    def __str__(self) -> str:
        return f"{self.first:%Y-%m}"

    @classmethod
    def read(cls, text: str) -> Period:
        """What ``str`` made of one. Raises PeriodUnknown."""
        try:
            period = cls(date.fromisoformat(f"{text}-01"))
        except ValueError as error:
            raise PeriodUnknown(f"{text!r} names no half-year such as 2026-04") from error
        if str(period) != text:
            raise PeriodUnknown(f"{text!r} names no half-year such as 2026-04")
        return period

    @classmethod
    def of(cls, day: date) -> Period:
        """The one that a day is in."""
        april, october = FIRST_MONTHS
        if day.month < april:
            return cls(date(day.year - 1, october, 1))
        return cls(date(day.year, april if day.month < october else october, 1))

    @property
    def name(self) -> Message:
        """Its months, for people."""
        year = self.first.year
        if self.first.month == FIRST_MONTHS[0]:
            return Message(mark("April–September %(year)s"), {"year": year})
        params = {"year": year, "next": year + 1}
        return Message(mark("October %(year)s – March %(next)s"), params)

    @property
    def before(self) -> Period:
        """The one before."""
        return Period.of(self.first - _DAY)

    @property
    def after(self) -> Period:
        """The next one."""
        april, october = FIRST_MONTHS
        if self.first.month == april:
            return Period(self.first.replace(month=october))
        return Period(date(self.first.year + 1, april, 1))

    @property
    def last(self) -> date:
        """Its last day."""
        return self.after.first - _DAY

    @property
    def report_by(self) -> date:
        """The day by which its figures are reported to THL: 17 October or 17 April."""
        return self.after.first.replace(day=REPORTING_DAY)

    @property
    def starts_at(self) -> datetime:
        """Its first instant: local midnight, in UTC."""
        return local_instant(self.first, time())

    @property
    def ends_at(self) -> datetime:
        """The first instant after it: local midnight, in UTC."""
        return local_instant(self.after.first, time())


def periods(now: datetime) -> tuple[Period, ...]:
    """The running period and those before it, the newest first."""
    found = [Period.of(local_date(now))]
    while len(found) < LISTED:
        found.append(found[-1].before)
    return tuple(found)


def written_at(period: Period, step: str, calendar: Calendar) -> datetime:
    """When a reminder of a period is written, in UTC: on the morning of a working day.

    That of a day on which nobody works is written on the last working day before it.
    """
    days, day = STEPS[step], period.report_by
    if not days:
        while not calendar.is_working_day(day):
            day -= _DAY
    towards = _DAY if days > 0 else -_DAY
    for _ in range(abs(days)):
        day += towards
        while not calendar.is_working_day(day):
            day += towards
    return local_instant(day, LETTERS_AT)


def steps_due(period: Period, calendar: Calendar, now: datetime) -> tuple[str, ...]:
    """The reminders of a period whose time has come, and is not long past, in their order."""
    times = {step: written_at(period, step, calendar) for step in STEPS}
    return tuple(step for step, at in times.items() if now - MADE_UP_FOR < at <= now)


def may_be_reported(period: Period, day: date, today: date) -> bool:
    """Whether a period's figures can have been reported on a day: after its end, not in future."""
    return period.last < day <= today


@dataclass(frozen=True)
class Kept:
    """How one deadline of the law was kept in a period, by the day on which it was met.

    ``in_time``: by its last day. ``moved``: after it, but by the day to which 150/1930 §5 may move
    it. ``later``: after both.
    """

    in_time: int = 0
    moved: int = 0
    later: int = 0

    @property
    def over_time(self) -> int:
        """After the last day, however late: alarms and the law go by the unextended day."""
        return self.moved + self.later

    @property
    def all(self) -> int:
        """All that were met."""
        return self.in_time + self.over_time


@dataclass(frozen=True)
class Protected:
    """The same as they may be shown outside; None is a number that is not shown."""

    in_time: int | None
    over_time: int | None
    moved: int | None
    all: int | None


def protect_kept(kept: Kept) -> Protected:
    """Hide the numbers from 1 to 4, and of the others what would tell them.

    In time and over time stand or fall together, since their total tells one by the other; and
    those over time are told apart only where both halves may be told. What is hidden beside a small
    number never depends on how large it is itself, for then it would tell of the small one.
    """
    everything = shown(kept.all)
    if together((kept.in_time, kept.over_time)) is None:
        return Protected(None, None, None, everything)
    apart = together((kept.moved, kept.later)) is not None
    return Protected(kept.in_time, kept.over_time, kept.moved if apart else None, everything)
