"""Reports, their sections and receipts, written once in the transaction of a submission."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select, update

from intake.store.columns import AnyRow
from intake.store.prepared import Erasure, insert_alone, insert_prepared
from intake.store.tables import (
    DeadlineRow,
    DecisionRow,
    FactsKeyRow,
    NoticeRow,
    ReceiptRow,
    ReferralRow,
    ReportRow,
    SectionRow,
    TrailRow,
    WrapRow,
)

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


def file(connection: Connection, filing: Filing, lines: Sequence[Values], draft: Erasure) -> None:
    """Insert everything, with lines of the trail, and erase its draft: one statement.

    IntegrityError if this draft was already sent; NothingToErase if it had to be there and is not.
    """
    rows = {
        ReportRow: [filing.report],
        ReceiptRow: [filing.receipt],
        NoticeRow: [filing.notice] if filing.notice else [],
        SectionRow: filing.sections,
        FactsKeyRow: [filing.facts_key],
        DecisionRow: [filing.decision],
        ReferralRow: filing.referrals,
        WrapRow: filing.wraps,
        DeadlineRow: filing.deadlines,
        TrailRow: lines,
    }
    insert_alone(connection, rows, frozenset([FactsKeyRow]), draft)


def add_referrals(
    connection: Connection,
    referrals: Sequence[Values],
    wraps: Sequence[Values],
    deadlines: Sequence[Values],
) -> None:
    """Insert referrals with their wraps and deadlines."""
    rows = {ReferralRow: referrals, WrapRow: wraps, DeadlineRow: deadlines}
    insert_prepared(connection, rows)


def newest_facts(connection: Connection) -> AnyRow | None:
    """The sealed facts of the newest decision that has them, with the data key they open with."""
    return connection.execute(
        select(
            DecisionRow.report_id,
            DecisionRow.facts_key_id,
            DecisionRow.sealed_facts,
            FactsKeyRow.sealed_key,
        )
        .join(FactsKeyRow, FactsKeyRow.id == DecisionRow.facts_key_id)
        .where(DecisionRow.sealed_facts != b"")  # deleted with the report's content
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
