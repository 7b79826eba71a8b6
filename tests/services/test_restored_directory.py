"""The drill of the signed directory: an old backup is restored, and the keeper signs what lacks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

import config
from intake.domain.deadline import local_date
from intake.domain.entry import KeyEntry, RoleEntry
from intake.domain.entry_file import read_requests, read_signed, requests_text, signed_text
from intake.domain.people import Membership, Role
from intake.domain.trail import Action
from intake.services.enrol import Enrol
from intake.services.list_deletions import read_list
from intake.services.sign_in import SignInRefused
from intake.store import people, proposals
from intake.store.deletions import put_for_good
from intake.store.entry_tables import DirectoryEntryRow
from intake.store.people_tables import MembershipRow
from tests import keeper
from tests.lived import empty_place, key_pair
from tests.services.test_restore import Drill
from tests.services.test_restored_people import admin, back_up, join, reads
from tests.services.test_rotate import change, go_on
from tests.services.test_sign_entries import (
    OPERATOR,
    give,
    requests,
    signed,
    take,
    told,
    waiting,
)
from tests.site import ANK, CHEAP, DUTY, HEA, SOC, TRIAGE, WEL, Site, open_site

AT_TRIAGE = Membership(Role.WORKER, TRIAGE)
NEW = "uusi salalause tähän"


@pytest.fixture
def drill(tmp_path: Path) -> Iterator[Drill]:
    """A site with a report and with a role that waits, and its backup."""
    with open_site(tmp_path / "data") as site:
        site.send()
        with keeper.away():
            give(site, "duty", Membership(Role.WORKER, SOC))
            private = key_pair(site, tmp_path)
            yield Drill(site, [], {}, {}, tmp_path, private, empty_place(tmp_path / "new"))


def role_of(site: Site, name: str) -> UUID:
    with site.parts.database.read() as connection:
        held = select(MembershipRow.id).where(MembershipRow.person_id == site.people[name])
        return connection.scalars(held.order_by(MembershipRow.id)).all()[0]


def sign_again(site: Site, name: str) -> None:
    """A role of theirs is signed for another while, in the place of what was signed."""
    with site.parts.database.write() as connection:
        proposals.propose_again(connection, role_of(site, name), site.hands())
    assert sign_offline(site) == []


def sign_offline(site: Site) -> list[str]:
    """By the two files that are carried: why what was refused."""
    wanted = read_requests(requests_text(requests(site)))
    return take(site, *read_signed(signed_text(signed(*wanted))))


def supersede_as_before(site: Site) -> None:
    """Signed anew by a version that listed what a new signature took the place of as ended."""
    column, now = DirectoryEntryRow.withdrawn_at, site.hands()
    with site.parts.database.write() as connection:
        key = people.key_in_use(connection, ANK)
        superseded = (
            DirectoryEntryRow.membership_id == role_of(site, "soc-head"),
            DirectoryEntryRow.agency_key_id == key,
        )
        for this in superseded:
            put_for_good(connection, column, now, this, column.is_(None), at=now)
        proposals.propose_again(connection, role_of(site, "soc-head"), now)
    assert sign_offline(site) == []


def live_on(site: Site) -> None:
    """What the backup does not know, a change of each kind."""
    boss, today = admin(site), local_date(site.hands())
    give(site, "hea", AT_TRIAGE)
    assert sign_offline(site) == []  # of duty and hea
    sign_again(site, "soc")
    supersede_as_before(site)
    site.parts.dismiss(boss, site.people["wel"], None, date.min, site.hands(), knowing=True)
    duty = site.parts.appoint.person(boss, site.people["duty"], today).roles[-1]
    site.parts.dismiss(boss, site.people["duty"], duty.id, date.min, site.hands(), knowing=True)
    give(site, "hea", Membership(Role.WORKER, WEL))
    for one in waiting(site, boss):
        site.parts.confirm_entries.refuse(boss, one.id, site.hands())
    with keeper.at_hand():
        change(site)
        renewed = site.parts.invite.anew(boss, site.people["hea"], site.hands())
        join(site)(renewed, NEW, site.hands())
    site.parts.list_deletions(site.hands())


def enrol(site: Site) -> Enrol:
    pepper = config.read_secret(site.parts.settings.keys, config.SECRETS["pepper"])
    return Enrol(site.parts.database, pepper, CHEAP)


def counts(site: Site, name: str) -> tuple[Membership, ...]:
    return site.visit(name).person.memberships


def opened(site: Site) -> set[str]:
    with site.parts.database.read() as connection:
        return set(people.agency_keys_that_open(connection, local_date(site.hands())))


def everything_waiting(site: Site) -> set[str]:
    every = replace(OPERATOR, controllers=frozenset(site.parts.directory.controllers))
    return {one.what for one in waiting(site, every)}


def test_the_directory_comes_back_as_far_as_it_was_signed_and_the_keeper_signs_the_rest(
    drill: Drill,
) -> None:
    site = drill.site
    back_up(drill)
    live_on(site)
    with drill.restored(list(read_list(site.parts.settings.deletions))) as again:
        what_was_signed_stands_and_nothing_that_was_ended(again)
        head, key = what_lost_its_entry_waits(again)
        assert sign_offline(again) == []
        assert requests(again) == []
        assert told(again, Action.SIGN_ENTRY)[-2:] == [head, key]
        assert counts(again, "soc-head") == (Membership(Role.HEAD, SOC),)
        assert reads(again, "soc-head")
        assert ANK in opened(again)
        a_new_key_is_made_signed_and_takes_reports(again)
        a_new_passphrase_and_its_signature_let_in(again)


def what_was_signed_stands_and_nothing_that_was_ended(site: Site) -> None:
    """Also what a later signature had taken the place of."""
    assert counts(site, "soc") == (Membership(Role.WORKER, SOC), AT_TRIAGE)
    assert reads(site, "soc")
    for name in ("wel", "hea"):
        with pytest.raises(SignInRefused):
            site.visit(name)
    assert counts(site, "duty") == (Membership(Role.WORKER, DUTY),)
    assert not {WEL, SOC, HEA} & opened(site)


def what_lost_its_entry_waits(site: Site) -> list[str]:
    """And until it is signed it counts no more; as the lines of the trail name it."""
    assert counts(site, "soc-head") == ()
    assert ANK not in opened(site)
    assert everything_waiting(site) == {f"soc-head: head, {SOC}", f"key of {ANK}"}
    role, key = (one.said for one in requests(site))
    assert isinstance(role, RoleEntry)
    assert isinstance(key, KeyEntry)
    assert (role.membership, key.agency) == (role_of(site, "soc-head"), ANK)
    lines = ["soc-head: head", f"key {key.key}"]
    assert told(site, Action.PROPOSE_ENTRY)[-2:] == lines
    return lines


def a_new_key_is_made_signed_and_takes_reports(site: Site) -> None:
    """The key that was in use as the site was lost is not in the backup."""
    enrol(site).new_key(site.visit("soc"), SOC, site.hands())
    boss = admin(site)
    (key,) = waiting(site, boss)
    site.parts.confirm_entries(boss, key.id, key.words, site.hands())
    assert sign_offline(site) == []
    assert go_on(site).left == 0
    assert SOC in opened(site)
    site.send()
    visit = site.visit("soc")
    rows = site.parts.read.inbox(visit, ("sent",), agency=SOC)
    found = [site.parts.read(visit, row.id, site.hands()).sections for row in rows]
    assert len(found) == 2
    assert all(found)


def a_new_passphrase_and_its_signature_let_in(site: Site) -> None:
    """The passphrase of the backup's day was replaced; so is the key that it opened."""
    link = site.parts.invite.anew(admin(site), site.people["hea"], site.hands())
    join(site)(link, NEW, site.hands())
    for one in waiting(site, OPERATOR):  # the agency's only member, and the key made for it
        site.parts.confirm_entries(OPERATOR, one.id, one.words, site.hands())
    assert sign_offline(site) == []
    secret = site.session("hea", NEW)
    visit = site.parts.sign_in.resume(secret, site.hands())
    assert visit is not None
    assert visit.person.memberships == (Membership(Role.WORKER, HEA),)
