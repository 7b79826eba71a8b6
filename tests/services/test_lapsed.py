"""A role that ended with a day takes along what one that ends at once does, and no more."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from intake.domain.deadline import local_date
from intake.domain.entry import LONGEST
from intake.domain.people import Appointment, Membership, Role
from intake.domain.referral import Move
from intake.domain.trail import Action
from intake.services.dismiss import Dismiss
from intake.services.record import Entry
from intake.services.sign_in import SignInRefused
from intake.store import people, rotation
from intake.store.people_tables import GrantRow, MembershipRow, PersonRow, SessionRow
from intake.store.tables import TrailRow
from tests import databases
from tests.services.sending import at, row_of
from tests.services.test_dismiss import admin, role_of, rows
from tests.site import COUNTY, PASSPHRASE, SOC, TRIAGE, Site

DAY = timedelta(days=1)


@pytest.fixture
def jobs(site: Site) -> Dismiss:
    """As the jobs have it, with a role of the database of their own."""
    own = site.parts.dismiss
    if not databases.has_roles():
        return own
    return replace(own, database=databases.of_role(site.parts.database, "jobs"))


def ends_today(site: Site, name: str, place: str = SOC) -> None:
    """A role ends with this day, and the next one comes."""
    person, role, today = site.people[name], role_of(site, name, place), local_date(site.hands())
    site.parts.dismiss(admin(site), person, role, today, site.hands(), knowing=True)
    site.hands.move(days=1)


def give(site: Site, name: str, membership: Membership, *, in_days: int = 0) -> None:
    first = local_date(site.hands()) + in_days * DAY
    one = [Appointment(membership, first)]
    site.parts.appoint(admin(site), site.people[name], one, site.hands())


def granted(site: Site, name: str) -> int:
    return len(rows(site, GrantRow.id, where=GrantRow.person_id == site.people[name]))


def is_signed_in(site: Site, name: str) -> bool:
    this = SessionRow.person_id == site.people[name]
    return any(not row.ended_at for row in rows(site, SessionRow.ended_at, where=this))


def has_left(site: Site, name: str) -> bool:
    (row,) = rows(site, PersonRow.left_at, where=PersonRow.id == site.people[name])
    return row.left_at is not None


def leavers(site: Site) -> list[str]:
    with site.parts.database.read() as connection:
        return [row.name for row in rotation.leavers(connection, [SOC])]


def put_back(site: Site, name: str) -> None:
    """As who can write to the database could."""
    theirs = MembershipRow.person_id == site.people[name]
    with site.parts.database.write() as connection:
        connection.execute(update(MembershipRow).where(theirs).values(valid_to=None))


def test_who_leaves_with_a_day_is_let_go_of_once_it_is_over(site: Site, jobs: Dismiss) -> None:
    site.send()
    referral = at(site, SOC).id
    site.parts.respond(site.visit("soc-deputy"), referral, Entry(Move.ACCEPT), site.hands())
    secret = site.session("soc-deputy")
    person, today = site.people["soc-deputy"], local_date(site.hands())
    site.parts.dismiss(admin(site), person, None, today, site.hands(), knowing=True)
    assert jobs.lapsed(site.hands()) == 0
    assert site.parts.sign_in.resume(secret, site.hands())
    now = site.hands.move(days=1)
    assert jobs.lapsed(now) == 1
    assert granted(site, "soc-deputy") == 0
    assert not is_signed_in(site, "soc-deputy")
    assert has_left(site, "soc-deputy")
    assert leavers(site) == ["Disa Sijainen"]
    assert row_of(site, referral).worker_id is None
    with pytest.raises(SignInRefused):
        site.parts.sign_in("soc-deputy", PASSPHRASE, now)
    lines = rows(site, TrailRow.action, TrailRow.person_id, where=TrailRow.at == now)
    acts = {Action.WITHDRAW_GRANT, Action.LEAVE, Action.WITHOUT_WORKER}
    assert {tuple(line) for line in lines} >= {(act, None) for act in acts}
    assert jobs.lapsed(now) == 0
    put_back(site, "soc-deputy")
    with pytest.raises(SignInRefused):
        site.session("soc-deputy")


def test_who_has_a_role_elsewhere_stays_and_loses_the_keys_of_the_place_that_is_over(
    site: Site, jobs: Dismiss
) -> None:
    site.send()
    give(site, "soc-deputy", Membership(Role.AUDITOR, controller=COUNTY))
    secret = site.session("soc-deputy")
    ends_today(site, "soc-deputy")
    assert jobs.lapsed(site.hands()) == 1
    assert jobs.lapsed(site.hands()) == 0
    assert granted(site, "soc-deputy") == 0
    assert leavers(site) == ["Disa Sijainen"]
    assert site.parts.sign_in.resume(secret, site.hands()) is None
    assert not has_left(site, "soc-deputy")
    put_back(site, "soc-deputy")
    with site.parts.database.read() as connection:
        opens = people.who_can_open(connection, local_date(site.hands()))
    assert site.people["soc-deputy"] not in opens[SOC]
    assert site.people["soc-head"] in opens[SOC]


def test_a_role_at_a_controller_that_is_over_ends_the_session_that_began_in_it(
    site: Site, jobs: Dismiss
) -> None:
    give(site, "supervisor", Membership(Role.WORKER, SOC))
    site.session("supervisor")
    ends_today(site, "supervisor", COUNTY)
    assert jobs.lapsed(site.hands()) == 1
    assert not is_signed_in(site, "supervisor")
    site.session("supervisor")
    assert jobs.lapsed(site.hands.move(minutes=5)) == 0
    assert is_signed_in(site, "supervisor")


@pytest.mark.parametrize("begins", [0, 30])
def test_who_has_another_role_at_the_place_now_or_later_loses_nothing(
    site: Site, jobs: Dismiss, begins: int
) -> None:
    site.session("soc-deputy")
    give(site, "soc-deputy", Membership(Role.WORKER, SOC), in_days=begins)
    ends_today(site, "soc-deputy")
    assert jobs.lapsed(site.hands()) == 0
    assert granted(site, "soc-deputy") == 1
    assert is_signed_in(site, "soc-deputy")
    assert not has_left(site, "soc-deputy")


def test_who_only_stood_in_as_a_deputy_for_some_days_keeps_what_a_worker_has(
    site: Site, jobs: Dismiss
) -> None:
    give(site, "soc", Membership(Role.DEPUTY, SOC))
    deputy = max(
        site.parts.appoint.named("soc", local_date(site.hands())).roles,
        key=lambda role: (role.membership.role is Role.DEPUTY, role.id),
    )
    person, today = site.people["soc"], local_date(site.hands())
    site.parts.dismiss(admin(site), person, deputy.id, today, site.hands(), knowing=True)
    assert jobs.lapsed(site.hands.move(days=1)) == 0
    assert granted(site, "soc") == 2


def test_who_begins_elsewhere_later_is_not_thrown_out(site: Site, jobs: Dismiss) -> None:
    give(site, "soc-deputy", Membership(Role.WORKER, TRIAGE), in_days=30)
    ends_today(site, "soc-deputy")
    assert jobs.lapsed(site.hands()) == 1
    assert granted(site, "soc-deputy") == 0
    assert not has_left(site, "soc-deputy")


def test_a_role_that_only_waits_to_be_signed_again_costs_nothing(site: Site, jobs: Dismiss) -> None:
    site.hands.move(days=LONGEST.days + 1)
    assert site.visit("soc-deputy").person.memberships == ()
    assert jobs.lapsed(site.hands()) == 0
    assert granted(site, "soc-deputy") == 1
    assert is_signed_in(site, "soc-deputy")


def test_who_alone_holds_an_agencys_key_keeps_it_until_a_colleague_has_it(
    site: Site, jobs: Dismiss
) -> None:
    ends_today(site, "soc", TRIAGE)
    assert jobs.lapsed(site.hands()) == 0
    assert granted(site, "soc") == 2
    with site.parts.database.write() as connection:
        (held,) = [
            row for row in people.grants_held(connection, TRIAGE, site.people["soc"]) if row.in_use
        ]
        values: dict[str, Any] = {
            "id": site.people["soc-head"],
            "agency_key_id": held.agency_key_id,
            "person_id": site.people["soc-head"],
            "sealed_key": held.sealed_key,
            "granted_at": site.hands(),
        }
        people.add_grant(connection, values)
    give(site, "soc-head", Membership(Role.WORKER, TRIAGE))
    assert jobs.lapsed(site.hands()) == 1
    assert granted(site, "soc") == 1


def test_a_run_that_breaks_off_leaves_nobody_half_let_go_and_the_next_goes_on(
    site: Site, jobs: Dismiss
) -> None:
    today = local_date(site.hands())
    for name in ("soc-deputy", "rules"):
        by, person = admin(site), site.people[name]
        site.session(name)
        site.parts.dismiss(by, person, None, today, site.hands(), knowing=True)
    site.hands.move(days=1)
    site.break_writes("INSERT ON key_leaver")
    with pytest.raises(DBAPIError, match="full"):
        jobs.lapsed(site.hands())
    assert granted(site, "soc-deputy") == 1
    assert is_signed_in(site, "soc-deputy")
    site.mend_writes("key_leaver")
    jobs.lapsed(site.hands())
    assert has_left(site, "soc-deputy")
    assert has_left(site, "rules")
    withdrawn = TrailRow.action == Action.WITHDRAW_GRANT
    with site.parts.database.read() as connection:
        assert len(connection.scalars(select(TrailRow.id).where(withdrawn)).all()) == 1
