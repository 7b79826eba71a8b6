"""Invented reports: what each route's last one has come to, what is there of one, erasing it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, delete, exists, func, insert, or_, select, text, update

from intake.domain.canary import Fault
from intake.domain.referral import State
from intake.store.columns import AnyRow
from intake.store.tables import (
    ChaseRow,
    DeadlineRow,
    DecisionRow,
    ReceiptRow,
    ReferralRow,
    ReportRow,
    SectionRow,
    WrapRow,
)
from intake.store.watch_tables import CanaryRow

THERE = select(CanaryRow.report_id).where(CanaryRow.erased_at.is_(None))
"""The reports that no figure may count."""


@dataclass(frozen=True)
class Found:
    """What the tables have of an invented report. By agency: the key to which its wrap is sealed
    (None: it has no wrap), and how many deadlines its referral has.
    """

    is_whole: bool
    keys: Mapping[str, str | None]
    deadlines: Mapping[str, int]


def begin(connection: Connection, values: Mapping[str, Any]) -> None:
    """Note one that is about to be sent; IntegrityError where another scheduler has begun it."""
    connection.execute(insert(CanaryRow).values(agencies=[], reached=[], **values))


def note(connection: Connection, report_id: UUID, **values: Any) -> None:
    """Note what has become of one."""
    connection.execute(update(CanaryRow).where(CanaryRow.report_id == report_id).values(**values))


def latest(connection: Connection, day: date) -> dict[str, AnyRow]:
    """By route the last one of a day."""
    rows = connection.execute(
        select(CanaryRow.__table__).where(CanaryRow.day == day).order_by(CanaryRow.attempt)
    )
    return {row.route: row for row in rows}


def last_day(connection: Connection) -> date | None:
    """The last day on which any was sent."""
    return connection.scalar(select(func.max(CanaryRow.day)))


def not_erased(connection: Connection) -> Sequence[AnyRow]:
    """All that may still be there, the oldest first."""
    return connection.execute(
        select(CanaryRow.__table__)
        .where(CanaryRow.erased_at.is_(None))
        .order_by(CanaryRow.begun_at, CanaryRow.route)
    ).all()


def found(connection: Connection, report_id: UUID, sections: int) -> Found:
    """What is there of one; ``sections``: of a whole report."""
    this = ReportRow.id == report_id
    parts = select(func.count()).where(SectionRow.report_id == report_id).scalar_subquery()
    whole = select(ReportRow.id).where(
        this,
        parts == sections,
        select(DecisionRow.report_id).where(DecisionRow.report_id == report_id).exists(),
        select(ReceiptRow.report_id).where(ReceiptRow.report_id == report_id).exists(),
    )
    deadlines = (
        select(func.count()).where(DeadlineRow.referral_id == ReferralRow.id).scalar_subquery()
    )
    rows = connection.execute(
        select(ReferralRow.agency_id, WrapRow.agency_key_id, deadlines.label("deadlines"))
        .join(
            WrapRow,
            (WrapRow.referral_id == ReferralRow.id)
            & (WrapRow.purpose == "recipient")
            & (WrapRow.agency_id == ReferralRow.agency_id),
            isouter=True,
        )
        .where(ReferralRow.report_id == report_id, ReferralRow.state == State.CANARY)
    ).all()
    return Found(
        connection.scalar(whole) is not None,
        {row.agency_id: row.agency_key_id for row in rows},
        {row.agency_id: row.deadlines for row in rows},
    )


def is_there(connection: Connection, report_id: UUID) -> bool:
    """Whether one has been stored, and not been erased."""
    return connection.scalar(select(ReportRow.id).where(ReportRow.id == report_id)) is not None


def is_chased(connection: Connection, report_id: UUID) -> bool:
    """Whether the sweep has been by each of its deadlines."""
    left = (
        select(DeadlineRow.id)
        .join(ReferralRow, ReferralRow.id == DeadlineRow.referral_id)
        .where(
            ReferralRow.report_id == report_id,
            or_(
                DeadlineRow.next_chase_at.is_not(None),
                ~exists().where(ChaseRow.deadline_id == DeadlineRow.id),
            ),
        )
    )
    return connection.scalar(left.limit(1)) is None


def erase(connection: Connection, report_id: UUID) -> bool:
    """Erase an invented report; False, and nothing is erased, where it is not one.

    On PostgreSQL the database's own function does, with the same conditions: no role of a door or
    of the jobs has the right to erase a report.
    """
    if connection.dialect.name == "postgresql":
        asked = text("SELECT public.erase_canary(:report)")
        return bool(connection.scalar(asked, {"report": report_id}))
    states = set(
        connection.scalars(select(ReferralRow.state).where(ReferralRow.report_id == report_id))
    )
    noted = select(CanaryRow.report_id).where(CanaryRow.report_id == report_id)
    if states != {State.CANARY} or connection.scalar(noted) is None:
        return False
    referrals = select(ReferralRow.id).where(ReferralRow.report_id == report_id)
    deadlines = select(DeadlineRow.id).where(DeadlineRow.referral_id.in_(referrals))
    connection.execute(delete(ChaseRow).where(ChaseRow.deadline_id.in_(deadlines)))
    connection.execute(delete(DeadlineRow).where(DeadlineRow.referral_id.in_(referrals)))
    connection.execute(delete(WrapRow).where(WrapRow.referral_id.in_(referrals)))
    connection.execute(delete(ReferralRow).where(ReferralRow.report_id == report_id))
    connection.execute(delete(DecisionRow).where(DecisionRow.report_id == report_id))
    connection.execute(delete(ReceiptRow).where(ReceiptRow.report_id == report_id))
    connection.execute(delete(SectionRow).where(SectionRow.report_id == report_id))
    connection.execute(delete(ReportRow).where(ReportRow.id == report_id))
    return True


def purge(connection: Connection, before: date) -> None:
    """Forget the days before, but for what may still be there."""
    connection.execute(
        delete(CanaryRow).where(CanaryRow.day < before, CanaryRow.erased_at.is_not(None))
    )


def faulty(rows: Collection[AnyRow], most_tries: int) -> list[AnyRow]:
    """Those of the last ones of a day of which something is wrong, and that are not tried again."""
    return [
        row
        for row in rows
        if row.fault and (row.fault != Fault.NOT_SENT or row.attempt >= most_tries)
    ]
