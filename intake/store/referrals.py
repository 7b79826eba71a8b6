"""Referrals as agencies, reporters and supervisors ask for them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, extract, func, insert, select, update

from intake.store.columns import AnyRow
from intake.store.people_tables import PersonRow
from intake.store.tables import (
    ChaseRow,
    DeadlineRow,
    MoveRow,
    ReferralRow,
    WrapRow,
)


def referral(connection: Connection, referral_id: UUID) -> AnyRow | None:
    """One referral's row."""
    return connection.execute(
        select(ReferralRow.__table__).where(ReferralRow.id == referral_id)
    ).first()


_PLAIN = [column for column in ReferralRow.__table__.c if not column.name.startswith("sealed_")]
"""What doors that open nothing may read too."""


def of_report(connection: Connection, report_id: UUID) -> Sequence[AnyRow]:
    """All referrals of a report without what is sealed, the lead first."""
    return connection.execute(
        select(*_PLAIN)
        .where(ReferralRow.report_id == report_id)
        .order_by(ReferralRow.is_lead.desc(), ReferralRow.arrived_at, ReferralRow.id)
    ).all()


def wrap(connection: Connection, referral_id: UUID, purpose: str) -> AnyRow | None:
    """The wrap of a referral for its agency or for the standby desk."""
    return connection.execute(
        select(WrapRow.__table__).where(
            WrapRow.referral_id == referral_id, WrapRow.purpose == purpose
        )
    ).first()


def moves(connection: Connection, referral_id: UUID) -> Sequence[AnyRow]:
    """What has been recorded on a referral, oldest first, with the persons' names."""
    return connection.execute(
        select(*MoveRow.__table__.c, PersonRow.name.label("person_name"))
        .join(PersonRow, PersonRow.id == MoveRow.person_id)
        .where(MoveRow.referral_id == referral_id)
        .order_by(MoveRow.made_at, MoveRow.id)
    ).all()


def moves_of_report(connection: Connection, report_id: UUID) -> Sequence[AnyRow]:
    """Which moves were made on each referral of a report: no person, no reason."""
    return connection.execute(
        select(MoveRow.referral_id, MoveRow.move, MoveRow.choice, MoveRow.made_at)
        .join(ReferralRow, ReferralRow.id == MoveRow.referral_id)
        .where(ReferralRow.report_id == report_id)
        .order_by(MoveRow.made_at)
    ).all()


def mark_opened(connection: Connection, referral_id: UUID, at: datetime) -> None:
    """Note the first opening; later ones leave it as it is."""
    connection.execute(
        update(ReferralRow)
        .where(ReferralRow.id == referral_id, ReferralRow.opened_at.is_(None))
        .values(opened_at=at)
    )


def record_move(
    connection: Connection,
    values: dict[str, Any],
    *,
    from_state: str,
    to_state: str | None,
    worker_id: UUID | None,
) -> bool:
    """Add a move and change the referral; False if its state has changed under our feet."""
    change: dict[str, Any] = {"moved_at": values["made_at"]}
    if to_state is not None:
        change["state"] = to_state
    if worker_id is not None:
        change["worker_id"] = worker_id
    changed = connection.execute(
        update(ReferralRow)
        .where(ReferralRow.id == values["referral_id"], ReferralRow.state == from_state)
        .values(**change)
    ).rowcount
    if changed != 1:
        return False
    connection.execute(insert(MoveRow).values(**values))
    return True


def deadlines(connection: Connection, referral_id: UUID) -> Sequence[AnyRow]:
    """The deadlines of a referral, the earliest first."""
    return connection.execute(
        select(DeadlineRow.__table__)
        .where(DeadlineRow.referral_id == referral_id)
        .order_by(DeadlineRow.due_at, DeadlineRow.clock)
    ).all()


def meet_deadlines(
    connection: Connection,
    referral_id: UUID,
    clocks: Collection[str] | None,
    *,
    at: datetime,
    happened_on: date | None,
    move: str,
) -> int:
    """Stop these clocks (None: all) that still run; how many were met."""
    statement = update(DeadlineRow).where(
        DeadlineRow.referral_id == referral_id, DeadlineRow.met_at.is_(None)
    )
    if clocks is not None:
        statement = statement.where(DeadlineRow.clock.in_(clocks))
    return connection.execute(
        statement.values(met_at=at, met_on=happened_on, met_by=move, next_chase_at=None)
    ).rowcount


_CHASES = (
    select(ChaseRow.deadline_id, ChaseRow.to_role, ChaseRow.chased_at, ChaseRow.letters)
    .where(ChaseRow.deadline_id.in_(bindparam("deadlines", expanding=True)))
    .order_by(ChaseRow.chased_at, ChaseRow.id)
)


def chases(connection: Connection, deadline_ids: Collection[UUID]) -> Sequence[AnyRow]:
    """Who was chased when, for these deadlines."""
    return connection.execute(_CHASES, {"deadlines": list(deadline_ids)}).all()


def counts_by_agency_and_month(connection: Connection) -> Sequence[AnyRow]:
    """How many referrals each agency got in each month (UTC) of arrival."""
    year, month = (extract(part, ReferralRow.arrived_at) for part in ("year", "month"))
    return connection.execute(
        select(
            ReferralRow.agency_id,
            year.label("year"),
            month.label("month"),
            func.count().label("referrals"),
        )
        .group_by(ReferralRow.agency_id, year, month)
        .order_by(year, month)
    ).all()
