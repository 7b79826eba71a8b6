"""Give people roles: at one's own controllers, and never to oneself."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from intake.domain.deadline import local_date
from intake.domain.people import AGENCY_ROLES, Administrator, Appointment, Membership, Role
from intake.domain.staff import HeldRole, StaffMember
from intake.domain.trail import Action
from intake.services.enrol import make_key_unless_held
from intake.services.tell_person import Event, tell
from intake.store import directory, people, staff, trail
from intake.store.columns import AnyRow
from intake.store.database import Database

MOST_PURPOSE = 80


class PersonNotYours(Exception):
    """There is no such person for this administrator, or they answer to others too."""


class PersonChanged(Exception):
    """Somebody else has changed the person since the page was shown."""


class OwnRole(Exception):
    """Nobody gives oneself a role or a new key."""


class RoleNotYours(Exception):
    """The role is at another controller, or there is no such place."""


class RoleHeldAlready(Exception):
    """The person has this role on some of these days already."""


@dataclass(frozen=True)
class Appoint:
    """Roles of people. What belongs to the whole person (name, address, a new key) is changed only
    where every role of theirs is under the administrator's own controllers.
    """

    database: Database

    def people(self, admin: Administrator, today: date) -> list[StaffMember]:
        """Everybody who has, had or will have a role at the administrator's controllers."""
        with self.database.read() as connection:
            return members_of(connection, staff.people_of(connection, admin.controllers), today)

    def person(self, admin: Administrator, person_id: UUID, today: date) -> StaffMember:
        """One of them. Raises PersonNotYours."""
        for member in self.people(admin, today):
            if member.id == person_id:
                return member
        raise PersonNotYours

    def named(self, sign_in_name: str, today: date) -> StaffMember:
        """Anybody, by their whole sign-in name. Raises PersonNotYours where there is nobody."""
        with self.database.read() as connection:
            row = people.row_by_sign_in_name(connection, sign_in_name.strip().lower())
            if row is None:
                raise PersonNotYours
            (member,) = members_of(connection, [row], today)
        return member

    def __call__(
        self,
        admin: Administrator,
        person_id: UUID,
        appointments: Sequence[Appointment],
        now: datetime,
    ) -> None:
        """Give a person roles; at an agency whose key nobody holds, the person gets a new one.

        Raises PersonNotYours, OwnRole, RoleNotYours, RoleHeldAlready.
        """
        for last_try in (False, True):
            try:
                with self.database.write() as connection:
                    self._give(connection, admin, person_id, appointments, now)
            except IntegrityError:  # another member of the agency made its key at the same time
                if last_try:
                    raise
            else:
                return

    def change(
        self,
        admin: Administrator,
        person_id: UUID,
        details: Mapping[str, str],
        seen: str,
        now: datetime,
    ) -> None:
        """Change name, e-mail or language. Raises PersonNotYours, PersonChanged."""
        today = local_date(now)
        self.person(admin, person_id, today)
        with self.database.write() as connection:
            directory.lock(connection)
            member = member_of(connection, person_id, today)
            if not member.wholly_under(admin.controllers):
                raise PersonNotYours
            if member.digest != seen:
                raise PersonChanged
            changed = [field for field, value in details.items() if getattr(member, field) != value]
            if changed:
                staff.change_person(connection, person_id, dict(details))
                what = f"{member.sign_in_name}: {', '.join(changed)}"
                write_line(connection, admin, Action.CHANGE_PERSON, what, None, now)
            if "email" in changed:
                tell(connection, person_id, now, Event.CHANGED_ADDRESS, to=member.email)

    def _give(
        self,
        connection: Connection,
        admin: Administrator,
        person_id: UUID,
        appointments: Sequence[Appointment],
        now: datetime,
    ) -> None:
        directory.lock(connection)
        if person_id == admin.id:
            raise OwnRole
        refuse_other_places(connection, admin, appointments)
        member = member_of(connection, person_id, local_date(now))
        for one in appointments:
            if any(r.meets(one.membership, one.valid_from, one.valid_to) for r in member.roles):
                raise RoleHeldAlready
            people.appoint(connection, person_id, one, now, admin.id)
            write_role(connection, admin, Action.GIVE_ROLE, member, one.membership, now)
            if one.membership.agency is not None:
                make_key_unless_held(connection, one.membership.agency, person_id, now)


def refuse_other_places(
    connection: Connection, admin: Administrator, appointments: Sequence[Appointment]
) -> None:
    """Raise RoleNotYours unless every role is at the administrator's own controllers."""
    wanted = [appointment.membership for appointment in appointments]
    under = staff.controllers_of(connection, {m.agency for m in wanted if m.agency})
    for membership in wanted:
        of_agency = membership.role in AGENCY_ROLES
        place = under.get(membership.agency or "") if of_agency else membership.controller
        if place not in admin.controllers:
            raise RoleNotYours


def member_of(connection: Connection, person_id: UUID, today: date) -> StaffMember:
    """A person who has not left. Raises PersonNotYours."""
    row = staff.person(connection, person_id)
    if row is None:
        raise PersonNotYours
    (member,) = members_of(connection, [row], today)
    return member


def members_of(connection: Connection, rows: Sequence[AnyRow], today: date) -> list[StaffMember]:
    """People by their rows, with the roles that are in force or will be."""
    roles = roles_of(connection, [row.id for row in rows])
    return [
        StaffMember(
            id=row.id,
            sign_in_name=row.sign_in_name,
            name=row.name,
            email=row.email,
            language=row.language,
            roles=tuple(role for role in roles[row.id] if role.lasts(today)),
        )
        for row in rows
    ]


def roles_of(connection: Connection, people: Collection[UUID]) -> dict[UUID, list[HeldRole]]:
    """Every role that each of these people has, had or will have."""
    roles: dict[UUID, list[HeldRole]] = {person_id: [] for person_id in people}
    for row in staff.memberships(connection, people):
        membership = Membership(Role(row.role), row.agency_id, row.controller_id)
        roles[row.person_id].append(
            HeldRole(row.id, membership, row.under, row.valid_from, row.valid_to)
        )
    return roles


def write_role(
    connection: Connection,
    admin: Administrator,
    action: Action,
    member: StaffMember,
    membership: Membership,
    now: datetime,
) -> None:
    """A line of the trail about one role of one person."""
    place = f", {membership.controller}" if membership.controller else ""
    what = f"{member.sign_in_name}: {membership.role}{place}"
    write_line(connection, admin, action, what, membership.agency, now)


def write_line(
    connection: Connection,
    admin: Administrator,
    action: Action,
    what: str,
    agency: str | None,
    now: datetime,
) -> None:
    """A line of the trail about a person."""
    trail.write_line(
        connection,
        at=now,
        action=action,
        person_id=admin.id,
        role=admin.role,
        agency_id=agency,
        purpose=what[:MOST_PURPOSE],
    )
