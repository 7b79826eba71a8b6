"""Public holidays by country, from the ``holidays`` library; Finland's as its law has them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.metadata import version

import holidays as library

from intake.domain.school_year import Names

HOME = "FI"
LIBRARY = f"holidays {version('holidays')}"
_CODE = re.compile(r"([A-Z]{2})(?:-([A-Z0-9]{1,3}))?")
_LANGUAGES = {"fi": "fi", "sv": "sv_FI", "en": "en_US"}
_CHRISTMAS_EVE: Names = {"fi": "Jouluaatto", "sv": "Julafton", "en": "Christmas Eve"}
_MIDSUMMER_EVE: Names = {"fi": "Juhannusaatto", "sv": "Midsommarafton", "en": "Midsummer Eve"}


def eve(day: date) -> Names | None:
    """The name of Christmas Eve or Midsummer Eve (the Friday of 19..25 June); else None."""
    if (day.month, day.day) == (12, 24):
        return _CHRISTMAS_EVE
    if day.month == 6 and 19 <= day.day <= 25 and day.weekday() == 4:
        return _MIDSUMMER_EVE
    return None


@cache
def is_known(code: str) -> bool:
    """Whether the library has a calendar of this code, such as FI or GB-ENG."""
    try:
        _days(code, range(2026, 2027), None)
    except (NotImplementedError, LookupError, ValueError):
        return False
    return True


def weekend(code: str) -> frozenset[int]:
    """The days of the week that do not count there, Monday being 0."""
    return frozenset(_days(code, range(2026, 2027), None).weekend)


def public_holidays(code: str, first_year: int, last_year: int) -> Mapping[date, Names]:
    """The days of these years, both included, each with its name in fi, sv and en.

    A country that the library does not know in a language is named in its own; of Finland both eves
    are left out, which the library lists and the law does not.
    """
    years = range(first_year, last_year + 1)
    own = _days(code, years, None)
    named = {
        language: _days(code, years, name if name in own.supported_languages else None)
        for language, name in _spoken(own.supported_languages).items()
    }
    return {
        day: {language: str(names[day]) for language, names in named.items()}
        for day in sorted(own)
        if code != HOME or not eve(day)
    }


def _spoken(known: tuple[str, ...]) -> Mapping[str, str]:
    """Of each language of ours the library's: another country's may be Swedish as Sweden has it."""
    return _LANGUAGES | ({"sv": "sv"} if "sv" in known else {})


def _days(code: str, years: range, language: str | None) -> library.HolidayBase:
    if not (found := _CODE.fullmatch(code)):
        raise LookupError(code)
    country, part = found.groups()
    return library.country_holidays(
        country, subdiv=part, years=years, expand=False, language=language, categories=("public",)
    )
