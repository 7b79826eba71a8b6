"""An invitation's link works once, for its days, and makes a key that nobody else has."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

import config
from intake.domain.people import Administrator, Appointment, Membership, Role
from intake.domain.trail import Action
from intake.services.appoint import OwnRole, PersonNotYours, RoleNotYours
from intake.services.enrol import (
    AgencyHasKey,
    Enrol,
    GrantRefused,
    SignInNameTaken,
)
from intake.services.invite import (
    VALID,
    InvitationNotYours,
    Invite,
    InvitedAlready,
    Newcomer,
)
from intake.services.join import InvitationOver, Join
from intake.services.read import KeyNotGranted
from intake.services.refuse_weak import PassphraseTooPlain, PassphraseTooShort
from intake.services.sign_in import SignInRefused
from intake.store import people
from intake.store.people_tables import AgencyKeyRow, InvitationRow
from intake.store.tables import Base, TrailRow
from intake.vault.keyring import InvitationSecret
from tests.site import CHEAP, COUNTY, PASSPHRASE, POL, SOC, TRIAGE, Site

MAIJA = Newcomer("maija", "Maija Meikäläinen", "maija@ankkuri.invalid", "fi")
NEW = "uusi salalause tähän"
HOLIDAY = "wel-vantaa-kerava-holiday"


@pytest.fixture
def invite(site: Site) -> Invite:
    return site.parts.invite


@pytest.fixture
def join(site: Site) -> Join:
    pepper = config.read_secret(site.parts.settings.keys, config.SECRETS["pepper"])
    return Join(site.parts.database, pepper, CHEAP)


def admin(site: Site, name: str = "admin") -> Administrator:
    return site.visit(name).person.as_administrator()


def worker(site: Site, agency: str = SOC, **days: Any) -> Appointment:
    first = {"valid_from": site.hands().date()} | days
    return Appointment(Membership(Role.WORKER, agency), **first)


def invited(site: Site, *agencies: str) -> InvitationSecret:
    roles = [worker(site, agency) for agency in agencies or (SOC,)]
    return site.parts.invite(admin(site), MAIJA, roles, site.hands())


def actions(site: Site) -> list[str]:
    with site.parts.database.read() as connection:
        return list(connection.scalars(select(TrailRow.action).order_by(TrailRow.at)))


def test_the_newcomer_signs_in_and_waits_for_the_key(site: Site, join: Join) -> None:
    site.send()
    joined = join(invited(site), NEW, site.hands())
    assert (joined.sign_in_name, joined.waits_for) == ("maija", (SOC,))
    secret = site.session("maija", NEW)
    visit = site.parts.sign_in.resume(secret, site.hands())
    assert visit is not None
    assert visit.person.memberships == (Membership(Role.WORKER, SOC),)
    (row,) = site.parts.read.inbox(visit, ("sent",))
    with pytest.raises(KeyNotGranted):
        site.parts.read(visit, row.id, site.hands())
    assert {Action.INVITE, Action.JOIN} <= set(actions(site))


def test_a_colleague_gives_the_key_by_its_words_and_by_no_others(site: Site, join: Join) -> None:
    site.send()
    joined = join(invited(site), NEW, site.hands())
    pepper = config.read_secret(site.parts.settings.keys, config.SECRETS["pepper"])
    enrol = Enrol(site.parts.database, pepper, CHEAP)
    colleague = site.visit("soc")
    first, *rest = joined.words.split()
    for wrong in ("", " ".join(rest), " ".join([*rest, first]), site.words("soc-head")):
        with pytest.raises(GrantRefused, match="not the words"):
            enrol.grant(colleague, SOC, "maija", site.hands(), words=wrong)
    typed = joined.words.upper().replace(" ", ", ")
    enrol.grant(colleague, SOC, "maija", site.hands(), words=typed)
    secret = site.session("maija", NEW)
    visit = site.parts.sign_in.resume(secret, site.hands())
    assert visit is not None
    (row,) = site.parts.read.inbox(visit, ("sent",))
    assert site.parts.read(visit, row.id, site.hands()).sections


def test_a_link_works_once(site: Site, join: Join) -> None:
    secret = invited(site)
    join(secret, NEW, site.hands())
    for use in (lambda: join.find(secret, site.hands()), lambda: join(secret, NEW, site.hands())):
        with pytest.raises(InvitationOver):
            use()


def test_of_two_who_use_a_link_at_once_one_joins(site: Site, join: Join) -> None:
    secret, ready, over = invited(site), Barrier(2), []
    before = actions(site).count(Action.JOIN)

    def use() -> None:
        find = join.find

        def together(*arguments: Any) -> Any:
            found = find(*arguments)
            ready.wait(timeout=10)
            return found

        try:
            object.__setattr__(mine := replace(join), "find", together)
            mine(secret, NEW, site.hands())
        except InvitationOver:
            over.append(True)

    threads = [Thread(target=use) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert over == [True]
    assert actions(site).count(Action.JOIN) == before + 1


def test_a_link_is_too_old_after_a_week(site: Site, join: Join) -> None:
    secret = invited(site)
    site.hands.move(seconds=VALID.total_seconds() - 1)
    assert join.find(secret, site.hands()).newcomer == MAIJA
    site.hands.move(seconds=1)
    with pytest.raises(InvitationOver):
        join.find(secret, site.hands())
    with pytest.raises(InvitationOver):
        join(secret, NEW, site.hands())


def test_a_withdrawn_link_leads_nowhere(site: Site, invite: Invite, join: Join) -> None:
    secret = invited(site)
    found = join.find(secret, site.hands())
    with pytest.raises(InvitationNotYours):
        invite.withdraw(admin(site, "admin-police"), found.id, site.hands())
    invite.withdraw(admin(site), found.id, site.hands())
    with pytest.raises(InvitationOver):
        join(secret, NEW, site.hands())
    with pytest.raises(InvitationNotYours):
        invite.withdraw(admin(site), found.id, site.hands())


def test_a_link_that_nobody_made_leads_nowhere(site: Site, join: Join) -> None:
    with pytest.raises(InvitationOver):
        join.find(InvitationSecret.new(), site.hands())


def test_nothing_stored_gives_the_link_away(site: Site) -> None:
    secret = invited(site)
    with site.parts.database.read() as connection:
        rows = [
            repr(tuple(row)).lower()
            for table in Base.metadata.sorted_tables
            for row in connection.execute(select(table))
        ]
        (row,) = connection.execute(select(InvitationRow.__table__))
    kept = "\n".join(rows)
    assert repr(row.lookup_id).lower() in kept
    for given_away in (secret.cookie, secret.raw.hex(), repr(secret.raw)[2:-1]):
        assert given_away.lower() not in kept
    assert len(secret.raw) * 8 >= 128


def test_a_weak_passphrase_is_refused_and_the_link_stays(site: Site, join: Join) -> None:
    secret = invited(site)
    for passphrase, error in (
        ("abcdefgh abcde", PassphraseTooShort),
        ("x" * 40, PassphraseTooPlain),
        ("abcdefgABCDEFGabcdefg", PassphraseTooPlain),
    ):
        with pytest.raises(error):
            join(secret, passphrase, site.hands())
    join(secret, "kahdeksan eri!!", site.hands())


def test_a_user_name_is_nobody_elses_not_even_of_who_left(site: Site, invite: Invite) -> None:
    yesterday = site.hands().date() - timedelta(days=1)
    site.parts.dismiss(
        admin(site), site.people["duty"], None, yesterday, site.hands(), knowing=True
    )
    for name in ("soc", "duty"):
        with pytest.raises(SignInNameTaken):
            invite(admin(site), replace(MAIJA, sign_in_name=name), [worker(site)], site.hands())


def test_one_invitation_at_a_time_for_a_user_name(site: Site, invite: Invite, join: Join) -> None:
    first = invited(site)
    with pytest.raises(InvitedAlready):
        invited(site)
    site.hands.move(days=8)
    second = invited(site)
    with pytest.raises(InvitationOver):
        join(first, NEW, site.hands())
    join(second, NEW, site.hands())


def test_nobody_is_invited_to_another_controller(site: Site, invite: Invite) -> None:
    with pytest.raises(RoleNotYours):
        invite(admin(site), MAIJA, [worker(site), worker(site, POL)], site.hands())
    assert invite.open_ones(admin(site), site.hands().date()) == []


def test_the_first_member_of_an_agency_makes_its_key_while_joining(site: Site, join: Join) -> None:
    assert join(invited(site, HOLIDAY), NEW, site.hands()).waits_for == ()
    with site.parts.database.read() as connection:
        opens = people.openers(connection, site.hands().date())
    assert opens[HOLIDAY] == 1


def test_a_key_that_nobody_holds_any_more_gives_way_to_a_new_one(site: Site, join: Join) -> None:
    yesterday = site.hands().date() - timedelta(days=1)
    site.parts.dismiss(admin(site), site.people["soc"], None, yesterday, site.hands(), knowing=True)
    assert join(invited(site, TRIAGE), NEW, site.hands()).waits_for == ()
    with site.parts.database.read() as connection:
        keys = connection.execute(
            select(AgencyKeyRow.retired_at).where(AgencyKeyRow.agency_id == TRIAGE)
        ).all()
    assert sorted(key.retired_at is None for key in keys) == [False, True]


def test_a_key_that_somebody_holds_without_a_role_stays(site: Site, join: Join) -> None:
    """The role may be given back: a key made in between would close the old reports for good."""
    site.parts.dismiss(
        admin(site), site.people["soc"], None, site.hands().date(), site.hands(), knowing=True
    )
    site.hands.move(days=1)
    assert join(invited(site, TRIAGE), NEW, site.hands()).waits_for == (TRIAGE,)


def test_an_agency_never_has_two_keys_in_use(
    site: Site, join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two make the first key at once: neither sees the other's before both write."""
    pepper = config.read_secret(site.parts.settings.keys, config.SECRETS["pepper"])
    enrol = Enrol(site.parts.database, pepper, CHEAP)
    asked: list[str] = []

    def unseen(_connection: Any, agency: str) -> None:
        asked.append(agency)

    with monkeypatch.context() as patch:
        patch.setattr(people, "key_in_use", unseen)
        with pytest.raises(AgencyHasKey):
            enrol.first_key(SOC, (site.people["soc"],), site.hands())
    real, blind = people.key_in_use, [True]

    def at_first_unseen(connection: Any, agency: str) -> Any:
        return None if blind and blind.pop() else real(connection, agency)

    monkeypatch.setattr(people, "key_in_use", at_first_unseen)
    assert join(invited(site, SOC), NEW, site.hands()).waits_for == (SOC,)
    assert asked == [SOC]


def test_roles_that_ended_before_the_link_was_used_are_not_given(site: Site, join: Join) -> None:
    today = site.hands().date()
    roles = [worker(site, SOC, valid_to=today), worker(site, HOLIDAY)]
    secret = site.parts.invite(admin(site), MAIJA, roles, site.hands())
    site.hands.move(days=1)
    join(secret, NEW, site.hands())
    member = site.parts.appoint.named("maija", site.hands().date())
    assert [role.membership.agency for role in member.roles] == [HOLIDAY]
    assert member.roles[0].valid_from == site.hands().date()


def test_a_lost_passphrase_makes_a_new_key_and_the_old_grants_are_void(
    site: Site, invite: Invite, join: Join
) -> None:
    site.send()
    person = site.people["soc-head"]
    secret = invite.anew(admin(site), person, site.hands())
    browser = site.signed_in("soc-head")
    assert browser.get("/inbox").status_code == 200
    joined = join(secret, NEW, site.hands())
    assert joined.waits_for == (SOC,)
    assert browser.get("/inbox").location.startswith("/sign-in")
    with pytest.raises(SignInRefused):
        site.parts.sign_in("soc-head", PASSPHRASE, site.hands())
    session = site.session("soc-head", NEW)
    visit = site.parts.sign_in.resume(session, site.hands())
    assert visit is not None
    assert visit.person.id == person
    (row,) = site.parts.read.inbox(visit, ("sent",))
    with pytest.raises(KeyNotGranted):
        site.parts.read(visit, row.id, site.hands())
    (told,) = [row for row in site.claim_letters() if row.letter == "renewed"]
    assert told.person_id == person
    assert "uusi salalause ja uusi avain" in site.parts.deliver.write(told).text


def test_a_newer_link_for_the_same_person_voids_the_older(
    site: Site, invite: Invite, join: Join
) -> None:
    links = [invite.anew(admin(site), site.people["soc"], site.hands()) for _ in range(2)]
    with pytest.raises(InvitationOver):
        join(links[0], NEW, site.hands())
    join(links[1], NEW, site.hands())


def test_nobody_makes_a_new_key_for_oneself_or_for_who_answers_to_others_too(
    site: Site, invite: Invite
) -> None:
    own = admin(site)
    with pytest.raises(OwnRole):
        invite.anew(own, own.id or UUID(int=0), site.hands())
    with pytest.raises(PersonNotYours):
        invite.anew(own, site.people["pol"], site.hands())
    team = worker(site, "ank-vantaa-kerava")
    police = admin(site, "admin-police")
    site.parts.appoint(police, site.people["soc"], [team], site.hands())
    for one in (own, police):
        with pytest.raises(PersonNotYours):
            invite.anew(one, site.people["soc"], site.hands())


def test_who_has_left_cannot_use_a_link_that_was_made_before(
    site: Site, invite: Invite, join: Join
) -> None:
    secret = invite.anew(admin(site), site.people["duty"], site.hands())
    yesterday = site.hands().date() - timedelta(days=1)
    site.parts.dismiss(
        admin(site), site.people["duty"], None, yesterday, site.hands(), knowing=True
    )
    with pytest.raises(InvitationOver):
        join(secret, NEW, site.hands())


def test_an_administrator_gets_no_key_by_any_of_it(site: Site, join: Join) -> None:
    join(invited(site), NEW, site.hands())
    with site.parts.database.read() as connection:
        opens = people.who_can_open(connection, site.hands().date())
        held = people.grants_held(connection, SOC, site.people["admin"])
    assert held == []
    assert all(site.people["admin"] not in members for members in opens.values())
    assert COUNTY not in opens
