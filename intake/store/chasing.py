"""What the jobs read and write: due chase steps and heartbeats."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Connection,
    Select,
    Uuid,
    bindparam,
    delete,
    insert,
    literal,
    select,
    tuple_,
    update,
)

from intake.domain.row_id import new_id
from intake.store.columns import AnyRow, Instant
from intake.store.tables import (
    ChaseRow,
    DeadlineRow,
    HeartbeatRow,
    ReferralRow,
)

_DUE = (
    select(
        *DeadlineRow.__table__.c,
        ReferralRow.reference,
        ReferralRow.worker_id,
        ReferralRow.state,
        ReferralRow.is_lead,
    )
    .join(ReferralRow, ReferralRow.id == DeadlineRow.referral_id)
    .where(DeadlineRow.next_chase_at.is_not(None))
    .order_by(DeadlineRow.next_chase_at, DeadlineRow.id)
)

_LAST_RUN = (
    select(HeartbeatRow.finished_at)
    .where(
        HeartbeatRow.job == bindparam("job"),
        HeartbeatRow.finished_at.is_not(None),
        HeartbeatRow.failed.is_(False),
    )
    .order_by(HeartbeatRow.finished_at.desc())
    .limit(1)
)


def _ours(due: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """Locked, and passing over what another scheduler has; SQLite's writers take turns."""
    return due.with_for_update(of=DeadlineRow, skip_locked=True)


def due_for_chase(
    connection: Connection,
    now: datetime,
    limit: int,
    after: AnyRow | None = None,
    *,
    claim: bool = True,
) -> Sequence[AnyRow]:
    """Unmet deadlines whose next step has come, the longest waiting first; those after a row.

    ``claim``: keep them from other schedulers until the transaction ends, and pass over theirs.
    """
    statement = _DUE.where(DeadlineRow.next_chase_at <= now).limit(limit)
    if claim:
        statement = _ours(statement)
    if after is not None:
        statement = statement.where(
            tuple_(DeadlineRow.next_chase_at, DeadlineRow.id)
            > tuple_(literal(after.next_chase_at, Instant), literal(after.id, Uuid()))
        )
    return connection.execute(statement).all()


def still_due(connection: Connection, deadline_id: UUID, now: datetime) -> AnyRow | None:
    """One deadline as it stands, if its next step has come and no other scheduler has it."""
    due = _DUE.where(DeadlineRow.id == deadline_id, DeadlineRow.next_chase_at <= now)
    return connection.execute(_ours(due)).first()


def record_canary(connection: Connection, row: AnyRow, now: datetime) -> None:
    """Record that the sweep came by an invented report's deadline, which is met and has no letters.
    IntegrityError if done before.
    """
    steps = [
        {
            "id": new_id(now),
            "deadline_id": row.id,
            "step": step["step"],
            "to_role": step["to"],
            "chased_at": now,
            "letters": 0,
        }
        for step in row.steps
    ]
    connection.execute(insert(ChaseRow), steps)
    connection.execute(
        update(DeadlineRow).where(DeadlineRow.id == row.id).values(next_chase_at=None)
    )


def begin_heartbeat(connection: Connection, job: str, at: datetime) -> UUID:
    """Note that a job's run has begun."""
    heartbeat = new_id(at)
    connection.execute(
        insert(HeartbeatRow).values(id=heartbeat, job=job, started_at=at, failed=False)
    )
    return heartbeat


def end_heartbeat(
    connection: Connection, heartbeat: UUID, at: datetime, handled: int | None, failed: bool
) -> None:
    """Note how a job's run ended."""
    connection.execute(
        update(HeartbeatRow)
        .where(HeartbeatRow.id == heartbeat)
        .values(finished_at=at, handled=handled, failed=failed)
    )


def purge_heartbeats(connection: Connection, started_before: datetime) -> int:
    """Delete the heartbeats of runs begun before; how many there were."""
    return connection.execute(
        delete(HeartbeatRow).where(HeartbeatRow.started_at < started_before)
    ).rowcount


def last_run(connection: Connection, job: str) -> datetime | None:
    """When the job last ended well."""
    return connection.scalar(_LAST_RUN, {"job": job})
