"""How old a child may be, by what the reporter knows."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.domain.answers import worry_of
from intake.domain.facts import possible_ages
from intake.domain.report import Child
from tests.site import child_answers, worry_answers

TODAY = date(2026, 6, 2)
DAYS = st.dates(date(2000, 1, 1), date(2100, 12, 31))


def child(**changes: Any) -> Child:
    answers = worry_answers()
    answers["children"] = [child_answers(**changes)]
    return worry_of(answers).children[0]


def born_in(year: int) -> Child:
    return child(known_by="birth_date", birth_date=str(year))


def age_on(day: date, born: date) -> int:
    """How many birthdays there have been, 18 for more."""
    years = range(born.year + 1, day.year + 1)
    birthdays = [year for year in years if (year, born.month, born.day) <= day.timetuple()[:3]]
    return min(len(birthdays), 18)


@pytest.mark.parametrize(
    ("changes", "ages"),
    [
        ({"hetu": "020616A901U"}, 10),
        ({"hetu": "030616A901L"}, 9),
        ({"known_by": "birth_date", "birth_date": "2008-06-02"}, 18),
        ({"known_by": "birth_date", "birth_date": "2008-06-03"}, 17),
        ({"known_by": "birth_date", "birth_date": "1990-01-01"}, 18),
        ({"known_by": "unborn"}, 0),
    ],
)
def test_the_age_is_counted_in_full_years(changes: dict[str, Any], ages: object) -> None:
    assert possible_ages(child(**changes), TODAY) == ages


@pytest.mark.parametrize(
    ("year", "today", "ages"),
    [
        (2012, date(2026, 1, 1), [13, 14]),
        (2012, date(2026, 12, 30), [13, 14]),
        (2012, date(2026, 12, 31), [14]),
        (2008, TODAY, [17, 18]),
        (2007, TODAY, [18]),
        (1950, TODAY, [18]),
        (2025, TODAY, [0, 1]),
        (2026, TODAY, [0]),
        (2026, date(2026, 12, 31), [0]),
    ],
)
def test_of_a_year_of_birth_both_ages_are_possible(year: int, today: date, ages: list[int]) -> None:
    assert possible_ages(born_in(year), today) == ages


@given(today=DAYS, years=st.integers(0, 30))
def test_a_year_of_birth_leaves_the_ages_of_all_who_were_born_in_it(
    today: date, years: int
) -> None:
    year = today.year - years
    days = (date(year, 1, 1) + timedelta(days=number) for number in range(366))
    born = [day for day in days if day.year == year and day <= today]
    assert possible_ages(born_in(year), today) == sorted({age_on(today, day) for day in born})


@pytest.mark.parametrize(
    ("typed", "ages"),
    [
        ("0", [0, 1]),
        ("1", [0, 1, 2]),
        ("6", [5, 6, 7]),
        ("14", [13, 14, 15]),
        ("17", [16, 17, 18]),
        ("18", [17, 18]),
        ("19", [18]),
        ("120", [18]),
        ("", "unknown"),
    ],
)
def test_an_estimate_may_be_a_year_off(typed: str, ages: object) -> None:
    assert possible_ages(child(known_by="age", age=typed), TODAY) == ages


@given(age=st.integers(0, 120), off=st.integers(-1, 1))
def test_whoever_guesses_a_year_wrong_leaves_the_true_age_possible(age: int, off: int) -> None:
    guess = max(age + off, 0)
    possible = possible_ages(child(known_by="age", age=str(guess)), TODAY)
    assert isinstance(possible, list)
    assert min(age, 18) in possible


def test_a_year_of_birth_is_kept_as_a_year_and_not_as_a_day() -> None:
    found = child(known_by="birth_date", birth_date="2012")
    assert (found.birth_date, found.birth_year) == (None, 2012)
    found = child(known_by="birth_date", birth_date="2012-05-01")
    assert (found.birth_date, found.birth_year) == (date(2012, 5, 1), None)
    assert child(birth_date="2016").birth_year is None, "the identity code tells more"
