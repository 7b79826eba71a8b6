"""Agencies whose keys do not count, for tests."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, insert, select, update

from intake.domain.deadline import local_date
from intake.domain.row_id import new_id
from intake.services.sign_entries import sign_what_waits
from intake.store import people
from intake.store.entry_tables import DirectoryEntryRow
from intake.store.people_tables import AgencyKeyRow, GrantRow, PersonRow
from intake.store.tables import WrapRow
from intake.vault.keyring import PrivateKey, grant, new_key_pair
from intake.vault.seal import PublicKey
from tests import keeper
from tests.site import SOC, Site

ATTACKER = new_key_pair("attacker")


def in_use(site: Site, agency: str) -> str:
    """The key in use of an agency."""
    with site.parts.database.read() as connection:
        found = people.key_in_use(connection, agency)
    assert found
    return found


def wraps_key(site: Site, referral: UUID, purpose: str = "recipient") -> str:
    """The key that a referral's wrap is sealed to."""
    this = WrapRow.referral_id == referral, WrapRow.purpose == purpose
    with site.parts.database.read() as connection:
        return connection.scalars(select(WrapRow.agency_key_id).where(*this)).one()


def unsign(site: Site, key: str) -> None:
    """Let an agency's key wait for its signature."""
    entry = update(DirectoryEntryRow).where(DirectoryEntryRow.agency_key_id == key)
    with site.parts.database.write() as connection:
        connection.execute(entry.values(signature=None, signed_at=None))


def alter(site: Site, key: str) -> None:
    """Put another public key in its place, as who can write to the database could."""
    swapped = update(AgencyKeyRow).where(AgencyKeyRow.id == key)
    with site.parts.database.write() as connection:
        connection.execute(swapped.values(public_key=ATTACKER.public().raw))


def plant(site: Site, agency: str, name: str, *, activated: bool) -> PrivateKey:
    """A key that no entry names, in use or former, given to a member, as who can write to the
    database could.
    """
    now, planted = site.hands(), new_key_pair(f"{agency}-planted")
    person = PersonRow.id == site.people[name]
    with site.parts.database.write() as connection:
        if activated:
            former = update(AgencyKeyRow).where(
                AgencyKeyRow.id == people.key_in_use(connection, agency)
            )
            connection.execute(former.values(retired_at=now))
        row = {
            "id": planted.key_id,
            "agency_id": agency,
            "public_key": planted.public().raw,
            "created_at": now,
            "activated_at" if activated else "retired_at": now,
        }
        connection.execute(insert(AgencyKeyRow).values(**row))
        member = connection.execute(select(PersonRow.id, PersonRow.public_key).where(person)).one()
        given = {
            "id": new_id(now),
            "agency_key_id": planted.key_id,
            "person_id": member.id,
            "sealed_key": grant(planted, PublicKey(str(member.id), member.public_key), member.id),
            "granted_at": now,
        }
        connection.execute(insert(GrantRow).values(**given))
    return planted


def sign(site: Site) -> None:
    """Sign all that waits."""
    sign_what_waits(site.parts.database, keeper.KEY, site.hands())


def dismiss(site: Site, name: str) -> None:
    """Let somebody leave at once."""
    admin = site.visit("admin").person.as_administrator()
    yesterday = local_date(site.hands()) - timedelta(days=1)
    site.parts.dismiss(admin, site.people[name], None, yesterday, site.hands(), knowing=True)


def new_key_that_nobody_holds(site: Site) -> str:
    """Social services' new key waits, and the only one to whom it was given has left."""
    others = [site.people[name] for name in ("soc-deputy", "soc-head")]
    with keeper.away():
        assert not site.parts.rotate.begin(site.visit("soc"), SOC, site.hands())
    with site.parts.database.write() as connection:
        found = people.waiting_key(connection, SOC)
        theirs = GrantRow.agency_key_id == found, GrantRow.person_id.in_(others)
        connection.execute(delete(GrantRow).where(*theirs))
    assert found
    dismiss(site, "soc")
    return found


def new_key_waits(site: Site, name: str, agency: str) -> None:
    """The key in use waits; what lies there is sealed to the one before it, which was signed."""
    assert site.parts.rotate.begin(site.visit(name), agency, site.hands.move(minutes=1))
    unsign(site, in_use(site, agency))
