"""Reports, their sections and receipts, written once in the transaction of a submission."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Connection, Table, select, update

from intake.store.columns import AnyRow
from intake.store.prepared import PreparedInsert
from intake.store.tables import (
    DeadlineRow,
    DecisionRow,
    FactsKeyRow,
    NoticeRow,
    ReceiptRow,
    ReferralRow,
    ReportRow,
    SectionRow,
    WrapRow,
)
from intake.store.writing import insert_or_leave

Values = dict[str, Any]


@dataclass(frozen=True)
class Filing:
    """Rows of one submission, ready to be inserted in the order of their references."""

    report: Values
    sections: Sequence[Values]
    receipt: Values
    notice: Values | None
    facts_key: Values
    decision: Values
    referrals: Sequence[Values]
    wraps: Sequence[Values]
    deadlines: Sequence[Values]


_REPORT, _RECEIPT, _NOTICE, _SECTION, _DECISION, _REFERRAL, _WRAP, _DEADLINE = (
    PreparedInsert(cast(Table, row.__table__))
    for row in (
        ReportRow,
        ReceiptRow,
        NoticeRow,
        SectionRow,
        DecisionRow,
        ReferralRow,
        WrapRow,
        DeadlineRow,
    )
)
_FACTS_KEY = PreparedInsert(cast(Table, FactsKeyRow.__table__), insert_or_leave)


def file(connection: Connection, filing: Filing) -> None:
    """Insert everything; IntegrityError if this draft was already sent."""
    _REPORT(connection, [filing.report])
    _RECEIPT(connection, [filing.receipt])
    _NOTICE(connection, [filing.notice] if filing.notice else [])
    _SECTION(connection, filing.sections)
    _FACTS_KEY(connection, [filing.facts_key])
    _DECISION(connection, [filing.decision])
    add_referrals(connection, filing.referrals, filing.wraps, filing.deadlines)


def add_referrals(
    connection: Connection,
    referrals: Sequence[Values],
    wraps: Sequence[Values],
    deadlines: Sequence[Values],
) -> None:
    """Insert referrals with their wraps and deadlines."""
    _REFERRAL(connection, referrals)
    _WRAP(connection, wraps)
    _DEADLINE(connection, deadlines)


def newest_facts(connection: Connection) -> AnyRow | None:
    """The sealed facts of the newest decision, with the data key that they open with."""
    return connection.execute(
        select(
            DecisionRow.report_id,
            DecisionRow.facts_key_id,
            DecisionRow.sealed_facts,
            FactsKeyRow.sealed_key,
        )
        .join(FactsKeyRow, FactsKeyRow.id == DecisionRow.facts_key_id)
        .order_by(DecisionRow.decided_at.desc())
        .limit(1)
    ).first()


def was_sent(connection: Connection, draft_id: UUID) -> bool:
    """Whether a draft has become a report."""
    found = select(ReceiptRow.report_id).where(ReceiptRow.draft_id == draft_id)
    return connection.scalar(found) is not None


def receipt_of_draft(connection: Connection, draft_id: UUID) -> AnyRow | None:
    """The receipt of a draft that was sent."""
    return connection.execute(
        select(ReceiptRow.__table__).where(ReceiptRow.draft_id == draft_id)
    ).first()


def report_found_by(connection: Connection, lookup_id: bytes) -> AnyRow | None:
    """The report that a receipt code's lookup id finds."""
    return connection.execute(
        select(ReportRow.id, ReportRow.received_at)
        .join(ReceiptRow, ReceiptRow.report_id == ReportRow.id)
        .where(ReceiptRow.lookup_id == lookup_id)
    ).first()


def acknowledge(connection: Connection, draft_id: UUID, at: datetime) -> None:
    """The reporter has noted the code: the copy goes."""
    connection.execute(
        update(ReceiptRow)
        .where(ReceiptRow.draft_id == draft_id)
        .values(acknowledged_at=at, sealed_copy=None)
    )


def purge_copies(connection: Connection, created_before: datetime) -> int:
    """Delete the reporters' own copies made before; how many there were."""
    return connection.execute(
        update(ReceiptRow)
        .where(ReceiptRow.sealed_copy.is_not(None), ReceiptRow.created_at < created_before)
        .values(sealed_copy=None)
    ).rowcount


def sections(connection: Connection, report_id: UUID) -> Mapping[str, bytes]:
    """The sealed content of every slot of a report."""
    rows = connection.execute(
        select(SectionRow.slot, SectionRow.sealed_content).where(SectionRow.report_id == report_id)
    )
    return {row.slot: row.sealed_content for row in rows}
