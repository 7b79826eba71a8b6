"""Who may do what: the one table of roles and permissions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """What a person is at an agency (worker, deputy, head) or at a controller (the others)."""

    WORKER = "worker"
    DEPUTY = "deputy"
    HEAD = "head"
    SUPERVISOR = "supervisor"
    COORDINATOR = "coordinator"
    RULE_EDITOR = "rule_editor"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"


class Permission(StrEnum):
    """What a route asks for; every route names exactly one."""

    ANYONE = "anyone"
    SIGNED_IN = "signed_in"
    READ_REFERRALS = "read_referrals"
    MOVE_REFERRALS = "move_referrals"
    KEY_IN = "key_in"
    RECUSE = "recuse"
    LIFT_RECUSAL = "lift_recusal"
    OVERSEE_RECUSALS = "oversee_recusals"
    HOLD_CONTENT = "hold_content"
    WATCH_DEADLINES = "watch_deadlines"
    CHANGE_DEADLINES = "change_deadlines"
    SEE_PICTURE = "see_picture"
    READ_RULES = "read_rules"
    CHANGE_RULES = "change_rules"
    SEE_DIRECTORY = "see_directory"
    CHANGE_DIRECTORY = "change_directory"
    MANAGE_PEOPLE = "manage_people"
    GIVE_KEYS = "give_keys"
    READ_TRAIL = "read_trail"
    SEE_JOBS = "see_jobs"


_AT_AN_AGENCY = frozenset(
    {
        Permission.READ_REFERRALS,
        Permission.MOVE_REFERRALS,
        Permission.KEY_IN,
        Permission.RECUSE,
        Permission.GIVE_KEYS,
    }
)
PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.WORKER: _AT_AN_AGENCY,
    Role.DEPUTY: _AT_AN_AGENCY,
    Role.HEAD: _AT_AN_AGENCY | {Permission.LIFT_RECUSAL, Permission.HOLD_CONTENT},
    Role.SUPERVISOR: frozenset(
        {
            Permission.WATCH_DEADLINES,
            Permission.CHANGE_DEADLINES,
            Permission.OVERSEE_RECUSALS,
            Permission.SEE_JOBS,
        }
    ),
    Role.COORDINATOR: frozenset({Permission.SEE_PICTURE}),
    Role.RULE_EDITOR: frozenset({Permission.READ_RULES, Permission.CHANGE_RULES}),
    Role.ADMINISTRATOR: frozenset(
        {
            Permission.SEE_DIRECTORY,
            Permission.CHANGE_DIRECTORY,
            Permission.MANAGE_PEOPLE,
            Permission.SEE_JOBS,
        }
    ),
    Role.AUDITOR: frozenset({Permission.READ_TRAIL}),
}

UPWARD = (Role.WORKER, Role.DEPUTY, Role.HEAD, Role.SUPERVISOR)
"""To whom a reminder may go, from below."""
AGENCY_ROLES = frozenset({Role.WORKER, Role.DEPUTY, Role.HEAD})


@dataclass(frozen=True)
class Membership:
    """One role of one person, at an agency or at a controller (exactly one of the two)."""

    role: Role
    agency: str | None = None
    controller: str | None = None


@dataclass(frozen=True)
class Appointment:
    """A role with its days, both within it; without a last day it goes on."""

    membership: Membership
    valid_from: date
    valid_to: date | None = None


@dataclass(frozen=True)
class Administrator:
    """Who changes the directory and people's roles, for which controllers.

    ``id`` is None for an operator on the command line.
    """

    id: UUID | None
    controllers: frozenset[str]

    @property
    def role(self) -> Role | None:
        """As the trail has it."""
        return Role.ADMINISTRATOR if self.id else None


@dataclass(frozen=True)
class Person:
    """A member of staff with the roles in force now.

    ``waiting``: roles that would be, once the keeper of the directory key has signed them.
    """

    id: UUID
    name: str
    email: str
    language: str
    memberships: tuple[Membership, ...]
    waiting: tuple[Membership, ...] = ()

    def may(self, permission: Permission) -> bool:
        """Whether any of this person's roles carries ``permission``."""
        if permission in (Permission.ANYONE, Permission.SIGNED_IN):
            return True
        return any(permission in PERMISSIONS[m.role] for m in self.memberships)

    def agencies(self, permission: Permission) -> frozenset[str]:
        """Agencies at which this person holds ``permission``."""
        return frozenset(m.agency for m in self._holding(permission) if m.agency is not None)

    def controllers(self, permission: Permission) -> frozenset[str]:
        """Controllers at which this person holds ``permission``."""
        return frozenset(
            m.controller for m in self._holding(permission) if m.controller is not None
        )

    def as_administrator(self) -> Administrator:
        """This person as the one who administers."""
        return Administrator(self.id, self.controllers(Permission.CHANGE_DIRECTORY))

    def role_at(self, agency: str) -> Role | None:
        """The role under which this person acts at ``agency``, the most responsible first."""
        held = self.roles_at(agency)
        return next((r for r in (Role.HEAD, Role.WORKER, Role.DEPUTY) if r in held), None)

    def roles_at(self, agency: str) -> frozenset[Role]:
        """Every role of this person at ``agency``."""
        return frozenset(m.role for m in self.memberships if m.agency == agency)

    def _holding(self, permission: Permission) -> Iterable[Membership]:
        return (m for m in self.memberships if permission in PERMISSIONS[m.role])
