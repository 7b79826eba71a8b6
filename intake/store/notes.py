"""Notes and contacts on referrals: added and read, never changed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, insert, select

from intake.store import referrals
from intake.store.columns import AnyRow
from intake.store.people_tables import PersonRow
from intake.store.tables import NoteRow


def notes(connection: Connection, referral_id: UUID) -> Sequence[AnyRow]:
    """The notes on a referral, oldest first, with the names of who wrote them."""
    return connection.execute(
        select(*NoteRow.__table__.c, PersonRow.name.label("person_name"))
        .join(PersonRow, PersonRow.id == NoteRow.person_id)
        .where(NoteRow.referral_id == referral_id)
        .order_by(NoteRow.made_at, NoteRow.id)
    ).all()


def note(connection: Connection, note_id: UUID) -> AnyRow | None:
    """One note's row."""
    return connection.execute(select(NoteRow.__table__).where(NoteRow.id == note_id)).first()


def add(connection: Connection, values: dict[str, Any], states: Collection[str]) -> bool:
    """Add a note while its referral stands in one of these states and has its content; False if it
    does not.

    IntegrityError where there is a note of this id.
    """
    if not referrals.hold_in(connection, {values["referral_id"]: states}):
        return False
    connection.execute(insert(NoteRow).values(**values))
    return True
