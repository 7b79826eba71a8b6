"""The tables of reports and referrals. Columns that start with ``sealed_`` hold envelopes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from intake.domain.half_year import CLOCKS as HALF_YEAR_CLOCKS
from intake.store.columns import Instant

SENT_LEAD = "state = 'sent' AND is_lead"
HALF_YEAR_MET = (
    f"met_at IS NOT NULL AND clock IN ({', '.join(repr(clock) for clock in HALF_YEAR_CLOCKS)})"
)
"""In the very words of their indexes, without parameters: SQLite compares them."""
UNCHASED = "met_at IS NULL AND next_chase_at IS NULL"
"""Of deadlines that run on after their last chase step. In the words of their index."""


class Base(DeclarativeBase):
    """All tables, with constraint names that migrations can rely on."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: Instant,
        UUID: Uuid,
        bytes: LargeBinary,
        dict[str, Any]: JSON,
        list[dict[str, Any]]: JSON,
        list[Any]: JSON,
    }


class DraftRow(Base):
    """A worry being typed, sealed under its visitor's cookie."""

    __tablename__ = "draft"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    sealed_answers: Mapped[bytes]
    saved_at: Mapped[datetime] = mapped_column(index=True)


class ReportRow(Base):
    """A worry that was sent. Once ``content_deleted_at`` is there, nothing sealed of it is."""

    __tablename__ = "report"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    received_at: Mapped[datetime]
    content_deleted_at: Mapped[datetime | None]


class SectionRow(Base):
    """One sealed part of a report; every slot exists for every report."""

    __tablename__ = "section"

    report_id: Mapped[UUID] = mapped_column(ForeignKey("report.id"), primary_key=True)
    slot: Mapped[str] = mapped_column(String(16), primary_key=True)
    sealed_content: Mapped[bytes]


class ReceiptRow(Base):
    """What the receipt code finds. ``draft_id`` is unique: one draft is one report."""

    __tablename__ = "receipt"

    lookup_id: Mapped[bytes] = mapped_column(primary_key=True)
    report_id: Mapped[UUID] = mapped_column(ForeignKey("report.id"), unique=True)
    draft_id: Mapped[UUID] = mapped_column(unique=True)
    sealed_copy: Mapped[bytes | None]
    created_at: Mapped[datetime]
    acknowledged_at: Mapped[datetime | None]


class NoticeRow(Base):
    """Where a reporter wants to be told that there is news. The row goes when that ends.

    ``news_at``: since when there is news that no letter tells; ``written_at``: the last letter's.
    """

    __tablename__ = "notice"
    __table_args__ = (
        Index(
            "ix_notice_news_at_untold",
            "news_at",
            sqlite_where=text("news_at IS NOT NULL"),
            postgresql_where=text("news_at IS NOT NULL"),
        ),
    )

    report_id: Mapped[UUID] = mapped_column(ForeignKey("report.id"), primary_key=True)
    sealed_address: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(index=True)
    news_at: Mapped[datetime | None]
    written_at: Mapped[datetime | None]


class FactsKeyRow(Base):
    """A short-lived data key for facts, sealed to the replay key."""

    __tablename__ = "facts_key"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    sealed_key: Mapped[bytes]
    created_at: Mapped[datetime]


class DecisionRow(Base):
    """How a report was routed, sealed so that it can be replayed bit for bit."""

    __tablename__ = "decision"

    report_id: Mapped[UUID] = mapped_column(ForeignKey("report.id"), primary_key=True)
    facts_key_id: Mapped[str] = mapped_column(ForeignKey("facts_key.id"))
    sealed_facts: Mapped[bytes]
    rules_digest: Mapped[str] = mapped_column(String(64))
    calendar_version: Mapped[str] = mapped_column(String(80))
    decided_at: Mapped[datetime]


class ReferralRow(Base):
    """One report at one agency, once at any instant. What it was sent on as names it in
    ``came_from``, and there is one such row, beside those that were withdrawn.
    """

    __tablename__ = "referral"
    __table_args__ = (
        UniqueConstraint("report_id", "agency_id", "arrived_at"),
        Index(
            "ix_referral_agency_id_state_moved_at_id",
            "agency_id",
            "state",
            "moved_at",
            "id",
            "arrived_at",  # for counts by age, which read nothing else
        ),
        Index(
            "ix_referral_id_sent_lead",
            "id",
            sqlite_where=text(SENT_LEAD),
            postgresql_where=text(SENT_LEAD),
        ),
        Index(
            "ix_referral_came_from_there",
            "came_from",
            sqlite_where=text("came_from IS NOT NULL"),
            postgresql_where=text("came_from IS NOT NULL"),
        ),
        Index(
            "ix_referral_came_from_live",
            "came_from",
            unique=True,
            sqlite_where=text("came_from IS NOT NULL AND state <> 'withdrawn'"),
            postgresql_where=text("came_from IS NOT NULL AND state <> 'withdrawn'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    report_id: Mapped[UUID] = mapped_column(ForeignKey("report.id"))
    agency_id: Mapped[str] = mapped_column(ForeignKey("agency.id"))
    reference: Mapped[str] = mapped_column(String(12), unique=True)
    state: Mapped[str] = mapped_column(String(16))
    is_lead: Mapped[bool]
    came_from: Mapped[UUID | None] = mapped_column(ForeignKey("referral.id"))
    arrived_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    moved_at: Mapped[datetime]
    worker_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    sealed_reasons: Mapped[bytes]


class WrapRow(Base):
    """The section keys of a referral, for its agency or for the standby desk."""

    __tablename__ = "wrap"
    __table_args__ = (
        UniqueConstraint("referral_id", "purpose"),
        Index("ix_wrap_agency_key_id_id", "agency_key_id", "id"),  # for a change of the key
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"))
    purpose: Mapped[str] = mapped_column(String(16))
    agency_id: Mapped[str] = mapped_column(ForeignKey("agency.id"))
    agency_key_id: Mapped[str] = mapped_column(ForeignKey("agency_key.id"))
    sealed_keys: Mapped[bytes]


class DeadlineRow(Base):
    """One clock of one referral. The start never moves; ``next_chase_at`` is what sweeps read.

    ``rule``: how long the clock ran by the rules of then; rows of before it was kept have none.
    """

    __tablename__ = "deadline"
    __table_args__ = (
        UniqueConstraint("referral_id", "clock"),
        Index(
            "ix_deadline_next_chase_at_open",
            "next_chase_at",
            "id",
            sqlite_where=text("next_chase_at IS NOT NULL"),
            postgresql_where=text("next_chase_at IS NOT NULL"),
        ),
        Index(
            "ix_deadline_referral_id_unchased",
            "referral_id",
            sqlite_where=text(UNCHASED),
            postgresql_where=text(UNCHASED),
        ),
        Index(
            "ix_deadline_agency_id_due_at_id_open",
            "agency_id",
            "due_at",
            "id",
            "referral_id",
            "clock",
            sqlite_where=text("met_at IS NULL"),
            postgresql_where=text("met_at IS NULL"),
        ),
        Index(
            "ix_deadline_half_year",
            "agency_id",
            "met_on",
            "met_at",
            "clock",
            "met_by",
            "due_on",
            "due_extended_on",
            sqlite_where=text(HALF_YEAR_MET),
            postgresql_where=text(HALF_YEAR_MET),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"))
    agency_id: Mapped[str] = mapped_column(ForeignKey("agency.id"))
    clock: Mapped[str] = mapped_column(String(32))
    started_at: Mapped[datetime]
    today: Mapped[bool]
    rule: Mapped[str | None] = mapped_column(String(24))
    municipality: Mapped[str | None] = mapped_column(String(64))
    due_on: Mapped[date]
    due_extended_on: Mapped[date]
    due_at: Mapped[datetime]
    calendar_version: Mapped[str] = mapped_column(String(80))
    steps: Mapped[list[dict[str, Any]]]
    next_chase_at: Mapped[datetime | None]
    met_at: Mapped[datetime | None]
    met_on: Mapped[date | None]
    met_by: Mapped[str | None] = mapped_column(String(32))


class MoveRow(Base):
    """One recorded move on a referral. The sealed reason of a *hand_over* is JSON and says also on
    which basis, with which sections and with whose consent.
    """

    __tablename__ = "move"
    __table_args__ = (
        Index("ix_move_referral_id_made_at", "referral_id", "made_at"),
        Index("ix_move_agency_key_id_id", "agency_key_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"))
    move: Mapped[str] = mapped_column(String(32))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime]
    happened_on: Mapped[date | None]
    choice: Mapped[str | None] = mapped_column(String(32))
    agency_key_id: Mapped[str | None] = mapped_column(ForeignKey("agency_key.id"))
    sealed_reason: Mapped[bytes | None]


class NoteRow(Base):
    """A note or a contact that an agency wrote on a referral; never changed, and never moved on
    with the report. The id is made by the page that asks for it.
    """

    __tablename__ = "note"
    __table_args__ = (
        Index("ix_note_referral_id_made_at", "referral_id", "made_at"),
        Index("ix_note_agency_key_id_id", "agency_key_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime]
    agency_key_id: Mapped[str] = mapped_column(ForeignKey("agency_key.id"))
    sealed_content: Mapped[bytes]


class ChaseRow(Base):
    """One step of chasing, recorded exactly once."""

    __tablename__ = "chase"
    __table_args__ = (UniqueConstraint("deadline_id", "step"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    deadline_id: Mapped[UUID] = mapped_column(ForeignKey("deadline.id"))
    step: Mapped[str] = mapped_column(String(48))
    to_role: Mapped[str] = mapped_column(String(16))
    chased_at: Mapped[datetime]
    letters: Mapped[int]


class OutboxRow(Base):
    """A letter that waits to be taken by the post, to one of staff or to a report's reporter."""

    __tablename__ = "outbox"
    __table_args__ = (
        CheckConstraint("(person_id IS NULL) <> (report_id IS NULL)", name="ck_outbox_one_reader"),
        Index(
            "ix_outbox_next_attempt_at_waiting",
            "next_attempt_at",
            sqlite_where=text("sent_at IS NULL AND dead_at IS NULL"),
            postgresql_where=text("sent_at IS NULL AND dead_at IS NULL"),
        ),
        Index(
            "ix_outbox_report_id_there",
            "report_id",
            sqlite_where=text("report_id IS NOT NULL"),
            postgresql_where=text("report_id IS NOT NULL"),
        ),
        Index(
            "ix_outbox_report_id_waiting",
            "report_id",
            unique=True,
            sqlite_where=text("sent_at IS NULL AND dead_at IS NULL"),
            postgresql_where=text("sent_at IS NULL AND dead_at IS NULL"),
        ),
        Index(
            "ix_outbox_dead_at_dead",
            "dead_at",
            sqlite_where=text("dead_at IS NOT NULL"),
            postgresql_where=text("dead_at IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    report_id: Mapped[UUID | None] = mapped_column(ForeignKey("report.id"))
    letter: Mapped[str] = mapped_column(String(32))
    params: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    next_attempt_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None]
    dead_at: Mapped[datetime | None]


class TrailRow(Base):
    """One line of the trail. ``digest`` is SHA-256 of the line's canonical bytes."""

    __tablename__ = "trail"
    __table_args__ = (
        UniqueConstraint("writer", "sequence"),
        Index("ix_trail_referral_id_at", "referral_id", "at"),
        Index(
            "ix_trail_detail_key_id_there",
            "detail_key_id",
            sqlite_where=text("detail_key_id IS NOT NULL"),
            postgresql_where=text("detail_key_id IS NOT NULL"),
        ),
        Index("ix_trail_person_id_at", "person_id", "at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    writer: Mapped[UUID]
    sequence: Mapped[int]
    at: Mapped[datetime] = mapped_column(index=True)
    action: Mapped[str] = mapped_column(String(32))
    person_id: Mapped[UUID | None]
    role: Mapped[str | None] = mapped_column(String(16))
    agency_id: Mapped[str | None] = mapped_column(String(64))
    referral_id: Mapped[UUID | None]
    purpose: Mapped[str | None] = mapped_column(String(80))
    basis: Mapped[str | None] = mapped_column(String(160))
    detail_key_id: Mapped[str | None] = mapped_column(String(64))
    sealed_detail: Mapped[bytes | None]
    recipient: Mapped[str | None] = mapped_column(String(64))
    digest: Mapped[bytes]


class DeletionRow(Base):
    """What was erased or ended for good, so that no restore brings it back.

    The whole row, or one column of it that got this value. Without a column, a value is the row
    that was put in, so that no restore is without it.
    """

    __tablename__ = "deletion"
    __table_args__ = (
        Index(
            "ix_deletion_id_unlisted",
            "id",
            sqlite_where=text("listed_at IS NULL"),
            postgresql_where=text("listed_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    of_table: Mapped[str] = mapped_column(String(32))
    of_row: Mapped[list[Any]]
    of_column: Mapped[str | None] = mapped_column(String(32))
    value: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(index=True)
    listed_at: Mapped[datetime | None]


class HeartbeatRow(Base):
    """One run of a job; a chaser that has not run is itself an alarm."""

    __tablename__ = "heartbeat"
    __table_args__ = (Index("ix_heartbeat_job_finished_at", "job", "finished_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    job: Mapped[str] = mapped_column(String(32))
    started_at: Mapped[datetime] = mapped_column(index=True)
    finished_at: Mapped[datetime | None]
    handled: Mapped[int | None]
    failed: Mapped[bool] = mapped_column(default=False)
