"""The calendar: what is a public holiday by law, what only the library calls one, school years."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from intake.domain.calendar import (
    Calendar,
    CalendarTooShort,
    Off,
    Term,
    load_calendar,
)
from intake.domain.public_holidays import eve
from intake.domain.school_year import SchoolCalendarInvalid

YEAR = """
[[school_year]]
starts = 2026
autumn_term = [2026-08-11, 2026-12-18]
autumn_holiday = [2026-10-12, 2026-10-18]
spring_term = [2027-01-07, 2027-06-05]
"""


@pytest.fixture(scope="module")
def calendar() -> Calendar:
    return load_calendar()


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "schools.toml"
    path.write_text(text, encoding="utf-8")
    return path


def problems(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(SchoolCalendarInvalid) as caught:
        load_calendar(written(tmp_path, text))
    assert all("\n" not in problem for problem in caught.value.problems)
    return caught.value.problems


def test_the_public_holidays_of_2026_are_those_of_the_law_and_no_eve(calendar: Calendar) -> None:
    assert [day.strftime("%d.%m.") for day in calendar.holidays if day.year == 2026] == [
        *("01.01.", "06.01.", "03.04.", "05.04.", "06.04.", "01.05.", "14.05.", "24.05."),
        *("20.06.", "31.10.", "06.12.", "25.12.", "26.12."),
    ]


def test_every_year_within_reach_has_its_thirteen_holidays(calendar: Calendar) -> None:
    for year in range(calendar.first_year, calendar.last_year + 1):
        days = [day for day in calendar.holidays if day.year == year]
        assert len(days) == 13, year


@pytest.mark.parametrize("year", range(2020, 2041))
def test_the_eves_count_as_working_days_though_the_library_calls_them_holidays(
    calendar: Calendar, year: int
) -> None:
    midsummer = next(
        date(year, 6, day) for day in range(20, 27) if date(year, 6, day).weekday() == 5
    )
    for day in (midsummer - timedelta(days=1), date(year, 12, 24)):
        assert eve(day)
        assert calendar.is_working_day(day) == (day.weekday() < 5)
        moved = calendar.why_moved(day)
        assert moved
        assert moved.why is Off.EVE


def test_each_holiday_is_named_in_the_three_languages(calendar: Calendar) -> None:
    off = calendar.why_not(date(2026, 5, 1))
    assert off
    assert off.why is Off.HOLIDAY
    assert off.name == {"fi": "Vappu", "sv": "Första maj", "en": "May Day"}
    for name in calendar.holidays.values():
        assert set(name) == {"fi", "sv", "en"}
        assert all(name.values())


def test_a_holiday_on_a_weekend_is_told_as_the_holiday(calendar: Calendar) -> None:
    off = calendar.why_not(date(2026, 10, 31))
    assert off
    assert off.name["en"] == "All Saints' Day"
    weekend = calendar.why_not(date(2026, 10, 24))
    assert weekend
    assert (weekend.why, weekend.name["fi"]) == (Off.WEEKEND, "lauantai")


@pytest.mark.parametrize("day", [date(2019, 12, 31), date(2041, 1, 1)])
def test_a_day_beyond_the_reach_is_refused_not_guessed(calendar: Calendar, day: date) -> None:
    for ask in (calendar.is_working_day, calendar.why_moved, calendar.is_school_day):
        with pytest.raises(CalendarTooShort, match=day.isoformat()):
            ask(day)


@pytest.mark.parametrize("day", [date(2025, 7, 31), date(2029, 8, 1)])
def test_a_day_outside_the_known_school_years_is_refused(calendar: Calendar, day: date) -> None:
    for ask in (calendar.is_school_day, calendar.school_term):
        with pytest.raises(CalendarTooShort, match="2025"):
            ask(day)


@pytest.mark.parametrize(
    ("day", "why", "name", "term"),
    [
        (date(2025, 8, 6), Off.SCHOOL_HOLIDAY, "kesäloma", Term.HOLIDAY),
        (date(2025, 8, 7), None, None, Term.TERM),
        (date(2025, 10, 17), Off.SCHOOL_HOLIDAY, "syysloma", Term.HOLIDAY),
        (date(2025, 11, 1), Off.HOLIDAY, "Pyhäinpäivä", Term.TERM),
        (date(2025, 12, 24), Off.SCHOOL_HOLIDAY, "joululoma", Term.HOLIDAY),
        (date(2025, 12, 25), Off.HOLIDAY, "Joulupäivä", Term.HOLIDAY),
        (date(2026, 2, 18), Off.SCHOOL_HOLIDAY, "talviloma", Term.HOLIDAY),
        (date(2026, 2, 28), Off.WEEKEND, "lauantai", Term.TERM),
        (date(2026, 4, 4), Off.SCHOOL_HOLIDAY, "pääsiäisloma", Term.HOLIDAY),
        (date(2026, 5, 30), None, None, Term.TERM),
        (date(2026, 6, 1), Off.SCHOOL_HOLIDAY, "kesäloma", Term.HOLIDAY),
        (date(2026, 7, 31), Off.SCHOOL_HOLIDAY, "kesäloma", Term.HOLIDAY),
    ],
)
def test_school_days_follow_terms_and_holidays(
    calendar: Calendar, day: date, why: Off | None, name: str | None, term: Term
) -> None:
    off = calendar.why_no_school(day)
    assert (off and off.why, off and off.name["fi"]) == (why, name)
    assert calendar.is_school_day(day) == (why is None)
    assert calendar.school_term(day) is term


def test_the_winter_holiday_lies_in_week_8_and_the_autumn_holiday_in_week_42(
    calendar: Calendar,
) -> None:
    for year in calendar.school_years.values():
        weeks = {name: span.first.isocalendar().week for name, span in year.holidays}
        assert (weeks["autumn_holiday"], weeks["winter_holiday"]) == (42, 8)


def test_a_municipality_goes_by_its_own_year_and_else_by_the_default(tmp_path: Path) -> None:
    own = YEAR.replace("starts", 'municipality = "porvoo"\nstarts')
    own = own.replace("2026-10-12, 2026-10-18", "2026-10-19, 2026-10-25")
    calendar = load_calendar(written(tmp_path, YEAR + own))
    assert not calendar.is_school_day(date(2026, 10, 14))
    assert not calendar.is_school_day(date(2026, 10, 14), "sipoo")
    assert calendar.is_school_day(date(2026, 10, 14), "porvoo")
    assert not calendar.is_school_day(date(2026, 10, 21), "porvoo")


def test_the_version_changes_with_any_day_and_only_then(tmp_path: Path) -> None:
    version = load_calendar(written(tmp_path, YEAR)).version
    assert load_calendar(written(tmp_path, "# a comment\n" + YEAR)).version == version
    later = YEAR.replace("12-18", "12-19")
    assert load_calendar(written(tmp_path, later)).version != version
    assert load_calendar(written(tmp_path, YEAR), last_year=2041).version != version
    assert version.startswith("holidays ")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("autumn_holiday", "autum_holiday", "autum_holiday is unknown; did you mean autumn_"),
        ("starts = 2026", "", "starts must be a year such as 2026, not None"),
        ("starts = 2026", "starts = 2027", "autumn_term must lie within 2027-08-01 and 2028-07-31"),
        ("2026-12-18", "2026-08-01", r"autumn_term ends \(2026-08-01\) before it begins"),
        ("2026-12-18", '"joulu"', r"autumn_term must be \[first day, last day\]"),
        ("2026-12-18", "2027-01-08", "spring_term begins before autumn_term has ended"),
        ("2026-10-18", "2026-12-19", "autumn_holiday must lie within 2026-08-11 and 2026-12-18"),
        ("starts", "municipality = 7\nstarts", "municipality must be an id such as 'porvoo'"),
        ("starts", "school_saturdays = [2026-08-14]\nstarts", "must list Saturdays within a term"),
        ("starts", "starts = = 4", "cannot be read"),
        ("[[school_year]]", "[school_years]", "school_years is unknown"),
        ("[[school_year]]", "[school_year]", r"has no \[\[school_year\]\] tables"),
    ],
)
def test_a_wrong_school_calendar_is_refused_in_one_line(
    tmp_path: Path, old: str, new: str, problem: str
) -> None:
    with pytest.raises(SchoolCalendarInvalid, match=problem):
        load_calendar(written(tmp_path, YEAR.replace(old, new, 1)))


def test_a_missing_file_and_a_year_given_twice_are_refused(tmp_path: Path) -> None:
    assert "are there twice" in problems(tmp_path, YEAR + YEAR)[0]
    with pytest.raises(SchoolCalendarInvalid, match=r"nowhere\.toml cannot be read"):
        load_calendar(tmp_path / "nowhere.toml")


def test_every_problem_of_a_school_calendar_is_named_at_once(tmp_path: Path) -> None:
    text = YEAR.replace("autumn_holiday", "autum_holiday").replace("2027-06-05", "2027-01-01")
    assert len(problems(tmp_path, text)) == 2
