"""Deadlines that were counted with another calendar than the present one."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, func, select, text

from intake.store.recount_tables import PROVISIONAL_OPEN
from intake.store.tables import DeadlineRow


def provisional(connection: Connection, agencies: Collection[str]) -> int:
    """How many open deadlines of these agencies were counted beyond the calendar's reach."""
    found = (
        select(func.count())
        .select_from(DeadlineRow)
        .where(DeadlineRow.agency_id.in_(agencies), text(PROVISIONAL_OPEN))
    )
    return connection.scalar(found) or 0
