"""Who is written to when a deadline is chased: by role, by desk, and in place of who is absent."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from sqlalchemy import Connection

from intake.domain.chase import DUTY_DESK
from intake.domain.directory import Agency, AgencyMissing, Desk, Directory, Kind
from intake.domain.people import AGENCY_ROLES, UPWARD, Role
from intake.store import recusals, reminders
from intake.store.columns import AnyRow

log = logging.getLogger(__name__)
_AT_THE_DESK = (Role.WORKER, Role.DEPUTY, Role.HEAD)


@dataclass(frozen=True)
class Absent:
    """In whose place somebody is written to. ``until``: the last day, None where it is open."""

    person_id: UUID
    name: str
    until: date | None


@dataclass(frozen=True)
class Reader:
    """A person, as what they are written to, and for whom where it is somebody else's."""

    person_id: UUID
    role: str
    absent: Absent | None = None


@dataclass(frozen=True)
class Readers:
    """Who is at the agencies of a batch of deadlines on a day: read once for all of them.

    ``shut``: by referral those who are shut out of its report, and hear nothing of it.
    """

    directory: Directory
    members: Mapping[tuple[str, str], Sequence[UUID]]
    names: Mapping[UUID, str]
    absences: Mapping[UUID, AnyRow]
    standby: Mapping[UUID, str]
    shut: Mapping[UUID, frozenset[UUID]] = field(default_factory=dict)
    _found: dict[object, tuple[Reader, ...]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        connection: Connection,
        directory: Directory,
        rows: Collection[AnyRow],
        today: date,
        *,
        duty_desk: bool,
    ) -> Readers:
        """``rows``: the deadlines; ``duty_desk``: whether a step of theirs goes to one."""
        listed = directory.agencies
        own = {row.agency_id for row in rows if row.agency_id in listed}
        controllers = {listed[agency].controller for agency in own}
        standby: Mapping[UUID, str] = {}
        desks: set[str] = set()
        if duty_desk:
            standby = reminders.standby_desks(connection, {row.referral_id for row in rows})
            near = (_duty_desk(directory, listed[agency]) for agency in own)
            desks = {*standby.values(), *(desk for desk in near if desk)}
        members: dict[tuple[str, str], list[UUID]] = {}
        names: dict[UUID, str] = {}
        for one in reminders.staff_of(connection, own | desks, controllers, today):
            members.setdefault((one.agency_id or one.controller_id, one.role), []).append(one.id)
            names[one.id] = one.name
        absences = reminders.absent_on(connection, today)
        shut = recusals.of_referrals(connection, {row.referral_id for row in rows})
        return cls(directory, members, names, absences, standby, shut)

    def __call__(self, row: AnyRow, to: str) -> tuple[Reader, ...]:
        """The readers of a step of a deadline: those asked for, else the next up, else down; those
        asked for where everybody is absent.

        Raises AgencyUnknown for an agency that is no longer listed.
        """
        if row.referral_id in self.shut:
            return self.without(row)._find(row, to)
        key = row.agency_id, to, row.worker_id, self.standby.get(row.referral_id)
        if key not in self._found:
            self._found[key] = self._find(row, to)
        return self._found[key]

    def without(self, row: AnyRow) -> Readers:
        """The same as if those who are shut out of the deadline's report had no role anywhere."""
        shut = self.shut.get(row.referral_id, frozenset())
        members = {
            place: [one for one in found if one not in shut]
            for place, found in self.members.items()
        }
        return replace(self, members=members, shut={}, _found={})

    def at_desk(self, desk: Agency) -> tuple[Reader, ...]:
        """Those of a desk, and nobody in its place."""
        found, _ = self._first(desk.id, desk.controller, _AT_THE_DESK, None)
        return tuple(Reader(one.person_id, DUTY_DESK, one.absent) for one in found)

    def _find(self, row: AnyRow, to: str) -> tuple[Reader, ...]:
        agency = self.directory.agency(row.agency_id)
        if to == DUTY_DESK:
            for desk in self._desks(row, agency):
                if at_desk := self.at_desk(desk):
                    return at_desk
            to = Role.SUPERVISOR
        start = UPWARD.index(Role(to))
        order = UPWARD[start:] + UPWARD[:start][::-1]
        found, missing = self._first(agency.id, agency.controller, order[:1], row.worker_id)
        if not found:
            # For who is absent an agency's deputy comes before those further up.
            deputies = (Role.DEPUTY,) if missing and order[0] in AGENCY_ROLES else ()
            rest = (*deputies, *order[1:])
            found, _ = self._first(agency.id, agency.controller, rest, row.worker_id)
            only = missing[0] if len(missing) == 1 else None
            found = [Reader(one.person_id, one.role, one.absent or only) for one in found]
        if not found:
            # Absences send reminders elsewhere; where nobody is left they silence none.
            whoever = replace(self, absences={})
            found, _ = whoever._first(agency.id, agency.controller, order, row.worker_id)
        if not found:
            log.error("nobody to chase at %s: no worker, deputy, head or supervisor", agency.id)
        return tuple(found)

    def _first(
        self, agency: str, controller: str, roles: Sequence[Role], worker: UUID | None
    ) -> tuple[list[Reader], list[Absent]]:
        """Those of the first role in which anybody can be written to; who of the first is absent.

        ``worker``: who has the referral in hand, the only worker to be asked.
        """
        missing: list[Absent] = []
        for role in roles:
            place = controller if role is Role.SUPERVISOR else agency
            asked = self.members.get((place, role), ())
            if role is Role.WORKER and worker in asked:
                asked = (worker,) if worker else ()
            found = {one: Reader(one, role) for one in asked if one not in self.absences}
            for one in asked:
                if one in self.absences:
                    told = self._absent(one)
                    missing += [told] if role is roles[0] else []
                    if stand_in := self._stand_in(one, place, role):
                        found.setdefault(stand_in, Reader(stand_in, role, told))
            if found:
                return list(found.values()), missing
        return [], missing

    def _absent(self, person: UUID) -> Absent:
        return Absent(person, self.names[person], self.absences[person].last_day)

    def _stand_in(self, person: UUID, place: str, role: Role) -> UUID | None:
        """Who was named and is there; or whom that one named, and so on. Only who has a role at
        the same agency: anybody else could not open what the reminder is about.
        """
        roles = (role,) if role is Role.SUPERVISOR else tuple(AGENCY_ROLES)
        here = {one for each in roles for one in self.members.get((place, each), ())}
        passed: set[UUID] = set()
        while person in self.absences and person not in passed:
            passed.add(person)
            named = self.absences[person].stand_in_id
            if named is None or named not in here:
                return None
            person = named
        return None if person in passed else person

    def _desks(self, row: AnyRow, agency: Agency) -> Iterator[Agency]:
        """The desk that stands by for a lead, then the county's duty desk; never the agency's own
        part, which has been told.
        """
        standing_by = self.standby.get(row.referral_id)
        for desk in dict.fromkeys((standing_by, _duty_desk(self.directory, agency))):
            if desk and desk != agency.id and desk in self.directory.agencies:
                yield self.directory.agency(desk)


def _duty_desk(directory: Directory, agency: Agency) -> str | None:
    """Social services' duty desk of the one county that an agency serves."""
    counties = {directory.county_of(place).id for place in agency.municipalities}
    if len(counties) != 1:
        return None
    try:
        place = agency.municipalities[0]
        desk = directory.resolve(Kind.SOC, Desk.DUTY, residence=place, school=None)
    except AgencyMissing:
        return None
    return desk.id if desk.desk is Desk.DUTY else None
