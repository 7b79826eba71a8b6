"""What the machine must know of the world: languages, dates, Helsinki's clocks."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from intake.doctor.finding import Level, Said
from intake.language import LANGUAGES, CataloguesMissing, Language

HELSINKI = "Europe/Helsinki"
_OFFSETS = {1: timedelta(hours=2), 7: timedelta(hours=3)}


def zone(name: str = HELSINKI, year: int = 2026) -> list[Said]:
    """The time zone database knows the zone, and its summer time."""
    try:
        found = ZoneInfo.no_cache(name)
    except ZoneInfoNotFoundError:
        return [(Level.FAIL, f"the time zone {name} is not known: install the system's tzdata")]
    wrong = [
        m for m, off in _OFFSETS.items() if datetime(year, m, 1, tzinfo=found).utcoffset() != off
    ]
    if wrong:
        return [
            (Level.FAIL, f"{name} has another offset than it should: renew the system's tzdata")
        ]
    return [(Level.OK, f"{name} is known, with its summer time")]


def languages() -> list[Said]:
    """Every language has its texts and its way of writing a date."""
    try:
        for code in LANGUAGES:
            Language(code).date(date(2026, 6, 2))
    except CataloguesMissing as error:
        return [(Level.FAIL, str(error))]
    return [(Level.OK, f"texts and dates in {', '.join(LANGUAGES)}")]
