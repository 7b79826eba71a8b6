"""Chasing: the steps of the rule file as instants around a deadline."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.domain.calendar import load_calendar
from intake.domain.chase import ChaseInvalid, ChaseStep, Chasing
from intake.domain.clock import Clock
from intake.domain.deadline import HELSINKI, Certificate, certify, local_date, parse_arrival

CALENDAR = load_calendar()


def certificate(arrival: str, kind: str = "working_days", count: int = 7) -> Certificate:
    clock = Clock.parse(
        {
            "id": "lsl26_start",
            "title": {"fi": "Arviointi aloitettava", "sv": "Bedömningen ska inledas"},
            "kind": kind,
            "count": count,
            "met_by": ["assessment_started"],
        }
    )
    return certify(clock, parse_arrival(arrival), CALENDAR)


def step(**more: object) -> ChaseStep:
    return ChaseStep.parse({"id": "s", "to": "worker", "plan": "days", "at": "09:00", **more})


DAY_STEPS = [
    step(id=f"day{n:+}", working_days=n, to=to, allows_standby=n == 5)
    for n, to in [(5, "supervisor"), (3, "head"), (1, "deputy"), (-1, "worker"), (-3, "worker")]
]
TODAY_STEPS = [
    step(id="hour", plan="same_day", minutes_after_arrival=60),
    step(id="morning", plan="same_day", working_days=1),
]


def chased(made: Certificate, steps: list[ChaseStep]) -> list[tuple[str, str]]:
    return [
        (chase.step_id, f"{chase.at.astimezone(HELSINKI):%a %d.%m. %H:%M}")
        for chase in Chasing(tuple(steps), CALENDAR).times(made)
    ]


def test_chases_fall_on_working_mornings_before_and_after_the_due_day() -> None:
    assert chased(certificate("2026-06-10T10:00"), DAY_STEPS + TODAY_STEPS) == [
        ("day-3", "Tue 16.06. 09:00"),
        ("day-1", "Thu 18.06. 09:00"),
        ("day+1", "Mon 22.06. 09:00"),
        ("day+3", "Wed 24.06. 09:00"),
        ("day+5", "Fri 26.06. 09:00"),
    ]


def test_a_chase_before_the_arrival_is_left_out() -> None:
    steps = [*DAY_STEPS, step(id="due", working_days=0), step(id="far", working_days=-250)]
    names = [name for name, _ in chased(certificate("2026-06-02T10:00", count=1), steps)]
    assert names == ["due", "day+1", "day+3", "day+5"]
    early = [name for name, _ in chased(certificate("2026-06-02T08:59", count=1), steps)]
    assert early == ["day-1", "due", "day+1", "day+3", "day+5"]


def test_chases_keep_local_nine_o_clock_when_clocks_change() -> None:
    times = Chasing(tuple(DAY_STEPS), CALENDAR).times(certificate("2026-03-18T10:00"))
    assert [f"{chase.at:%d.%m. %H:%M}" for chase in times] == [
        *("24.03. 07:00", "26.03. 07:00", "30.03. 06:00", "01.04. 06:00", "07.04. 06:00"),
    ]
    assert [chase.allows_standby for chase in times] == [False] * 4 + [True]
    assert times[-1].to == "supervisor"


def test_a_deadline_for_today_is_chased_by_its_own_plan() -> None:
    made = certificate("2026-10-25T02:30", "same_day", 0)
    assert chased(made, DAY_STEPS + TODAY_STEPS) == [
        ("hour", "Sun 25.10. 03:30"),
        ("morning", "Mon 26.10. 09:00"),
    ]
    late = certificate("2026-10-25T03:30", "same_day", 0)
    hour = Chasing(tuple(TODAY_STEPS), CALENDAR).times(late)[0]
    assert hour.at - late.arrival == timedelta(minutes=60)


def test_a_step_chases_only_the_clocks_that_it_names() -> None:
    steps = [
        step(id="own", working_days=0, clocks=["lsl26_start", "accept"]),
        step(id="one", working_days=0, clock="lsl26_start"),
        step(id="other", working_days=0, clocks=["urgency"]),
        step(id="every", working_days=0),
    ]
    names = [name for name, _ in chased(certificate("2026-06-02"), steps)]
    assert names == ["every", "one", "own"]


@settings(deadline=None)
@given(st.dates(date(2020, 1, 1), date(2039, 12, 31)), st.integers(1, 20))
def test_chases_are_in_order_never_before_the_arrival_and_on_working_days(
    day: date, count: int
) -> None:
    made = certificate(f"{day}T12:00", count=count)
    times = Chasing(tuple(DAY_STEPS), CALENDAR).times(made)
    assert [chase.at for chase in times] == sorted(chase.at for chase in times)
    assert all(chase.at >= made.arrival for chase in times)
    assert all(CALENDAR.is_working_day(local_date(chase.at)) for chase in times)
    assert {"day+1", "day+3", "day+5"} <= {chase.step_id for chase in times}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"id": None}, "needs id and to"),
        ({"plan": "weeks"}, "plan must be days or same_day, not 'weeks'"),
        ({}, "give working_days or minutes_after_arrival"),
        ({"working_days": 1, "minutes_after_arrival": 5}, "give working_days or"),
        ({"minutes_after_arrival": 0}, r"minutes_after_arrival must be 1\.\."),
        ({"working_days": "1"}, r"working_days must be -250\.\.250, not '1'"),
        ({"working_days": 1, "at": "9 am"}, "at must be a time such as"),
        ({"working_days": 1, "at": None}, "at must be a time such as"),
        ({"working_days": 1, "clocks": "accept"}, "clocks must be a list"),
        ({"working_days": 1, "allows_standby": "no"}, "allows_standby must be true or false"),
    ],
)
def test_a_wrong_chase_step_is_refused_by_name(change: dict[str, object], problem: str) -> None:
    with pytest.raises(ChaseInvalid, match=problem):
        step(**change)
