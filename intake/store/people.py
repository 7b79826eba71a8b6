"""People, their roles, keys, grants and sessions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import (
    Connection,
    Table,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.sql.elements import BindParameter

from intake.domain.deadline import local_date
from intake.domain.people import AGENCY_ROLES, Appointment, Membership, Person, Role
from intake.domain.row_id import new_id
from intake.store import entries, proposals
from intake.store.columns import AnyRow
from intake.store.deletions import erase_rows, put_for_good
from intake.store.entry_tables import DirectoryEntryRow
from intake.store.people_tables import (
    KEY_IN_USE,
    AgencyKeyRow,
    AttemptRow,
    GrantRow,
    MembershipRow,
    OpenersStampRow,
    PersonRow,
)
from intake.store.writing import take_turn


def row_by_sign_in_name(connection: Connection, name: str) -> AnyRow | None:
    """The row of a person who has not left, by sign-in name."""
    return connection.execute(
        select(PersonRow.__table__).where(
            PersonRow.sign_in_name == name, PersonRow.left_at.is_(None)
        )
    ).first()


def lock_anew(connection: Connection, person_id: UUID, was: bytes, locked: bytes) -> bool:
    """Lock a person's key anew; False if somebody has meanwhile.

    It is the same key: a backup from before opens with the passphrase of its day.
    """
    this = PersonRow.id == person_id, PersonRow.sealed_private_key == was
    relocked = update(PersonRow).where(*this).values(sealed_private_key=locked)
    return connection.execute(relocked).rowcount == 1


def sign_in_name(connection: Connection, person_id: UUID) -> str:
    """By which a person signs in."""
    named = select(PersonRow.sign_in_name).where(PersonRow.id == person_id)
    return connection.execute(named).scalar_one()


def person(connection: Connection, person_id: UUID, on: date) -> Person | None:
    """A person who has not left, with the roles in force on that day."""
    row = connection.execute(_PERSON, {"person": person_id}).first()
    if row is None:
        return None
    held = connection.execute(_ROLES, {"person": person_id, "on": on}).all()
    counting = dict.fromkeys(map(_membership, entries.roles(connection, held, on)))
    return Person(
        id=row.id,
        name=row.name,
        email=row.email,
        language=row.language,
        memberships=tuple(counting),
        waiting=tuple(m for m in dict.fromkeys(map(_membership, held)) if m not in counting),
    )


def _membership(row: AnyRow) -> Membership:
    return Membership(Role(row.held_role), row.held_agency, row.held_controller)


def members(connection: Connection, agency_id: str, role: Role, on: date) -> Sequence[UUID]:
    """Who holds ``role`` at the agency on that day."""
    return _persons(connection, role, on, MembershipRow.agency_id == agency_id)


def signed_members(connection: Connection, agency_id: str, on: date) -> set[UUID]:
    """Who may be given the agency's key on that day: whose role there is signed with the key that
    they have now.
    """
    rows = connection.execute(
        select(*entries.ROLE)
        .join(PersonRow, PersonRow.id == MembershipRow.person_id)
        .join(DirectoryEntryRow, entries.OF_ROLE, isouter=True)
        .where(
            MembershipRow.agency_id == agency_id,
            MembershipRow.role.in_(sorted(AGENCY_ROLES)),
            PersonRow.left_at.is_(None),
            *_in_force(on),
        )
    ).all()
    return {row.held_by for row in entries.roles(connection, rows, on)}


def officers(connection: Connection, controller_id: str, role: Role, on: date) -> Sequence[UUID]:
    """Who holds ``role`` at the controller on that day."""
    return _persons(connection, role, on, MembershipRow.controller_id == controller_id)


def _persons(connection: Connection, role: Role, on: date, at: Any) -> Sequence[UUID]:
    rows = connection.execute(
        select(*entries.ROLE)
        .join(PersonRow, PersonRow.id == MembershipRow.person_id)
        .join(DirectoryEntryRow, entries.OF_ROLE, isouter=True)
        .where(at, MembershipRow.role == role.value, PersonRow.left_at.is_(None), *_in_force(on))
        .order_by(PersonRow.sign_in_name)
    ).all()
    return [row.held_by for row in entries.roles(connection, rows)]


def _in_force(on: date | BindParameter[date]) -> tuple[Any, ...]:
    return (
        MembershipRow.valid_from <= on,
        or_(MembershipRow.valid_to.is_(None), MembershipRow.valid_to >= on),
    )


def add_person(connection: Connection, values: dict[str, Any]) -> None:
    """Add a person."""
    connection.execute(insert(PersonRow).values(**values))


def add_membership(
    connection: Connection,
    person_id: UUID,
    membership: Membership,
    at: datetime,
    by: UUID | None = None,
) -> None:
    """Give a person a role from that day on; it counts once its entry is signed."""
    appoint(connection, person_id, Appointment(membership, local_date(at)), at, by)


def appoint(
    connection: Connection,
    person_id: UUID,
    appointment: Appointment,
    at: datetime,
    by: UUID | None = None,
) -> None:
    """Give a person a role for its days, which counts once its entry is signed.

    ``by``: who proposes it; None for an operator.
    """
    role_id = new_id(at)
    connection.execute(
        insert(MembershipRow).values(
            id=role_id,
            person_id=person_id,
            role=appointment.membership.role.value,
            agency_id=appointment.membership.agency,
            controller_id=appointment.membership.controller,
            valid_from=appointment.valid_from,
            valid_to=appointment.valid_to,
        )
    )
    proposals.propose_roles(connection, MembershipRow.id == role_id, by=by, at=at)


def add_agency_key(connection: Connection, values: dict[str, Any], by: UUID | None = None) -> None:
    """Add an agency's public key, to which is sealed once its entry is signed."""
    connection.execute(insert(AgencyKeyRow).values(**values))
    this = AgencyKeyRow.id == values["id"]
    proposals.propose_keys(connection, this, by=by, at=values["created_at"])


def add_grant(connection: Connection, values: dict[str, Any]) -> None:
    """Add an agency's private key sealed to a member, in the place of one that was withdrawn.

    That one goes for good: no restore makes it open anything again. IntegrityError if the member
    has one.
    """
    erase_rows(
        connection,
        GrantRow,
        GrantRow.agency_key_id == values["agency_key_id"],
        GrantRow.person_id == values["person_id"],
        GrantRow.withdrawn_at.is_not(None),
        at=values["granted_at"],
    )
    connection.execute(insert(GrantRow).values(**values))


_PERSON = select(PersonRow.id, PersonRow.name, PersonRow.email, PersonRow.language).where(
    PersonRow.id == bindparam("person"), PersonRow.left_at.is_(None)
)
_ROLES = (
    select(*entries.ROLE)
    .join(PersonRow, PersonRow.id == MembershipRow.person_id)
    .join(DirectoryEntryRow, entries.OF_ROLE, isouter=True)
    .where(MembershipRow.person_id == bindparam("person"), *_in_force(bindparam("on")))
)
_GRANTED = (
    select(AgencyKeyRow.id, *entries.ROLE)
    .join_from(AgencyKeyRow, GrantRow, GrantRow.agency_key_id == AgencyKeyRow.id)
    .join(PersonRow, PersonRow.id == GrantRow.person_id)
    .join(
        MembershipRow,
        and_(
            MembershipRow.person_id == PersonRow.id,
            MembershipRow.agency_id == AgencyKeyRow.agency_id,
        ),
    )
    .join(DirectoryEntryRow, entries.OF_ROLE, isouter=True)
    .where(
        GrantRow.withdrawn_at.is_(None),
        PersonRow.left_at.is_(None),
        MembershipRow.role.in_(sorted(AGENCY_ROLES)),
        *_in_force(bindparam("on")),
    )
)
_OPENERS = _GRANTED.where(*KEY_IN_USE)
_HOLDERS = _GRANTED.where(AgencyKeyRow.id.in_(bindparam("keys", expanding=True)))
_STAMP = select(OpenersStampRow.stamp)


def openers_stamp(connection: Connection) -> bytes:
    """While it is the same, so is who can open what on a given day."""
    return connection.execute(_STAMP).scalar_one()


def agency_keys_that_open(connection: Connection, on: date) -> dict[str, AnyRow]:
    """By agency, the key in use (id, public_key) that at least one member can open.

    A member holds a role at the agency on that day; a grant left from an ended one is not enough.
    Neither a key nor a role counts that is not as it was signed.
    """
    held = {row.id for row in _openers(connection, on)}
    in_use = entries.keys(connection, *KEY_IN_USE)
    return {row.agency_id: row for row in in_use if row.id in held}


def agency_key(connection: Connection, key_id: str) -> AnyRow | None:
    """A public key (id, public_key) as it was signed, also one that nobody opens or was retired."""
    return next(iter(entries.keys(connection, AgencyKeyRow.id == key_id)), None)


def is_as_signed(connection: Connection, key_id: str, public_key: bytes) -> bool:
    """Whether an agency's key is the one that was signed by this id."""
    row = agency_key(connection, key_id)
    return row is not None and row.public_key == public_key


def openers(connection: Connection, on: date) -> dict[str, int]:
    """How many members can open each agency's key in use on that day."""
    return {agency: len(members) for agency, members in who_can_open(connection, on).items()}


def who_can_open(connection: Connection, on: date) -> dict[str, set[UUID]]:
    """By agency, the members who can open its key in use on that day."""
    keys = {row.id for row in agency_keys_that_open(connection, on).values()}
    found: dict[str, set[UUID]] = {}
    for row in _openers(connection, on):
        if row.id in keys:
            found.setdefault(row.held_agency, set()).add(row.held_by)
    return found


def holders(connection: Connection, keys: Collection[str], on: date) -> defaultdict[str, set[UUID]]:
    """By agency's key, in use or former, who was granted it and is let in there on that day."""
    found = defaultdict[str, set[UUID]](set)
    rows = connection.execute(_HOLDERS, {"keys": sorted(keys), "on": on}).all()
    for row in entries.roles(connection, rows, on):
        found[row.id].add(row.held_by)
    return found


def _openers(connection: Connection, on: date) -> list[AnyRow]:
    """The roles that count of those who were granted a key in use, with the key's id."""
    rows = connection.execute(_OPENERS, {"on": on}).all()
    return entries.roles(connection, rows)


def grants_held(connection: Connection, agency_id: str, person_id: UUID) -> Sequence[AnyRow]:
    """An agency's keys that were granted to a person, sealed, the one in use first."""
    in_use = and_(*KEY_IN_USE)
    return connection.execute(
        select(
            GrantRow.agency_key_id,
            GrantRow.sealed_key,
            AgencyKeyRow.public_key,
            AgencyKeyRow.retired_at,
            in_use.label("in_use"),
        )
        .join(AgencyKeyRow, AgencyKeyRow.id == GrantRow.agency_key_id)
        .where(
            AgencyKeyRow.agency_id == agency_id,
            GrantRow.person_id == person_id,
            GrantRow.withdrawn_at.is_(None),
        )
        .order_by(in_use.desc(), AgencyKeyRow.created_at)
    ).all()


def grant(connection: Connection, agency_key_id: str, person_id: UUID) -> bytes | None:
    """The agency's private key sealed to this member, unless withdrawn."""
    return connection.scalar(
        select(GrantRow.sealed_key).where(
            GrantRow.agency_key_id == agency_key_id,
            GrantRow.person_id == person_id,
            GrantRow.withdrawn_at.is_(None),
        )
    )


def take_turn_to_try(connection: Connection) -> None:
    """Let tries at the same time count each other: one at a time until the transaction ends.

    First in a transaction: who has written there, or holds the person, before would deadlock.
    """
    take_turn(connection, cast(Table, AttemptRow.__table__))


def add_attempt(connection: Connection, subject: bytes, at: datetime) -> UUID:
    """Count a try."""
    attempt = new_id(at)
    connection.execute(insert(AttemptRow).values(id=attempt, subject=subject, at=at))
    return attempt


def attempts(connection: Connection, subject: bytes, since: datetime) -> Sequence[datetime]:
    """When this subject tried in vain since, oldest first."""
    return connection.scalars(
        select(AttemptRow.at)
        .where(AttemptRow.subject == subject, AttemptRow.at >= since)
        .order_by(AttemptRow.at)
    ).all()


def all_attempts(connection: Connection, since: datetime) -> int:
    """How many tries there were in vain since, of any subject."""
    return connection.scalar(select(func.count()).where(AttemptRow.at > since)) or 0


def forget_attempt(connection: Connection, attempt: UUID) -> None:
    """Forget a try that was not carried out."""
    connection.execute(delete(AttemptRow).where(AttemptRow.id == attempt))


def forget_attempts(connection: Connection, subject: bytes) -> None:
    """Forget a subject's tries after a success."""
    connection.execute(delete(AttemptRow).where(AttemptRow.subject == subject))


def purge_attempts(connection: Connection, before: datetime) -> int:
    """Delete the failures before; how many there were."""
    return connection.execute(delete(AttemptRow).where(AttemptRow.at < before)).rowcount


def everyone(connection: Connection, ids: Collection[UUID] | None = None) -> Sequence[AnyRow]:
    """People who have not left, by name."""
    statement = select(
        PersonRow.id, PersonRow.name, PersonRow.sign_in_name, PersonRow.public_key
    ).where(PersonRow.left_at.is_(None))
    if ids is not None:
        statement = statement.where(PersonRow.id.in_(ids))
    return connection.execute(statement.order_by(PersonRow.sign_in_name)).all()


def key_in_use(connection: Connection, agency_id: str) -> str | None:
    """The id of the agency's key that receives new reports."""
    return connection.scalar(
        select(AgencyKeyRow.id).where(AgencyKeyRow.agency_id == agency_id, *KEY_IN_USE)
    )


def waiting_key(connection: Connection, agency_id: str) -> str | None:
    """The id of the agency's new key that waits to be put in use."""
    return connection.scalar(
        select(AgencyKeyRow.id).where(
            AgencyKeyRow.agency_id == agency_id,
            AgencyKeyRow.activated_at.is_(None),
            AgencyKeyRow.retired_at.is_(None),
        )
    )


def has_holder(connection: Connection, agency_key_id: str) -> bool:
    """Whether somebody who has not left was granted this key, with a role today or without."""
    holder = (
        select(GrantRow.id)
        .join(PersonRow, PersonRow.id == GrantRow.person_id)
        .where(
            GrantRow.agency_key_id == agency_key_id,
            GrantRow.withdrawn_at.is_(None),
            PersonRow.left_at.is_(None),
        )
    )
    return connection.scalar(holder.limit(1)) is not None


def retire_key(connection: Connection, agency_key_id: str, at: datetime) -> None:
    """Let a key receive no reports any more, or never."""
    this = AgencyKeyRow.id == agency_key_id, AgencyKeyRow.retired_at.is_(None)
    put_for_good(connection, AgencyKeyRow.retired_at, at, *this, at=at)


def activate_key(
    connection: Connection, agency_key_id: str, at: datetime, *, instead_of: str | None
) -> None:
    """Let a key receive new reports, in the place of the one that was in use (None: of none).

    Who holds that one opens the old reports. IntegrityError where another is in use by now.
    """
    if instead_of is not None:
        retire_key(connection, instead_of, at)
    this = update(AgencyKeyRow).where(AgencyKeyRow.id == agency_key_id)
    connection.execute(this.values(activated_at=at))


def sign_in_name_taken(connection: Connection, name: str) -> bool:
    """Whether somebody has this sign-in name, or had it before leaving."""
    return connection.scalar(select(PersonRow.id).where(PersonRow.sign_in_name == name)) is not None
