"""People, their roles, keys, grants and sessions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import (
    Connection,
    Select,
    Table,
    and_,
    bindparam,
    delete,
    distinct,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.sql.elements import BindParameter

from intake.domain.deadline import local_date
from intake.domain.people import AGENCY_ROLES, Membership, Person, Role
from intake.domain.row_id import new_id
from intake.store.columns import AnyRow
from intake.store.people_tables import (
    AgencyKeyRow,
    AttemptRow,
    GrantRow,
    MembershipRow,
    OpenersStampRow,
    PersonRow,
    SessionRow,
)
from intake.store.writing import take_turn


def row_by_sign_in_name(connection: Connection, name: str) -> AnyRow | None:
    """The row of a person who has not left, by sign-in name."""
    return connection.execute(
        select(PersonRow.__table__).where(
            PersonRow.sign_in_name == name, PersonRow.left_at.is_(None)
        )
    ).first()


def person(connection: Connection, person_id: UUID, on: date) -> Person | None:
    """A person who has not left, with the roles in force on that day."""
    row = connection.execute(
        select(PersonRow.__table__).where(PersonRow.id == person_id, PersonRow.left_at.is_(None))
    ).first()
    if row is None:
        return None
    roles = connection.execute(
        select(MembershipRow.role, MembershipRow.agency_id, MembershipRow.controller_id).where(
            MembershipRow.person_id == person_id, *_in_force(on)
        )
    )
    return Person(
        id=row.id,
        name=row.name,
        email=row.email,
        language=row.language,
        memberships=tuple(Membership(Role(r.role), r.agency_id, r.controller_id) for r in roles),
    )


def members(connection: Connection, agency_id: str, role: Role, on: date) -> Sequence[UUID]:
    """Who holds ``role`` at the agency on that day."""
    return _persons(connection, role, on, MembershipRow.agency_id == agency_id)


def officers(connection: Connection, controller_id: str, role: Role, on: date) -> Sequence[UUID]:
    """Who holds ``role`` at the controller on that day."""
    return _persons(connection, role, on, MembershipRow.controller_id == controller_id)


def _persons(connection: Connection, role: Role, on: date, at: Any) -> Sequence[UUID]:
    return connection.scalars(
        select(MembershipRow.person_id)
        .join(PersonRow, PersonRow.id == MembershipRow.person_id)
        .where(at, MembershipRow.role == role.value, PersonRow.left_at.is_(None), *_in_force(on))
        .order_by(PersonRow.sign_in_name)
    ).all()


def _in_force(on: date | BindParameter[date]) -> tuple[Any, ...]:
    return (
        MembershipRow.valid_from <= on,
        or_(MembershipRow.valid_to.is_(None), MembershipRow.valid_to >= on),
    )


def add_person(connection: Connection, values: dict[str, Any]) -> None:
    """Add a person."""
    connection.execute(insert(PersonRow).values(**values))


def add_membership(
    connection: Connection, person_id: UUID, membership: Membership, at: datetime
) -> None:
    """Give a person a role from that day on."""
    connection.execute(
        insert(MembershipRow).values(
            id=new_id(at),
            person_id=person_id,
            role=membership.role.value,
            agency_id=membership.agency,
            controller_id=membership.controller,
            valid_from=local_date(at),
        )
    )


def add_agency_key(connection: Connection, values: dict[str, Any]) -> None:
    """Add an agency's public key."""
    connection.execute(insert(AgencyKeyRow).values(**values))


def add_grant(connection: Connection, values: dict[str, Any]) -> None:
    """Add an agency's private key sealed to a member."""
    connection.execute(insert(GrantRow).values(**values))


def _of_who_can_open(*columns: Any) -> Select[*tuple[Any, ...]]:
    return (
        select(*columns)
        .join_from(AgencyKeyRow, GrantRow, GrantRow.agency_key_id == AgencyKeyRow.id)
        .join(PersonRow, PersonRow.id == GrantRow.person_id)
        .join(
            MembershipRow,
            and_(
                MembershipRow.person_id == PersonRow.id,
                MembershipRow.agency_id == AgencyKeyRow.agency_id,
            ),
        )
        .where(
            AgencyKeyRow.retired_at.is_(None),
            GrantRow.withdrawn_at.is_(None),
            PersonRow.left_at.is_(None),
            MembershipRow.role.in_(sorted(AGENCY_ROLES)),
            *_in_force(bindparam("on")),
        )
    )


_STAMP = select(OpenersStampRow.stamp)
_KEYS_THAT_OPEN = _of_who_can_open(
    AgencyKeyRow.agency_id, AgencyKeyRow.id, AgencyKeyRow.public_key
).group_by(AgencyKeyRow.id)
_OPENERS = _of_who_can_open(
    AgencyKeyRow.agency_id, func.count(distinct(GrantRow.person_id)).label("openers")
).group_by(AgencyKeyRow.id)


def openers_stamp(connection: Connection) -> bytes:
    """While it is the same, so is who can open what on a given day."""
    return connection.execute(_STAMP).scalar_one()


def agency_keys_that_open(connection: Connection, on: date) -> dict[str, AnyRow]:
    """By agency, the key in use (id, public_key) that at least one member can open.

    A member holds a role at the agency on that day; a grant left from an ended one is not enough.
    """
    return {row.agency_id: row for row in connection.execute(_KEYS_THAT_OPEN, {"on": on})}


def agency_key(connection: Connection, key_id: str) -> AnyRow | None:
    """A public key (id, public_key), also one that nobody opens or that was retired."""
    return connection.execute(
        select(AgencyKeyRow.id, AgencyKeyRow.public_key).where(AgencyKeyRow.id == key_id)
    ).first()


def openers(connection: Connection, on: date) -> dict[str, int]:
    """How many members can open each agency's key in use on that day."""
    return {row.agency_id: row.openers for row in connection.execute(_OPENERS, {"on": on})}


def grant(connection: Connection, agency_key_id: str, person_id: UUID) -> bytes | None:
    """The agency's private key sealed to this member, unless withdrawn."""
    return connection.scalar(
        select(GrantRow.sealed_key).where(
            GrantRow.agency_key_id == agency_key_id,
            GrantRow.person_id == person_id,
            GrantRow.withdrawn_at.is_(None),
        )
    )


def start_session(connection: Connection, values: dict[str, Any]) -> None:
    """Add a session."""
    connection.execute(insert(SessionRow).values(**values))


def session(connection: Connection, session_id: bytes) -> AnyRow | None:
    """A session that has not ended."""
    return connection.execute(
        select(SessionRow.__table__).where(
            SessionRow.id == session_id, SessionRow.ended_at.is_(None)
        )
    ).first()


def see_session(connection: Connection, session_id: bytes, at: datetime) -> None:
    """Note that the session is in use."""
    connection.execute(update(SessionRow).where(SessionRow.id == session_id).values(seen_at=at))


def end_session(connection: Connection, session_id: bytes, at: datetime) -> None:
    """End a session; its sealed key goes with it."""
    connection.execute(
        update(SessionRow)
        .where(SessionRow.id == session_id)
        .values(ended_at=at, sealed_person_key=b"")
    )


def purge_sessions(connection: Connection, started_before: datetime) -> int:
    """Delete the sessions started before; how many there were."""
    return connection.execute(
        delete(SessionRow).where(SessionRow.started_at < started_before)
    ).rowcount


def take_turn_to_try(connection: Connection) -> None:
    """Let tries at the same time count each other: one at a time until the transaction ends."""
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


def has_key(connection: Connection, agency_id: str) -> bool:
    """Whether the agency has a key in use."""
    return (
        connection.scalar(
            select(AgencyKeyRow.id).where(
                AgencyKeyRow.agency_id == agency_id, AgencyKeyRow.retired_at.is_(None)
            )
        )
        is not None
    )
