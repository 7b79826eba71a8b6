"""Changes of the directory that wait for a second person."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, func, insert, select

from intake.domain.row_id import new_id
from intake.store.columns import AnyRow
from intake.store.deletions import erase_rows
from intake.store.directory import read_entry, written_entry
from intake.store.entry_tables import DirectoryProposalRow
from intake.store.people_tables import PersonRow


def propose(
    connection: Connection, changes: Sequence[Mapping[str, Any]], by: UUID, at: datetime
) -> bool:
    """Let changes (``table``, ``id``, ``entry``, ``seen``) wait, all or none of them; False if the
    very same of the same person wait already.
    """
    told = [{**one, "entry": one["entry"] and written_entry(one["entry"])} for one in changes]
    theirs = select(DirectoryProposalRow.changes).where(DirectoryProposalRow.proposed_by == by)
    if any(_text(one) == _text(told) for one in connection.scalars(theirs)):
        return False
    values = {"id": new_id(at), "changes": told, "proposed_by": by, "proposed_at": at}
    connection.execute(insert(DirectoryProposalRow).values(**values))
    return True


def waiting(connection: Connection) -> Sequence[AnyRow]:
    """All that wait, oldest first, with the name of who proposed them."""
    return connection.execute(
        select(DirectoryProposalRow.__table__, PersonRow.name.label("proposer"))
        .join(PersonRow, PersonRow.id == DirectoryProposalRow.proposed_by)
        .order_by(DirectoryProposalRow.proposed_at, DirectoryProposalRow.id)
    ).all()


def count(connection: Connection, by: UUID) -> int:
    """How many of one person's wait."""
    own = DirectoryProposalRow.proposed_by == by
    return connection.scalar(select(func.count(DirectoryProposalRow.id)).where(own)) or 0


def changes_of(row: AnyRow) -> list[dict[str, Any]]:
    """The changes as they were proposed."""
    return [{**one, "entry": one["entry"] and read_entry(one["entry"])} for one in row.changes]


def end(connection: Connection, proposal_id: UUID, at: datetime) -> bool:
    """It waits no more, after any restore either; False if it did not before."""
    this = DirectoryProposalRow.id == proposal_id
    return erase_rows(connection, DirectoryProposalRow, this, at=at) == 1


def _text(changes: Any) -> str:
    return json.dumps(changes, sort_keys=True)
