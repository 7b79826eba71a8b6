"""Counts of what waits, over all agencies, and what the database says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, func, select, type_coerce

from intake.domain.referral import State
from intake.store import outbox
from intake.store.columns import Instant
from intake.store.people_tables import AgencyRow
from intake.store.tables import DeadlineRow, HeartbeatRow, OutboxRow, ReferralRow, TrailRow

Waiting = tuple[int, datetime | None]
"""How many wait, and since when the first of them."""


def letters_waiting(connection: Connection, now: datetime) -> Waiting:
    """Letters neither taken nor given up; those that wait for the quiet hours to end apart."""
    return _count(connection, OutboxRow.created_at, *outbox.waits_for_the_post(now))


def letters_dead(connection: Connection) -> int:
    """Letters given up."""
    return _count(connection, OutboxRow.dead_at, OutboxRow.dead_at.is_not(None))[0]


def chase_due(connection: Connection, now: datetime) -> Waiting:
    """Deadlines with a chase step that has come and is not recorded."""
    column = DeadlineRow.next_chase_at
    return _count(connection, column, column.is_not(None), column <= now)


def unopened(connection: Connection) -> Waiting:
    """Referrals that nobody has opened; by agency, as the index has them."""
    return _count(
        connection,
        ReferralRow.arrived_at,
        ReferralRow.agency_id.in_(select(AgencyRow.id)),
        ReferralRow.state == State.SENT,
        ReferralRow.opened_at.is_(None),
    )


def last_runs(connection: Connection, since: datetime) -> Mapping[str, datetime]:
    """When each job last ended well, of the runs begun since."""
    rows = connection.execute(
        select(HeartbeatRow.job, func.max(HeartbeatRow.finished_at).label("finished_at"))
        .where(
            HeartbeatRow.started_at >= since,
            HeartbeatRow.finished_at.is_not(None),
            HeartbeatRow.failed.is_(False),
        )
        .group_by(HeartbeatRow.job)
        .order_by(HeartbeatRow.job)
    )
    return {row.job: row.finished_at for row in rows}


def last_line_at(connection: Connection) -> datetime | None:
    """The instant of the trail's newest line."""
    return connection.scalar(select(func.max(TrailRow.at)))


def revision(connection: Connection) -> str | None:
    """Which version's tables these are."""
    return MigrationContext.configure(connection).get_current_revision()


def server_time(connection: Connection) -> datetime:
    """The clock of the database's server, to the second."""
    return connection.execute(select(type_coerce(func.current_timestamp(), Instant))).scalar_one()


def _count(connection: Connection, since: Any, *where: Any) -> Waiting:
    count, first = connection.execute(select(func.count(), func.min(since)).where(*where)).one()
    return count, first
