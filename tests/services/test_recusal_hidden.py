"""Who is shut out as a worker sees the report nowhere as a supervisor or an auditor, and gets no
letter about it; others still do.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

from intake.domain.chase import DUTY_DESK
from intake.domain.deadline_change import Reason
from intake.domain.people import Membership, Role
from intake.domain.press import Press
from intake.services.audit import Audit
from intake.services.due_today import DueToday
from intake.services.extend import Extend
from intake.services.follow_up import DeadlineNotYours, FollowUp
from intake.services.oversee import Oversee
from intake.services.press import NobodyToRemind, PressOn
from intake.services.try_again import LetterNotYours, TryAgain
from intake.store import people
from intake.store.reminder_tables import ReminderRow
from intake.store.tables import OutboxRow
from tests.services.sending import clocks, row_of, silence, tell
from tests.services.test_recuse import recuse, sent
from tests.site import COUNTY, SOC, Site

WATCHES = "soc-deputy"
"""A deputy of social services who watches the county's deadlines, and audits, too."""


@pytest.fixture
def shut(site: Site) -> UUID:
    referral = sent(site)
    sent(site)
    with site.parts.database.write() as connection:
        for role in (Role.SUPERVISOR, Role.AUDITOR):
            there = Membership(role, controller=COUNTY)
            people.add_membership(connection, site.people[WATCHES], there, site.hands())
    silence(site, hours=1, minutes=1)
    recuse(site, "soc", referral, WATCHES)
    return referral


def reminded(site: Site, referral: UUID, since: int = 0) -> list[UUID]:
    with site.parts.database.read() as connection:
        rows = connection.execute(select(ReminderRow.__table__).order_by(ReminderRow.id)).all()
    return [row.person_id for row in rows[since:] if row.params["referral"] == str(referral)]


def test_lists_and_pages_of_deadlines_leave_it_out_and_counts_do_not(
    site: Site, shut: UUID
) -> None:
    database, directory, now = site.parts.database, site.parts.directory, site.hands()
    deputy, other = site.visit(WATCHES), site.visit("supervisor")
    reference, one = row_of(site, shut).reference, clocks(site, shut)["urgency"].id
    oversee = Oversee(database, directory)
    today = DueToday(database, directory, site.parts.calendar)
    follow = FollowUp(database, directory)
    for visit, sees in ((other, True), (deputy, False)):
        watched = oversee.deadlines(visit.person, now, now, 50)
        assert (reference in {row.reference for row in watched.deadlines}) is sees
        assert len({row.reference for row in watched.deadlines}) == 1 + sees
        for when in (now, now + timedelta(days=1)):
            due = today(visit.person, when).agencies
            found = {row.reference for one_of in due for row in (*one_of.late, *one_of.today)}
            assert (reference in found) is sees
    counts = [oversee.deadlines(each.person, now, now, 50).counts for each in (deputy, other)]
    assert counts[0] == counts[1]
    assert follow(other.person, one).deadline.reference == reference
    press = PressOn(database, directory, site.parts.calendar)
    extend = Extend(database, directory, site.parts.clocks, site.parts.calendar, site.parts.chasing)
    for refused in (
        lambda: follow(deputy.person, one),
        lambda: press(deputy, one, Press.REMIND, Role.WORKER, now),
        lambda: extend(deputy, one, next(iter(Reason)), now),
    ):
        with pytest.raises(DeadlineNotYours):
            refused()


def test_the_use_log_leaves_it_out_for_the_auditor_who_is_shut_out(site: Site, shut: UUID) -> None:
    audit, now = Audit(site.parts.database), site.hands()
    reference = row_of(site, shut).reference
    with site.parts.database.write() as connection:
        there = Membership(Role.AUDITOR, controller=COUNTY)
        people.add_membership(connection, site.people["hea"], there, site.hands())
    for name, sees in (("auditor", True), (WATCHES, False)):
        visit = site.visit(name)
        rows = audit(visit, now, 500)
        assert rows
        assert (reference in {row.reference for row in rows}) is sees
        extract = audit.extract(visit, [reference], now)
        assert bool(extract.lines) is bool(extract.references) is sees


def test_letters_that_did_not_arrive_leave_it_out_and_are_not_tried_again(
    site: Site, shut: UUID
) -> None:
    with site.parts.database.write() as connection:
        rows = connection.execute(
            select(OutboxRow.__table__).where(OutboxRow.letter == "chase")
        ).all()
        letter = next(
            row
            for row in rows
            if row.params["referral"] == str(shut) and row.person_id != site.people[WATCHES]
        )
        dead = update(OutboxRow).where(OutboxRow.id == letter.id)
        connection.execute(dead.values(dead_at=site.hands()))
    oversee = Oversee(site.parts.database, site.parts.directory)
    found = oversee.undelivered(site.visit("supervisor").person, site.hands()).dead
    assert letter.id in {one.id for one in found}
    assert oversee.undelivered(site.visit(WATCHES).person, site.hands()).dead == ()
    again = TryAgain(site.parts.database, site.parts.directory)
    with pytest.raises(LetterNotYours):
        again(site.visit(WATCHES), letter.id, site.hands())
    again(site.visit("supervisor"), letter.id, site.hands())


def test_a_supervisor_who_is_shut_out_is_not_chased_and_the_next_one_is(site: Site) -> None:
    referral = sent(site)
    with site.parts.database.write() as connection:
        here = Membership(Role.WORKER, SOC)
        people.add_membership(connection, site.people["supervisor"], here, site.hands())
    recuse(site, "soc", referral, "supervisor")
    press = PressOn(site.parts.database, site.parts.directory, site.parts.calendar)
    with site.parts.database.write() as connection:
        there = Membership(Role.SUPERVISOR, controller=COUNTY)
        people.add_membership(connection, site.people["coordinator"], there, site.hands())
    one = clocks(site, referral)["urgency"].id
    press(site.visit("coordinator"), one, Press.REMIND, Role.SUPERVISOR, site.hands())
    assert reminded(site, referral) == [site.people["coordinator"]]


def test_where_the_only_supervisor_is_shut_out_the_head_is_chased_in_their_place(
    site: Site,
) -> None:
    referral = sent(site)
    with site.parts.database.write() as connection:
        here = Membership(Role.WORKER, SOC)
        people.add_membership(connection, site.people["supervisor"], here, site.hands())
    recuse(site, "soc", referral, "supervisor")
    silence(site, days=3)
    told = reminded(site, referral)
    assert site.people["supervisor"] not in told
    with site.parts.database.read() as connection:
        rows = connection.execute(select(ReminderRow.__table__)).all()
    assert {row.role for row in rows if row.params["to"] == Role.SUPERVISOR} == {Role.HEAD}


def test_the_desk_that_stands_by_is_not_told_through_one_who_is_shut_out(site: Site) -> None:
    referral = sent(site)
    with site.parts.database.write() as connection:
        here = Membership(Role.WORKER, SOC)
        people.add_membership(connection, site.people["duty"], here, site.hands())
    recuse(site, "duty", referral, "duty", knowing=True)
    press = PressOn(site.parts.database, site.parts.directory, site.parts.calendar)
    one = clocks(site, referral)["urgency"].id
    with pytest.raises(NobodyToRemind):
        press(site.visit("supervisor"), one, Press.STANDBY, DUTY_DESK, site.hands())
    assert site.people["duty"] not in reminded(site, referral)


def test_a_reminder_of_before_goes_into_no_letter_any_more(site: Site) -> None:
    referral, _ = sent(site), sent(site)
    site.parts.chase.sweep(site.hands.move(days=10))
    before = letters_about(site, referral, "soc")
    with site.parts.database.read() as connection:
        untold = select(ReminderRow.id).where(
            ReminderRow.letter_id.is_(None), ReminderRow.person_id == site.people["soc"]
        )
        assert connection.scalars(untold).all()
    recuse(site, "soc-head", referral, "soc")
    tell(site)
    assert letters_about(site, referral, "soc") == before


def letters_about(site: Site, referral: UUID, name: str) -> int:
    with site.parts.database.read() as connection:
        rows = connection.execute(
            select(OutboxRow.params).where(OutboxRow.person_id == site.people[name])
        )
        return sum(str(referral) in str(row.params) for row in rows)


def test_a_letter_that_waits_is_given_up_or_tells_the_rest(site: Site) -> None:
    referral, other = sent(site), sent(site)
    silence(site, days=1)
    tell(site)
    recuse(site, "soc-head", referral, "soc")
    site.parts.deliver(site.hands.move(hours=12))
    with site.parts.database.read() as connection:
        rows = connection.execute(
            select(OutboxRow.__table__).where(OutboxRow.person_id == site.people["soc"])
        ).all()
    gone = [row for row in rows if row.sent_at]
    assert any(str(other) in str(row.params) for row in gone)
    assert not any(str(referral) in str(row.params) for row in gone)
    assert any(row.dead_at and str(referral) in str(row.params) for row in rows)
