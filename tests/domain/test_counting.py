"""Where the calendar ends before a deadline does: an earlier day, marked, and never a refusal."""

from __future__ import annotations

from pathlib import Path

import pytest

from intake.domain.calendar import SCHOOL_CALENDAR, Calendar, load_calendar
from intake.domain.chase import ChaseStep, Chasing
from intake.domain.clock import Clock
from intake.domain.counting import certify_anyhow, count
from intake.domain.deadline import certify, parse_arrival
from intake.domain.school_year import SchoolCalendarInvalid
from tests.calendars import FIRST_YEAR_ALONE, HOLIDAY, calendar_of, with_holiday

WHOLE = load_calendar()
LATE_5 = ChaseStep.parse(
    {"id": "late", "to": "head", "plan": "days", "working_days": 5, "at": "09:00"}
)


def clock(kind: str, number: int = 7, **more: object) -> Clock:
    table = {"id": "x", "title": {"fi": "x", "sv": "x"}, "kind": kind, "count": number}
    return Clock.parse({**table, "met_by": ["respond"], **more})


def test_school_days_of_an_unknown_year_are_counted_as_working_days_and_marked(
    tmp_path: Path,
) -> None:
    short = calendar_of(tmp_path, FIRST_YEAR_ALONE)
    arrival = parse_arrival("2026-07-27T10:42")
    made = certify_anyhow(clock("school_days"), arrival, short)
    right = certify(clock("school_days"), arrival, WHOLE)
    working = certify(clock("working_days"), arrival, WHOLE)
    assert (made.due, made.provisional) == (working.due, True)
    assert made.due < right.due
    assert not right.provisional
    assert made.calendar == f"provisional, {short.version}"
    assert len(made.calendar) <= 80
    assert str(made.rule) == "school_days 7", "a later recount knows what is to be counted"


def test_what_is_urgent_stays_as_short_where_the_calendar_ends(tmp_path: Path) -> None:
    short = calendar_of(tmp_path, FIRST_YEAR_ALONE)
    talk = clock("school_days", today={"kind": "school_days", "count": 1})
    made = certify_anyhow(talk, parse_arrival("2026-08-03T10:42"), short, today=True)
    assert (made.due.isoformat(), str(made.rule)) == ("2026-08-04", "school_days 1")


@pytest.mark.parametrize("kind", ["working_days", "months", "days", "same_day"])
@pytest.mark.parametrize("arrival", ["2040-12-31T10:42", "2041-03-06T23:59:59"])
def test_beyond_the_known_holidays_nothing_is_refused(kind: str, arrival: str) -> None:
    made = certify_anyhow(
        clock(kind, 0 if kind == "same_day" else 3), parse_arrival(arrival), WHOLE
    )
    assert made.provisional == (arrival > "2041" or kind != "same_day")
    assert made.due.isoformat() >= arrival[:10]


def test_steps_beyond_the_calendar_make_a_deadline_provisional_too() -> None:
    chasing = Chasing((LATE_5,), WHOLE)
    arrival = parse_arrival("2040-12-20T10:42")
    counted = count(clock("working_days", 3), arrival, WHOLE, chasing)
    assert not certify(clock("working_days", 3), arrival, WHOLE).provisional
    assert counted.certificate.provisional
    assert [str(step["at"])[:10] for step in counted.steps] == ["2041-01-03"], (
        "New Year is not known"
    )


def test_a_holiday_decreed_later_does_not_count_and_names_the_calendar_anew(
    tmp_path: Path,
) -> None:
    later = with_holiday(tmp_path, "2026-06-09")
    arrival = parse_arrival("2026-06-02T10:42")
    before, after = (certify(clock("working_days"), arrival, c) for c in (WHOLE, later))
    assert (before.due.isoformat(), after.due.isoformat()) == ("2026-06-11", "2026-06-12")
    assert before.calendar != after.calendar
    (named,) = (day for day in after.days if day.date.isoformat() == "2026-06-09")
    assert named.name == {"fi": "Juhlapäivä", "sv": "Festdag", "en": "Day of celebration"}


def test_a_file_without_decreed_holidays_names_the_same_calendar_as_before_they_could_be(
    tmp_path: Path,
) -> None:
    same: Calendar = calendar_of(tmp_path, SCHOOL_CALENDAR.read_text("utf-8"))
    assert same.version == WHOLE.version


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("2026-09-18", '"2026-09-18"', "date must be a day such as 2026-09-18"),
        ("2026-09-18", "2026-09-18T10:00:00", "date must be a day such as 2026-09-18"),
        ("2026-09-18", "2050-09-18", "holiday 2050-09-18 is not within 2020-2040"),
        ('sv = "Festdag", ', "", "name must be { fi = …, sv = …, en = … }"),
        ('"Festdag"', '" "', "name must be { fi = …, sv = …, en = … }"),
        ("date =", "day =", "needs date and name, and nothing else"),
        ("[[holiday]]", "[holiday]", "must be an array of tables, [[holiday]]"),
    ],
)
def test_a_wrong_holiday_is_refused_in_one_line(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    text = (FIRST_YEAR_ALONE + HOLIDAY.format(day="2026-09-18")).replace(old, new)
    with pytest.raises(SchoolCalendarInvalid) as caught:
        calendar_of(tmp_path, text)
    (problem,) = caught.value.problems
    assert said in problem
    assert "\n" not in problem


def test_a_holiday_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SchoolCalendarInvalid, match="2026-09-18 is there twice"):
        calendar_of(tmp_path, FIRST_YEAR_ALONE + 2 * HOLIDAY.format(day="2026-09-18"))
