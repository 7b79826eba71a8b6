"""A clock counted into a deadline that shows each of its days.

Sources: lastensuojelulaki 417/2007 §26 with THL's counting of working days; 150/1930 §2, §3, §5.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from intake.domain.calendar import PROVISIONAL, Calendar, DayOff
from intake.domain.clock import Clock, Kind, Rule
from intake.domain.message import Message, mark
from intake.domain.school_year import Names

HELSINKI = ZoneInfo("Europe/Helsinki")
_DAY = timedelta(days=1)


class ArrivalUnreadable(ValueError):
    """A typed time of arrival is not a date or time that the calendar of Finland has."""


class Why(StrEnum):
    """What a day is to a deadline. The last four are ``calendar.Off``."""

    ARRIVAL = "arrival"
    SAME_DAY = "same_day"
    BY_THE_HOUR = "by_the_hour"
    COUNTED = "counted"
    EXTENDED = "extended"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    EVE = "eve"
    SCHOOL_HOLIDAY = "school_holiday"


_TEXTS: Mapping[Why, str] = {
    Why.ARRIVAL: mark("Day of arrival: does not count"),
    Why.SAME_DAY: mark("Day of arrival: due the same day"),
    Why.BY_THE_HOUR: mark("Counted by the hour from the arrival"),
    Why.COUNTED: mark("Day %(number)s"),
    Why.EXTENDED: mark("Last day when moved forward (150/1930 section 5)"),
    Why.WEEKEND: mark("Weekend (%(name)s): does not count"),
    Why.HOLIDAY: mark("Public holiday (%(name)s): does not count"),
    Why.EVE: mark("%(name)s: a last day does not fall on it"),
    Why.SCHOOL_HOLIDAY: mark("No school (%(name)s): does not count"),
}


class Day(NamedTuple):
    """One day of a certificate: a tuple, as a certificate of months has a hundred of them.

    ``number``: of a counted day, its place in the count. ``name``: of a day off, by language; also
    of a counted last day that may move forward, such as Midsummer Eve.
    """

    date: date
    counts: bool
    why: Why
    number: int | None = None
    name: Names | None = None

    def message(self, language: str) -> Message:
        """What the day is to the deadline, with its name in ``language``."""
        params: dict[str, object] = {}
        if self.why is Why.COUNTED:
            params["number"] = self.number
        elif self.name:
            params["name"] = self.name[language]
        return Message(_TEXTS[self.why], params)


@dataclass(frozen=True)
class Certificate:
    """A deadline and its proof: every day from the arrival to ``due_extended``.

    ``due`` is the last day that surely keeps the law (alarms go by it), ``due_extended`` where
    150/1930 §5 may move it; ``due_at`` the UTC instant at which ``due`` is over. ``rule`` is the
    one that was counted, ``calendar`` the version it was counted with.
    """

    clock: Clock
    rule: Rule
    arrival: datetime
    due: date
    due_extended: date
    due_at: datetime
    days: tuple[Day, ...]
    calendar: str

    @property
    def law(self) -> str | None:
        """The law that sets the deadline; None where it is a configured default."""
        return self.clock.law

    @property
    def provisional(self) -> bool:
        """Whether it was counted with a calendar that did not reach far enough."""
        return self.calendar.startswith(PROVISIONAL)

    def to_json(self) -> dict[str, object]:
        """The certificate as plain values; instants in local time with their offset."""
        return {
            "clock": self.clock.id,
            "kind": self.rule.kind.value,
            "count": self.rule.count,
            "arrival": self.arrival.astimezone(HELSINKI).isoformat(),
            "due": self.due.isoformat(),
            "due_extended": self.due_extended.isoformat(),
            "due_at": self.due_at.astimezone(HELSINKI).isoformat(),
            "days": [
                {"date": day.date.isoformat(), "counts": day.counts, "why": day.why.value}
                | ({} if day.number is None else {"number": day.number})
                | ({} if day.name is None else {"name": dict(day.name)})
                for day in self.days
            ],
            "law": self.law,
            "calendar": self.calendar,
        }


def certify(
    clock: Clock,
    arrival_at: datetime,
    calendar: Calendar,
    *,
    today: bool = False,
    municipality: str | None = None,
) -> Certificate:
    """Count ``clock`` from an arrival.

    The local day of arrival is day 0. Working and school days skip weekends and public holidays
    (school days also school holidays, of ``municipality`` by its id), those of the clock's own
    country; days are counted one by one; months end on the same-numbered day or the month's last
    (150/1930 §3). "The same day" and hours are never extended: §5 speaks of a last day, not of
    "at once". Raises ``CalendarTooShort``; ValueError
    for an arrival without a time zone.
    """
    if arrival_at.tzinfo is None:
        raise ValueError("an arrival needs a time zone")
    arrival = local_date(arrival_at)
    rule = clock.today if today and clock.today else clock.rule
    calendar = calendar.of(rule.calendar)
    calendar.must_reach(arrival)
    if rule.kind is Kind.HOURS:
        due_at = arrival_at.astimezone(UTC) + timedelta(hours=rule.count)
        due = local_date(due_at)
        days = tuple(Day(day, True, Why.BY_THE_HOUR) for day in _each(arrival, due))
        calendar.must_reach(due)
    else:
        due, due_at, days = _counted(rule, arrival, calendar, municipality)
    return Certificate(
        clock,
        rule,
        arrival_at.astimezone(UTC),
        due,
        days[-1].date,
        due_at,
        days,
        calendar.version,
    )


@lru_cache(maxsize=4096)  # a year of days, for each clock
def _counted(
    rule: Rule, arrival: date, calendar: Calendar, municipality: str | None
) -> tuple[date, datetime, tuple[Day, ...]]:
    """The last day, when it is over, and all days from the arrival; shared by a day's reports."""
    match rule.kind:
        case Kind.SAME_DAY:
            days: tuple[Day, ...] = (Day(arrival, True, Why.SAME_DAY),)
        case Kind.MONTHS | Kind.DAYS:
            last = _last(rule, arrival)
            counted = enumerate(_each(arrival + _DAY, last), start=1)
            days = (
                Day(arrival, False, Why.ARRIVAL),
                *(Day(day, True, Why.COUNTED, number) for number, day in counted),
            )
        case Kind.WORKING_DAYS:
            days = _count(arrival, rule.count, calendar.why_not)
        case _:
            days = _count(
                arrival, rule.count, lambda day: calendar.why_no_school(day, municipality)
            )
    due = days[-1].date
    calendar.must_reach(due)
    if rule.kind is not Kind.SAME_DAY:
        days = _extend(days, calendar)
    return due, local_instant(due + _DAY, time()), days


def parse_arrival(text: str) -> datetime:
    """Read an ISO date (its first moment) or date and time, local if it has no offset; UTC out.

    Raises ``ArrivalUnreadable``, also for a local time that the clocks skip in spring. Of a
    time that comes twice in autumn it takes the first.
    """
    try:
        typed = datetime.fromisoformat(text.strip())
        if typed.tzinfo:
            return typed.astimezone(UTC)
        instant = typed.replace(tzinfo=HELSINKI).astimezone(UTC)
        back = instant.astimezone(HELSINKI).replace(tzinfo=None)
    except (ValueError, OverflowError) as error:
        raise ArrivalUnreadable(
            f"{text!r} is not a date such as 2026-06-02 or a time such as 2026-06-02T10:42"
        ) from error
    if back != typed:
        raise ArrivalUnreadable(f"{text!r} does not exist: clocks were put forward over it")
    return instant


def local_date(instant_at: datetime) -> date:
    """The day of an instant in Europe/Helsinki."""
    return instant_at.astimezone(HELSINKI).date()


def local_instant(day: date, at: time) -> datetime:
    """The UTC instant of a time of day in Europe/Helsinki."""
    return datetime.combine(day, at, HELSINKI).astimezone(UTC)


def _each(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def _count(arrival: date, count: int, why_off: Callable[[date], DayOff | None]) -> tuple[Day, ...]:
    days = [Day(arrival, False, Why.ARRIVAL)]
    number = 0
    while number < count:
        day = days[-1].date + _DAY
        if off := why_off(day):
            days.append(Day(day, False, Why(off.why), name=off.name))
        else:
            number += 1
            days.append(Day(day, True, Why.COUNTED, number))
    return tuple(days)


def _extend(days: tuple[Day, ...], calendar: Calendar) -> tuple[Day, ...]:
    """Add the days over which 150/1930 §5 moves the last one, which is told why it moves."""
    last = days[-1]
    if not (off := calendar.why_moved(last.date)):
        return days
    extension = []
    day = last.date + _DAY
    while on_the_way := calendar.why_moved(day):
        extension.append(Day(day, False, Why(on_the_way.why), name=on_the_way.name))
        day += _DAY
    named = Day(last.date, last.counts, last.why, last.number, off.name)
    return (*days[:-1], named, *extension, Day(day, False, Why.EXTENDED))


def _last(rule: Rule, arrival: date) -> date:
    if rule.kind is Kind.DAYS:
        return arrival + timedelta(days=rule.count)
    return _months_later(arrival, rule.count)


def _months_later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
