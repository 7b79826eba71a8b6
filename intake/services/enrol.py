"""Bring people and agency keys into being. Only who can open an agency's key gives it on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from secrets import token_hex
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from intake.domain.deadline import local_date
from intake.domain.entry import fingerprint
from intake.domain.message import Message, mark
from intake.domain.people import Appointment, Membership, Person
from intake.domain.row_id import new_id
from intake.domain.trail import Action
from intake.services.refuse_weak import refuse_weak
from intake.services.sign_in import Visit
from intake.store import people, staff, trail
from intake.store.columns import AnyRow
from intake.store.database import Database
from intake.vault.keyring import (
    PrivateKey,
    grant,
    lock_person_key,
    new_key_pair,
    open_grant,
    voucher,
)
from intake.vault.passphrase import HASHING, PRODUCTION, Cost, HashingQueue
from intake.vault.recovery import RecoveryCode, lock_for_recovery
from intake.vault.seal import PublicKey
from intake.vault.words import are_words_of

GRANTED = "grant to a colleague"
FIRST_KEY = "first key"
CANNOT_GIVE = mark("%(giver)s does not have the agency's key and cannot give it.")
NO_MEMBER = mark("%(name)s has no role at the agency.")
OPENS_ALREADY = mark("%(name)s has the agency's key already.")
HELD = mark("Somebody has the agency's key: ask them to give it to you.")
OTHER_WORDS = mark(
    "These are not the words of %(name)s. Ask them for the words again; do not give the key to "
    "anybody whose words differ."
)
UNSIGNED = mark(
    "The role of %(name)s waits for the signature of the keeper of the directory key. The key can "
    "be given after it."
)


class SignInNameTaken(Exception):
    """Somebody has this sign-in name already."""


class AgencyHasKey(Exception):
    """The agency has a key in use: one of its members must grant it."""


class GrantRefused(Exception):
    """The key cannot be given on; ``message`` says why."""

    def __init__(self, message: Message) -> None:
        super().__init__(message.key % message.params)
        self.message = message


@dataclass(frozen=True)
class Enrol:
    """Adding of people, first keys and grants."""

    database: Database
    pepper: bytes
    cost: Cost = PRODUCTION
    queue: HashingQueue = HASHING

    def person(
        self,
        sign_in_name: str,
        name: str,
        email: str,
        language: str,
        passphrase: str,
        roles: Sequence[Membership | Appointment],
        now: datetime,
        recovery: RecoveryCode | None = None,
    ) -> UUID:
        """Add a person with a key of their own, which ``recovery`` opens too, if it is given.

        Raises SignInNameTaken, and what `refuse_weak` does.
        """
        refuse_weak(passphrase, (name, email, sign_in_name))
        person_id = new_id(now)
        key = new_key_pair(str(person_id))
        locked = lock_person_key(
            key, passphrase, self.pepper, person_id, cost=self.cost, queue=self.queue
        )
        by_code = recovery and lock_for_recovery(key, recovery, self.pepper, person_id)
        sign_in_name = sign_in_name.strip().lower()
        with self.database.write() as connection:
            if people.sign_in_name_taken(connection, sign_in_name):
                raise SignInNameTaken
            people.add_person(
                connection,
                {
                    "id": person_id,
                    "sign_in_name": sign_in_name,
                    "name": name,
                    "email": email,
                    "language": language,
                    "public_key": key.public().raw,
                    "sealed_private_key": locked,
                    "sealed_recovery": by_code,
                    "created_at": now,
                },
            )
            for role in roles:
                if isinstance(role, Appointment):
                    people.appoint(connection, person_id, role, now)
                else:
                    people.add_membership(connection, person_id, role, now)
            trail.write_line(connection, at=now, action=Action.JOIN, person_id=person_id)
        return person_id

    def first_key(self, agency: str, members: tuple[UUID, ...], now: datetime) -> None:
        """Make an agency's key and grant it to its first members. Raises AgencyHasKey."""
        try:
            with self.database.write() as connection:
                if people.key_in_use(connection, agency) is not None:
                    raise AgencyHasKey
                key = make_key(connection, agency, people.everyone(connection, members), now)
                people.activate_key(connection, key.key_id, now, instead_of=None)
        except IntegrityError:  # somebody made one at the same time
            raise AgencyHasKey from None

    def grant(
        self,
        visit: Visit,
        agency: str,
        sign_in_name: str,
        now: datetime,
        *,
        words: str,
    ) -> None:
        """Give on an agency's keys, by a member who holds the one in use, to another member whose
        role is signed with the key that they have now.

        ``words``: those of the colleague's key, as they told them. Raises GrantRefused.
        """
        today = local_date(now)
        giver = {"giver": visit.person.name}
        name = sign_in_name.strip().lower()
        try:
            with self.database.write() as connection:
                staff.let_nobody_grant(connection)  # nor end a role, until this is stored
                held = people.grants_held(connection, agency, visit.person.id)
                if not held or not held[0].in_use or visit.person.role_at(agency) is None:
                    raise GrantRefused(Message(CANNOT_GIVE, giver))
                to = people.row_by_sign_in_name(connection, name)
                member = people.person(connection, to.id, today) if to else None
                if to is None or member is None or agency not in _places(member):
                    raise GrantRefused(Message(NO_MEMBER, {"name": name}))
                if member.role_at(agency) is None:
                    raise GrantRefused(Message(UNSIGNED, {"name": to.name}))
                public = PublicKey(str(to.id), to.public_key)
                if not are_words_of(words, fingerprint(public.raw)):
                    raise GrantRefused(Message(OTHER_WORDS, {"name": to.name}))
                theirs = people.grants_held(connection, agency, to.id)
                lacking = {row.agency_key_id for row in held} - {k.agency_key_id for k in theirs}
                if held[0].agency_key_id not in lacking:
                    raise GrantRefused(Message(OPENS_ALREADY, {"name": to.name}))
                for row in held:
                    if row.agency_key_id in lacking:
                        key = open_grant(
                            visit.key, row.sealed_key, row.agency_key_id, visit.person.id
                        )
                        _add_grant(connection, key, public, to.id, now)
                trail.write_line(
                    connection,
                    at=now,
                    action=Action.GRANT,
                    person_id=visit.person.id,
                    role=visit.person.role_at(agency),
                    agency_id=agency,
                    purpose=f"{GRANTED}: {name}"[:80],
                )
        except IntegrityError:  # another colleague gave it at the same time
            raise GrantRefused(Message(OPENS_ALREADY, {"name": name})) from None

    def new_key(self, visit: Visit, agency: str, now: datetime) -> None:
        """Make a key for an agency whose key nobody holds, by a member. Raises GrantRefused."""
        if visit.person.role_at(agency) is None:
            raise GrantRefused(Message(NO_MEMBER, {"name": visit.person.name}))
        try:
            with self.database.write() as connection:
                made = make_key_unless_held(connection, agency, visit.person.id, now)
        except IntegrityError:  # another member made one at the same time
            made = None
        if made is None:
            raise GrantRefused(Message(HELD))


def make_key(
    connection: Connection,
    agency: str,
    members: Iterable[AnyRow],
    now: datetime,
    why: str = FIRST_KEY,
    by: UUID | None = None,
) -> PrivateKey:
    """Make an agency's key in the caller's transaction and grant it to people (id, public_key).

    Nothing is sealed to it until it is activated and its entry is signed; ``by``: who proposes
    that.
    """
    key = new_key_pair(f"{agency}-{token_hex(6)}")
    people.add_agency_key(
        connection,
        {
            "id": key.key_id,
            "agency_id": agency,
            "public_key": key.public().raw,
            "created_at": now,
        },
        by,
    )
    for member in members:
        _add_grant(connection, key, PublicKey(str(member.id), member.public_key), member.id, now)
        trail.write_line(
            connection,
            at=now,
            action=Action.GRANT,
            person_id=member.id,
            agency_id=agency,
            purpose=why,
        )
    return key


def make_key_unless_held(
    connection: Connection, agency: str, member: UUID, now: datetime
) -> PublicKey | None:
    """Make an agency's key for a member if nobody holds the one in use; its public half if so.

    A key that nobody holds any more is retired: what was sealed to it stays closed.
    """
    held = people.key_in_use(connection, agency)
    if held is not None and people.has_holder(connection, held):
        return None
    key = make_key(connection, agency, people.everyone(connection, (member,)), now, by=member)
    people.activate_key(connection, key.key_id, now, instead_of=held)
    return key.public()


def _places(member: Person) -> set[str | None]:
    """The agencies of a person's roles, also of those that wait for their signature."""
    return {held.agency for held in (*member.memberships, *member.waiting)}


def _add_grant(
    connection: Connection, key: PrivateKey, public: PublicKey, person_id: UUID, now: datetime
) -> None:
    people.add_grant(
        connection,
        {
            "id": new_id(now),
            "agency_key_id": key.key_id,
            "person_id": person_id,
            "sealed_key": grant(key, public, person_id),
            "voucher": voucher(key, public, person_id),
            "granted_at": now,
        },
    )
