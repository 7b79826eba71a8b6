"""A role that ends takes its sessions, keys and referrals along; nobody is left out unawares."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

import config
from intake.domain.people import Administrator, Appointment, Membership, Role
from intake.domain.referral import Move, Response
from intake.domain.trail import Action
from intake.services.appoint import PersonNotYours, RoleNotYours
from intake.services.dismiss import Dismiss, LeavesNobody
from intake.services.enrol import Enrol
from intake.services.record import Entry
from intake.services.sign_in import SignInRefused
from intake.store import people
from intake.store.people_tables import GrantRow, MembershipRow, PersonRow, SessionRow
from intake.store.tables import ReferralRow, TrailRow
from tests.site import CHEAP, COUNTY, PASSPHRASE, SOC, TRIAGE, Site

DAY = timedelta(days=1)


@pytest.fixture
def dismiss(site: Site) -> Dismiss:
    return site.parts.dismiss


def admin(site: Site, name: str = "admin") -> Administrator:
    return site.visit(name).person.as_administrator()


def role_of(site: Site, name: str, place: str) -> UUID:
    member = site.parts.appoint.named(name, site.hands().date())
    return next(
        role.id
        for role in member.roles
        if place in (role.membership.agency, role.membership.controller)
    )


def yesterday(site: Site) -> Any:
    return site.hands().date() - DAY


def accepted(site: Site) -> UUID:
    """A referral that Saana handles."""
    site.send()
    visit = site.visit("soc")
    (row,) = [r for r in site.parts.read.inbox(visit, ("sent",)) if r.agency_id == SOC]
    site.parts.respond(visit, row.id, Entry(Move.ACCEPT), site.hands())
    return row.id  # type: ignore[no-any-return]  # of a row


def worker_of(site: Site, referral: UUID) -> Any:
    with site.parts.database.read() as connection:
        return connection.scalar(select(ReferralRow.worker_id).where(ReferralRow.id == referral))


def rows(site: Site, *columns: Any, where: Any) -> list[Any]:
    with site.parts.database.read() as connection:
        return list(connection.execute(select(*columns).where(where)))


def test_who_leaves_is_signed_out_loses_the_keys_and_the_referrals_wait(
    site: Site, dismiss: Dismiss
) -> None:
    referral = accepted(site)
    browser = site.signed_in("soc")
    assert browser.get("/inbox").status_code == 200
    person = site.people["soc"]
    dismiss(admin(site), person, None, yesterday(site), site.hands(), knowing=True)
    assert browser.get("/inbox").location.startswith("/sign-in")
    sessions = rows(
        site,
        SessionRow.ended_at,
        SessionRow.sealed_person_key,
        where=SessionRow.person_id == person,
    )
    assert sessions
    assert all(row.ended_at and row.sealed_person_key == b"" for row in sessions)
    assert rows(site, GrantRow.id, where=GrantRow.person_id == person) == []
    assert worker_of(site, referral) is None
    with pytest.raises(SignInRefused):
        site.parts.sign_in("soc", PASSPHRASE, site.hands())
    lines = rows(site, TrailRow.action, TrailRow.referral_id, where=TrailRow.at == site.hands())
    assert (Action.WITHOUT_WORKER, referral) in {tuple(line) for line in lines}
    assert {Action.LEAVE, Action.END_ROLE, Action.WITHDRAW_GRANT} <= {row.action for row in lines}


def test_a_report_goes_on_without_its_worker_and_another_member_handles_it(
    site: Site, dismiss: Dismiss
) -> None:
    referral = accepted(site)
    dismiss(admin(site), site.people["soc"], None, yesterday(site), site.hands(), knowing=True)
    head = site.visit("soc-head")
    entry = Entry(Move.RESPOND, choice=Response.CONTACTED.value)
    site.parts.respond(head, referral, entry, site.hands())
    site.parts.chase(site.hands.move(days=3))


def test_one_of_two_roles_ends_and_the_other_keeps_its_key(site: Site, dismiss: Dismiss) -> None:
    referral = accepted(site)
    person, role = site.people["soc"], role_of(site, "soc", TRIAGE)
    dismiss(admin(site), person, role, yesterday(site), site.hands(), knowing=True)
    with site.parts.database.read() as connection:
        opens = people.who_can_open(connection, site.hands().date())
    assert person in opens[SOC]
    assert TRIAGE not in opens
    assert worker_of(site, referral) == person
    assert site.visit("soc").person.memberships == (Membership(Role.WORKER, SOC),)


def test_a_role_that_ends_with_a_day_ends_then_and_not_before(site: Site, dismiss: Dismiss) -> None:
    referral, today = accepted(site), site.hands().date()
    browser = site.signed_in("soc")
    role = role_of(site, "soc", SOC)
    dismiss(admin(site), site.people["soc"], role, today, site.hands(), knowing=True)
    assert browser.get(f"/referrals/{referral}").status_code == 200
    assert dismiss.lapsed(site.hands()) == 0
    site.hands.move(days=1)
    assert site.signed_in("soc").get(f"/referrals/{referral}").status_code == 404
    assert worker_of(site, referral) == site.people["soc"]
    assert dismiss.lapsed(site.hands()) == 1
    assert worker_of(site, referral) is None
    assert dismiss.lapsed(site.hands()) == 0


def test_ending_never_makes_a_role_longer(site: Site, dismiss: Dismiss) -> None:
    today = site.hands().date()
    role = role_of(site, "soc", SOC)
    for last in (today, today + 30 * DAY):
        dismiss(admin(site), site.people["soc"], role, last, site.hands(), knowing=True)
    (row,) = rows(site, MembershipRow.valid_to, where=MembershipRow.id == role)
    assert row.valid_to == today


@pytest.mark.parametrize("later", [False, True])
def test_leaving_an_agency_without_anyone_who_can_open_is_told_first(
    site: Site, dismiss: Dismiss, later: bool
) -> None:
    last = site.hands().date() + DAY if later else yesterday(site)
    person = site.people["soc"]
    with pytest.raises(LeavesNobody) as leaves:
        dismiss(admin(site), person, None, last, site.hands(), knowing=False)
    assert leaves.value.consequences.agencies == (TRIAGE,)
    found = dismiss.consequences(admin(site), person, None, last, site.hands())
    assert found == leaves.value.consequences
    assert len(site.visit("soc").person.memberships) == 2
    assert len(rows(site, GrantRow.id, where=GrantRow.person_id == person)) == 2


def test_the_last_administrator_is_told_before_leaving(site: Site, dismiss: Dismiss) -> None:
    own = admin(site)
    role = role_of(site, "admin", COUNTY)
    with pytest.raises(LeavesNobody) as leaves:
        dismiss(own, own.id or UUID(int=0), role, yesterday(site), site.hands(), knowing=False)
    assert leaves.value.consequences.controllers == (COUNTY,)
    office = Appointment(Membership(Role.ADMINISTRATOR, controller=COUNTY), site.hands().date())
    site.parts.appoint(own, site.people["auditor"], [office], site.hands())
    dismiss(own, own.id or UUID(int=0), role, yesterday(site), site.hands(), knowing=False)
    left = rows(site, PersonRow.left_at, where=PersonRow.id == own.id)
    assert left[0].left_at is not None


def test_of_the_last_two_who_leave_the_second_is_told(site: Site, dismiss: Dismiss) -> None:
    for name in ("soc-deputy", "soc-head"):
        dismiss(admin(site), site.people[name], None, yesterday(site), site.hands(), knowing=False)
    role = role_of(site, "soc", SOC)
    with pytest.raises(LeavesNobody):
        dismiss(admin(site), site.people["soc"], role, yesterday(site), site.hands(), knowing=False)


@pytest.mark.parametrize("by", ["admin-police", "admin-vantaa"])
def test_an_administrator_of_another_controller_ends_nothing(
    site: Site, dismiss: Dismiss, by: str
) -> None:
    person, role = site.people["soc"], role_of(site, "soc", SOC)
    for chosen in (role, None):
        with pytest.raises(PersonNotYours):
            dismiss(admin(site, by), person, chosen, yesterday(site), site.hands(), knowing=True)


def test_who_works_for_two_controllers_leaves_one_and_stays_at_the_other(
    site: Site, dismiss: Dismiss
) -> None:
    team = Appointment(Membership(Role.WORKER, "ank-vantaa-kerava"), site.hands().date())
    police, person = admin(site, "admin-police"), site.people["soc"]
    site.parts.appoint(police, person, [team], site.hands())
    at_team = role_of(site, "soc", "ank-vantaa-kerava")
    with pytest.raises(RoleNotYours):
        dismiss(admin(site), person, at_team, yesterday(site), site.hands(), knowing=True)
    dismiss(admin(site), person, None, yesterday(site), site.hands(), knowing=True)
    assert site.visit("soc").person.memberships == (team.membership,)


def test_a_key_taken_back_can_be_given_again_by_a_colleague(site: Site, dismiss: Dismiss) -> None:
    site.send()
    person, role = site.people["soc-head"], role_of(site, "soc-head", SOC)
    extra = Appointment(Membership(Role.AUDITOR, controller=COUNTY), site.hands().date())
    site.parts.appoint(admin(site), person, [extra], site.hands())
    dismiss(admin(site), person, role, yesterday(site), site.hands(), knowing=False)
    again = Appointment(Membership(Role.HEAD, SOC), site.hands().date())
    site.parts.appoint(admin(site), person, [again], site.hands())
    visit = site.visit("soc-head")
    (row,) = site.parts.read.inbox(visit, ("sent",))
    pepper = config.read_secret(site.parts.settings.keys, config.SECRETS["pepper"])
    Enrol(site.parts.database, pepper, CHEAP).grant(
        site.visit("soc"), SOC, "soc-head", site.hands(), words=site.words("soc-head")
    )
    assert site.parts.read(visit, row.id, site.hands()).sections


def test_who_has_no_role_left_can_be_let_go(site: Site, dismiss: Dismiss) -> None:
    with site.parts.database.write() as connection:
        connection.execute(
            update(MembershipRow)
            .where(MembershipRow.person_id == site.people["soc"])
            .values(valid_to=yesterday(site))
        )
    dismiss(admin(site), site.people["soc"], None, yesterday(site), site.hands(), knowing=False)
    with site.parts.database.read() as connection:
        assert people.row_by_sign_in_name(connection, "soc") is None
