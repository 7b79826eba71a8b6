"""Take up an invitation: the newcomer's own passphrase locks a key that nobody else ever has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from intake.domain.deadline import local_date
from intake.domain.entry import fingerprint
from intake.domain.people import AGENCY_ROLES, Appointment
from intake.domain.row_id import new_id
from intake.domain.trail import Action
from intake.services.enrol import make_key_unless_held
from intake.services.invite import OpenInvitation, opened
from intake.services.refuse_weak import refuse_weak
from intake.store import directory, factors, invitations, outbox, people, staff, trail
from intake.store.database import Database
from intake.vault.keyring import (
    DeviceSecret,
    InvitationSecret,
    lock_person_key,
    new_key_pair,
)
from intake.vault.passphrase import HASHING, PRODUCTION, Cost, HashingQueue
from intake.vault.recovery import RecoveryCode, lock_for_recovery
from intake.vault.seal import PublicKey
from intake.vault.words import words_of

LETTER = "renewed"


class InvitationOver(Exception):
    """The link was used or withdrawn, is too old, or never was one."""


@dataclass(frozen=True)
class Joined:
    """Who has joined. ``words``: those of their key; ``made``: those of the keys made for agencies;
    ``waits_for``: agencies whose key a colleague must give them; ``recovery``: the code that opens
    their key once the passphrase is lost, which is nowhere else.
    """

    sign_in_name: str
    words: str
    recovery: RecoveryCode
    made: Mapping[str, str]
    waits_for: tuple[str, ...]


@dataclass(frozen=True)
class Join:
    """Use of invitations, each once."""

    database: Database
    pepper: bytes
    cost: Cost = PRODUCTION
    queue: HashingQueue = HASHING

    def find(self, secret: InvitationSecret, now: datetime) -> OpenInvitation:
        """What the link is for. Raises InvitationOver."""
        with self.database.read() as connection:
            row = invitations.found_by(connection, secret.lookup_id, now)
        if row is None:
            raise InvitationOver
        return opened(row)

    def __call__(
        self,
        secret: InvitationSecret,
        passphrase: str,
        now: datetime,
        device: DeviceSecret | None = None,
    ) -> Joined:
        """Enrol the newcomer, or give who lost the passphrase a new key. The browser is known from
        now on, so that no stranger's tries make them wait for their first sign-in.

        Raises InvitationOver, HashingBusy, and what `refuse_weak` does.
        """
        invitation = self.find(secret, now)
        who = invitation.newcomer
        refuse_weak(passphrase, (who.name, who.email, who.sign_in_name))
        person_id = invitation.renews or new_id(now)
        key = new_key_pair(str(person_id))
        locked = lock_person_key(
            key, passphrase, self.pepper, person_id, cost=self.cost, queue=self.queue, known=True
        )
        recovery = RecoveryCode.new()
        keys = {
            "public_key": key.public().raw,
            "sealed_private_key": locked,
            "sealed_recovery": lock_for_recovery(key, recovery, self.pepper, person_id),
        }
        for last_try in (False, True):
            try:
                with self.database.write() as connection:
                    made = self._join(connection, invitation, person_id, keys, now)
                    if device is not None:
                        found = device.device_id(person_id)
                        factors.see_device(connection, found, person_id, now)
            except IntegrityError:  # another newcomer made the agency's key at the same time
                if last_try:
                    raise InvitationOver from None
            else:
                break
        words = words_of(fingerprint(key.public().raw))
        return Joined(
            sign_in_name=invitation.newcomer.sign_in_name,
            words=words,
            recovery=recovery,
            made={a: words_of(fingerprint(key.raw)) for a, key in made.items() if key},
            waits_for=tuple(agency for agency, key in made.items() if key is None),
        )

    def _join(
        self,
        connection: Connection,
        invitation: OpenInvitation,
        person_id: UUID,
        keys: dict[str, bytes],
        now: datetime,
    ) -> dict[str, PublicKey | None]:
        """The newcomer's agencies, each with the key that was made for it, if one was."""
        directory.lock(connection)  # administrators change people under it
        if not invitations.use(connection, invitation.id, now):
            raise InvitationOver
        today = local_date(now)
        if invitation.renews is None:
            _add_person(connection, invitation, person_id, keys, now)
        elif staff.person(connection, person_id) is None:
            raise InvitationOver
        else:
            _renew(connection, invitation, person_id, keys, now)
        held = staff.memberships(connection, [person_id])
        action = Action.NEW_KEY if invitation.renews else Action.JOIN
        trail.write_line(connection, at=now, action=action, person_id=person_id)
        agencies = {
            row.agency_id
            for row in held
            if row.role in AGENCY_ROLES and (row.valid_to is None or row.valid_to >= today)
        }
        return {
            agency: make_key_unless_held(connection, agency, person_id, now)
            for agency in sorted(agencies)
        }


def _add_person(
    connection: Connection,
    invitation: OpenInvitation,
    person_id: UUID,
    keys: dict[str, bytes],
    now: datetime,
) -> None:
    who, today = invitation.newcomer, local_date(now)
    people.add_person(
        connection,
        {
            "id": person_id,
            "sign_in_name": who.sign_in_name,
            "name": who.name,
            "email": who.email,
            "language": who.language,
            "created_at": now,
            **keys,
        },
    )
    for role in invitation.roles:
        if role.valid_to is None or role.valid_to >= today:
            by = invitation.invited_by
            people.appoint(connection, person_id, _from(role, today), now, by)


def _from(role: Appointment, today: date) -> Appointment:
    return replace(role, valid_from=max(role.valid_from, today))


def _renew(
    connection: Connection,
    invitation: OpenInvitation,
    person_id: UUID,
    keys: dict[str, bytes],
    now: datetime,
) -> None:
    """A new key of the person; what was sealed to the old one is withdrawn, and they are told."""
    staff.replace_keys(connection, person_id, keys, now, invitation.invited_by)
    staff.end_sessions(connection, person_id, now)
    held = staff.withdraw_grants(connection, person_id, None, now)
    for agency in sorted(set(held.values())):
        trail.write_line(
            connection,
            at=now,
            action=Action.WITHDRAW_GRANT,
            person_id=person_id,
            agency_id=agency,
        )
    outbox.put_letters(connection, [outbox.new_letter(LETTER, now, {}, person_id=person_id)])
