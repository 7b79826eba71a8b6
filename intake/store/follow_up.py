"""One deadline and what became of its reminders; what is due today, and who is absent."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BindParameter, Connection, bindparam, or_, select
from sqlalchemy.orm import aliased

from intake.store.columns import AnyRow, Instant
from intake.store.people_tables import MembershipRow, PersonRow
from intake.store.reminder_tables import AbsenceRow, ReminderRow
from intake.store.tables import ChaseRow, DeadlineRow, OutboxRow, ReferralRow, WrapRow

_AGENCIES: BindParameter[Collection[str]] = bindparam("agencies", expanding=True)
_ON: BindParameter[date] = bindparam("on")
_DEADLINE = (
    select(
        *DeadlineRow.__table__.c,
        ReferralRow.reference,
        ReferralRow.state,
        ReferralRow.is_lead,
        ReferralRow.opened_at,
        ReferralRow.worker_id,
        PersonRow.name.label("worker_name"),
        WrapRow.agency_id.label("standby_id"),
    )
    .join(ReferralRow, ReferralRow.id == DeadlineRow.referral_id)
    .join(PersonRow, PersonRow.id == ReferralRow.worker_id, isouter=True)
    .join(
        WrapRow,
        (WrapRow.referral_id == ReferralRow.id) & (WrapRow.purpose == "standby"),
        isouter=True,
    )
    .where(DeadlineRow.id == bindparam("deadline"))
)
_TOLD = (
    select(
        ChaseRow.id,
        ChaseRow.step,
        ChaseRow.to_role,
        ChaseRow.chased_at,
        PersonRow.name,
        ReminderRow.role,
        ReminderRow.seen_at,
        OutboxRow.sent_at,
        OutboxRow.dead_at,
    )
    .select_from(ChaseRow)
    .join(ReminderRow, ReminderRow.chase_id == ChaseRow.id, isouter=True)
    .join(PersonRow, PersonRow.id == ReminderRow.person_id, isouter=True)
    .join(OutboxRow, OutboxRow.id == ReminderRow.letter_id, isouter=True)
    .where(ChaseRow.deadline_id == bindparam("deadline"))
    .order_by(ChaseRow.chased_at.desc(), ChaseRow.id.desc(), PersonRow.name)
)
_DUE = (
    select(
        DeadlineRow.id,
        DeadlineRow.agency_id,
        DeadlineRow.clock,
        DeadlineRow.due_at,
        ReferralRow.reference,
        ReferralRow.state,
        PersonRow.name.label("worker_name"),
    )
    .join(ReferralRow, ReferralRow.id == DeadlineRow.referral_id)
    .join(PersonRow, PersonRow.id == ReferralRow.worker_id, isouter=True)
    .where(
        DeadlineRow.agency_id.in_(_AGENCIES),
        DeadlineRow.met_at.is_(None),
        DeadlineRow.due_at > bindparam("after", type_=Instant),
        DeadlineRow.due_at <= bindparam("until", type_=Instant),
        DeadlineRow.referral_id.not_in(bindparam("shut", expanding=True)),
    )
    .order_by(DeadlineRow.due_at, DeadlineRow.id)
    .limit(bindparam("most"))
)
_STAND_IN = aliased(PersonRow)
_ABSENT = (
    select(
        MembershipRow.agency_id,
        MembershipRow.role,
        PersonRow.id,
        PersonRow.name,
        AbsenceRow.last_day,
        _STAND_IN.name.label("stand_in"),
    )
    .select_from(AbsenceRow)
    .join(PersonRow, PersonRow.id == AbsenceRow.person_id)
    .join(MembershipRow, MembershipRow.person_id == PersonRow.id)
    .join(_STAND_IN, _STAND_IN.id == AbsenceRow.stand_in_id, isouter=True)
    .where(
        AbsenceRow.withdrawn_at.is_(None),
        AbsenceRow.first_day <= _ON,
        or_(AbsenceRow.last_day.is_(None), AbsenceRow.last_day >= _ON),
        PersonRow.left_at.is_(None),
        MembershipRow.agency_id.in_(_AGENCIES),
        MembershipRow.valid_from <= _ON,
        or_(MembershipRow.valid_to.is_(None), MembershipRow.valid_to >= _ON),
    )
    .order_by(PersonRow.name, MembershipRow.role)
)


def deadline(connection: Connection, deadline_id: UUID) -> AnyRow | None:
    """A deadline, running or met, with its referral's plain columns, who has it in hand and which
    desk stands by for it.
    """
    return connection.execute(_DEADLINE, {"deadline": deadline_id}).first()


def told(connection: Connection, deadline_id: UUID) -> Sequence[AnyRow]:
    """Each chase of a deadline with each person that it told, the newest first: what became of the
    letter, and when they saw it on their page.
    """
    return connection.execute(_TOLD, {"deadline": deadline_id}).all()


def due_between(
    connection: Connection,
    agencies: Collection[str],
    after: datetime,
    until: datetime,
    most: int,
    shut: Collection[UUID],
) -> Sequence[AnyRow]:
    """Running deadlines that are over after one instant and not after another, the first first;
    none of referrals that are ``shut`` to the reader.
    """
    asked = {"agencies": sorted(agencies), "after": after, "until": until, "most": most}
    asked |= {"shut": list(shut)}
    return connection.execute(_DUE, asked).all()


def absent_at(connection: Connection, agencies: Collection[str], on: date) -> Sequence[AnyRow]:
    """Who of these agencies' members is absent on a day, until when, and who stands in."""
    return connection.execute(_ABSENT, {"agencies": sorted(agencies), "on": on}).all()
