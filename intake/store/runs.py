"""What the heartbeats tell of each job's runs, in any process; read by the index of jobs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import BindParameter, Connection, bindparam, case, func, select

from intake.store.columns import AnyRow, Instant
from intake.store.tables import HeartbeatRow

_JOBS: BindParameter[list[str]] = bindparam("jobs", expanding=True)
_SINCE = bindparam("since", type_=Instant)
_LAST = (
    select(
        HeartbeatRow.started_at,
        HeartbeatRow.finished_at,
        HeartbeatRow.handled,
        HeartbeatRow.failed,
    )
    .where(HeartbeatRow.job == bindparam("job"), HeartbeatRow.finished_at.is_not(None))
    .order_by(HeartbeatRow.finished_at.desc())
    .limit(1)
)
_ENDED = (
    select(
        HeartbeatRow.job,
        func.count().label("runs"),
        func.count(case((HeartbeatRow.failed, 1))).label("failures"),
    )
    .where(HeartbeatRow.job.in_(_JOBS), HeartbeatRow.finished_at >= _SINCE)
    .group_by(HeartbeatRow.job)
)
_NOT_ENDED = (
    select(HeartbeatRow.job, HeartbeatRow.started_at)
    .where(
        HeartbeatRow.job.in_(_JOBS),
        HeartbeatRow.finished_at.is_(None),
        HeartbeatRow.started_at >= _SINCE,
    )
    .order_by(HeartbeatRow.started_at)
)


def last_ended(connection: Connection, job: str) -> AnyRow | None:
    """The run of a job that ended last, well or not; None if none ever did."""
    return connection.execute(_LAST, {"job": job}).first()


def ended(
    connection: Connection, jobs: Collection[str], since: datetime
) -> Mapping[str, tuple[int, int]]:
    """How many runs of each job have ended since, and how many of them failed."""
    rows = connection.execute(_ENDED, {"jobs": sorted(jobs), "since": since})
    return {row.job: (row.runs, row.failures) for row in rows}


def not_ended(connection: Connection, jobs: Collection[str], since: datetime) -> Sequence[AnyRow]:
    """Runs that were begun since and have not ended: they go on, or their process was killed."""
    return connection.execute(_NOT_ENDED, {"jobs": sorted(jobs), "since": since}).all()
