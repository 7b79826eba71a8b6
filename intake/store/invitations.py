"""Invitations: found by a derivation of their link, used once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, insert, select, update

from intake.store.columns import AnyRow
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
    used = connection.execute(
        update(InvitationRow)
        .where(InvitationRow.id == invitation_id, InvitationRow.expires_at > now, *_OPEN)
        .values(accepted_at=now)
    )
    return used.rowcount == 1


def withdraw(connection: Connection, invitation_id: UUID, now: datetime) -> bool:
    """Let the link lead nowhere; False if it was used or withdrawn before."""
    withdrawn = connection.execute(
        update(InvitationRow)
        .where(InvitationRow.id == invitation_id, *_OPEN)
        .values(withdrawn_at=now)
    )
    return withdrawn.rowcount == 1


def withdraw_of(connection: Connection, person_id: UUID, now: datetime) -> None:
    """Withdraw what would give a person a new key."""
    connection.execute(
        update(InvitationRow)
        .where(InvitationRow.person_id == person_id, *_OPEN)
        .values(withdrawn_at=now)
    )


def withdraw_expired(connection: Connection, sign_in_name: str, now: datetime) -> None:
    """Make room for a new invitation in the place of one that nobody used in time."""
    connection.execute(
        update(InvitationRow)
        .where(InvitationRow.sign_in_name == sign_in_name, InvitationRow.expires_at <= now, *_OPEN)
        .values(withdrawn_at=now)
    )
