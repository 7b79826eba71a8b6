"""Reminders: recorded by the sweep, gathered into letters, read by who got them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Connection,
    and_,
    bindparam,
    exists,
    func,
    literal_column,
    or_,
    select,
    update,
)

from intake.domain.people import AGENCY_ROLES, Role
from intake.store import entries
from intake.store.columns import AnyRow, Instant
from intake.store.entry_tables import DirectoryEntryRow
from intake.store.many import insert_many, update_many
from intake.store.need_to_know_tables import RecusalRow
from intake.store.people_tables import MembershipRow, PersonRow
from intake.store.reminder_tables import AbsenceRow, ReminderRow
from intake.store.tables import ChaseRow, DeadlineRow, OutboxRow, ReferralRow, WrapRow

_UNTOLD = and_(
    ReminderRow.letter_id.is_(None),
    ~select(RecusalRow.report_id)  # of reports that their reader has been shut out of since
    .where(
        DeadlineRow.id == ReminderRow.deadline_id,
        ReferralRow.id == DeadlineRow.referral_id,
        RecusalRow.report_id == ReferralRow.report_id,
        RecusalRow.person_id == ReminderRow.person_id,
        RecusalRow.lifted_at.is_(None),
    )
    .correlate(ReminderRow)
    .exists(),
)
_WAITING_PEOPLE = (
    select(ReminderRow.person_id)
    .where(_UNTOLD, ReminderRow.person_id > bindparam("after"))
    .group_by(ReminderRow.person_id)
    .having(func.min(ReminderRow.created_at) <= bindparam("before", type_=Instant))
    .order_by(ReminderRow.person_id)
    .limit(bindparam("most"))
)
_UNTOLD_OF = (
    select(ReminderRow.id, ReminderRow.person_id, ReminderRow.params, ReminderRow.created_at)
    .where(_UNTOLD, ReminderRow.person_id.in_(bindparam("people", expanding=True)))
    .order_by(ReminderRow.created_at, ReminderRow.id)
    .with_for_update(skip_locked=True, of=ReminderRow)
)
_RECORDED = select(ChaseRow.deadline_id, ChaseRow.step).where(
    ChaseRow.deadline_id.in_(bindparam("deadlines", expanding=True))
)
_IN_FORCE = (
    MembershipRow.valid_from <= bindparam("on"),
    or_(MembershipRow.valid_to.is_(None), MembershipRow.valid_to >= bindparam("on")),
)
_STAFF = (
    select(
        MembershipRow.agency_id,
        MembershipRow.controller_id,
        MembershipRow.role,
        PersonRow.id,
        PersonRow.name,
        *entries.ROLE,
    )
    .join(PersonRow, PersonRow.id == MembershipRow.person_id)
    .join(DirectoryEntryRow, entries.OF_ROLE, isouter=True)
    .where(
        or_(
            and_(
                MembershipRow.agency_id.in_(bindparam("agencies", expanding=True)),
                MembershipRow.role.in_(sorted(AGENCY_ROLES)),
            ),
            and_(
                MembershipRow.controller_id.in_(bindparam("controllers", expanding=True)),
                MembershipRow.role == Role.SUPERVISOR.value,
            ),
        ),
        PersonRow.left_at.is_(None),
        *_IN_FORCE,
    )
    .order_by(PersonRow.sign_in_name)
)
_ABSENT = (
    select(AbsenceRow.person_id, AbsenceRow.stand_in_id, AbsenceRow.last_day)
    .where(
        AbsenceRow.withdrawn_at.is_(None),
        AbsenceRow.first_day <= bindparam("on"),
        or_(AbsenceRow.last_day.is_(None), AbsenceRow.last_day >= bindparam("on")),
    )
    .order_by(AbsenceRow.recorded_at, AbsenceRow.id)
)
_STANDBY = select(WrapRow.referral_id, WrapRow.agency_id).where(
    WrapRow.purpose == "standby", WrapRow.referral_id.in_(bindparam("referrals", expanding=True))
)
_SHUT = (  # of reports that their reader has been shut out of since
    select(ReferralRow.id)
    .join(RecusalRow, RecusalRow.report_id == ReferralRow.report_id)
    .where(RecusalRow.person_id == bindparam("person"), RecusalRow.lifted_at.is_(None))
)
_RUNNING = exists().where(
    DeadlineRow.id == ReminderRow.deadline_id,
    DeadlineRow.met_at.is_(None),
    DeadlineRow.referral_id.not_in(_SHUT),
)
_RUNNING_OF_PERSON = (
    select(ReminderRow.id, ReminderRow.deadline_id)
    .where(ReminderRow.person_id == bindparam("person"), _RUNNING)
    .order_by(ReminderRow.created_at.desc(), ReminderRow.id.desc())
)
_OF_PERSON = (
    select(
        ReminderRow.id,
        ReminderRow.deadline_id,
        ReminderRow.role,
        ReminderRow.urgent,
        ReminderRow.params,
        ReminderRow.created_at,
        ReminderRow.seen_at,
        DeadlineRow.due_at,
        DeadlineRow.next_chase_at,
        DeadlineRow.steps,
    )
    .join(DeadlineRow, DeadlineRow.id == ReminderRow.deadline_id)
    .where(
        ReminderRow.person_id == bindparam("person"),
        ReminderRow.id.in_(bindparam("ids", expanding=True)),
    )
    .order_by(ReminderRow.created_at.desc(), ReminderRow.id.desc())
)
MOST_COUNTED = 100
"""Every page of staff says how many are new: it counts no further."""
_UNSEEN = select(func.count()).select_from(
    select(ReminderRow.id)
    .where(ReminderRow.person_id == bindparam("person"), ReminderRow.seen_at.is_(None), _RUNNING)
    .limit(literal_column(str(MOST_COUNTED)))  # a number that its planner knows
    .subquery()
)


@dataclass
class Swept:
    """What a sweep writes, of a batch of deadlines. Each list holds rows."""

    chases: list[dict[str, Any]]
    reminders: list[dict[str, Any]]
    letters: list[dict[str, Any]]
    deadlines: list[dict[str, Any]]
    plans: list[dict[str, Any]]

    def write(self, connection: Connection) -> None:
        """Write all of it; IntegrityError if a step has been recorded before."""
        insert_many(connection, ChaseRow, self.chases)
        insert_many(connection, OutboxRow, self.letters)
        insert_many(connection, ReminderRow, self.reminders)
        update_many(connection, DeadlineRow, self.deadlines, where="deadline.met_at IS NULL")
        update_many(connection, DeadlineRow, self.plans, where="deadline.met_at IS NULL")


def recorded(connection: Connection, deadlines: Collection[UUID]) -> set[tuple[UUID, str]]:
    """The steps of these deadlines that have been recorded: (deadline, name of the step)."""
    rows = connection.execute(_RECORDED, {"deadlines": list(deadlines)})
    return {(row.deadline_id, row.step) for row in rows}


def staff_of(
    connection: Connection, agencies: Collection[str], controllers: Collection[str], on: date
) -> Sequence[AnyRow]:
    """Who may be reminded at these agencies, and the supervisors of these controllers."""
    asked = {"agencies": sorted(agencies), "controllers": sorted(controllers), "on": on}
    return entries.roles(connection, connection.execute(_STAFF, asked).all())


def absent_on(connection: Connection, on: date) -> Mapping[UUID, AnyRow]:
    """Who is absent on a day; of several absences the one that was recorded last."""
    return {row.person_id: row for row in connection.execute(_ABSENT, {"on": on})}


def standby_desks(connection: Connection, referrals: Collection[UUID]) -> Mapping[UUID, str]:
    """The desk that stands by for each of these referrals that has one."""
    rows = connection.execute(_STANDBY, {"referrals": list(referrals)})
    return {row.referral_id: row.agency_id for row in rows}


def people_waiting(
    connection: Connection, created_before: datetime, after: UUID, limit: int
) -> Sequence[UUID]:
    """People with a reminder of before then that no letter tells, by id, those after one."""
    asked = {"before": created_before, "after": after, "most": limit}
    return connection.scalars(_WAITING_PEOPLE, asked).all()


def untold(connection: Connection, people: Collection[UUID]) -> Sequence[AnyRow]:
    """Their reminders that no letter tells, the oldest first, kept from other schedulers until the
    transaction ends; those that another has are passed over.
    """
    return connection.execute(_UNTOLD_OF, {"people": list(people)}).all()


def put_into_letters(
    connection: Connection, letters: Sequence[dict[str, Any]], told: Sequence[dict[str, Any]]
) -> None:
    """Put letters into the outbox, and note in which each reminder is told (id, letter_id)."""
    insert_many(connection, OutboxRow, letters)
    update_many(connection, ReminderRow, told, where="reminder.letter_id IS NULL")


def running_of_person(connection: Connection, person_id: UUID) -> Sequence[AnyRow]:
    """A person's reminders whose deadline still runs, the newest first: by id, and the deadline."""
    return connection.execute(_RUNNING_OF_PERSON, {"person": person_id}).all()


def of_person(connection: Connection, person_id: UUID, ids: Sequence[UUID]) -> Sequence[AnyRow]:
    """These of a person's reminders, the newest first, with their deadlines."""
    return connection.execute(_OF_PERSON, {"person": person_id, "ids": ids}).all()


def unseen(connection: Connection, person_id: UUID) -> int:
    """How many of them the person has not seen; MOST_COUNTED stands for more."""
    return connection.scalar(_UNSEEN, {"person": person_id}) or 0


def mark_seen(connection: Connection, person_id: UUID, ids: Collection[UUID], at: datetime) -> None:
    """Note that the person has seen these; what was seen before stays as it is."""
    connection.execute(
        update(ReminderRow)
        .where(
            ReminderRow.person_id == person_id,
            ReminderRow.id.in_(ids),
            ReminderRow.seen_at.is_(None),
        )
        .values(seen_at=at)
    )
