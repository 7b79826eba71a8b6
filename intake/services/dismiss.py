"""End people's roles, and all that goes with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from intake.domain.deadline import local_date
from intake.domain.people import Administrator, Role
from intake.domain.staff import (
    Consequences,
    HeldRole,
    StaffMember,
    administrators_among,
    agencies_among,
    over_among,
)
from intake.domain.trail import Action
from intake.services.appoint import (
    Appoint,
    RoleNotYours,
    member_of,
    members_of,
    roles_of,
    write_line,
    write_role,
)
from intake.store import directory, invitations, people, rotation, staff, trail
from intake.store.columns import AnyRow
from intake.store.database import Database

_DAY = timedelta(days=1)
_BY_ITSELF = Administrator(None, frozenset())
"""As the trail has it, nobody: the last day was said before."""


class LeavesNobody(Exception):
    """Something could be done by nobody any more; ``consequences`` says what."""

    def __init__(self, consequences: Consequences) -> None:
        super().__init__("nobody would be left")
        self.consequences = consequences


@dataclass(frozen=True)
class Dismiss:
    """Ending of roles by the administrators of the controllers that they are under."""

    database: Database

    def consequences(
        self,
        admin: Administrator,
        person_id: UUID,
        role_id: UUID | None,
        last_day: date,
        now: datetime,
    ) -> Consequences:
        """What would follow of ending a role, or all, with a day.

        Raises PersonNotYours, RoleNotYours.
        """
        member = Appoint(self.database).person(admin, person_id, local_date(now))
        with self.database.read() as connection:
            return _consequences(connection, member, _chosen(admin, member, role_id), last_day)

    def __call__(
        self,
        admin: Administrator,
        person_id: UUID,
        role_id: UUID | None,
        last_day: date,
        now: datetime,
        *,
        knowing: bool,
    ) -> None:
        """End a role, or all that the administrator may end (None), with a day; any day before
        today is at once.

        At once the person's sessions end too, their grants of keys are withdrawn, their open
        referrals are without a worker, and who has no role left anywhere has left.

        Raises PersonNotYours, RoleNotYours, and LeavesNobody unless ``knowing``.
        """
        today = local_date(now)
        last_day = max(last_day, today - _DAY)
        Appoint(self.database).person(admin, person_id, today)
        with self.database.write() as connection:
            directory.lock(connection)  # of two who end the last two, the second is told
            member = member_of(connection, person_id, today)
            ended = _chosen(admin, member, role_id)
            consequences = _consequences(connection, member, ended, last_day)
            if consequences and not knowing:
                raise LeavesNobody(consequences)
            for role in ended:
                last = min(last_day, role.valid_to or last_day)
                staff.end_membership(connection, role.id, last, now)
                write_role(connection, admin, Action.END_ROLE, member, role.membership, now)
            if last_day < today:
                let_go(connection, admin, member, ended, now)

    def lapsed(self, now: datetime) -> int:
        """Let go of everybody with a role whose last day is over, as at once; then leave without a
        worker what else is handled by who has no role there. How many people and referrals.

        Each person is a transaction. A role whose entry alone has run out is not over. Who alone
        holds the key in use of an agency keeps it until somebody else of its members holds it:
        nobody is there to say that it shall be lost.
        """
        today = local_date(now)
        with self.database.read() as connection:
            found = staff.people_with_ended_roles(connection, today)
            people_over = [one for one in found if _over(connection, one, today)]
        ended = sum(self._let_go(person_id, now) for person_id in people_over)
        with self.database.write() as connection:
            rows = staff.clear_lapsed_workers(connection, today)
            _without_worker(connection, rows, now)
        return ended + len(rows)

    def _let_go(self, person_id: UUID, now: datetime) -> bool:
        today = local_date(now)
        with self.database.write() as connection:
            directory.lock(connection)  # an administrator may just be giving a role anew
            over = _over(connection, person_id, today)
            if over is None:
                return False
            let_go(connection, _BY_ITSELF, over.member, over.roles, now)
            return True


@dataclass(frozen=True)
class _Over:
    """Roles of a person whose last day is over; ``member``: with the roles that keep something."""

    member: StaffMember
    roles: Sequence[HeldRole]


def _over(connection: Connection, person_id: UUID, today: date) -> _Over | None:
    """None of a person who has been let go of, or has left."""
    row = staff.person(connection, person_id)
    if row is None:
        return None
    (member,) = members_of(connection, [row], today)
    over = over_among(roles_of(connection, [person_id])[person_id], today)
    held = staff.keys_granted(connection, person_id)
    alone = {held[key] for key in held if _is_alone_with(connection, key, held[key], today)}
    kept = [role for role in over if role.membership.agency in alone]
    gone = [role for role in over if role not in kept]
    since = staff.signed_in_since(connection, person_id)
    if not gone or (
        (member.roles or kept)
        and not agencies_among(gone) & set(held.values())
        and (since is None or all(role.is_over(local_date(since)) for role in gone))
    ):
        return None
    return _Over(replace(member, roles=(*member.roles, *kept)), gone)


def _is_alone_with(connection: Connection, key: str, agency: str, today: date) -> bool:
    """Whether a key is in use and none of its agency's members of today holds it."""
    in_use = people.key_in_use(connection, agency) == key
    return in_use and not staff.members_who_hold(connection, key, today)


def let_go(
    connection: Connection,
    admin: Administrator,
    member: StaffMember,
    ended: Sequence[HeldRole],
    now: datetime,
) -> None:
    """What goes with roles that have ended: sessions, grants of keys, open referrals."""
    stay = [role for role in member.roles if role not in ended]
    agencies = agencies_among(ended) - agencies_among(stay) if stay else None
    staff.end_sessions(connection, member.id, now)
    held = staff.withdraw_grants(connection, member.id, agencies, now)
    rotation.note_leaver(connection, held, member.id, now)
    for agency in sorted(set(held.values())):
        write_line(connection, admin, Action.WITHDRAW_GRANT, member.sign_in_name, agency, now)
    cleared = staff.clear_worker(connection, member.id, agencies)
    _without_worker(connection, cleared, now)
    if not stay:
        staff.leave(connection, member.id, now)
        invitations.withdraw_of(connection, member.id, now)
        write_line(connection, admin, Action.LEAVE, member.sign_in_name, None, now)


def _chosen(admin: Administrator, member: StaffMember, role_id: UUID | None) -> Sequence[HeldRole]:
    own = [role for role in member.roles if role.under in admin.controllers]
    chosen = [role for role in own if role_id in (None, role.id)]
    if not chosen and (role_id is not None or member.roles):
        raise RoleNotYours
    return chosen


def _consequences(
    connection: Connection, member: StaffMember, ended: Sequence[HeldRole], last_day: date
) -> Consequences:
    """As it would be on the day after."""
    after = last_day + _DAY
    stay = [role for role in member.roles if role not in ended and role.in_force(after)]
    openers = people.who_can_open(connection, after)
    administered = administrators_among(ended) - administrators_among(stay)
    return Consequences(
        agencies=tuple(
            agency
            for agency in sorted(agencies_among(ended) - agencies_among(stay))
            if openers.get(agency) == {member.id}
        ),
        controllers=tuple(
            controller
            for controller in sorted(administered)
            if set(people.officers(connection, controller, Role.ADMINISTRATOR, after))
            == {member.id}
        ),
    )


def _without_worker(connection: Connection, rows: Sequence[AnyRow], now: datetime) -> None:
    about = [{"agency_id": row.agency_id, "referral_id": row.id} for row in rows]
    if about:
        trail.write_lines(connection, at=now, action=Action.WITHOUT_WORKER, about=about)
