"""Alarms that were raised: which gaps of which controller on which day."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from intake.store.people_tables import AlarmRow


def is_raised(connection: Connection, controller_id: str, day: date, digest: str) -> bool:
    """Whether these gaps have been told on that day."""
    raised = select(AlarmRow.id).where(
        AlarmRow.controller_id == controller_id, AlarmRow.day == day, AlarmRow.digest == digest
    )
    return connection.scalar(raised) is not None


def add(connection: Connection, values: dict[str, Any]) -> None:
    """Note that gaps are told; IntegrityError if they have been."""
    connection.execute(insert(AlarmRow).values(**values))


def purge(connection: Connection, before: date) -> None:
    """Forget the alarms of days before."""
    connection.execute(delete(AlarmRow).where(AlarmRow.day < before))
