"""Roles are given at one's own controllers, and never to oneself."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from intake.domain.people import Administrator, Appointment, Membership, Role
from intake.domain.trail import Action
from intake.services.appoint import (
    Appoint,
    OwnRole,
    PersonChanged,
    PersonNotYours,
    RoleHeldAlready,
    RoleNotYours,
)
from intake.store import people
from intake.store.tables import TrailRow
from tests.site import COUNTY, HEA, POL, SOC, WEL, YOU, Site

WORKER_AT_WEL = Membership(Role.WORKER, WEL)


@pytest.fixture
def appoint(site: Site) -> Appoint:
    return site.parts.appoint


def admin(site: Site, name: str = "admin") -> Administrator:
    return site.visit(name).person.as_administrator()


def role(site: Site, membership: Membership, **days: Any) -> Appointment:
    return Appointment(membership, **{"valid_from": site.hands().date(), **days})


def test_a_role_counts_from_its_first_day_to_its_last(site: Site, appoint: Appoint) -> None:
    today = site.hands().date()
    days = {"valid_from": today + timedelta(1), "valid_to": today + timedelta(2)}
    appoint(admin(site), site.people["hea"], [role(site, WORKER_AT_WEL, **days)], site.hands())
    for day, holds in ((0, False), (1, True), (2, True), (3, False)):
        with site.parts.database.read() as connection:
            person = people.person(connection, site.people["hea"], today + timedelta(day))
        assert person is not None
        assert (WORKER_AT_WEL in person.memberships) is holds


def test_giving_a_role_leaves_a_line(site: Site, appoint: Appoint) -> None:
    appoint(admin(site), site.people["hea"], [role(site, WORKER_AT_WEL)], site.hands())
    with site.parts.database.read() as connection:
        row = connection.execute(
            select(TrailRow.person_id, TrailRow.role, TrailRow.agency_id, TrailRow.purpose).where(
                TrailRow.action == Action.GIVE_ROLE
            )
        ).one()
    assert tuple(row) == (site.people["admin"], "administrator", WEL, "hea: worker")


@pytest.mark.parametrize(
    "membership",
    [
        Membership(Role.WORKER, POL),
        Membership(Role.HEAD, YOU),
        Membership(Role.WORKER, "nowhere"),
        Membership(Role.WORKER, controller=COUNTY),
        Membership(Role.AUDITOR, controller="police"),
        Membership(Role.AUDITOR, agency=SOC),
        Membership(Role.ADMINISTRATOR, controller="municipality-vantaa"),
    ],
)
def test_a_role_at_another_controller_or_of_the_wrong_place_is_refused(
    site: Site, appoint: Appoint, membership: Membership
) -> None:
    both = [role(site, WORKER_AT_WEL), role(site, membership)]
    with pytest.raises(RoleNotYours):
        appoint(admin(site), site.people["hea"], both, site.hands())
    with site.parts.database.read() as connection:
        person = people.person(connection, site.people["hea"], site.hands().date())
    assert person is not None
    assert person.memberships == (Membership(Role.WORKER, HEA),)


@pytest.mark.parametrize(
    "membership",
    [
        Membership(Role.WORKER, SOC),
        Membership(Role.AUDITOR, controller=COUNTY),
        Membership(Role.ADMINISTRATOR, controller=COUNTY),
    ],
)
def test_nobody_gives_a_role_to_oneself(
    site: Site, appoint: Appoint, membership: Membership
) -> None:
    with pytest.raises(OwnRole):
        appoint(admin(site), site.people["admin"], [role(site, membership)], site.hands())


def test_the_same_role_twice_at_once_is_refused_and_one_after_the_other_is_not(
    site: Site, appoint: Appoint
) -> None:
    today = site.hands().date()
    week = role(site, WORKER_AT_WEL, valid_to=today + timedelta(6))
    person = site.people["hea"]
    appoint(admin(site), person, [week], site.hands())
    for first, last in ((today, None), (today + timedelta(6), None), (today, today)):
        again = role(site, WORKER_AT_WEL, valid_from=first, valid_to=last)
        with pytest.raises(RoleHeldAlready):
            appoint(admin(site), person, [again], site.hands())
    later = role(site, WORKER_AT_WEL, valid_from=today + timedelta(7))
    appoint(admin(site), person, [later], site.hands())


def test_people_of_other_controllers_are_not_seen(site: Site, appoint: Appoint) -> None:
    today = site.hands().date()
    seen = {member.sign_in_name for member in appoint.people(admin(site), today)}
    assert {"soc", "admin", "auditor", "duty", "wel", "hea"} <= seen
    assert not {"pol", "you", "pri", "admin-police", "coordinator"} & seen
    with pytest.raises(PersonNotYours):
        appoint.person(admin(site), site.people["pol"], today)


def test_a_person_of_another_controller_gets_a_role_by_the_whole_user_name(
    site: Site, appoint: Appoint
) -> None:
    today = site.hands().date()
    member = appoint.named(" SOC ", today)
    with pytest.raises(PersonNotYours):
        appoint.named("so", today)
    police = admin(site, "admin-police")
    team = Membership(Role.WORKER, "ank-vantaa-kerava")
    appoint(police, member.id, [role(site, team)], site.hands())
    assert not appoint.person(police, member.id, today).wholly_under(police.controllers)


def test_details_are_changed_only_where_the_person_answers_to_nobody_else(
    site: Site, appoint: Appoint
) -> None:
    today, details = site.hands().date(), {"name": "Uusi", "email": "u@x.fi", "language": "sv"}
    person = site.people["soc"]
    seen = appoint.person(admin(site), person, today).digest
    police = admin(site, "admin-police")
    team = Membership(Role.WORKER, "ank-vantaa-kerava")
    appoint(police, person, [role(site, team)], site.hands())
    for one in (admin(site), police):
        with pytest.raises(PersonNotYours):
            appoint.change(one, person, details, seen, site.hands())
    hea = appoint.person(admin(site), site.people["hea"], today)
    appoint.change(admin(site), hea.id, details, hea.digest, site.hands())
    assert appoint.person(admin(site), hea.id, today).name == "Uusi"
    with pytest.raises(PersonChanged):
        appoint.change(admin(site), hea.id, details, hea.digest, site.hands())


def test_the_first_member_of_an_agency_gets_its_key_and_the_second_waits(
    site: Site, appoint: Appoint
) -> None:
    holiday = Membership(Role.WORKER, "wel-vantaa-kerava-holiday")
    for name in ("hea", "soc"):
        appoint(admin(site), site.people[name], [role(site, holiday)], site.hands())
    with site.parts.database.read() as connection:
        opens = people.who_can_open(connection, date(2026, 6, 2))
    assert opens["wel-vantaa-kerava-holiday"] == {site.people["hea"]}
