"""Content that has had its time: which reports may be there yet, and deleting what is sealed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, and_, case, func, insert, or_, select, text, update

from intake.domain.referral import Move, State
from intake.store.columns import AnyRow
from intake.store.deletions import blank, erase_rows, put_for_good
from intake.store.erasing import OF_REQUESTS
from intake.store.need_to_know_tables import RecusalRow, SectionRequestRow
from intake.store.people_tables import PersonRow
from intake.store.retention_tables import HoldRow
from intake.store.same_child_tables import SameChildRow
from intake.store.tables import (
    DeadlineRow,
    DecisionRow,
    MoveRow,
    NoteRow,
    NoticeRow,
    ReceiptRow,
    ReferralRow,
    ReportRow,
    SectionRow,
    WrapRow,
)


def _stands(today: date) -> Any:
    return and_(
        HoldRow.released_at.is_(None), or_(HoldRow.last_day.is_(None), HoldRow.last_day >= today)
    )


_NOT_TAKEN_UP = (
    select(ReferralRow.id)
    .where(
        ReferralRow.report_id == ReportRow.id,
        ReferralRow.state.in_([State.SENT, State.CANARY]),
    )
    .exists()
)
_AT_AN_AGENCY = select(ReferralRow.id).where(ReferralRow.report_id == ReportRow.id)


def with_content(
    connection: Connection,
    received_before: datetime,
    limit: int,
    after: UUID | None = None,
    agencies: Collection[str] | None = None,
) -> Sequence[UUID]:
    """Reports received before that every agency has taken up and that still have their content, by
    their ids; those at these agencies alone, if any are named.
    """
    there = _AT_AN_AGENCY
    if agencies is not None:
        there = there.where(ReferralRow.agency_id.in_(sorted(agencies)))
    statement = (
        select(ReportRow.id)
        .where(
            ReportRow.content_deleted_at.is_(None),
            ReportRow.received_at < received_before,
            there.exists(),
            ~_NOT_TAKEN_UP,
        )
        .order_by(ReportRow.id)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(ReportRow.id > after)
    return connection.scalars(statement).all()


def parts(
    connection: Connection, reports: Collection[UUID], *, hold: bool = False
) -> Sequence[AnyRow]:
    """Of each referral of these reports what says how long it is needed. ``hold``: let nobody move
    them until the transaction ends.
    """
    if hold:
        held = select(ReferralRow.id).where(ReferralRow.report_id.in_(reports))
        connection.execute(held.order_by(ReferralRow.id).with_for_update()).all()
    of_this = MoveRow.referral_id == ReferralRow.id
    last = {
        name: select(func.max(MoveRow.made_at)).where(of_this, MoveRow.move == move)
        for name, move in (("recorded_at", Move.HAND_IN), ("reopened_at", Move.REOPEN))
    }
    noted = select(func.max(NoteRow.made_at)).where(NoteRow.referral_id == ReferralRow.id)
    deadlines = (
        select(
            DeadlineRow.referral_id,
            func.max(case((DeadlineRow.met_at.is_(None), 1), else_=0)).label("runs"),
            func.max(case((DeadlineRow.met_by == Move.CLOSE, 1), else_=0)).label("unmet"),
        )
        .where(
            DeadlineRow.referral_id.in_(
                select(ReferralRow.id).where(ReferralRow.report_id.in_(reports))
            )
        )
        .group_by(DeadlineRow.referral_id)
        .subquery()
    )
    return connection.execute(
        select(
            ReferralRow.id,
            ReferralRow.report_id,
            ReferralRow.agency_id,
            ReferralRow.reference,
            ReferralRow.state,
            ReferralRow.moved_at,
            *(each.scalar_subquery().label(name) for name, each in last.items()),
            noted.scalar_subquery().label("noted_at"),
            func.coalesce(deadlines.c.runs, 0).label("runs"),
            func.coalesce(deadlines.c.unmet, 0).label("unmet"),
        )
        .join(deadlines, deadlines.c.referral_id == ReferralRow.id, isouter=True)
        .where(ReferralRow.report_id.in_(reports))
        .order_by(ReferralRow.report_id, ReferralRow.arrived_at, ReferralRow.id)
    ).all()


def held(connection: Connection, reports: Collection[UUID], today: date) -> dict[UUID, date | None]:
    """Those of these reports that a hold keeps, and the last day of the longest one, if any has."""
    rows = connection.execute(
        select(HoldRow.report_id, HoldRow.last_day).where(
            HoldRow.report_id.in_(reports), _stands(today)
        )
    )
    found: dict[UUID, date | None] = {}
    for report, last_day in rows:
        known = found.get(report, last_day)
        found[report] = max(known, last_day) if known and last_day else None
    return found


def delete_content(connection: Connection, report_id: UUID, at: datetime) -> bool:
    """Delete all that is sealed of a report, its keys first; False where that has been done.

    What stays: that there was a report, where it went and when, its deadlines and moves, and the
    trail. Its receipt stays as well, so that its code goes on telling what became of it.

    On PostgreSQL the database's own function does, which asks once more whether anybody works on
    it: no role of a door or of the jobs has the right to erase a report.
    """
    if connection.dialect.name == "postgresql":
        asked = text("SELECT public.delete_content(:report, :at, :instant)")
        instant = at.isoformat(timespec="microseconds")
        return bool(connection.scalar(asked, {"report": report_id, "at": at, "instant": instant}))
    this = ReportRow.id == report_id, ReportRow.content_deleted_at.is_(None)
    if not put_for_good(connection, ReportRow.content_deleted_at, at, *this, at=at):
        return False
    theirs = select(ReferralRow.id).where(ReferralRow.report_id == report_id)
    erase_rows(connection, WrapRow, WrapRow.referral_id.in_(theirs), at=at)
    erase_rows(connection, SectionRow, SectionRow.report_id == report_id, at=at)
    erase_rows(connection, NoteRow, NoteRow.referral_id.in_(theirs), at=at)
    erase_rows(connection, NoticeRow, NoticeRow.report_id == report_id, at=at)
    erase_rows(connection, SameChildRow, SameChildRow.referral_id.in_(theirs), at=at)
    blank(connection, ReferralRow.sealed_reasons, ReferralRow.report_id == report_id, at=at)
    reasoned = MoveRow.referral_id.in_(theirs), MoveRow.agency_key_id.is_not(None)
    blank(connection, MoveRow.sealed_reason, *reasoned, at=at)
    blank(connection, DecisionRow.sealed_facts, DecisionRow.report_id == report_id, at=at)
    blank(connection, HoldRow.sealed_reason, HoldRow.report_id == report_id, at=at)
    blank(connection, RecusalRow.sealed_reason, RecusalRow.report_id == report_id, at=at)
    for name in OF_REQUESTS:
        column = getattr(SectionRequestRow, name)
        blank(connection, column, SectionRequestRow.asker_id.in_(theirs), at=at)
    connection.execute(
        update(ReceiptRow).where(ReceiptRow.report_id == report_id).values(sealed_copy=None)
    )
    return True


def put_hold(connection: Connection, values: dict[str, Any]) -> bool:
    """Keep a report's content; False where it has been deleted."""
    referral = select(ReferralRow.id).where(ReferralRow.id == values["referral_id"])
    connection.execute(referral.with_for_update()).all()  # of two, the deleting waits or was first
    if deleted_at(connection, values["report_id"]) is not None:
        return False
    connection.execute(insert(HoldRow).values(**values))
    return True


def release_hold(connection: Connection, hold_id: UUID, person_id: UUID, at: datetime) -> bool:
    """End a hold; False where it has been."""
    changed = connection.execute(
        update(HoldRow)
        .where(HoldRow.id == hold_id, HoldRow.released_at.is_(None))
        .values(released_by=person_id, released_at=at)
    )
    return changed.rowcount == 1


def holds(connection: Connection, report_id: UUID, today: date) -> Sequence[AnyRow]:
    """The holds that keep a report, oldest first, with who put them and at which agency."""
    return connection.execute(
        select(
            *HoldRow.__table__.c,
            PersonRow.name.label("person_name"),
            ReferralRow.agency_id,
        )
        .join(PersonRow, PersonRow.id == HoldRow.put_by)
        .join(ReferralRow, ReferralRow.id == HoldRow.referral_id)
        .where(HoldRow.report_id == report_id, _stands(today))
        .order_by(HoldRow.put_at, HoldRow.id)
    ).all()


def deleted_at(connection: Connection, report_id: UUID) -> datetime | None:
    """When a report's content was deleted."""
    return connection.scalar(select(ReportRow.content_deleted_at).where(ReportRow.id == report_id))
