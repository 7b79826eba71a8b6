"""Calendars of a test's own, and sites that count by them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from intake.domain.calendar import SCHOOL_CALENDAR, Calendar, load_calendar
from tests import databases
from tests.site import Site, use_roles, worry_answers

ABSENCE = worry_answers(
    worry={"categories": ["school_absence"], "primary": "school_absence", "child_role": "other"},
    consent={"child_consent": "given", "consent_to": ["WEL"]},
)
"""A worry whose pupil-welfare referral has a deadline in school days."""
FIRST_YEAR_ALONE = SCHOOL_CALENDAR.read_text("utf-8").split("[[school_year]]\nstarts = 2026")[0]
"""School years to July 2026."""
HOLIDAY = """
[[holiday]]
date = {day}
name = {{ fi = "Juhlapäivä", sv = "Festdag", en = "Day of celebration" }}
"""


def calendar_of(folder: Path, text: str) -> Calendar:
    """The calendar that this text describes."""
    path = folder / "calendar.toml"
    path.write_text(text, "utf-8")
    return load_calendar(path)


def with_holiday(folder: Path, day: str) -> Calendar:
    """The shipped calendar with one public holiday more."""
    return calendar_of(folder, SCHOOL_CALENDAR.read_text("utf-8") + HOLIDAY.format(day=day))


def use(site: Site, calendar: Calendar) -> None:
    """Let the site's services be those of processes that were started with this calendar."""
    chasing = replace(site.parts.chasing, calendar=calendar)
    site.parts = replace(site.parts, calendar=calendar, chasing=chasing)
    vars(site).pop("app", None)
    if databases.has_roles():
        use_roles(site.parts)
