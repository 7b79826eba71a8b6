"""Who is absent is not written to, but who stands in; and who may record whose absence."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import event, select, update

from intake.domain.deadline import local_date
from intake.domain.people import Membership, Role
from intake.services.absence import AbsenceNotYours, Absences, Away, StandInUnfit
from intake.store import people
from intake.store.people_tables import MembershipRow
from intake.store.reminder_tables import ReminderRow
from intake.store.tables import ChaseRow, DeadlineRow
from tests.services.sending import lines
from tests.site import COUNTY, SOC, Site, worry_answers

LAST = date(2026, 6, 30)


def away(site: Site, who: str, stand_in: str = "", last: date | None = LAST) -> None:
    """Let somebody be absent from today on."""
    named = site.people[stand_in] if stand_in else None
    told = Away(local_date(site.hands()), last, named)
    Absences(site.parts.database).record(site.visit(who), told, site.hands())


def reminded(site: Site, clock: str = "urgency") -> list[tuple[str, str, Any]]:
    """Who was reminded of it, as what, and for whom."""
    names = {person: name for name, person in site.people.items()}
    with site.parts.database.read() as connection:
        rows = connection.execute(
            select(ReminderRow)
            .join(DeadlineRow, DeadlineRow.id == ReminderRow.deadline_id)
            .where(DeadlineRow.clock == clock)
            .order_by(ReminderRow.created_at, ReminderRow.id)
        )
        return [(names[r.person_id], r.role, r.for_id and names[r.for_id]) for r in rows]


def first_step(site: Site) -> list[tuple[str, str, Any]]:
    site.send()
    site.parts.chase(site.hands.move(hours=1, minutes=1))
    return reminded(site)


def test_the_named_stand_in_is_written_to_and_told_for_whom(site: Site) -> None:
    away(site, "soc", "soc-head")
    assert first_step(site) == [("soc-head", "worker", "soc")]
    (letter,) = site.claim_letters()
    assert letter.params["for"] == {"name": "Saana Sosiaali", "until": "2026-06-30"}


def test_without_a_name_the_deputies_are_else_the_next_one_up(site: Site) -> None:
    away(site, "soc")
    assert first_step(site) == [("soc-deputy", "deputy", "soc")]
    away(site, "soc-deputy")
    site.send()
    site.parts.chase(site.hands.move(hours=1, minutes=1))
    assert ("soc-head", "head", "soc") in reminded(site)


def test_a_stand_in_who_is_absent_too_passes_it_on(site: Site) -> None:
    away(site, "soc", "soc-deputy")
    away(site, "soc-deputy", "soc-head")
    assert first_step(site) == [("soc-head", "worker", "soc")]


def test_two_who_stand_in_for_each_other_are_passed_over(site: Site) -> None:
    away(site, "soc", "soc-deputy")
    away(site, "soc-deputy", "soc")
    assert first_step(site) == [("soc-head", "head", "soc")]


def test_where_everybody_is_absent_those_asked_are_written_to_all_the_same(site: Site) -> None:
    for who in ("soc", "soc-deputy", "soc-head", "supervisor"):
        away(site, who, last=None)
    assert first_step(site) == [("soc", "worker", None)]
    for _ in range(2):
        site.parts.chase(site.hands.move(hours=1))
    assert reminded(site)[1:] == [("soc-deputy", "deputy", None), ("soc-head", "head", None)]


def test_an_absence_that_is_over_or_withdrawn_changes_nothing(site: Site) -> None:
    away(site, "soc", last=local_date(site.hands()))
    away(site, "soc-deputy")
    absences = Absences(site.parts.database)
    deputy = site.visit("soc-deputy")
    (one,) = absences(deputy, site.hands()).absences
    absences.withdraw(deputy, one.id, site.hands())
    site.hands.move(days=1)
    assert first_step(site) == [("soc", "worker", None)]
    site.parts.chase(site.hands.move(hours=1))
    assert reminded(site)[-1] == ("soc-deputy", "deputy", None)
    assert [line.purpose for line in lines(site, "absence_withdrawn")] == [
        "soc-deputy 2026-06-02/2026-06-30"
    ]


def test_the_last_day_still_belongs_to_the_absence(site: Site) -> None:
    away(site, "soc", "soc-head", last=local_date(site.hands()))
    assert first_step(site) == [("soc-head", "worker", "soc")]


def test_only_who_has_a_role_at_the_same_agency_may_stand_in(site: Site) -> None:
    with pytest.raises(StandInUnfit):
        away(site, "soc", "pol")
    with pytest.raises(StandInUnfit):
        away(site, "supervisor", "soc-head")
    with pytest.raises(StandInUnfit):
        away(site, "soc", "soc")
    assert first_step(site) == [("soc", "worker", None)]


def test_a_head_records_for_the_own_units_members_and_nobody_else_does(site: Site) -> None:
    absences, now = Absences(site.parts.database), site.hands()
    told = Away(local_date(now), LAST, site.people["soc-deputy"])
    head = site.visit("soc-head")
    absences.record(head, told, now, site.people["soc"])
    assert [row.name for row in absences(head, now).of_members] == ["Saana Sosiaali"]
    for who, member in (("soc", "soc-head"), ("soc-head", "pol"), ("supervisor", "soc")):
        with pytest.raises(AbsenceNotYours):
            absences.record(site.visit(who), told, now, site.people[member])
    (one,) = absences(site.visit("soc"), now).absences
    with pytest.raises(AbsenceNotYours):
        absences.withdraw(site.visit("soc-deputy"), one.id, now)
    absences.withdraw(site.visit("soc"), one.id, now)
    assert [line.person_id for line in lines(site, "absent")] == [site.people["soc-head"]]


def test_no_head_sends_away_what_a_supervisor_is_reminded_of(site: Site) -> None:
    absences, now = Absences(site.parts.database), site.hands()
    with site.parts.database.write() as connection:
        connection.execute(
            update(MembershipRow)
            .where(MembershipRow.person_id == site.people["soc-deputy"])
            .values(role="supervisor", agency_id=None, controller_id=COUNTY)
        )
        people.add_membership(
            connection, site.people["soc-deputy"], Membership(Role.WORKER, agency=SOC), now
        )
    head, told = site.visit("soc-head"), Away(local_date(now), None, None)
    assert site.people["soc"] in absences(head, now).members
    assert site.people["soc-deputy"] not in absences(head, now).members
    with pytest.raises(AbsenceNotYours):
        absences.record(head, told, now, site.people["soc-deputy"])
    absences.record(site.visit("soc-deputy"), told, now)
    (own,) = absences(site.visit("soc-deputy"), now).absences
    with pytest.raises(AbsenceNotYours):
        absences.withdraw(head, own.id, now)


def test_the_duty_desk_hears_of_an_urgent_lead_last_and_only_of_urgent_ones(site: Site) -> None:
    site.hands.at = site.hands.at.replace(hour=5, minute=30)  # the office opens at eight
    site.send()
    site.hands.move(hours=1)
    site.send(worry_answers(urgency={"urgency": "today", "threat_to_life": "none", "weapon": "no"}))
    for _ in range(40):
        site.parts.chase(site.hands.move(minutes=10))
    # For today the duty desk leads, and the triage desk stands by for it.
    assert [one for one in reminded(site) if one[1] == "duty_desk"] == [("soc", "duty_desk", None)]
    with site.parts.database.read() as connection:
        steps = select(ChaseRow.step, DeadlineRow.today).join(
            DeadlineRow, DeadlineRow.id == ChaseRow.deadline_id
        )
        urgent = steps.where(DeadlineRow.clock == "urgency").order_by(ChaseRow.chased_at)
        taken = connection.execute(urgent).all()
    assert [row.step for row in taken if row.today] == [
        *(f"same-day-{minutes}" for minutes in (60, 120, 180, 240, 300)),
    ]
    assert {row.step for row in taken if not row.today} == {
        *(f"same-day-{minutes}" for minutes in (60, 120, 180)),
    }


def test_who_is_absent_is_read_once_for_a_batch(site: Site) -> None:
    away(site, "soc", "soc-head")
    for _ in range(3):
        site.send()
    asked: list[str] = []
    engine = site.parts.chase.database.engine
    event.listen(engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    site.parts.chase(site.hands.move(hours=1, minutes=1))
    assert sum("FROM absence" in statement for statement in asked) == 1
    assert sum("FROM membership" in statement for statement in asked) == 1


def test_a_form_sent_twice_records_and_withdraws_once(site: Site) -> None:
    absences, visit = Absences(site.parts.database), site.visit("soc")
    away(site, "soc", "soc-head")
    away(site, "soc", "soc-head")
    (one,) = absences(visit, site.hands()).absences
    for _ in range(2):
        absences.withdraw(visit, one.id, site.hands())
    assert len(lines(site, "absent")) == len(lines(site, "absence_withdrawn")) == 1
    away(site, "soc", "soc-head")
    assert len(absences(visit, site.hands()).absences) == 1


def test_what_was_recorded_last_holds_where_absences_overlap(site: Site) -> None:
    away(site, "soc", "soc-deputy")
    site.hands.move(minutes=1)
    away(site, "soc", "soc-head")
    assert first_step(site) == [("soc-head", "worker", "soc")]
