"""The tables of who is shut out of a report, and of further sections that were asked for."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from intake.store.tables import Base


class RecusalRow(Base):
    """A person who is shut out of a report, by their own or a colleague's word, until it is lifted.

    The reason is for the agency whose referral it was said on. One that a restore put in again has
    none, and may not know by whose word.
    """

    __tablename__ = "recusal"
    __table_args__ = (
        Index(
            "ix_recusal_person_id_report_id_stands",
            "person_id",
            "report_id",
            unique=True,
            sqlite_where=text("lifted_at IS NULL"),
            postgresql_where=text("lifted_at IS NULL"),
        ),
        Index("ix_recusal_agency_key_id_id", "agency_key_id", "id"),  # for a change of the key
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    report_id: Mapped[UUID] = mapped_column(ForeignKey("report.id"), index=True)
    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    declared_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    declared_at: Mapped[datetime]
    agency_key_id: Mapped[str | None] = mapped_column(ForeignKey("agency_key.id"))
    sealed_reason: Mapped[bytes | None]
    lifted_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    lifted_at: Mapped[datetime | None]


class SectionRequestRow(Base):
    """Further sections that an agency asked the lead of the same report for, and the answer.

    ``sealed_asked`` and ``sealed_given`` are the lead's to read, ``sealed_own`` and
    ``sealed_answer`` the asker's; ``sealed_keys``: the keys of what was granted, wrapped to the
    asker, until it is withdrawn.
    """

    __tablename__ = "section_request"
    __table_args__ = (
        Index("ix_section_request_lead_key_id_id", "lead_key_id", "id"),
        Index("ix_section_request_asker_key_id_id", "asker_key_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    asker_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"), index=True)
    lead_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"), index=True)
    state: Mapped[str] = mapped_column(String(16))
    asked_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    asked_at: Mapped[datetime]
    answered_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    answered_at: Mapped[datetime | None]
    withdrawn_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    withdrawn_at: Mapped[datetime | None]
    lead_key_id: Mapped[str] = mapped_column(ForeignKey("agency_key.id"))
    asker_key_id: Mapped[str] = mapped_column(ForeignKey("agency_key.id"))
    sealed_asked: Mapped[bytes | None]
    sealed_own: Mapped[bytes | None]
    sealed_given: Mapped[bytes | None]
    sealed_answer: Mapped[bytes | None]
    sealed_keys: Mapped[bytes | None]
