"""Referrals as agencies, reporters and supervisors ask for them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, and_, bindparam, extract, func, or_, select, update

from intake.domain.referral import OPEN, State
from intake.store.columns import AnyRow
from intake.store.people_tables import AgencyRow
from intake.store.tables import ChaseRow, DeadlineRow, ReferralRow, ReportRow, WrapRow


def referral(connection: Connection, referral_id: UUID) -> AnyRow | None:
    """One referral's row, with when the report's content was deleted, if it was; a canary is
    nobody's to read or to move.
    """
    return connection.execute(
        select(*ReferralRow.__table__.c, ReportRow.content_deleted_at)
        .join(ReportRow, ReportRow.id == ReferralRow.report_id)
        .where(ReferralRow.id == referral_id, ReferralRow.state != State.CANARY)
    ).first()


_PLAIN = [column for column in ReferralRow.__table__.c if not column.name.startswith("sealed_")]
"""What doors that open nothing may read too."""


def place(
    connection: Connection, referral_id: UUID | None, deadline_id: UUID | None
) -> AnyRow | None:
    """The id, the agency and its controller of a referral, by its own id or by that of a deadline
    of it.
    """
    asked = select(
        ReferralRow.id, ReferralRow.agency_id, AgencyRow.controller_id.label("controller")
    ).join(AgencyRow, AgencyRow.id == ReferralRow.agency_id, isouter=True)
    if referral_id is not None:
        asked = asked.where(ReferralRow.id == referral_id)
    elif deadline_id is not None:
        of_deadline = select(DeadlineRow.referral_id).where(DeadlineRow.id == deadline_id)
        asked = asked.where(ReferralRow.id == of_deadline.scalar_subquery())
    else:
        return None
    return connection.execute(asked).one_or_none()


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


def live_wraps(connection: Connection, report_id: UUID) -> Sequence[AnyRow]:
    """Of a report, the wraps that somebody must be able to open: of the agencies that have it, and
    of the desks that stand by while nobody has taken it up. By agency, key and reference.
    """
    has_it = and_(
        WrapRow.purpose == "recipient", ReferralRow.state.in_(sorted(OPEN | {State.CLOSED}))
    )
    stands_by = and_(
        WrapRow.purpose == "standby", ReferralRow.state == State.SENT, ReferralRow.is_lead
    )
    return connection.execute(
        select(WrapRow.agency_id, WrapRow.agency_key_id, ReferralRow.reference)
        .join(ReferralRow, ReferralRow.id == WrapRow.referral_id)
        .where(ReferralRow.report_id == report_id, or_(has_it, stands_by))
        .order_by(WrapRow.agency_id, WrapRow.id)
    ).all()


def hold_to_open(connection: Connection, referral_id: UUID) -> bool:
    """Keep a referral from being withdrawn, and its content from being deleted, until the
    transaction ends; False if it has been.
    """
    return hold_in(connection, {referral_id: frozenset(State) - {State.WITHDRAWN}})


def hold_in(connection: Connection, states: Mapping[UUID, Collection[str]]) -> bool:
    """Keep referrals from moving on, and their content from being deleted, until the transaction
    ends; False where one is in none of the states that it may be in, or its content is deleted.
    """
    rows = connection.execute(
        select(ReferralRow.id, ReferralRow.state, ReferralRow.sealed_reasons)
        .where(ReferralRow.id.in_(states))
        .order_by(ReferralRow.id)
        .with_for_update()
    ).all()
    there = [row for row in rows if row.state in states[row.id] and row.sealed_reasons]
    return len(there) == len(states)


def mark_opened(connection: Connection, referral_id: UUID, at: datetime) -> bool:
    """Note the first opening; later ones leave it as it is. Whether this is the first."""
    return (
        connection.execute(
            update(ReferralRow)
            .where(ReferralRow.id == referral_id, ReferralRow.opened_at.is_(None))
            .values(opened_at=at)
        ).rowcount
        == 1
    )


def deadlines(connection: Connection, referral_id: UUID) -> Sequence[AnyRow]:
    """The deadlines of a referral, the earliest first."""
    return connection.execute(
        select(DeadlineRow.__table__)
        .where(DeadlineRow.referral_id == referral_id)
        .order_by(DeadlineRow.due_at, DeadlineRow.clock)
    ).all()


_CHASES = (
    select(ChaseRow.deadline_id, ChaseRow.to_role, ChaseRow.chased_at, ChaseRow.letters)
    .where(ChaseRow.deadline_id.in_(bindparam("deadlines", expanding=True)))
    .order_by(ChaseRow.chased_at, ChaseRow.id)
)


def chases(connection: Connection, deadline_ids: Collection[UUID]) -> Sequence[AnyRow]:
    """Who was chased when, for these deadlines."""
    return connection.execute(_CHASES, {"deadlines": list(deadline_ids)}).all()


def counts_by_agency_and_month(connection: Connection) -> Sequence[AnyRow]:
    """How many referrals each agency got in each month (UTC) of arrival; not those withdrawn."""
    year, month = (extract(part, ReferralRow.arrived_at) for part in ("year", "month"))
    return connection.execute(
        select(
            ReferralRow.agency_id,
            year.label("year"),
            month.label("month"),
            func.count().label("referrals"),
        )
        .where(ReferralRow.state.not_in([State.WITHDRAWN, State.CANARY]))
        .group_by(ReferralRow.agency_id, year, month)
        .order_by(year, month)
    ).all()
