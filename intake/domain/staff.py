"""People as administrators handle them: their details and the roles that they have or will have."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from intake.domain.people import Membership, Role


@dataclass(frozen=True)
class HeldRole:
    """A role of a person; ``under``: the controller whose administrators give and end it."""

    id: UUID
    membership: Membership
    under: str
    valid_from: date
    valid_to: date | None

    def lasts(self, today: date) -> bool:
        """Whether it is in force or will be."""
        return self.valid_to is None or self.valid_to >= max(today, self.valid_from)

    def is_over(self, today: date) -> bool:
        """Whether its last day is."""
        return self.valid_to is not None and self.valid_to < today

    def in_force(self, on: date) -> bool:
        """Whether the day is within it."""
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)

    def meets(self, membership: Membership, first: date, last: date | None) -> bool:
        """Whether it is the same role at the same place on some day of these."""
        starts_before = last is None or self.valid_from <= last
        ends_after = self.valid_to is None or self.valid_to >= first
        return self.membership == membership and starts_before and ends_after


@dataclass(frozen=True)
class StaffMember:
    """A person with the roles that are in force or will be."""

    id: UUID
    sign_in_name: str
    name: str
    email: str
    language: str
    roles: tuple[HeldRole, ...]

    def wholly_under(self, controllers: Collection[str]) -> bool:
        """Whether the person answers to these controllers alone."""
        return all(role.under in controllers for role in self.roles)

    @property
    def digest(self) -> str:
        """What stands for the person's details while they are being edited."""
        details = [self.name, self.email, self.language]
        return hashlib.sha256(json.dumps(details).encode()).hexdigest()


@dataclass(frozen=True)
class Consequences:
    """What nobody could do any more: open at these agencies, administer these controllers."""

    agencies: tuple[str, ...] = ()
    controllers: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.agencies or self.controllers)


def administrators_among(roles: Collection[HeldRole]) -> set[str]:
    """The controllers that these roles let one administer."""
    return {r.membership.controller or "" for r in roles if r.membership.role is Role.ADMINISTRATOR}


def agencies_among(roles: Collection[HeldRole]) -> set[str]:
    """The agencies that these roles are at."""
    return {role.membership.agency for role in roles if role.membership.agency}


def over_among(roles: Collection[HeldRole], today: date) -> list[HeldRole]:
    """Those whose last day is over, at places where no other goes on or will begin."""
    stay = {_place(role) for role in roles if role.lasts(today)}
    return [role for role in roles if role.is_over(today) and _place(role) not in stay]


def _place(role: HeldRole) -> tuple[str | None, str | None]:
    return role.membership.agency, role.membership.controller
