"""Worries being typed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.sqlite import insert

from intake.store.tables import DraftRow


def put(connection: Connection, draft_id: UUID, sealed_answers: bytes, saved_at: datetime) -> None:
    """Keep the draft as it now is."""
    values = {"sealed_answers": sealed_answers, "saved_at": saved_at}
    connection.execute(
        insert(DraftRow)
        .values(id=draft_id, **values)
        .on_conflict_do_update(index_elements=[DraftRow.id], set_=values)
    )


def sealed_answers(connection: Connection, draft_id: UUID) -> bytes | None:
    """The sealed answers, None where there is no such draft."""
    return connection.scalar(select(DraftRow.sealed_answers).where(DraftRow.id == draft_id))


def erase(connection: Connection, draft_id: UUID) -> None:
    """Delete the draft, if there is one."""
    connection.execute(delete(DraftRow).where(DraftRow.id == draft_id))


def purge(connection: Connection, saved_before: datetime) -> int:
    """Delete the drafts that nobody has touched since; how many there were."""
    return connection.execute(delete(DraftRow).where(DraftRow.saved_at < saved_before)).rowcount
