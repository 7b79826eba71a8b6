"""Changes of deadlines on a supervisor's word."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, insert, select, update

from intake.store.columns import AnyRow
from intake.store.people_tables import PersonRow
from intake.store.recount_tables import DeadlineChangeRow
from intake.store.tables import ChaseRow, DeadlineRow, ReferralRow


def deadline(connection: Connection, deadline_id: UUID, *, claim: bool = False) -> AnyRow | None:
    """A deadline with its referral's reference and state; ``claim``: kept from others until the
    transaction ends.
    """
    statement = (
        select(*DeadlineRow.__table__.c, ReferralRow.reference, ReferralRow.state)
        .join(ReferralRow, ReferralRow.id == DeadlineRow.referral_id)
        .where(DeadlineRow.id == deadline_id)
    )
    if claim:
        statement = statement.with_for_update(of=DeadlineRow)
    return connection.execute(statement).first()


def steps_done(connection: Connection, deadlines: Collection[UUID]) -> Mapping[UUID, set[str]]:
    """Which chase steps of these deadlines were taken."""
    found: dict[UUID, set[str]] = defaultdict(set)
    taken = select(ChaseRow.deadline_id, ChaseRow.step).where(ChaseRow.deadline_id.in_(deadlines))
    for row in connection.execute(taken):
        found[row.deadline_id].add(row.step)
    return found


def change(
    connection: Connection,
    deadline_id: UUID,
    was_due_at: datetime,
    was_calendar: str,
    values: Mapping[str, Any],
    now: datetime,
) -> bool:
    """Change an open deadline that is as it was seen and not yet due; False where it is not."""
    changed = connection.execute(
        update(DeadlineRow)
        .where(
            DeadlineRow.id == deadline_id,
            DeadlineRow.met_at.is_(None),
            DeadlineRow.due_at > now,
            DeadlineRow.due_at == was_due_at,
            DeadlineRow.calendar_version == was_calendar,
        )
        .values(**values)
    )
    return changed.rowcount == 1


def record(connection: Connection, changes: Sequence[Mapping[str, Any]]) -> None:
    """Keep what was changed; IntegrityError for a second extension of a deadline."""
    connection.execute(insert(DeadlineChangeRow), list(changes))


def changes(connection: Connection, deadlines: Collection[UUID]) -> Sequence[AnyRow]:
    """What was changed of these deadlines, oldest first, and by whom."""
    return connection.execute(
        select(*DeadlineChangeRow.__table__.c, PersonRow.name.label("person_name"))
        .join(PersonRow, PersonRow.id == DeadlineChangeRow.person_id)
        .where(DeadlineChangeRow.deadline_id.in_(deadlines))
        .order_by(DeadlineChangeRow.made_at, DeadlineChangeRow.id)
    ).all()
