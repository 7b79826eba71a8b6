"""Which days count: Finnish public holidays, the two eves, and the school years of the area."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path

import holidays as holiday_library

from intake.domain.school_year import Names, SchoolYear, SchoolYears, read_school_years

SCHOOL_CALENDAR = Path(__file__).parent.parent / "data" / "school_calendar.toml"
FIRST_YEAR, LAST_YEAR = 2020, 2040  # the days that can be asked for: far past any open deadline

_LIBRARY_LANGUAGES = {"fi": "fi", "sv": "sv_FI", "en": "en_US"}
_CHRISTMAS_EVE: Names = {"fi": "Jouluaatto", "sv": "Julafton", "en": "Christmas Eve"}
_MIDSUMMER_EVE: Names = {"fi": "Juhannusaatto", "sv": "Midsommarafton", "en": "Midsummer Eve"}
_SATURDAY: Names = {"fi": "lauantai", "sv": "lördag", "en": "Saturday"}
_SUNDAY: Names = {"fi": "sunnuntai", "sv": "söndag", "en": "Sunday"}


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

    Every question about a day beyond the reach raises ``CalendarTooShort``. ``version`` changes
    with any day or name in it, so that a stored deadline can say what it was counted with.
    """

    first_year: int
    last_year: int
    holidays: Mapping[date, Names] = field(repr=False, hash=False)
    school_years: SchoolYears = field(repr=False, hash=False)
    version: str

    def is_working_day(self, day: date) -> bool:
        """Whether ``day`` counts as arkipäivä: no Saturday, Sunday or public holiday.

        Christmas Eve and Midsummer Eve do count: they are not public holidays by law (THL).
        """
        return self.why_not(day) is None

    def why_not(self, day: date) -> DayOff | None:
        """Why ``day`` is not a working day; None if it is one."""
        self.must_reach(day)
        if name := self.holidays.get(day):
            return DayOff(Off.HOLIDAY, name)
        return _weekend(day)

    def why_moved(self, day: date) -> DayOff | None:
        """Why a last day on ``day`` may be met later (150/1930 §5); None if it may not.

        Beside the days that do not count these are Christmas Eve and Midsummer Eve.
        """
        self.must_reach(day)
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

    def _school_year(self, day: date, municipality: str | None) -> SchoolYear:
        starts = day.year if day.month >= 8 else day.year - 1
        own = self.school_years.get((municipality, starts))
        year = own or self.school_years.get((None, starts))
        if year is None:
            known = sorted({starts for _, starts in self.school_years})
            raise CalendarTooShort(day, f"the school years that start in {known}")
        return year


def eve(day: date) -> Names | None:
    """The name of Christmas Eve or Midsummer Eve (the Friday of 19..25 June); else None."""
    if (day.month, day.day) == (12, 24):
        return _CHRISTMAS_EVE
    if day.month == 6 and 19 <= day.day <= 25 and day.weekday() == 4:
        return _MIDSUMMER_EVE
    return None


def load_calendar(
    path: Path = SCHOOL_CALENDAR, *, first_year: int = FIRST_YEAR, last_year: int = LAST_YEAR
) -> Calendar:
    """Read the school years of ``path`` and the public holidays of the years given.

    Raises ``SchoolCalendarInvalid``.
    """
    days = _public_holidays(first_year, last_year)
    school_years = read_school_years(path)
    content = {
        "days": {str(day): name for day, name in days.items()},
        "schools": {f"{of or '*'} {starts}": asdict(y) for (of, starts), y in school_years.items()},
    }
    canonical = json.dumps(content, default=str, sort_keys=True)
    digest = hashlib.sha256(canonical.encode()).hexdigest()[:12]
    made_of = f"holidays {version('holidays')}, {first_year}-{last_year}, {digest}"
    return Calendar(first_year, last_year, days, school_years, made_of)


def _weekend(day: date) -> DayOff | None:
    match day.weekday():
        case 5:
            return DayOff(Off.WEEKEND, _SATURDAY)
        case 6:
            return DayOff(Off.WEEKEND, _SUNDAY)
    return None


def _public_holidays(first_year: int, last_year: int) -> dict[date, Names]:
    years = range(first_year, last_year + 1)
    named = {
        language: holiday_library.country_holidays(
            "FI", years=years, expand=False, language=name, categories=("public",)
        )
        for language, name in _LIBRARY_LANGUAGES.items()
    }
    # The library lists both eves as public holidays; the law does not.
    return {
        day: {language: str(names[day]) for language, names in named.items()}
        for day in sorted(named["fi"])
        if not eve(day)
    }
