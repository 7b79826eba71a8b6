"""Blind marks of children, and the sealed secret that makes them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Connection, Table, select, update

from intake.domain.referral import State
from intake.store.columns import AnyRow
from intake.store.deletions import erase_rows
from intake.store.same_child_tables import AgencyIndexKeyRow, SameChildRow
from intake.store.tables import ReferralRow
from intake.store.writing import insert_or_leave


def index_key(connection: Connection, agency_id: str) -> AnyRow | None:
    """The secret of an agency's marks (agency_key_id, sealed_secret)."""
    return connection.execute(
        select(AgencyIndexKeyRow.agency_key_id, AgencyIndexKeyRow.sealed_secret).where(
            AgencyIndexKeyRow.agency_id == agency_id
        )
    ).first()


def add_index_key(connection: Connection, values: dict[str, Any]) -> bool:
    """Keep an agency's first secret; False if there is one."""
    table = cast(Table, AgencyIndexKeyRow.__table__)
    statement = insert_or_leave(connection.dialect.name, table).values(**values)
    return connection.execute(statement).rowcount == 1


def change_index_key(
    connection: Connection, agency_id: str, *, old: str, new: str, sealed: bytes
) -> bool:
    """Keep the secret under another key; False if it is under ``old`` no more."""
    return (
        connection.execute(
            update(AgencyIndexKeyRow)
            .where(AgencyIndexKeyRow.agency_id == agency_id, AgencyIndexKeyRow.agency_key_id == old)
            .values(agency_key_id=new, sealed_secret=sealed)
        ).rowcount
        == 1
    )


def has_marks(connection: Connection, referral_id: UUID) -> bool:
    """Whether a referral's children were marked."""
    marked = select(SameChildRow.referral_id).where(SameChildRow.referral_id == referral_id)
    return connection.scalar(marked.limit(1)) is not None


def add_marks(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Mark children; marks that are there stay."""
    table = cast(Table, SameChildRow.__table__)
    connection.execute(insert_or_leave(connection.dialect.name, table), rows)


def earlier(connection: Connection, referral: AnyRow) -> Sequence[AnyRow]:
    """Referrals of other reports on a child of this one that came earlier to the same agency, the
    newest first; those withdrawn too.
    """
    own = (
        select(SameChildRow.blind)
        .where(
            SameChildRow.referral_id == referral.id, SameChildRow.agency_id == referral.agency_id
        )
        .scalar_subquery()
    )
    return connection.execute(
        select(ReferralRow.id, ReferralRow.reference, ReferralRow.arrived_at, ReferralRow.state)
        .join_from(SameChildRow, ReferralRow, ReferralRow.id == SameChildRow.referral_id)
        .where(
            SameChildRow.agency_id == referral.agency_id,
            SameChildRow.blind.in_(own),
            ReferralRow.report_id != referral.report_id,
            ReferralRow.arrived_at < referral.arrived_at,
            ReferralRow.state != State.CANARY,
        )
        .distinct()
        .order_by(ReferralRow.arrived_at.desc(), ReferralRow.id)
    ).all()


def erase(connection: Connection, referral_ids: Collection[UUID], at: datetime) -> int:
    """Delete the marks of referrals for good; how many there were."""
    return erase_rows(connection, SameChildRow, SameChildRow.referral_id.in_(referral_ids), at=at)


def erase_of_agency(connection: Connection, agency_id: str, at: datetime) -> int:
    """Delete all marks of an agency for good, with their secret: nobody can make the like."""
    marks = erase_rows(connection, SameChildRow, SameChildRow.agency_id == agency_id, at=at)
    erase_rows(connection, AgencyIndexKeyRow, AgencyIndexKeyRow.agency_id == agency_id, at=at)
    return marks
