"""Record who is absent, so that reminders go to somebody who is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection

from intake.domain.deadline import local_date
from intake.domain.people import AGENCY_ROLES, Person, Role
from intake.domain.row_id import new_id
from intake.domain.trail import Action
from intake.services.sign_in import Visit
from intake.store import absences, people, reminders, trail
from intake.store.columns import AnyRow
from intake.store.database import Database


class AbsenceNotYours(Exception):
    """It is neither one's own nor that of a member of a unit whose head one is."""


class StandInUnfit(Exception):
    """The person named has no role today where the absent one has, or is the absent one."""


@dataclass(frozen=True)
class Away:
    """What is told of an absence; both days are within it, and without a last day it goes on."""

    first_day: date
    last_day: date | None
    stand_in: UUID | None


@dataclass(frozen=True)
class Shown:
    """Whose absences, those that have not ended, and who may stand in, by id and name.

    ``members``: of the units whose head the visitor is, likewise.
    """

    person: Person
    absences: Sequence[AnyRow]
    stand_ins: Mapping[UUID, str]
    members: Mapping[UUID, str]
    of_members: Sequence[AnyRow]


@dataclass(frozen=True)
class Absences:
    """Absences of oneself, and of the members of one's own units by their head."""

    database: Database

    def __call__(self, visit: Visit, now: datetime, member: UUID | None = None) -> Shown:
        """One's own, or a member's. Raises AbsenceNotYours."""
        today = local_date(now)
        with self.database.read() as connection:
            members = _members(connection, visit.person, today)
            person = self._person(connection, visit, member, members, today)
            own = absences.absences(connection, [person.id], today)
            others = absences.absences(connection, list(members), today)
            return Shown(person, own, _stand_ins(connection, person, today), members, others)

    def record(self, visit: Visit, away: Away, now: datetime, member: UUID | None = None) -> None:
        """Nothing happens if just the same was recorded last, as by a form that was sent twice.

        Raises AbsenceNotYours, StandInUnfit.
        """
        today = local_date(now)
        with self.database.write() as connection:
            members = _members(connection, visit.person, today)
            person = self._person(connection, visit, member, members, today)
            if away.stand_in and away.stand_in not in _stand_ins(connection, person, today):
                raise StandInUnfit
            last = absences.newest(connection, person.id)
            if last and away == Away(last.first_day, last.last_day, last.stand_in_id):
                return
            absences.add_absence(
                connection,
                {
                    "id": new_id(now),
                    "person_id": person.id,
                    "first_day": away.first_day,
                    "last_day": away.last_day,
                    "stand_in_id": away.stand_in,
                    "recorded_by": visit.person.id,
                    "recorded_at": now,
                },
            )
            days = (away.first_day, away.last_day)
            _line(connection, Action.ABSENT, visit, person.id, days, now)

    def withdraw(self, visit: Visit, absence_id: UUID, now: datetime) -> None:
        """Nothing happens to one that has been withdrawn. Raises AbsenceNotYours."""
        today = local_date(now)
        with self.database.write() as connection:
            row = absences.absence(connection, absence_id)
            if row is None:
                raise AbsenceNotYours
            if row.person_id != visit.person.id:
                members = _members(connection, visit.person, today)
                self._person(connection, visit, row.person_id, members, today)
            if absences.withdraw_absence(connection, absence_id, now):
                days = (row.first_day, row.last_day)
                _line(connection, Action.ABSENCE_WITHDRAWN, visit, row.person_id, days, now)

    def _person(
        self,
        connection: Connection,
        visit: Visit,
        member: UUID | None,
        members: Mapping[UUID, str],
        today: date,
    ) -> Person:
        if member is None or member == visit.person.id:
            return visit.person
        person = people.person(connection, member, today) if member in members else None
        if person is None:
            raise AbsenceNotYours
        return person


def _members(connection: Connection, head: Person, today: date) -> dict[UUID, str]:
    """The other members of the units whose head this is; not those who watch deadlines, for no
    head sends away the reminders that come when the unit stays silent.
    """
    units = [m.agency for m in head.memberships if m.role is Role.HEAD and m.agency]
    if not units:
        return {}
    rows = reminders.staff_of(connection, units, (), today)
    names = {row.id: row.name for row in rows if row.id != head.id}
    watching = absences.supervisors_among(connection, list(names), today)
    return {one: name for one, name in names.items() if one not in watching}


def _stand_ins(connection: Connection, person: Person, today: date) -> dict[UUID, str]:
    """Who could open what this person is reminded of: members of the same agencies, and
    supervisors of the same controllers.
    """
    agencies = {m.agency for m in person.memberships if m.role in AGENCY_ROLES and m.agency}
    watched = {
        m.controller for m in person.memberships if m.role is Role.SUPERVISOR and m.controller
    }
    rows = reminders.staff_of(connection, agencies, watched, today)
    return {row.id: row.name for row in rows if row.id != person.id}


def _line(
    connection: Connection,
    action: Action,
    visit: Visit,
    person_id: UUID,
    days: tuple[date, date | None],
    now: datetime,
) -> None:
    first, last = days
    name = people.sign_in_name(connection, person_id)[:50]
    trail.write_line(
        connection,
        at=now,
        action=action,
        person_id=visit.person.id,
        purpose=f"{name} {first}/{last or ''}",
    )
