"""Worries being typed."""

from __future__ import annotations

from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import Connection, Table, bindparam, delete, func, select, update

from intake.store.people_tables import OpenersStampRow
from intake.store.prepared import Erasure, read_alone
from intake.store.tables import DraftRow
from intake.store.writing import insert_or_leave


def put(
    connection: Connection,
    draft_id: UUID,
    sealed_answers: bytes,
    saved_at: datetime,
    over: bytes | None,
) -> bool:
    """Keep the draft as it now is, in the place of ``over`` or, where that is None, of no draft.

    False, and nothing kept, where something else is there: no two seals are the same.
    """
    values = {"sealed_answers": sealed_answers, "saved_at": saved_at}
    if over is None:
        added = insert_or_leave(connection.dialect.name, cast(Table, DraftRow.__table__))
        kept = {"preserve_rowcount": True}  # an insert's is not told on PostgreSQL otherwise
        added = added.values(id=draft_id, **values)
        return connection.execute(added, execution_options=kept).rowcount == 1
    unchanged = (DraftRow.id == draft_id, DraftRow.sealed_answers == over)
    return connection.execute(update(DraftRow).where(*unchanged).values(values)).rowcount == 1


# Made once, as they are on the way of every report.
_SEALED_ANSWERS = select(DraftRow.sealed_answers).where(DraftRow.id == bindparam("draft_id"))
_SEALED_ANSWERS_AND_STAMP = select(
    _SEALED_ANSWERS.scalar_subquery(), select(OpenersStampRow.stamp).scalar_subquery()
)


def read(connection: Connection, draft_id: UUID) -> tuple[bytes | None, bytes | None]:
    """The sealed answers, None where there is no such draft; and the stamp of who can open, which
    whoever sends the draft needs too.
    """
    sealed, stamp = read_alone(connection, _SEALED_ANSWERS_AND_STAMP, {"draft_id": draft_id})
    return sealed, stamp


def total_bytes(connection: Connection) -> int:
    """What all drafts take. Both databases tell lengths without reading the content."""
    return connection.scalar(select(func.sum(func.length(DraftRow.sealed_answers)))) or 0


_ERASE = delete(DraftRow).where(DraftRow.id == bindparam("draft_id"))
_ERASE_UNCHANGED = _ERASE.where(DraftRow.sealed_answers == bindparam("unchanged"))


def erase(connection: Connection, draft_id: UUID) -> None:
    """Delete the draft, if there is one."""
    connection.execute(_ERASE, {"draft_id": draft_id})


def erasure(draft_id: UUID, unchanged: bytes | None) -> Erasure:
    """Of the draft, which must still be this one; where ``unchanged`` is None, of any there is."""
    if unchanged is None:
        return Erasure(_ERASE, {"draft_id": draft_id})
    values = {"draft_id": draft_id, "unchanged": unchanged}
    return Erasure(_ERASE_UNCHANGED, values, needed=True)


def purge(connection: Connection, saved_before: datetime) -> int:
    """Delete the drafts that nobody has touched since; how many there were."""
    return connection.execute(delete(DraftRow).where(DraftRow.saved_at < saved_before)).rowcount
