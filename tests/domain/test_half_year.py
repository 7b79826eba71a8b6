"""Half-years: their days, their reminders, and what may be shown of their numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import astuple
from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest

from intake.domain.calendar import load_calendar
from intake.domain.clock import Clock
from intake.domain.half_year import (
    CLOCKS,
    STEPS,
    Kept,
    Period,
    PeriodUnknown,
    may_be_reported,
    periods,
    protect_kept,
    steps_due,
    written_at,
)
from intake.domain.referral import ASSESSING
from tests.rules.shipped import BASE

CALENDAR = load_calendar()
SUMMER, WINTER = Period(date(2026, 4, 1)), Period(date(2026, 10, 1))


@pytest.mark.parametrize(
    ("day", "period", "report_by"),
    [
        (date(2026, 3, 31), Period(date(2025, 10, 1)), date(2026, 4, 17)),
        (date(2026, 4, 1), SUMMER, date(2026, 10, 17)),
        (date(2026, 9, 30), SUMMER, date(2026, 10, 17)),
        (date(2026, 10, 1), WINTER, date(2027, 4, 17)),
        (date(2026, 12, 31), WINTER, date(2027, 4, 17)),
        (date(2027, 1, 1), WINTER, date(2027, 4, 17)),
        (date(2027, 3, 31), WINTER, date(2027, 4, 17)),
    ],
)
def test_a_day_is_in_one_half_year_that_is_reported_on_the_17th_after_it(
    day: date, period: Period, report_by: date
) -> None:
    assert Period.of(day) == period
    assert period.first <= day <= period.last
    assert period.report_by == report_by


def test_half_years_follow_one_another_without_a_gap() -> None:
    period = Period(date(2019, 10, 1))
    for _ in range(50):
        assert period.last + timedelta(days=1) == period.after.first
        assert period.ends_at == period.after.starts_at
        assert period.after.before == period
        assert Period.read(str(period)) == period
        period = period.after


def test_a_half_year_begins_and_ends_at_midnight_in_helsinki() -> None:
    assert SUMMER.starts_at == datetime(2026, 3, 31, 21, tzinfo=UTC)
    assert SUMMER.ends_at == datetime(2026, 9, 30, 21, tzinfo=UTC)
    assert WINTER.ends_at == datetime(2027, 3, 31, 21, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "2026", "2026-05", "2026-4", "2026-04-01", "April", "9" * 40])
def test_what_names_no_half_year_is_refused(text: str) -> None:
    with pytest.raises(PeriodUnknown):
        Period.read(text)


def test_the_running_half_year_and_the_last_four_are_offered() -> None:
    at_midnight = datetime(2026, 9, 30, 21, tzinfo=UTC)
    assert [str(p) for p in periods(at_midnight)] == [
        "2026-10",
        "2026-04",
        "2025-10",
        "2025-04",
        "2024-10",
    ]
    assert str(periods(at_midnight - timedelta(seconds=1))[0]) == "2026-04"


def test_the_statistics_are_of_the_laws_clocks_and_of_the_moves_that_meet_them() -> None:
    clocks: Mapping[str, Clock] = BASE.beside["clock"]
    for clock, move in CLOCKS.items():
        assert (clocks[clock].law or "").startswith("417/2007 §26")
        assert move in clocks[clock].met_by
        assert ASSESSING[move] == clock


def days_of(period: Period) -> dict[str, str]:
    return {step: written_at(period, step, CALENDAR).isoformat() for step in STEPS}


def test_reminders_are_counted_in_working_days_and_written_at_eight() -> None:
    winter = Period(date(2024, 10, 1))  # reported by Thu 17 April 2025, before Easter
    assert days_of(winter) == {
        "before_10": "2025-04-03T05:00:00+00:00",
        "before_3": "2025-04-14T05:00:00+00:00",
        "on_the_day": "2025-04-17T05:00:00+00:00",
        "after_1": "2025-04-22T05:00:00+00:00",
        "after_3": "2025-04-24T05:00:00+00:00",
        "after_5": "2025-04-28T05:00:00+00:00",
    }


def test_a_reporting_day_on_which_nobody_works_is_reminded_of_on_the_working_day_before() -> None:
    assert SUMMER.report_by.isoweekday() == 6
    assert days_of(SUMMER) == {
        "before_10": "2026-10-05T05:00:00+00:00",
        "before_3": "2026-10-14T05:00:00+00:00",
        "on_the_day": "2026-10-16T05:00:00+00:00",
        "after_1": "2026-10-19T05:00:00+00:00",
        "after_3": "2026-10-21T05:00:00+00:00",
        "after_5": "2026-10-23T05:00:00+00:00",
    }


@pytest.mark.parametrize("year", range(2020, 2040))
def test_every_reminder_is_on_a_working_day_and_after_the_one_before(year: int) -> None:
    for period in (Period(date(year, 4, 1)), Period(date(year, 10, 1))):
        times = [written_at(period, step, CALENDAR) for step in STEPS]
        assert times == sorted(set(times))
        assert all(CALENDAR.is_working_day(at.date()) for at in times)


def test_reminders_are_due_from_their_morning_on_and_not_for_ever() -> None:
    first = written_at(SUMMER, "before_10", CALENDAR)
    second = timedelta(seconds=1)
    assert steps_due(SUMMER, CALENDAR, first - second) == ()
    assert steps_due(SUMMER, CALENDAR, first) == ("before_10",)
    assert steps_due(SUMMER, CALENDAR, first + timedelta(days=9)) == ("before_10", "before_3")
    last = written_at(SUMMER, "after_5", CALENDAR)
    assert steps_due(SUMMER, CALENDAR, last + timedelta(days=14) - second) == ("after_5",)
    assert steps_due(SUMMER, CALENDAR, last + timedelta(days=14)) == ()


def test_figures_are_reported_after_their_half_year_and_not_in_future() -> None:
    today = date(2026, 10, 9)
    assert not may_be_reported(SUMMER, date(2026, 9, 30), today)
    assert may_be_reported(SUMMER, date(2026, 10, 1), today)
    assert may_be_reported(SUMMER, today, today)
    assert not may_be_reported(SUMMER, date(2026, 10, 10), today)


def test_nothing_shown_outside_tells_a_number_from_1_to_4() -> None:
    """Whoever knows how numbers are hidden finds several that each hidden one could be."""
    alike: dict[object, list[Kept]] = defaultdict(list)
    for parts in product(range(21), repeat=3):
        if sum(parts) <= 20:  # then everything that looks alike is among these
            kept = Kept(*parts)
            alike[astuple(protect_kept(kept))].append(kept)
    for told, those in alike.items():
        for name in ("in_time", "moved", "later", "over_time", "all"):
            possible = {getattr(kept, name) for kept in those}
            small = possible & {1, 2, 3, 4}
            assert not small or len(possible) > 1, (told, name)


def test_what_is_shown_outside_is_true() -> None:
    for parts in product((0, 1, 4, 5, 30), repeat=3):
        kept = Kept(*parts)
        told = protect_kept(kept)
        for name in ("in_time", "over_time", "moved", "all"):
            assert getattr(told, name) in (None, getattr(kept, name))


@pytest.mark.parametrize(
    ("kept", "told"),
    [
        (Kept(40, 6, 12), (40, 18, 6, 58)),
        (Kept(40, 1, 12), (40, 13, None, 53)),
        (Kept(40, 1, 2), (None, None, None, 43)),
        (Kept(3, 0, 12), (None, None, None, 15)),
        (Kept(40, 0, 0), (40, 0, 0, 40)),
        (Kept(2, 0, 0), (None, None, None, None)),
        (Kept(), (0, 0, 0, 0)),
    ],
)
def test_a_number_goes_with_what_would_tell_it(kept: Kept, told: tuple[int | None, ...]) -> None:
    assert astuple(protect_kept(kept)) == told
