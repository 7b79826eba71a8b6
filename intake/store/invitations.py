"""Invitations: found by a derivation of their link, used once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, insert, select

from intake.store.columns import AnyRow
from intake.store.deletions import put_for_good
from intake.store.people_tables import InvitationRow, PersonRow

_OPEN = (InvitationRow.accepted_at.is_(None), InvitationRow.withdrawn_at.is_(None))
_TOLD = [column for column in InvitationRow.__table__.c if column.name != "lookup_id"]


def add(connection: Connection, values: dict[str, Any]) -> None:
    """Add an invitation; IntegrityError if one for this sign-in name is open."""
    connection.execute(insert(InvitationRow).values(**values))


def found_by(connection: Connection, lookup_id: bytes, now: datetime) -> AnyRow | None:
    """The invitation of a link, while it can be used."""
    return connection.execute(
        select(*_TOLD).where(
            InvitationRow.lookup_id == lookup_id, InvitationRow.expires_at > now, *_OPEN
        )
    ).first()


def open_ones(connection: Connection) -> Sequence[AnyRow]:
    """Those neither used nor withdrawn, also expired ones, with who invited; the newest first."""
    return connection.execute(
        select(*_TOLD, PersonRow.name.label("inviter"))
        .join(PersonRow, PersonRow.id == InvitationRow.invited_by, isouter=True)
        .where(*_OPEN)
        .order_by(InvitationRow.invited_at.desc(), InvitationRow.id)
    ).all()


def use(connection: Connection, invitation_id: UUID, now: datetime) -> bool:
    """Mark as used; False if it was used, withdrawn or too old by then."""
    this = (InvitationRow.id == invitation_id, InvitationRow.expires_at > now)
    return put_for_good(connection, InvitationRow.accepted_at, now, *this, *_OPEN, at=now) == 1


def withdraw(connection: Connection, invitation_id: UUID, now: datetime) -> bool:
    """Let the link lead nowhere; False if it was used or withdrawn before."""
    return _withdraw(connection, InvitationRow.id == invitation_id, now=now) == 1


def open_of(connection: Connection, person_id: UUID) -> UUID | None:
    """What would give a person a new key, also if it has expired."""
    own = select(InvitationRow.id).where(InvitationRow.person_id == person_id, *_OPEN)
    return connection.scalar(own)


def withdraw_of(connection: Connection, person_id: UUID, now: datetime) -> None:
    """Withdraw what would give a person a new key."""
    _withdraw(connection, InvitationRow.person_id == person_id, now=now)


def withdraw_expired(connection: Connection, sign_in_name: str, now: datetime) -> None:
    """Make room for a new invitation in the place of one that nobody used in time."""
    own = InvitationRow.sign_in_name == sign_in_name
    _withdraw(connection, own, InvitationRow.expires_at <= now, now=now)


def _withdraw(connection: Connection, *where: Any, now: datetime) -> int:
    return put_for_good(connection, InvitationRow.withdrawn_at, now, *where, *_OPEN, at=now)
