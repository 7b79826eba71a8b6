"""Entries of the directory on their way: proposed, confirmed, signed, withdrawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, and_, exists, func, insert, or_, select, update
from sqlalchemy.orm import aliased

from intake.domain.deadline import local_date
from intake.domain.entry import EntryKind, KeyEntry, RoleEntry, key_entries, last_day
from intake.domain.people import Role
from intake.domain.row_id import new_id
from intake.store.columns import AnyRow
from intake.store.deletions import put_for_good
from intake.store.entries import (
    OF_ROLE,
    ROLE,
    SIGNED_AND_STANDING,
    all_keys,
    key_entry,
    role_entry,
    roles,
)
from intake.store.entry_tables import DirectoryEntryRow
from intake.store.need_to_know_tables import SectionRequestRow
from intake.store.people_tables import AgencyKeyRow, AgencyRow, MembershipRow, PersonRow
from intake.store.tables import WrapRow

TWO_NEEDED = frozenset({Role.ADMINISTRATOR, Role.AUDITOR})
_WAITING = (
    DirectoryEntryRow.signature.is_(None),
    DirectoryEntryRow.withdrawn_at.is_(None),
)
_NAMED_BY = WrapRow.agency_key_id, SectionRequestRow.asker_key_id, SectionRequestRow.lead_key_id
_NEEDED = or_(
    AgencyKeyRow.retired_at.is_(None),
    *(exists().where(column == AgencyKeyRow.id) for column in _NAMED_BY),
)
"""Of keys: not retired, or what is recorded on a report may be sealed to it still."""
_WANTED = or_(AgencyKeyRow.retired_at.is_(None), DirectoryEntryRow.needs_two.is_(False))
"""Of keys that wait: not retired, or proposed although it is."""


def propose_roles(
    connection: Connection, *where: Any, by: UUID | None, at: datetime, founding: bool = False
) -> int:
    """Propose entries of the roles that last, in the place of what was proposed before; how many.

    ``founding``: these roles stand already, and the keeper of the directory key alone looks at
    them again.
    """
    today = local_date(at)
    rows = connection.execute(
        select(*ROLE)
        .join(PersonRow, PersonRow.id == MembershipRow.person_id)
        .join(DirectoryEntryRow, OF_ROLE, isouter=True)
        .where(
            *where,
            PersonRow.left_at.is_(None),
            or_(MembershipRow.valid_to.is_(None), MembershipRow.valid_to >= today),
        )
    ).all()
    entries = []
    for row in {row.held_id: row for row in rows}.values():
        said = role_entry(row, last_day(row.held_from, row.held_to, today))
        two = not founding and _needs_two(connection, said, today)
        entries.append(_proposal(said, by, at, two) | {"membership_id": said.membership})
    put_for_good(
        connection,
        DirectoryEntryRow.withdrawn_at,
        at,
        DirectoryEntryRow.membership_id.in_([entry["membership_id"] for entry in entries]),
        *_WAITING,
        at=at,
    )
    _add(connection, entries)
    return len(entries)


def propose_keys(
    connection: Connection, *where: Any, by: UUID | None, at: datetime, founding: bool = False
) -> int:
    """Propose entries of agencies' keys; how many.

    ``founding``: these keys stand already. They keep the number that they have, or none.
    """
    rows = all_keys(connection, *where)
    if founding:
        of_key = DirectoryEntryRow.agency_key_id.in_({row.id for row in rows})
        put_for_good(connection, DirectoryEntryRow.withdrawn_at, at, of_key, *_WAITING, at=at)
    number = _number_kept if founding else _next_number
    entries = [
        _proposal(replace(key_entry(row), number=number(connection, row)), by, at, not founding)
        | {"agency_key_id": row.id}
        for row in {row.id: row for row in rows}.values()
    ]
    _add(connection, entries)
    return len(entries)


def _number_kept(connection: Connection, key: AnyRow) -> int:
    """The number that was proposed of a key before."""
    of_key = DirectoryEntryRow.agency_key_id == key.id
    bodies = connection.scalars(select(DirectoryEntryRow.body).where(of_key))
    return max((said.number for said in key_entries(bodies)), default=0)


def _next_number(connection: Connection, key: AnyRow) -> int:
    """How many keys its agency has had with this one: none is ever deleted."""
    theirs = AgencyKeyRow.agency_id == key.agency_id
    return connection.scalar(select(func.count()).select_from(AgencyKeyRow).where(theirs)) or 0


def propose_what_lacks(connection: Connection, at: datetime) -> int:
    """Propose entries of all that stands and that nobody has proposed yet; how many.

    As an upgrade finds it: from before there were entries.
    """
    of_role, of_key = DirectoryEntryRow.membership_id, DirectoryEntryRow.agency_key_id
    lacks_role = MembershipRow.id.not_in(select(of_role).where(of_role.is_not(None)))
    lacks_key = and_(AgencyKeyRow.id.not_in(select(of_key).where(of_key.is_not(None))), _NEEDED)
    return propose_roles(connection, lacks_role, by=None, at=at, founding=True) + propose_keys(
        connection, lacks_key, by=None, at=at, founding=True
    )


def propose_what_outlived_its_entry(connection: Connection, at: datetime) -> None:
    """Propose again what stands though the entries that there were of it have ended, as a restore
    can leave it.

    Not what never had one: nobody proposed that. Nor a role of who is to get a new key, for the
    old one shall not count again.
    """
    of_role, of_key = DirectoryEntryRow.membership_id, DirectoryEntryRow.agency_key_id
    standing = DirectoryEntryRow.withdrawn_at.is_(None)
    propose_roles(
        connection,
        MembershipRow.id.in_(select(of_role).where(of_role.is_not(None))),
        MembershipRow.id.not_in(select(of_role).where(of_role.is_not(None), standing)),
        PersonRow.sealed_private_key != b"",
        by=None,
        at=at,
        founding=True,
    )
    propose_keys(
        connection,
        AgencyKeyRow.id.in_(select(of_key).where(of_key.is_not(None))),
        AgencyKeyRow.id.not_in(select(of_key).where(of_key.is_not(None), standing)),
        AgencyKeyRow.retired_at.is_(None),
        by=None,
        at=at,
        founding=True,
    )


def propose_signed_again(connection: Connection, at: datetime) -> int:
    """Propose again all that was signed and stands, for another directory key; how many. Of keys
    those that are not retired, or to which is sealed still.
    """
    of_role, of_key = DirectoryEntryRow.membership_id, DirectoryEntryRow.agency_key_id
    roles_signed = select(of_role).where(of_role.is_not(None), *SIGNED_AND_STANDING)
    keys_signed = select(of_key).where(of_key.is_not(None), *SIGNED_AND_STANDING)
    return propose_roles(
        connection, MembershipRow.id.in_(roles_signed), by=None, at=at, founding=True
    ) + propose_keys(
        connection,
        AgencyKeyRow.id.in_(keys_signed),
        _NEEDED,
        by=None,
        at=at,
        founding=True,
    )


def propose_again(connection: Connection, membership_id: UUID, at: datetime) -> None:
    """Propose a role that stands for another while; what was signed counts until then."""
    propose_roles(connection, MembershipRow.id == membership_id, by=None, at=at, founding=True)


def waiting_for(connection: Connection) -> dict[object, set[str]]:
    """The texts that wait for a signature, by role or key."""
    found: dict[object, set[str]] = {}
    for row in connection.execute(select(DirectoryEntryRow.__table__).where(*_WAITING)):
        found.setdefault(row.membership_id or row.agency_key_id, set()).add(row.body)
    return found


def keys_waiting(connection: Connection) -> set[str]:
    """The ids of the keys that wait for a signature."""
    of_key = DirectoryEntryRow.agency_key_id
    joined = select(AgencyKeyRow.id).join(DirectoryEntryRow, of_key == AgencyKeyRow.id)
    return set(connection.scalars(joined.where(*_WAITING, _WANTED)))


def waiting(connection: Connection, on: date) -> Sequence[AnyRow]:
    """Entries that wait for a signature, of roles that have not ended and of keys, with the names
    of whose role it is, who proposed it and who confirmed it, and the controller.
    """
    of_role, of_key = DirectoryEntryRow.membership_id, DirectoryEntryRow.agency_key_id
    agency = func.coalesce(MembershipRow.agency_id, AgencyKeyRow.agency_id)
    proposer, confirmer = aliased(PersonRow), aliased(PersonRow)
    return connection.execute(
        select(
            DirectoryEntryRow.__table__,
            PersonRow.name,
            PersonRow.sign_in_name,
            PersonRow.id.label("person_id"),
            proposer.name.label("proposer"),
            confirmer.name.label("confirmer"),
            func.coalesce(MembershipRow.controller_id, AgencyRow.controller_id).label("under"),
        )
        .join(MembershipRow, MembershipRow.id == of_role, isouter=True)
        .join(PersonRow, PersonRow.id == MembershipRow.person_id, isouter=True)
        .join(AgencyKeyRow, AgencyKeyRow.id == of_key, isouter=True)
        .join(AgencyRow, AgencyRow.id == agency, isouter=True)
        .join(proposer, proposer.id == DirectoryEntryRow.proposed_by, isouter=True)
        .join(confirmer, confirmer.id == DirectoryEntryRow.confirmed_by, isouter=True)
        .where(
            *_WAITING,
            or_(
                and_(AgencyKeyRow.id.is_not(None), _WANTED),
                and_(
                    PersonRow.left_at.is_(None),
                    MembershipRow.id.is_not(None),
                    or_(MembershipRow.valid_to.is_(None), MembershipRow.valid_to >= on),
                ),
            ),
        )
        .order_by(
            DirectoryEntryRow.proposed_at,
            DirectoryEntryRow.kind.desc(),  # who makes a key, then the key
            DirectoryEntryRow.id,
        )
    ).all()


def put_signature(connection: Connection, row: AnyRow, signature: bytes, at: datetime) -> None:
    """An entry that waited is signed; it takes the place of what was signed of the same before.

    That is not listed as ended for good: a backup from before has it alone, and no more is said
    in it than in the new one.
    """
    same = (
        DirectoryEntryRow.agency_key_id == row.agency_key_id
        if row.membership_id is None
        else DirectoryEntryRow.membership_id == row.membership_id
    )
    connection.execute(
        update(DirectoryEntryRow).where(same, *SIGNED_AND_STANDING).values(withdrawn_at=at)
    )
    connection.execute(
        update(DirectoryEntryRow)
        .where(DirectoryEntryRow.id == row.id)
        .values(signature=signature, signed_at=at)
    )


def confirm(connection: Connection, entry_id: UUID, by: UUID | None, at: datetime) -> bool:
    """A second person has looked at it; False if somebody had before, or it waits no more."""
    this = (DirectoryEntryRow.id == entry_id, DirectoryEntryRow.confirmed_at.is_(None), *_WAITING)
    told = {"confirmed_by": by, "confirmed_at": at}
    return connection.execute(update(DirectoryEntryRow).where(*this).values(**told)).rowcount == 1


def is_signed(connection: Connection, said: RoleEntry | KeyEntry) -> bool:
    """Whether something signed stands of this role or key."""
    same = (
        DirectoryEntryRow.agency_key_id == said.key
        if isinstance(said, KeyEntry)
        else DirectoryEntryRow.membership_id == said.membership
    )
    found = select(DirectoryEntryRow.id).where(same, *SIGNED_AND_STANDING)
    return connection.scalar(found.limit(1)) is not None


def refuse(connection: Connection, entry_id: UUID, at: datetime) -> bool:
    """It shall not be signed; False if it waits no more."""
    column, this = DirectoryEntryRow.withdrawn_at, DirectoryEntryRow.id == entry_id
    return put_for_good(connection, column, at, this, *_WAITING, at=at) == 1


def withdraw_roles_of(connection: Connection, person_id: UUID, at: datetime) -> None:
    """Let no entry of a person's roles count any more."""
    put_for_good(
        connection,
        DirectoryEntryRow.withdrawn_at,
        at,
        DirectoryEntryRow.membership_id.in_(
            select(MembershipRow.id).where(MembershipRow.person_id == person_id)
        ),
        DirectoryEntryRow.withdrawn_at.is_(None),
        at=at,
    )


def _needs_two(connection: Connection, said: RoleEntry, today: date) -> bool:
    """Administrators, auditors, and the first member of an agency: nobody's role there counts."""
    if said.agency is None:
        return said.role in TWO_NEEDED
    held = connection.execute(
        select(*ROLE)
        .join(PersonRow, PersonRow.id == MembershipRow.person_id)
        .join(DirectoryEntryRow, OF_ROLE)
        .where(
            MembershipRow.agency_id == said.agency,
            PersonRow.left_at.is_(None),
            MembershipRow.valid_from <= today,
            or_(MembershipRow.valid_to.is_(None), MembershipRow.valid_to >= today),
        )
    ).all()
    return not roles(connection, held, today)


def _proposal(
    said: RoleEntry | KeyEntry, by: UUID | None, at: datetime, needs_two: bool
) -> dict[str, Any]:
    kind = EntryKind.MEMBERSHIP if isinstance(said, RoleEntry) else EntryKind.AGENCY_KEY
    return {
        "id": new_id(at),
        "kind": kind.value,
        "membership_id": None,
        "agency_key_id": None,
        "body": said.body(),
        "needs_two": needs_two,
        "proposed_by": by,
        "proposed_at": at,
    }


def _add(connection: Connection, entries: list[dict[str, Any]]) -> None:
    if entries:
        connection.execute(insert(DirectoryEntryRow), entries)
