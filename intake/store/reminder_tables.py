"""The tables of reminders to staff, and of who is absent."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from intake.store.tables import Base


class AbsenceRow(Base):
    """Days on which a person is not written to, both within it; why is not kept.

    Without a last day it goes on. ``stand_in_id`` is written to meanwhile.
    """

    __tablename__ = "absence"
    __table_args__ = (
        Index(
            "ix_absence_person_id_in_force",
            "person_id",
            sqlite_where=text("withdrawn_at IS NULL"),
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    first_day: Mapped[date]
    last_day: Mapped[date | None]
    stand_in_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    recorded_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    recorded_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class ReminderRow(Base):
    """That a chase step was told to a person, as what and for whom; a letter tells it, once.

    ``params`` is what the letter says of it. Opening it sets ``seen_at``, and stops nothing.
    """

    __tablename__ = "reminder"
    __table_args__ = (
        Index(
            "ix_reminder_person_id_untold",
            "person_id",
            "created_at",
            sqlite_where=text("letter_id IS NULL"),
            postgresql_where=text("letter_id IS NULL"),
        ),
        Index("ix_reminder_person_id_created_at", "person_id", "created_at"),
        Index(
            "ix_reminder_person_id_unseen",
            "person_id",
            sqlite_where=text("seen_at IS NULL"),
            postgresql_where=text("seen_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    deadline_id: Mapped[UUID] = mapped_column(ForeignKey("deadline.id"))
    chase_id: Mapped[UUID] = mapped_column(ForeignKey("chase.id"))
    role: Mapped[str] = mapped_column(String(16))
    for_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    urgent: Mapped[bool]
    params: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    letter_id: Mapped[UUID | None] = mapped_column(ForeignKey("outbox.id"), index=True)
    seen_at: Mapped[datetime | None]
