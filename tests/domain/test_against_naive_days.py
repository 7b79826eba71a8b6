"""Deadlines against a reference that walks day by day and knows the holidays by heart.

Nothing of the calendar or of the counting is used for what is expected: Easter is computed, the
other holidays are those of their statutes, school years are made up here in the usual pattern.
"""

from __future__ import annotations

import calendar as gregorian
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.domain.calendar import Calendar
from intake.domain.clock import Clock
from intake.domain.deadline import Certificate, Why, certify, parse_arrival
from tests.calendars import calendar_of

FIRST, LAST = date(2020, 1, 1), date(2040, 12, 31)
ONE = timedelta(days=1)
HELSINKI = ZoneInfo("Europe/Helsinki")


def easter(year: int) -> date:
    """By Gauss as Meeus, Jones and Butcher have it."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = b // 4, b % 4
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = c // 4, c % 4
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)


def saturday_from(day: date) -> date:
    while day.weekday() != 5:
        day += ONE
    return day


@cache
def holidays(year: int) -> frozenset[date]:
    sunday = easter(year)
    return frozenset(
        {
            *(date(year, 1, 1), date(year, 1, 6), date(year, 5, 1), date(year, 12, 6)),
            *(date(year, 12, 25), date(year, 12, 26)),
            *(sunday + timedelta(days=n) for n in (-2, 0, 1, 39, 49)),
            saturday_from(date(year, 6, 20)),
            saturday_from(date(year, 10, 31)),
        }
    )


def is_working(day: date) -> bool:
    return day.weekday() < 5 and day not in holidays(day.year)


def is_eve(day: date) -> bool:
    midsummer = saturday_from(date(day.year, 6, 20))
    return (day.month, day.day) == (12, 24) or day == midsummer - ONE


def is_school(day: date) -> bool:
    """By the years that ``school_years`` writes down."""
    starts = day.year if day.month >= 8 else day.year - 1
    autumn = date(starts, 8, 10) <= day <= date(starts, 12, 20)
    spring = date(starts + 1, 1, 7) <= day <= date(starts + 1, 6, 2)
    if date(starts, 10, 14) <= day <= date(starts, 10, 20):
        return False
    if date(starts + 1, 2, 19) <= day <= date(starts + 1, 2, 25):
        return False
    return (autumn or spring) and is_working(day)


def school_years() -> str:
    return "\n".join(
        f"""[[school_year]]
starts = {year}
autumn_term = [{year}-08-10, {year}-12-20]
autumn_holiday = [{year}-10-14, {year}-10-20]
spring_term = [{year + 1}-01-07, {year + 1}-06-02]
winter_holiday = [{year + 1}-02-19, {year + 1}-02-25]
"""
        for year in range(2019, 2041)
    )


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Calendar:
    folder: Path = tmp_path_factory.mktemp("calendar")
    return calendar_of(folder, school_years())


def clock(kind: str, number: int) -> Clock:
    table = {"id": "x", "title": {"fi": "x", "sv": "x"}, "kind": kind, "count": number}
    return Clock.parse({**table, "met_by": ["respond"]})


def due_by_walking(arrival: date, kind: str, number: int) -> date:
    if kind == "months":
        month = arrival.month - 1 + number
        year, month = arrival.year + month // 12, month % 12 + 1
        return date(year, month, min(arrival.day, gregorian.monthrange(year, month)[1]))
    counts = {"working_days": is_working, "school_days": is_school}.get(kind, lambda _: True)
    day = arrival
    while number:
        day += ONE
        number -= counts(day)
    return day


def extended_by_walking(due: date) -> date:
    day = due
    while day.weekday() == 5 or day.weekday() == 6 or day in holidays(day.year) or is_eve(day):
        day += ONE
    return day


def agrees(made: Certificate, arrival: date, kind: str, number: int) -> bool:
    """The same last days, the same days counted, each day there once, over at local midnight."""
    due = due_by_walking(arrival, kind, number)
    extended = due if kind == "same_day" else extended_by_walking(due)
    if (made.due, made.due_extended) != (due, extended):
        return False
    walked = [arrival + n * ONE for n in range((extended - arrival).days + 1)]
    if [day.date for day in made.days] != walked:
        return False
    midnight = datetime.combine(due + ONE, time(), HELSINKI).astimezone(UTC)
    if made.due_at != midnight:
        return False
    if kind == "same_day":
        return [day.counts for day in made.days] == [True]
    counts = {"working_days": is_working, "school_days": is_school}.get(kind, lambda _: True)
    return [day.counts for day in made.days] == [
        arrival < day <= due and bool(counts(day)) for day in walked
    ]


EVERY = (
    *(("same_day", 0), ("working_days", 1), ("working_days", 2), ("working_days", 7)),
    *(("working_days", 10), ("days", 7), ("days", 14), ("months", 1), ("months", 3)),
    *(("school_days", 1), ("school_days", 7)),
)


@pytest.mark.parametrize(("kind", "number"), EVERY)
def test_every_day_of_2020_to_2040_is_counted_as_by_walking(
    days: Calendar, kind: str, number: int
) -> None:
    """Each arrival whose deadline and its extension lie within the calendar."""
    one, wrong, day = clock(kind, number), [], FIRST
    while extended_by_walking(due_by_walking(day, kind, number)) < LAST - 3 * ONE:
        noon = datetime.combine(day, time(12), HELSINKI).astimezone(UTC)
        if not agrees(certify(one, noon, days), day, kind, number):
            wrong.append(day)
        day += ONE
    assert wrong == []
    assert day > date(2040, 8, 1)


@settings(deadline=None, max_examples=300)
@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2039, 6, 30)),  # noqa: DTZ001 (a zone is given next)
    st.sampled_from(["working_days", "school_days", "days", "months"]),
    st.integers(1, 12),
)
def test_any_instant_and_any_count_agree_with_walking(
    days: Calendar, arrival: datetime, kind: str, number: int
) -> None:
    at = arrival.replace(tzinfo=UTC)
    local = at.astimezone(HELSINKI).date()
    assert agrees(certify(clock(kind, number), at, days), local, kind, number)


NIGHTS = ("2026-03-29", "2026-10-25", "2032-03-28", "2032-10-31")
"""Clocks go forward and back, also in a leap year."""


@pytest.mark.parametrize("night", NIGHTS)
@pytest.mark.parametrize("at", ["00:00:00", "02:59:59", "04:00:00", "12:00:00", "23:59:59"])
@pytest.mark.parametrize(("kind", "number"), EVERY)
def test_the_nights_on_which_clocks_change_lose_and_gain_no_day(
    days: Calendar, night: str, at: str, kind: str, number: int
) -> None:
    for shift in (-1, 0, 1):
        day = date.fromisoformat(night) + shift * ONE
        made = certify(clock(kind, number), parse_arrival(f"{day}T{at}"), days)
        assert agrees(made, day, kind, number)


@pytest.mark.parametrize("night", NIGHTS)
@pytest.mark.parametrize("hours", [1, 23, 24, 25, 48])
def test_hours_are_elapsed_hours_over_the_nights_on_which_clocks_change(
    days: Calendar, night: str, hours: int
) -> None:
    first = datetime.fromisoformat(f"{night}T00:00").replace(tzinfo=UTC) - timedelta(hours=30)
    for quarter in range(4 * 36):
        at = first + timedelta(minutes=15 * quarter)
        made = certify(clock("hours", hours), at, days)
        elapsed = at.timestamp() + 3600 * hours
        assert made.due_at.timestamp() == elapsed
        local = datetime.fromtimestamp(elapsed, HELSINKI).date()
        assert (made.due, made.due_extended) == (local, local)
        assert {day.why for day in made.days} == {Why.BY_THE_HOUR}


@pytest.mark.parametrize(
    "day",
    [
        *("2024-02-28", "2024-02-29", "2028-02-29", "2027-02-28", "2026-01-31", "2026-11-30"),
        *("2026-12-31", "2027-11-29", "2027-11-30", "2026-12-24", "2026-12-25", "2026-06-19"),
        *("2026-06-20", "2026-01-06", "2026-05-01", "2027-05-01", "2026-12-06", "2030-12-06"),
    ],
)
@pytest.mark.parametrize("at", ["00:00:00", "23:59:59"])
@pytest.mark.parametrize(("kind", "number"), EVERY)
def test_leap_days_month_ends_eves_and_holidays_agree_to_the_last_second(
    days: Calendar, day: str, at: str, kind: str, number: int
) -> None:
    made = certify(clock(kind, number), parse_arrival(f"{day}T{at}"), days)
    assert agrees(made, date.fromisoformat(day), kind, number)


@pytest.mark.parametrize(
    ("received", "due", "extended"),
    [
        ("2026-06-02", "2026-06-11", "2026-06-11"),
        ("2026-04-30", "2026-05-12", "2026-05-12"),
        ("2026-06-10", "2026-06-19", "2026-06-22"),
    ],
)
def test_the_table_of_the_field_holds_for_both_countings(
    days: Calendar, received: str, due: str, extended: str
) -> None:
    made = certify(clock("working_days", 7), parse_arrival(f"{received}T10:42"), days)
    assert (made.due.isoformat(), made.due_extended.isoformat()) == (due, extended)
    walked = due_by_walking(date.fromisoformat(received), "working_days", 7)
    assert (walked.isoformat(), extended_by_walking(walked).isoformat()) == (due, extended)
