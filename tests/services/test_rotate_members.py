"""To whom a new key is given, and when it counts: by vouchers, and by the keeper's signatures."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update

import config
from intake.domain.entry import EntryKind
from intake.domain.entry_file import Signed
from intake.domain.people import Administrator
from intake.services import rotate
from intake.services.enrol import Enrol, GrantRefused
from intake.services.sign_entries import (
    HELD_BY_NOBODY,
    RequestSignatures,
    TakeSignatures,
    sign_what_waits,
)
from intake.store import people, rotation
from intake.store.entry_tables import DirectoryEntryRow
from intake.store.people_tables import AgencyKeyRow, GrantRow, MembershipRow, PersonRow
from intake.vault.keyring import new_key_pair
from tests import keeper
from tests.services import keyless
from tests.services.test_rotate import change, go_on, key_of, lived, scalars
from tests.site import CHEAP, COUNTY, SOC, Site


def test_a_new_key_is_in_use_only_once_it_is_signed(site: Site) -> None:
    visit = site.visit("soc")
    with site.parts.database.read() as connection:
        former = people.key_in_use(connection, SOC)
    with keeper.away():
        assert not site.parts.rotate.begin(visit, SOC, site.hands())
    with site.parts.database.read() as connection:
        assert people.key_in_use(connection, SOC) == former
        waits = people.waiting_key(connection, SOC)
    with pytest.raises(GrantRefused, match="waits for its signature"):
        site.parts.rotate.begin(visit, SOC, site.hands())
    sign_what_waits(site.parts.database, keeper.KEY, site.hands())
    with site.parts.database.read() as connection:
        assert people.key_in_use(connection, SOC) == waits
    site.send()
    (row,) = site.parts.read.inbox(site.visit("soc"), ("sent",))
    assert site.parts.read(site.visit("soc"), row.id, site.hands()).sections


def test_a_member_s_key_that_was_swapped_in_the_database_gets_no_new_key(site: Site) -> None:
    lived(site)
    mine = new_key_pair(str(site.people["soc-head"]))
    with site.parts.database.write() as connection:
        swapped = update(PersonRow).where(PersonRow.id == site.people["soc-head"])
        connection.execute(swapped.values(public_key=mine.public().raw))
    change(site)
    granted = scalars(site, GrantRow.person_id, GrantRow.agency_key_id == key_of(site))
    assert set(granted) == {site.people["soc"], site.people["soc-deputy"]}


def unsign(site: Site, name: str) -> None:
    """As if the keeper of the directory key had never signed this person's roles."""
    theirs = select(MembershipRow.id).where(MembershipRow.person_id == site.people[name])
    entries = update(DirectoryEntryRow).where(DirectoryEntryRow.membership_id.in_(theirs))
    with site.parts.database.write() as connection:
        connection.execute(entries.values(signature=None, signed_at=None))


def test_a_colleague_whose_role_is_not_signed_gets_no_new_key_though_they_hold_the_former(
    site: Site,
) -> None:
    unsign(site, "soc-head")
    site.parts.rotate.begin(site.visit("soc"), SOC, site.hands())
    granted = scalars(site, GrantRow.person_id, GrantRow.agency_key_id == key_of(site))
    assert set(granted) == {site.people["soc"], site.people["soc-deputy"]}


def test_a_waiting_key_that_is_refused_is_retired_and_another_change_can_begin(site: Site) -> None:
    lived(site)
    old, visit = key_of(site), site.visit("soc")
    admin = site.visit("admin").person.as_administrator()

    def waiting() -> Any:
        (one,) = site.parts.confirm_entries.waiting(admin, site.hands().date())
        return one

    with keeper.away():
        assert not site.parts.rotate.begin(visit, SOC, site.hands())
        refused = waiting()
        with pytest.raises(GrantRefused) as told_of:
            site.parts.rotate.begin(visit, SOC, site.hands())
        assert told_of.value.message.key == rotate.WAITS_ALREADY
        site.parts.confirm_entries.refuse(admin, refused.id, site.hands.move(minutes=1))
        retired = scalars(site, AgencyKeyRow.retired_at, AgencyKeyRow.id == refused.subject)
        assert None not in retired
        assert key_of(site) == old
        assert not site.parts.rotate.begin(visit, SOC, site.hands.move(minutes=1))
        assert waiting().subject not in (refused.subject, old)
    wanted = waiting().subject
    sign_what_waits(site.parts.database, keeper.KEY, site.hands())
    assert key_of(site) == wanted
    assert go_on(site).left == 0
    site.parts.tidy(site.hands.move(days=2))
    assert scalars(site, GrantRow.id, GrantRow.agency_key_id == refused.subject) == []


def test_who_left_while_the_new_key_waited_is_asked_about_once_it_is_in_use(site: Site) -> None:
    def asked() -> list[tuple[str, str]]:
        with site.parts.database.read() as connection:
            return [tuple(row) for row in rotation.leavers(connection, {SOC})]

    with keeper.away():
        site.parts.rotate.begin(site.visit("soc"), SOC, site.hands())
    keyless.dismiss(site, "soc-head")
    assert asked() == [(SOC, "Eero Esihenkilö")]
    keyless.sign(site)
    assert asked() == [(SOC, "Eero Esihenkilö")]
    change(site)
    assert asked() == []


def test_who_left_without_the_new_key_is_asked_about_no_more(site: Site) -> None:
    unsign(site, "soc-head")
    with keeper.away():
        site.parts.rotate.begin(site.visit("soc"), SOC, site.hands())
    keyless.dismiss(site, "soc-head")
    keyless.sign(site)
    with site.parts.database.read() as connection:
        assert rotation.leavers(connection, {SOC}) == []


def test_a_new_key_that_no_member_holds_any_more_does_not_come_into_use(site: Site) -> None:
    old, waits = key_of(site), keyless.new_key_that_nobody_holds(site)
    wanted = RequestSignatures(site.parts.database)
    assert wanted(site.hands()) == []
    assert wanted.left_out(site.hands().date()) == [SOC]
    operator = Administrator(None, frozenset({COUNTY}))
    (one,) = site.parts.confirm_entries.waiting(operator, site.hands().date())
    signed = Signed(one.id, one.body, keeper.KEY.sign(EntryKind.AGENCY_KEY, one.body))
    taken = TakeSignatures(site.parts.database, keeper.signed())([signed], site.hands())
    (why,) = [why for _, why in taken]
    assert why.startswith("a second person")
    admin = site.visit("admin").person.as_administrator()
    site.parts.confirm_entries(admin, one.id, one.words, site.hands())
    taken = TakeSignatures(site.parts.database, keeper.signed())([signed], site.hands())
    assert [why for _, why in taken] == [HELD_BY_NOBODY]
    keyless.sign(site)
    assert key_of(site) == old
    with keeper.away():
        site.parts.rotate.begin(site.visit("soc-head"), SOC, site.hands())
    assert None not in scalars(site, AgencyKeyRow.retired_at, AgencyKeyRow.id == waits)
    keyless.sign(site)
    assert key_of(site) not in (old, waits)


@pytest.mark.parametrize("given", [None, b"", bytes(32)])
def test_a_grant_that_no_holder_vouched_for_leads_to_no_new_key(
    site: Site, given: bytes | None
) -> None:
    with site.parts.database.write() as connection:
        head = update(GrantRow).where(GrantRow.person_id == site.people["soc-head"])
        connection.execute(head.values(voucher=given))
    site.parts.rotate.begin(site.visit("soc"), SOC, site.hands())
    granted = scalars(site, GrantRow.person_id, GrantRow.agency_key_id == key_of(site))
    assert site.people["soc-head"] not in granted
    pepper = config.read_secret(site.parts.settings.keys, config.SECRETS["pepper"])
    enrol = Enrol(site.parts.database, pepper, CHEAP)
    words = site.words("soc-head")
    enrol.grant(site.visit("soc"), SOC, "soc-head", site.hands(), words=words)
    site.parts.rotate.begin(site.visit("soc-head"), SOC, site.hands())
