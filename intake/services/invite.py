"""Invite people by a link that works once; only a derivation of it is kept.

The link is shown once to whoever invites, to be handed over; it is not sent by mail, which would
keep it in the outbox, in backups and in a mailbox that others may read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from intake.domain.deadline import local_date
from intake.domain.people import Administrator, Appointment, Membership, Role
from intake.domain.row_id import new_id
from intake.domain.trail import Action
from intake.services.appoint import (
    OwnRole,
    PersonNotYours,
    member_of,
    refuse_other_places,
    write_line,
)
from intake.services.enrol import SignInNameTaken
from intake.store import directory, invitations, people, staff
from intake.store.columns import AnyRow
from intake.store.database import Database
from intake.vault.keyring import InvitationSecret

VALID = timedelta(days=7)


class LinkReplaced(Exception):
    """The link that was to be replaced is another one by now."""


class InvitedAlready(Exception):
    """An invitation for this sign-in name is open: it is used or withdrawn first."""


class InvitationNotYours(Exception):
    """There is no such open invitation for this administrator."""


@dataclass(frozen=True)
class Newcomer:
    """Who is invited."""

    sign_in_name: str
    name: str
    email: str
    language: str


@dataclass(frozen=True)
class OpenInvitation:
    """An invitation that was neither used nor withdrawn; ``inviter`` is None for an operator."""

    id: UUID
    newcomer: Newcomer
    roles: tuple[Appointment, ...]
    renews: UUID | None
    inviter: str | None
    invited_by: UUID | None
    expires_at: datetime


@dataclass(frozen=True)
class Invite:
    """Inviting, also anew for a lost passphrase, and withdrawing."""

    database: Database

    def __call__(
        self,
        admin: Administrator,
        newcomer: Newcomer,
        roles: Sequence[Appointment],
        now: datetime,
    ) -> InvitationSecret:
        """The link's secret, which is nowhere else.

        Raises RoleNotYours, SignInNameTaken, InvitedAlready.
        """
        with self.database.read() as connection:
            refuse_other_places(connection, admin, roles)
            if people.sign_in_name_taken(connection, newcomer.sign_in_name):
                raise SignInNameTaken
        return self._add(admin, newcomer, roles, None, now)

    def link_there(self, person_id: UUID) -> str:
        """What names the link by which a person could make a new key; nothing without one."""
        with self.database.read() as connection:
            return str(invitations.open_of(connection, person_id) or "")

    def anew(
        self,
        admin: Administrator,
        person_id: UUID,
        now: datetime,
        instead_of: str | None = None,
    ) -> InvitationSecret:
        """A link by which a person who lost the passphrase makes a new key; an older one is void.

        Nothing changes until it is used. ``instead_of`` names the older one, so that a page that
        is sent twice makes one link. Raises PersonNotYours, OwnRole, InvitedAlready, LinkReplaced.
        """
        if person_id == admin.id:
            raise OwnRole
        with self.database.write() as connection:
            directory.lock(connection)
            member = member_of(connection, person_id, local_date(now))
            if not member.roles or not member.wholly_under(admin.controllers):
                raise PersonNotYours
            there = str(invitations.open_of(connection, person_id) or "")
            if instead_of not in (None, there):
                raise LinkReplaced
            invitations.withdraw_of(connection, person_id, now)
        newcomer = Newcomer(member.sign_in_name, member.name, member.email, member.language)
        return self._add(admin, newcomer, (), person_id, now)

    def withdraw(self, admin: Administrator, invitation_id: UUID, now: datetime) -> None:
        """Let an invitation's link lead nowhere. Raises InvitationNotYours."""
        open_ones = {one.id: one for one in self.open_ones(admin, local_date(now))}
        if invitation_id not in open_ones:
            raise InvitationNotYours
        name = open_ones[invitation_id].newcomer.sign_in_name
        with self.database.write() as connection:
            if not invitations.withdraw(connection, invitation_id, now):
                raise InvitationNotYours
            write_line(connection, admin, Action.WITHDRAW_INVITATION, name, None, now)

    def open_ones(self, admin: Administrator, today: date) -> list[OpenInvitation]:
        """Those to the administrator's own controllers, or of people wholly under them."""
        with self.database.read() as connection:
            rows = invitations.open_ones(connection)
            return [opened(row) for row in rows if self._is_own(connection, admin, row, today)]

    def _is_own(
        self, connection: Connection, admin: Administrator, row: AnyRow, today: date
    ) -> bool:
        if row.person_id is not None:
            member = member_of(connection, row.person_id, today)  # who leaves has no open one
            return bool(member.roles) and member.wholly_under(admin.controllers)
        wanted = [role.membership for role in opened(row).roles]
        under = staff.controllers_of(connection, {m.agency for m in wanted if m.agency})
        places = {m.controller or under.get(m.agency or "") for m in wanted}
        return places <= admin.controllers

    def _add(
        self,
        admin: Administrator,
        newcomer: Newcomer,
        roles: Sequence[Appointment],
        person_id: UUID | None,
        now: datetime,
    ) -> InvitationSecret:
        secret = InvitationSecret.new()
        try:
            with self.database.write() as connection:
                invitations.withdraw_expired(connection, newcomer.sign_in_name, now)
                invitations.add(
                    connection,
                    {
                        "id": new_id(now),
                        "lookup_id": secret.lookup_id,
                        "person_id": person_id,
                        "sign_in_name": newcomer.sign_in_name,
                        "name": newcomer.name,
                        "email": newcomer.email,
                        "language": newcomer.language,
                        "roles": [_written(role) for role in roles],
                        "invited_by": admin.id,
                        "invited_at": now,
                        "expires_at": now + VALID,
                    },
                )
                write_line(connection, admin, Action.INVITE, newcomer.sign_in_name, None, now)
        except IntegrityError:
            raise InvitedAlready from None
        return secret


def opened(row: AnyRow) -> OpenInvitation:
    """An invitation by its row."""
    return OpenInvitation(
        id=row.id,
        newcomer=Newcomer(row.sign_in_name, row.name, row.email, row.language),
        roles=tuple(map(_read, row.roles)),
        renews=row.person_id,
        inviter=getattr(row, "inviter", None),
        invited_by=row.invited_by,
        expires_at=row.expires_at,
    )


def _written(role: Appointment) -> dict[str, Any]:
    return {
        "role": role.membership.role.value,
        "agency": role.membership.agency,
        "controller": role.membership.controller,
        "valid_from": role.valid_from.isoformat(),
        "valid_to": role.valid_to.isoformat() if role.valid_to else None,
    }


def _read(written: dict[str, Any]) -> Appointment:
    return Appointment(
        Membership(Role(written["role"]), written["agency"], written["controller"]),
        date.fromisoformat(written["valid_from"]),
        date.fromisoformat(written["valid_to"]) if written["valid_to"] else None,
    )
