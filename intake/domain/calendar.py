"""Which days count: public holidays, the two eves of Finland, and the school years of the area."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from enum import StrEnum
from functools import cache, cached_property
from pathlib import Path

from intake.domain.public_holidays import HOME, LIBRARY, eve, public_holidays, weekend
from intake.domain.school_year import (
    Names,
    SchoolCalendarInvalid,
    SchoolYear,
    SchoolYears,
    read_calendar,
)

SCHOOL_CALENDAR = Path(__file__).parent.parent / "data" / "school_calendar.toml"
FIRST_YEAR, LAST_YEAR = 2020, 2040  # the days that can be asked for: far past any open deadline

PROVISIONAL = "provisional"
"""How the version begins of a calendar that did not reach the days counted with it."""
_WEEKDAYS: tuple[Names, ...] = (
    {"fi": "maanantai", "sv": "måndag", "en": "Monday"},
    {"fi": "tiistai", "sv": "tisdag", "en": "Tuesday"},
    {"fi": "keskiviikko", "sv": "onsdag", "en": "Wednesday"},
    {"fi": "torstai", "sv": "torsdag", "en": "Thursday"},
    {"fi": "perjantai", "sv": "fredag", "en": "Friday"},
    {"fi": "lauantai", "sv": "lördag", "en": "Saturday"},
    {"fi": "sunnuntai", "sv": "söndag", "en": "Sunday"},
)


class CalendarTooShort(LookupError):
    """A day beyond the calendar's reach was asked for; nothing is guessed."""

    def __init__(self, day: date, reach: str) -> None:
        super().__init__(f"the calendar does not reach {day.isoformat()}: it covers {reach}")
        self.day = day


class Off(StrEnum):
    """Why a day does not count, or why a last day that falls on it moves forward."""

    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    EVE = "eve"
    SCHOOL_HOLIDAY = "school_holiday"


class Term(StrEnum):
    """The fact ``school_term`` of the routing rules."""

    TERM = "term"
    HOLIDAY = "holiday"


@dataclass(frozen=True)
class DayOff:
    """Why a day is off and what the day is called in fi, sv and en."""

    why: Off
    name: Names = field(hash=False)


@dataclass(frozen=True)
class Calendar:
    """The days of ``first_year``..``last_year`` (both included); made by ``load_calendar``.

    ``country``: whose, by its code; school years are Finland's alone. Every question about a day
    beyond the reach raises ``CalendarTooShort``. ``version`` changes with any day or name in it, so
    that a stored deadline can say what it was counted with.
    """

    first_year: int
    last_year: int
    holidays: Mapping[date, Names] = field(repr=False, hash=False)
    school_years: SchoolYears = field(repr=False, hash=False)
    version: str
    country: str = HOME

    def of(self, country: str) -> Calendar:
        """The calendar of a country by its code: this one, or one as long of public holidays alone.

        Raises LookupError for a code that ``public_holidays.is_known`` does not know.
        """
        if country == self.country:
            return self
        return _abroad(country, self.first_year, self.last_year)

    @cached_property
    def without_end(self) -> Calendar:
        """The same for all years: beyond its reach only weekends are off, which is no later than
        what is right. Its version says that what it counts is provisional.
        """
        ever = {"first_year": date.min.year, "last_year": date.max.year}
        return replace(self, **ever, version=f"{PROVISIONAL}, {self.version}")  # type: ignore[arg-type]  # years are whole numbers

    def is_working_day(self, day: date) -> bool:
        """Whether ``day`` counts as arkipäivä: no Saturday, Sunday or public holiday.

        Christmas Eve and Midsummer Eve do count: they are not public holidays by law (THL).
        """
        return self.why_not(day) is None

    def why_not(self, day: date) -> DayOff | None:
        """Why ``day`` is not a working day; None if it is one."""
        try:
            return self._known[day]
        except KeyError:
            self.must_reach(day)
        name = self.holidays.get(day)
        off = self._known[day] = DayOff(Off.HOLIDAY, name) if name else self._weekend(day)
        return off

    def why_moved(self, day: date) -> DayOff | None:
        """Why a last day on ``day`` may be met later (150/1930 §5); None if it may not.

        Beside the days that do not count these are Christmas Eve and Midsummer Eve. That law is
        Finland's: elsewhere no last day moves.
        """
        self.must_reach(day)
        if self.country != HOME:
            return None
        if day not in self.holidays and (name := eve(day)):
            return DayOff(Off.EVE, name)
        return self.why_not(day)

    def is_school_day(self, day: date, municipality: str | None = None) -> bool:
        """Whether ``day`` is a school working day in the municipality (its id; None: default)."""
        return self.why_no_school(day, municipality) is None

    def why_no_school(self, day: date, municipality: str | None = None) -> DayOff | None:
        """Why ``day`` is not a school working day; None if it is one."""
        off = self.why_not(day)
        year = self._school_year(day, municipality)
        if day in year.saturdays:
            return None
        if off and off.why is Off.HOLIDAY:
            return off
        if name := year.holiday(day):
            return DayOff(Off.SCHOOL_HOLIDAY, name)
        return off

    def school_term(self, day: date, municipality: str | None = None) -> Term:
        """Whether schools are in term; a weekend or public holiday within a term is term."""
        self.must_reach(day)
        holiday = self._school_year(day, municipality).holiday(day)
        return Term.HOLIDAY if holiday else Term.TERM

    def must_reach(self, day: date) -> None:
        """Raise ``CalendarTooShort`` unless the public holidays around ``day`` are known."""
        if not self.first_year <= day.year <= self.last_year:
            raise CalendarTooShort(day, f"{self.first_year}-{self.last_year}")

    @cached_property
    def _known(self) -> dict[date, DayOff | None]:
        """What was asked before: counting asks for the same days over and over."""
        return {}

    @cached_property
    def _weekends(self) -> frozenset[int]:
        return weekend(self.country)

    def _weekend(self, day: date) -> DayOff | None:
        number = day.weekday()
        return DayOff(Off.WEEKEND, _WEEKDAYS[number]) if number in self._weekends else None

    def _school_year(self, day: date, municipality: str | None) -> SchoolYear:
        starts = day.year if day.month >= 8 else day.year - 1
        own = self.school_years.get((municipality, starts))
        year = own or self.school_years.get((None, starts))
        if year is None:
            known = sorted({starts for _, starts in self.school_years})
            raise CalendarTooShort(day, f"the school years that start in {known}")
        return year


def load_calendar(
    path: Path = SCHOOL_CALENDAR, *, first_year: int = FIRST_YEAR, last_year: int = LAST_YEAR
) -> Calendar:
    """The public holidays of the years given, with those that ``path`` adds, and its school years.

    Raises ``SchoolCalendarInvalid``.
    """
    school_years, decreed = read_calendar(path)
    if beyond := [str(day) for day in decreed if not first_year <= day.year <= last_year]:
        reach = f"{first_year}-{last_year}"
        raise SchoolCalendarInvalid([f"{path.name}: holiday {beyond[0]} is not within {reach}"])
    days = dict(sorted({**public_holidays(HOME, first_year, last_year), **decreed}.items()))
    content = {
        "days": {str(day): name for day, name in days.items()},
        "schools": {f"{of or '*'} {starts}": asdict(y) for (of, starts), y in school_years.items()},
    }
    made_of = f"{LIBRARY}, {first_year}-{last_year}, {_digest(content)}"
    return Calendar(first_year, last_year, days, school_years, made_of)


@cache
def _abroad(country: str, first_year: int, last_year: int) -> Calendar:
    days = public_holidays(country, first_year, last_year)
    content = {"days": {str(day): name for day, name in days.items()}}
    made_of = f"{country}, {LIBRARY}, {first_year}-{last_year}, {_digest(content)}"
    return Calendar(first_year, last_year, days, {}, made_of, country)


def _digest(content: Mapping[str, object]) -> str:
    canonical = json.dumps(content, default=str, sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]
