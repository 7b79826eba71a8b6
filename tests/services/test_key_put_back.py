"""A key that was retired is never in use again, whatever is written into the database."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete, select, update

from intake.domain.deadline import local_date
from intake.domain.entry import KeyEntry
from intake.services.enrol import Enrol
from intake.services.sign_entries import RequestSignatures
from intake.store.entry_tables import DirectoryEntryRow
from intake.store.people_tables import AgencyKeyRow, GrantRow
from intake.store.tables import WrapRow
from tests import keeper
from tests.services import keyless
from tests.services.sending import at
from tests.services.test_entries import is_told_once, lines
from tests.site import CHEAP, SOC, Site


def write(site: Site, *statements: Any) -> None:
    """As who can write to the database could."""
    with site.parts.database.write() as connection:
        for statement in statements:
            connection.execute(statement)


def key(key_id: str, **values: Any) -> Any:
    return update(AgencyKeyRow).where(AgencyKeyRow.id == key_id).values(**values)


def entry(key_id: str, **values: Any) -> Any:
    this = DirectoryEntryRow.agency_key_id == key_id
    return update(DirectoryEntryRow).where(this).values(**values)


def change(site: Site) -> tuple[str, str]:
    """The keys that were in use before and after a member has changed it."""
    old = keyless.in_use(site, SOC)
    assert site.parts.rotate.begin(site.visit("soc"), SOC, site.hands.move(minutes=1))
    return old, keyless.in_use(site, SOC)


def put_back(site: Site, old: str, new: str, **more: Any) -> None:
    write(site, key(new, retired_at=site.hands(), **more), key(old, retired_at=None))


def unnumber(site: Site, key_id: str) -> None:
    """Its entry is as it was signed before there were numbers."""
    with site.parts.database.write() as connection:
        this = select(DirectoryEntryRow.__table__).where(DirectoryEntryRow.agency_key_id == key_id)
        said = KeyEntry.parse(connection.execute(this).one().body)
        body = KeyEntry(
            said.key, said.agency, said.agency_kind, said.controller, said.public_key
        ).body()
        signature = keeper.KEY.sign("agency_key", body)
        connection.execute(entry(key_id, body=body, signature=signature))


def is_sealed_to(site: Site, key_id: str) -> bool:
    site.send()
    with site.parts.database.read() as connection:
        sealed = select(WrapRow.id).where(WrapRow.agency_key_id == key_id)
        return connection.scalar(sealed.limit(1)) is not None


def number(site: Site, key_id: str) -> int:
    with site.parts.database.read() as connection:
        bodies = select(DirectoryEntryRow.body).where(DirectoryEntryRow.agency_key_id == key_id)
        return max(KeyEntry.parse(body).number for body in connection.scalars(bodies))


def test_each_key_of_an_agency_has_a_greater_number_than_those_before(site: Site) -> None:
    old, new = change(site)
    assert (number(site, old), number(site, new)) == (1, 2)
    assert number(site, change(site)[1]) == 3


@pytest.mark.parametrize("from_before", [False, True])
def test_a_retired_key_that_is_put_back_is_never_sealed_to_and_is_told(
    site: Site, from_before: bool
) -> None:
    if from_before:
        unnumber(site, keyless.in_use(site, SOC))
    old, new = change(site)
    assert site.parts.check_entries(site.hands()) == 0
    put_back(site, old, new)
    assert not is_sealed_to(site, old)
    assert SOC not in site.parts.route.keys_that_open(local_date(site.hands()))
    assert is_told_once(site) == f"not as it was signed: key {old}"


@pytest.mark.parametrize("retired", [True, False])
def test_it_is_told_though_the_later_one_shall_never_have_been_in_use(
    site: Site, retired: bool
) -> None:
    old, new = change(site)
    put_back(site, old, new, activated_at=None)
    if not retired:
        write(site, key(new, retired_at=None))
    assert is_told_once(site) == f"not as it was signed: key {old}"


def test_it_is_told_though_the_later_ones_entry_is_withdrawn_or_belongs_to_no_key(
    site: Site,
) -> None:
    old, new = change(site)
    put_back(site, old, new)
    write(site, entry(new, withdrawn_at=site.hands()))
    assert is_told_once(site) == f"not as it was signed: key {old}"
    write(site, entry(new, agency_key_id=None))
    site.hands.move(days=1)
    assert site.parts.check_entries(site.hands()) == 1


def test_it_is_told_though_it_is_proposed_anew(site: Site) -> None:
    old, new = change(site)
    put_back(site, old, new)
    write(site, entry(old, withdrawn_at=site.hands()))
    with keeper.away():
        wanted = RequestSignatures(site.parts.database)(site.hands())
    (said,) = [one.said for one in wanted if isinstance(one.said, KeyEntry)]
    assert (said.key, said.number) == (old, 1)
    assert is_told_once(site) == f"not as it was signed: key {old}"


def test_a_key_that_waits_switches_the_present_one_off_only_when_it_comes_into_use(
    site: Site,
) -> None:
    old = keyless.in_use(site, SOC)
    with keeper.away():
        assert not site.parts.rotate.begin(site.visit("soc"), SOC, site.hands.move(minutes=1))
    assert is_sealed_to(site, old)
    assert site.parts.check_entries(site.hands()) == 0
    keyless.sign(site)
    new = keyless.in_use(site, SOC)
    assert new != old
    assert is_sealed_to(site, new)
    assert site.parts.check_entries(site.hands()) == 0
    assert lines(site) == []


def test_a_key_that_is_signed_and_not_in_use_yet_leaves_the_present_one_in_use(
    site: Site,
) -> None:
    old, new = change(site)
    put_back(site, old, new, activated_at=None)
    assert is_sealed_to(site, old)


def test_keys_that_are_signed_again_for_another_directory_key_keep_their_numbers(
    site: Site,
) -> None:
    unnumber(site, keyless.in_use(site, SOC))
    site.send()
    old, new = change(site)
    assert at(site, SOC)
    with keeper.away():
        wanted = RequestSignatures(site.parts.database)(site.hands(), anew=True)
    said = {one.said.key: one.said.number for one in wanted if isinstance(one.said, KeyEntry)}
    assert (said[old], said[new]) == (0, 2)


def test_a_key_made_in_the_place_of_one_that_nobody_holds_counts(site: Site) -> None:
    held = GrantRow.agency_key_id == keyless.in_use(site, SOC)
    write(site, delete(GrantRow).where(held))
    enrol = Enrol(site.parts.database, site.parts.sign_in.pepper, CHEAP)
    enrol.new_key(site.visit("soc"), SOC, site.hands.move(minutes=1))
    assert is_sealed_to(site, keyless.in_use(site, SOC))
    assert site.parts.check_entries(site.hands()) == 0
