"""For how long content is kept: the agency that needs it longest decides, for all."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from intake.domain.referral import State
from intake.domain.retention import Keeping, Part, content_goes_on

AT = datetime(2026, 6, 2, 7, 0, tzinfo=UTC)
RECORDED = Part(State.CLOSED, Keeping(90, 365), AT, None, AT, runs=False, unmet=False)
UNRECORDED = replace(RECORDED, recorded_at=None)
GOES = date(2026, 8, 31)


def days(number: int) -> timedelta:
    return timedelta(days=number)


def test_content_goes_so_many_days_after_it_was_recorded_in_the_client_system() -> None:
    assert content_goes_on([RECORDED]) == GOES
    shorter = replace(RECORDED, keeping=Keeping(30, 365))
    assert content_goes_on([shorter]) == date(2026, 7, 2)


def test_a_later_ending_does_not_keep_what_was_recorded_any_longer() -> None:
    assert content_goes_on([replace(RECORDED, last_step_at=AT + days(60))]) == GOES


def test_while_somebody_works_on_it_the_last_step_counts_and_a_running_deadline_keeps_it() -> None:
    open_ = replace(RECORDED, state=State.ACCEPTED)
    assert content_goes_on([open_]) == GOES
    assert content_goes_on([replace(open_, last_step_at=AT + days(10))]) == GOES + days(10)
    assert content_goes_on([replace(open_, runs=True)]) is None


def test_what_was_reopened_is_counted_anew() -> None:
    again = replace(RECORDED, reopened_at=AT + days(80))
    assert content_goes_on([again]) == GOES + days(80)


def test_without_a_recording_it_is_kept_longer_and_with_deadlines_unmet_for_good() -> None:
    assert content_goes_on([UNRECORDED]) == AT.date() + days(365)
    assert content_goes_on([replace(UNRECORDED, unmet=True)]) is None


@pytest.mark.parametrize("state", [State.SENT, State.ACCEPTED])
def test_one_agency_that_has_not_recorded_it_keeps_it_for_all(state: State) -> None:
    assert content_goes_on([RECORDED, replace(UNRECORDED, state=state)]) is None


def test_of_several_agencies_the_last_day_counts() -> None:
    later = replace(RECORDED, recorded_at=AT + days(5))
    assert content_goes_on([RECORDED, later]) == GOES + days(5)


@pytest.mark.parametrize("state", [State.RETURNED, State.HANDED_OVER, State.WITHDRAWN])
def test_what_an_agency_passed_on_is_needed_where_it_went(state: State) -> None:
    passed = replace(UNRECORDED, state=state, unmet=True, last_step_at=AT + days(400))
    assert content_goes_on([passed, RECORDED]) == GOES
    assert content_goes_on([passed]) is None
