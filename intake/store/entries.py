"""The rows that count by the directory's entries.

Of the rows of people's roles and of agencies' keys only those count that an entry says, signed
with the key that the database was opened with (`Database.signed`). Without one none counts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import Connection, and_, func, or_, select

from intake.domain.entry import EntryKind, KeyEntry, RoleEntry, fingerprint
from intake.domain.people import Role
from intake.store.columns import AnyRow
from intake.store.entry_tables import DirectoryEntryRow
from intake.store.people_tables import (
    KEY_IN_USE,
    AgencyKeyRow,
    AgencyRow,
    DirectoryRow,
    MembershipRow,
    PersonRow,
)

AGENCY = "agency"
SIGNED = "ankkuri_signed"
"""Under which a connection knows what judges its rows."""


class Signed(Protocol):
    """Judges rows by the entries that were signed."""

    def roles(
        self, connection: Connection, rows: Sequence[AnyRow], on: date | None
    ) -> list[AnyRow]:
        """Those of the rows, with the columns of ROLE, that count; each role once."""

    def keys(self, connection: Connection, rows: Sequence[AnyRow]) -> list[AnyRow]:
        """Those of the rows, with the columns of KEY, that count; each key once."""

    def numbers(
        self, connection: Connection, rows: Sequence[AnyRow]
    ) -> Mapping[str, Mapping[str, int]]:
        """By agency the numbers of its keys, by their ids, that these rows of ENTRY say if they
        are signed.
        """


SIGNED_AND_STANDING = (
    DirectoryEntryRow.signature.is_not(None),
    DirectoryEntryRow.withdrawn_at.is_(None),
)
OF_ROLE = and_(DirectoryEntryRow.membership_id == MembershipRow.id, *SIGNED_AND_STANDING)
OF_KEY = and_(DirectoryEntryRow.agency_key_id == AgencyKeyRow.id, *SIGNED_AND_STANDING)
ENTRY = (DirectoryEntryRow.id.label("entry_id"), DirectoryEntryRow.body.label("entry_body"))
ROLE = (
    MembershipRow.id.label("held_id"),
    MembershipRow.person_id.label("held_by"),
    MembershipRow.role.label("held_role"),
    MembershipRow.agency_id.label("held_agency"),
    MembershipRow.controller_id.label("held_controller"),
    MembershipRow.valid_from.label("held_from"),
    MembershipRow.valid_to.label("held_to"),
    PersonRow.public_key.label("held_key"),
    *ENTRY,
)
"""What a statement over membership and person must read, with DirectoryEntryRow joined by OF_ROLE.
"""
KEY = (
    AgencyKeyRow.id,
    AgencyKeyRow.agency_id,
    AgencyKeyRow.public_key,
    AgencyKeyRow.activated_at,
    AgencyKeyRow.retired_at,
    AgencyRow.kind.label("agency_kind"),
    AgencyRow.controller_id,
    DirectoryRow.entry["kind"].as_string().label("listed_kind"),
    DirectoryRow.entry["controller"].as_string().label("listed_controller"),
    *ENTRY,
)
"""``listed_``: as the directory's data says, by which reports are routed; None of an agency that is
listed no more.
"""


def roles(connection: Connection, rows: Sequence[AnyRow], on: date | None = None) -> list[AnyRow]:
    """Those of the rows, with the columns of ROLE, that count.

    ``on``: the day on which their entries must not have run out. That is asked where somebody is
    let in. Where reports go, and who is written to, goes on after it: nothing is lost because
    the keeper is late.
    """
    signed = _signed(connection)
    return signed.roles(connection, rows, on) if signed and rows else []


def keys(connection: Connection, *where: Any) -> list[AnyRow]:
    """Agencies' keys that count, with the columns of KEY."""
    return keys_among(connection, all_keys(connection, *where))


def keys_among(connection: Connection, rows: Sequence[AnyRow]) -> list[AnyRow]:
    """Those of the rows, with the columns of KEY, that count."""
    signed = _signed(connection)
    return signed.keys(connection, rows) if signed else []


def is_key_signed(connection: Connection, key_id: str) -> bool:
    """Whether a key counts."""
    return bool(keys(connection, AgencyKeyRow.id == key_id))


def of_keys_once_in_use(connection: Connection, agencies: Collection[str]) -> Sequence[AnyRow]:
    """What is signed, with the columns of ENTRY, of these agencies' keys in use and former."""
    return connection.execute(
        select(*ENTRY)
        .join(AgencyKeyRow, OF_KEY)
        .where(AgencyKeyRow.agency_id.in_(agencies), AgencyKeyRow.activated_at.is_not(None))
    ).all()


def numbers_signed(connection: Connection) -> Mapping[str, Mapping[str, int]]:
    """By agency the numbers of all its keys that were ever signed, whatever the rows of the keys
    say, and though the entry be withdrawn.
    """
    signed = _signed(connection)
    of_keys = DirectoryEntryRow.kind == EntryKind.AGENCY_KEY.value
    was_signed = DirectoryEntryRow.signature.is_not(None)
    rows = connection.execute(select(*ENTRY).where(of_keys, was_signed)).all()
    return signed.numbers(connection, rows) if signed else {}


def keys_in_use(connection: Connection) -> list[AnyRow]:
    """Every key in use, with the columns of KEY, whether it counts or not."""
    return all_keys(connection, *KEY_IN_USE)


def roles_in_force(connection: Connection, on: date) -> list[AnyRow]:
    """Every role on a day, with the columns of ROLE, whether it counts or not.

    With the person's sign-in name and the controller that the role is under.
    """
    under = func.coalesce(MembershipRow.controller_id, AgencyRow.controller_id).label("under")
    return list(
        connection.execute(
            select(*ROLE, PersonRow.sign_in_name, under)
            .join(PersonRow, PersonRow.id == MembershipRow.person_id)
            .join(AgencyRow, AgencyRow.id == MembershipRow.agency_id, isouter=True)
            .join(DirectoryEntryRow, OF_ROLE, isouter=True)
            .where(
                PersonRow.left_at.is_(None),
                MembershipRow.valid_from <= on,
                or_(MembershipRow.valid_to.is_(None), MembershipRow.valid_to >= on),
            )
            .order_by(PersonRow.sign_in_name, MembershipRow.id)
        )
    )


def administrators(connection: Connection, on: date) -> Mapping[UUID, frozenset[str]]:
    """Who administers which controllers on a day, of the roles that count."""
    found: dict[UUID, frozenset[str]] = {}
    for row in roles(connection, roles_in_force(connection, on), on):
        if row.held_role == Role.ADMINISTRATOR:
            found[row.held_by] = found.get(row.held_by, frozenset()) | {row.held_controller}
    return found


def was_once_administered(connection: Connection) -> bool:
    """Whether somebody was ever signed as an administrator, whatever has become of it."""
    signed = (
        select(DirectoryEntryRow.id)
        .join(MembershipRow, DirectoryEntryRow.membership_id == MembershipRow.id)
        .where(MembershipRow.role == Role.ADMINISTRATOR, DirectoryEntryRow.signature.is_not(None))
    )
    return connection.scalar(signed.limit(1)) is not None


def all_keys(connection: Connection, *where: Any) -> list[AnyRow]:
    """Keys with the columns of KEY, whether they count or not."""
    return list(
        connection.execute(
            select(*KEY)
            .join(AgencyRow, AgencyRow.id == AgencyKeyRow.agency_id)
            .join(
                DirectoryRow,
                and_(DirectoryRow.kind == AGENCY, DirectoryRow.id == AgencyRow.id),
                isouter=True,
            )
            .join(DirectoryEntryRow, OF_KEY, isouter=True)
            .where(*where)
            .order_by(AgencyKeyRow.agency_id)
        )
    )


def _signed(connection: Connection) -> Signed | None:
    return connection.get_execution_options().get(SIGNED)


def role_entry(row: AnyRow, until: date) -> RoleEntry:
    """A role as the columns of ROLE have it."""
    return RoleEntry(
        membership=row.held_id,
        person=row.held_by,
        person_key=fingerprint(row.held_key),
        role=row.held_role,
        agency=row.held_agency,
        controller=row.held_controller,
        valid_from=row.held_from,
        valid_to=row.held_to,
        until=until,
    )


def key_entry(row: AnyRow) -> KeyEntry:
    """A key as the columns of KEY have it, without its number."""
    return KeyEntry(
        key=row.id,
        agency=row.agency_id,
        agency_kind=row.agency_kind,
        controller=row.controller_id,
        public_key=fingerprint(row.public_key),
    )


def is_as_listed(row: AnyRow) -> bool:
    """Whether the directory's data says the same of the key's agency as its row does."""
    return row.listed_kind in (None, row.agency_kind) and (
        row.listed_controller in (None, row.controller_id)
    )


def signatures(connection: Connection, ids: Collection[UUID]) -> Mapping[UUID, bytes]:
    """The signatures of entries."""
    rows = connection.execute(
        select(DirectoryEntryRow.id, DirectoryEntryRow.signature).where(
            DirectoryEntryRow.id.in_(ids), DirectoryEntryRow.signature.is_not(None)
        )
    )
    return {row.id: row.signature for row in rows}
