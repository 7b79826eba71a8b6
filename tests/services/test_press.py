"""A supervisor's own reminder, and the desk that stands by let in before its step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from intake.domain.chase import DUTY_DESK
from intake.domain.people import Role
from intake.domain.press import Press, lets_standby_in, step_of
from intake.domain.referral import Move
from intake.domain.trail import Action
from intake.services.follow_up import DeadlineNotYours, FollowUp
from intake.services.press import (
    DeadlineEnded,
    NobodyToRemind,
    NoStandby,
    PressedToday,
    PressOn,
)
from intake.services.record import Entry, MoveNotOpen
from intake.store.people_tables import PersonRow
from intake.store.reminder_tables import ReminderRow
from intake.store.tables import ChaseRow, DeadlineRow, OutboxRow
from tests.services.sending import at, lines
from tests.site import POL, SOC, Site, worry_answers


def deadline(site: Site, clock: str, agency: str = SOC) -> Any:
    with site.parts.database.read() as connection:
        return connection.execute(
            select(DeadlineRow).where(DeadlineRow.agency_id == agency, DeadlineRow.clock == clock)
        ).one()


def press(site: Site, deadline_id: UUID, to: str, what: Press = Press.REMIND) -> int:
    parts = site.parts
    pressing = PressOn(parts.database, parts.directory, parts.calendar)
    return pressing(site.visit("supervisor"), deadline_id, what, to, site.hands())


def rows(site: Site, table: Any) -> Sequence[Any]:
    with site.parts.database.read() as connection:
        return connection.execute(select(table)).all()


def test_the_reader_asked_for_is_written_to_at_once_and_the_plan_goes_on(site: Site) -> None:
    site.send()
    before = deadline(site, "lsl26_start")
    assert press(site, before.id, Role.HEAD) == 1
    (letter,) = rows(site, OutboxRow)
    assert letter.person_id == site.people["soc-head"]
    assert letter.next_attempt_at == site.hands()
    (reminder,) = rows(site, ReminderRow)
    assert (reminder.letter_id, reminder.urgent) == (letter.id, True)
    after = deadline(site, "lsl26_start")
    assert (after.next_chase_at, after.met_at) == (before.next_chase_at, None)
    (line,) = lines(site, Action.PRESS)
    assert line.person_id == site.people["supervisor"]


def test_the_same_reader_is_reminded_by_hand_once_a_day(site: Site) -> None:
    site.send()
    found = deadline(site, "lsl26_start")
    press(site, found.id, Role.WORKER)
    with pytest.raises(PressedToday):
        press(site, found.id, Role.WORKER)
    assert len(rows(site, OutboxRow)) == len(rows(site, ChaseRow)) == 1
    press(site, found.id, Role.DEPUTY)
    site.hands.move(days=1)
    press(site, found.id, Role.WORKER)
    assert len(rows(site, ChaseRow)) == 3


def test_what_has_been_recorded_is_not_reminded_of(site: Site) -> None:
    site.send()
    found = deadline(site, "urgency")
    entry = Entry(Move.RECORD_URGENCY, choice="not_urgent")
    site.parts.respond(site.visit("soc"), at(site, SOC).id, entry, site.hands())
    with pytest.raises(DeadlineEnded):
        press(site, found.id, Role.WORKER)
    assert rows(site, OutboxRow) == []


def test_another_controllers_deadline_is_nobody_elses_to_see_or_to_press(site: Site) -> None:
    site.send(worry_answers(protection={"crime_against_child": "violence"}))
    foreign = deadline(site, "accept", POL)
    follow_up = FollowUp(site.parts.database, site.parts.directory)
    for one in (foreign.id, uuid4()):
        with pytest.raises(DeadlineNotYours):
            press(site, one, Role.WORKER)
        with pytest.raises(DeadlineNotYours):
            follow_up(site.visit("supervisor").person, one)
    assert rows(site, ChaseRow) == []


def test_the_desk_that_stands_by_takes_over_before_its_step_on_the_supervisors_word(
    site: Site,
) -> None:
    site.send()
    referral, found = at(site, SOC).id, deadline(site, "urgency")
    visit = site.visit("duty")
    with pytest.raises(MoveNotOpen):
        site.parts.take_over(visit, referral, "Kukaan ei vastaa.", site.hands())
    assert press(site, found.id, DUTY_DESK, Press.STANDBY) == 1
    (letter,) = rows(site, OutboxRow)
    assert letter.person_id == site.people["duty"]
    assert letter.params["may_take_over"]
    site.parts.take_over(visit, referral, "Kukaan ei vastaa.", site.hands())


def test_a_reminder_alone_lets_no_desk_in(site: Site) -> None:
    site.send()
    press(site, deadline(site, "urgency").id, DUTY_DESK)
    with pytest.raises(MoveNotOpen):
        site.parts.take_over(site.visit("duty"), at(site, SOC).id, "Hiljaista.", site.hands())


def test_a_step_of_the_rules_lets_no_desk_in_by_its_name(site: Site) -> None:
    today = site.hands().date()
    assert lets_standby_in(step_of(Press.STANDBY, DUTY_DESK, today))
    for step in ("standby-is-told", "standby-duty_desk", "standby-duty_desk.2"):
        assert not lets_standby_in(step)


def test_no_desk_is_let_in_where_nobody_of_it_can_be_told(site: Site) -> None:
    site.send()
    with site.parts.database.write() as connection:
        gone = update(PersonRow).where(PersonRow.id == site.people["duty"])
        connection.execute(gone.values(left_at=site.hands()))
    with pytest.raises(NobodyToRemind):
        press(site, deadline(site, "urgency").id, DUTY_DESK, Press.STANDBY)
    assert rows(site, OutboxRow) == rows(site, ChaseRow) == []
    assert press(site, deadline(site, "urgency").id, DUTY_DESK) == 1, "the supervisor instead"


def test_what_the_agency_has_taken_up_is_not_handed_to_the_desk(site: Site) -> None:
    site.send()
    site.parts.respond(site.visit("soc"), at(site, SOC).id, Entry(Move.ACCEPT), site.hands())
    with pytest.raises(NoStandby):
        press(site, deadline(site, "lsl26_start").id, DUTY_DESK, Press.STANDBY)


def test_what_became_of_each_reminder_is_told(site: Site) -> None:
    site.send()
    found = deadline(site, "urgency")
    press(site, found.id, Role.WORKER)
    site.hands.move(minutes=5)
    press(site, found.id, Role.HEAD)
    site.parts.deliver(site.hands())
    follow_up = FollowUp(site.parts.database, site.parts.directory)
    told = follow_up(site.visit("supervisor").person, found.id)
    assert [[(one.to_role, one.name) for one in chase] for chase in told.chases] == [
        [("head", "Eero Esihenkilö")],
        [("worker", "Saana Sosiaali")],
    ]
    assert all(one.sent_at for chase in told.chases for one in chase)
