"""The calendar as data: school years of the area and of single municipalities, decreed holidays."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

Names = Mapping[str, str]  # language (fi, sv, en) -> name
SchoolYears = dict[tuple[str | None, int], "SchoolYear"]  # by municipality id and year of August

_SUMMER: Names = {"fi": "kesäloma", "sv": "sommarlov", "en": "summer holiday"}
_CHRISTMAS: Names = {"fi": "joululoma", "sv": "jullov", "en": "Christmas holiday"}
_HOLIDAYS: Mapping[str, Names] = {
    "autumn_holiday": {"fi": "syysloma", "sv": "höstlov", "en": "autumn holiday"},
    "winter_holiday": {"fi": "talviloma", "sv": "sportlov", "en": "winter holiday"},
    "easter_holiday": {"fi": "pääsiäisloma", "sv": "påsklov", "en": "Easter holiday"},
}
_FIELDS = (
    *("municipality", "starts", "autumn_term", "spring_term", "school_saturdays"),
    *_HOLIDAYS,
)


class SchoolCalendarInvalid(ValueError):
    """The calendar's file cannot be used; ``problems`` names every reason, one line each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Span:
    """Days from ``first`` to ``last``, both included."""

    first: date
    last: date

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


@dataclass(frozen=True)
class SchoolYear:
    """One school year, 1 August to 31 July (perusopetuslaki 628/1998 §23)."""

    autumn_term: Span
    spring_term: Span
    holidays: tuple[tuple[str, Span], ...]
    saturdays: tuple[date, ...]

    def holiday(self, day: date) -> Names | None:
        """The name of the school holiday that ``day`` of this year belongs to; None in term."""
        if day < self.autumn_term.first or day > self.spring_term.last:
            return _SUMMER
        if self.autumn_term.last < day < self.spring_term.first:
            return _CHRISTMAS
        return next((_HOLIDAYS[name] for name, span in self.holidays if day in span), None)


def read_calendar(path: Path) -> tuple[SchoolYears, Mapping[date, Names]]:
    """The ``[[school_year]]`` tables of a TOML file, and its ``[[holiday]]`` tables.

    The latter are days that were made public holidays of Finland beside those that the library
    knows. Raises ``SchoolCalendarInvalid``.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise SchoolCalendarInvalid([f"{path.name} cannot be read: {error}"]) from error
    tables = content.pop("school_year", None)
    problems: list[str] = []
    holidays = _holidays(content.pop("holiday", []), path.name, problems)
    problems += [
        f"{path.name}: {key} is unknown; only [[school_year]] and [[holiday]] tables belong here"
        for key in content
    ]
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise SchoolCalendarInvalid([*problems, f"{path.name} has no [[school_year]] tables"])
    years: SchoolYears = {}
    for number, table in enumerate(tables, start=1):
        where = f"{path.name}: school year {number}"
        reader = _Reader(table)
        year = reader.year()
        key = (reader.municipality(), reader.starts)
        if key in years:
            reader.problems.append("the same year and municipality are there twice")
        problems += [f"{where}: {problem}" for problem in reader.problems]
        if year:
            years[key] = year
    if problems:
        raise SchoolCalendarInvalid(problems)
    return years, holidays


def _holidays(tables: object, file: str, problems: list[str]) -> Mapping[date, Names]:
    found: dict[date, Names] = {}
    if not isinstance(tables, list):
        problems.append(f"{file}: holiday must be an array of tables, [[holiday]]")
        return found
    for number, table in enumerate(tables, start=1):
        where = f"{file}: holiday {number}"
        if not isinstance(table, dict) or table.keys() != {"date", "name"}:
            problems.append(f"{where}: needs date and name, and nothing else")
            continue
        day, name = table["date"], table["name"]
        if not _is_date(day):
            problems.append(f"{where}: date must be a day such as 2026-09-18, not {day!r}")
        elif day in found:
            problems.append(f"{where}: {day} is there twice")
        elif not (
            isinstance(name, dict)
            and name.keys() == {"fi", "sv", "en"}
            and all(isinstance(text, str) and text.strip() for text in name.values())
        ):
            problems.append(f"{where}: name must be {{ fi = …, sv = …, en = … }}")
        else:
            found[day] = name
    return found


class _Reader:
    """Reads one table and keeps a line for everything that is wrong with it."""

    def __init__(self, table: dict[str, object]) -> None:
        self.table = table
        self.problems = [f"{key} is unknown{_did_you_mean(key)}" for key in table.keys() - _FIELDS]
        starts = table.get("starts")
        self.starts = starts if type(starts) is int and 1900 <= starts <= 2200 else 0
        if not self.starts:
            self.problems.append(f"starts must be a year such as 2026, not {starts!r}")

    def municipality(self) -> str | None:
        name = self.table.get("municipality")
        if name is None or (isinstance(name, str) and name):
            return name
        self.problems.append(f"municipality must be an id such as 'porvoo', not {name!r}")
        return None

    def year(self) -> SchoolYear | None:
        if not self.starts:
            return None
        whole = Span(date(self.starts, 8, 1), date(self.starts + 1, 7, 31))
        autumn = self._span("autumn_term", whole)
        spring = self._span("spring_term", whole)
        if not autumn or not spring:
            return None
        if spring.first <= autumn.last:
            self.problems.append("spring_term begins before autumn_term has ended")
        holidays = [
            (name, span)
            for name in _HOLIDAYS
            if name in self.table
            and (span := self._span(name, autumn if name == "autumn_holiday" else spring))
        ]
        return SchoolYear(autumn, spring, tuple(holidays), self._saturdays(autumn, spring))

    def _span(self, name: str, within: Span) -> Span | None:
        value = self.table.get(name)
        if not isinstance(value, list) or len(value) != 2 or not all(map(_is_date, value)):
            self.problems.append(f"{name} must be [first day, last day], not {value!r}")
            return None
        span = Span(*value)
        if span.last < span.first:
            self.problems.append(f"{name} ends ({span.last}) before it begins ({span.first})")
            return None
        if span.first not in within or span.last not in within:
            self.problems.append(f"{name} must lie within {within.first} and {within.last}")
            return None
        return span

    def _saturdays(self, *terms: Span) -> tuple[date, ...]:
        value = self.table.get("school_saturdays", [])
        if isinstance(value, list) and all(
            _is_date(day) and day.weekday() == 5 and any(day in term for term in terms)
            for day in value
        ):
            return tuple(sorted(value))
        self.problems.append(f"school_saturdays must list Saturdays within a term, not {value!r}")
        return ()


def _is_date(value: object) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)


def _did_you_mean(key: str) -> str:
    near = difflib.get_close_matches(key, _FIELDS, n=1)
    return f"; did you mean {near[0]}?" if near else ""
