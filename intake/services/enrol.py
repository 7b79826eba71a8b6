"""Bring people and agency keys into being. Only who can open an agency's key gives it on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from secrets import token_hex
from uuid import UUID

from intake.domain.deadline import local_date
from intake.domain.people import Membership
from intake.domain.row_id import new_id
from intake.domain.trail import Action
from intake.services.sign_in import Visit
from intake.store import people, trail
from intake.store.database import Database
from intake.vault.keyring import grant, lock_person_key, new_key_pair, open_grant
from intake.vault.passphrase import PRODUCTION, Cost
from intake.vault.seal import PublicKey

SHORTEST_PASSPHRASE = 15


class PassphraseTooShort(Exception):
    """A passphrase has at least SHORTEST_PASSPHRASE characters."""


class SignInNameTaken(Exception):
    """Somebody has this sign-in name already."""


class AgencyHasKey(Exception):
    """The agency has a key in use: one of its members must grant it."""


class GrantRefused(Exception):
    """The key cannot be given on; the message says why."""


@dataclass(frozen=True)
class Enrol:
    """Adding of people, first keys and grants."""

    database: Database
    pepper: bytes
    cost: Cost = PRODUCTION

    def person(
        self,
        sign_in_name: str,
        name: str,
        email: str,
        language: str,
        passphrase: str,
        memberships: tuple[Membership, ...],
        now: datetime,
    ) -> UUID:
        """Add a person with a key of their own. Raises PassphraseTooShort, SignInNameTaken."""
        if len(passphrase) < SHORTEST_PASSPHRASE:
            raise PassphraseTooShort
        person_id = new_id(now)
        key = new_key_pair(str(person_id))
        locked = lock_person_key(key, passphrase, self.pepper, person_id, cost=self.cost)
        sign_in_name = sign_in_name.strip().lower()
        with self.database.write() as connection:
            if people.row_by_sign_in_name(connection, sign_in_name) is not None:
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
                    "created_at": now,
                },
            )
            for membership in memberships:
                people.add_membership(connection, person_id, membership, now)
        return person_id

    def first_key(self, agency: str, members: tuple[UUID, ...], now: datetime) -> None:
        """Make an agency's key and grant it to its first members. Raises AgencyHasKey."""
        key = new_key_pair(f"{agency}-{token_hex(6)}")
        with self.database.write() as connection:
            if people.has_key(connection, agency):
                raise AgencyHasKey
            people.add_agency_key(
                connection,
                {
                    "id": key.key_id,
                    "agency_id": agency,
                    "public_key": key.public().raw,
                    "created_at": now,
                },
            )
            for member in people.everyone(connection, members):
                public = PublicKey(str(member.id), member.public_key)
                people.add_grant(
                    connection,
                    {
                        "id": new_id(now),
                        "agency_key_id": key.key_id,
                        "person_id": member.id,
                        "sealed_key": grant(key, public, member.id),
                        "granted_at": now,
                    },
                )
                trail.write_line(
                    connection,
                    at=now,
                    action=Action.GRANT,
                    person_id=member.id,
                    agency_id=agency,
                    purpose="first key",
                )

    def grant(self, visit: Visit, agency: str, sign_in_name: str, now: datetime) -> None:
        """Give on an agency's key, by a member who holds it, to another member.

        Raises GrantRefused.
        """
        today = local_date(now)
        with self.database.write() as connection:
            held = people.agency_keys_that_open(connection, today).get(agency)
            sealed = people.grant(connection, held.id, visit.person.id) if held else None
            if held is None or sealed is None or visit.person.role_at(agency) is None:
                raise GrantRefused(f"{visit.person.name} cannot open {agency}")
            to = people.row_by_sign_in_name(connection, sign_in_name.strip().lower())
            member = to and people.person(connection, to.id, today)
            if to is None or member is None or member.role_at(agency) is None:
                raise GrantRefused(f"{sign_in_name} has no role at {agency}")
            if people.grant(connection, held.id, to.id) is not None:
                raise GrantRefused(f"{sign_in_name} can open {agency} already")
            key = open_grant(visit.key, sealed, held.id, visit.person.id)
            people.add_grant(
                connection,
                {
                    "id": new_id(now),
                    "agency_key_id": held.id,
                    "person_id": to.id,
                    "sealed_key": grant(key, PublicKey(str(to.id), to.public_key), to.id),
                    "granted_at": now,
                },
            )
            trail.write_line(
                connection,
                at=now,
                action=Action.GRANT,
                person_id=visit.person.id,
                agency_id=agency,
                purpose="grant to a colleague",
            )
