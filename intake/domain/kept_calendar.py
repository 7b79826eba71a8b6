"""A calendar as plain values, so that what was counted with it can be shown years later."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from intake.domain.calendar import PROVISIONAL, Calendar
from intake.domain.school_year import SchoolYear, Span

_BEFORE = f"{PROVISIONAL}, "


def whole_version(version: str) -> str:
    """The version of the calendar itself, also of what was counted beyond its reach."""
    return version.removeprefix(_BEFORE)


def as_plain(calendar: Calendar) -> dict[str, Any]:
    """Everything but its version."""
    return {
        "country": calendar.country,
        "first_year": calendar.first_year,
        "last_year": calendar.last_year,
        "holidays": {day.isoformat(): dict(name) for day, name in calendar.holidays.items()},
        "school_years": [
            {
                "municipality": municipality,
                "starts": starts,
                "autumn_term": _span(year.autumn_term),
                "spring_term": _span(year.spring_term),
                "holidays": [[name, *_span(span)] for name, span in year.holidays],
                "saturdays": [day.isoformat() for day in year.saturdays],
            }
            for (municipality, starts), year in calendar.school_years.items()
        ],
    }


def from_plain(version: str, content: Mapping[str, Any]) -> Calendar:
    """The calendar that was kept under this version."""
    return Calendar(
        content["first_year"],
        content["last_year"],
        {date.fromisoformat(day): name for day, name in content["holidays"].items()},
        {(y["municipality"], y["starts"]): _school_year(y) for y in content["school_years"]},
        version,
        content["country"],
    )


def _school_year(plain: Mapping[str, Any]) -> SchoolYear:
    return SchoolYear(
        _read_span(*plain["autumn_term"]),
        _read_span(*plain["spring_term"]),
        tuple((name, _read_span(first, last)) for name, first, last in plain["holidays"]),
        tuple(date.fromisoformat(day) for day in plain["saturdays"]),
    )


def _span(span: Span) -> list[str]:
    return [span.first.isoformat(), span.last.isoformat()]


def _read_span(first: str, last: str) -> Span:
    return Span(date.fromisoformat(first), date.fromisoformat(last))
