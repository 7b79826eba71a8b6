"""What is kept of deadlines whose calendar has changed since they were counted."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from intake.store.tables import Base, DeadlineRow

PROVISIONAL_OPEN = (
    "met_at IS NULL AND calendar_version >= 'provisional' AND calendar_version < 'provisionam'"
)
"""Open deadlines whose version begins with that word, in the very words of their index: databases
compare them.
"""

Index(
    "ix_deadline_agency_id_provisional",
    DeadlineRow.agency_id,
    sqlite_where=text(PROVISIONAL_OPEN),
    postgresql_where=text(PROVISIONAL_OPEN),
)


class KeptCalendarRow(Base):
    """Every day of a calendar that deadlines were counted with, by its version; never changed."""

    __tablename__ = "kept_calendar"

    version: Mapped[str] = mapped_column(String(80), primary_key=True)
    content: Mapped[dict[str, Any]]
    kept_at: Mapped[datetime]


class RecountLookRow(Base):
    """One row: up to which deadline all were looked at under this version of the calendar."""

    __tablename__ = "recount_look"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    calendar_version: Mapped[str] = mapped_column(String(80))
    after: Mapped[UUID]
    looked_at: Mapped[datetime]


class RecountRow(Base):
    """What a deadline would be by the present calendar; nothing changes until a supervisor says so.

    ``found_with``: the calendar of the look; ``was_due_at``: it holds while that is so.
    ``differs``: the days that made the difference, where the earlier calendar was kept.
    """

    __tablename__ = "recount"

    deadline_id: Mapped[UUID] = mapped_column(ForeignKey("deadline.id"), primary_key=True)
    found_with: Mapped[str] = mapped_column(String(80))
    was_due_at: Mapped[datetime]
    due_on: Mapped[date]
    due_extended_on: Mapped[date]
    due_at: Mapped[datetime]
    calendar_version: Mapped[str] = mapped_column(String(80))
    steps: Mapped[list[dict[str, Any]]]
    differs: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON(none_as_null=True))
    found_at: Mapped[datetime]


class DeadlineChangeRow(Base):
    """A change of a deadline by a supervisor: counted anew, or extended, which is done once."""

    __tablename__ = "deadline_change"
    __table_args__ = (
        Index("ix_deadline_change_deadline_id", "deadline_id"),
        Index(
            "ix_deadline_change_extended_once",
            "deadline_id",
            unique=True,
            sqlite_where=text("kind = 'extended'"),
            postgresql_where=text("kind = 'extended'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    deadline_id: Mapped[UUID] = mapped_column(ForeignKey("deadline.id"))
    kind: Mapped[str] = mapped_column(String(16))
    made_at: Mapped[datetime]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(String(16))
    was_due_at: Mapped[datetime]
    due_at: Mapped[datetime]
    was_calendar: Mapped[str] = mapped_column(String(80))
    calendar: Mapped[str] = mapped_column(String(80))
