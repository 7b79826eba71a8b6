"""The table of holds: reports whose content is kept although it has had its time."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from intake.store.tables import Base


class HoldRow(Base):
    """A report that is kept, through the referral at which it was said, until it is released or
    its last day is over. The reason is the agency's to read; it goes with the content.
    """

    __tablename__ = "content_hold"
    __table_args__ = (Index("ix_content_hold_agency_key_id_id", "agency_key_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    report_id: Mapped[UUID] = mapped_column(ForeignKey("report.id"), index=True)
    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"))
    put_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    put_at: Mapped[datetime]
    last_day: Mapped[date | None]
    agency_key_id: Mapped[str] = mapped_column(ForeignKey("agency_key.id"))
    sealed_reason: Mapped[bytes | None]
    released_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    released_at: Mapped[datetime | None]
