"""An agency's printed recovery key: made by a member, used when nobody can open any more.

What is sealed to it goes out as a file, is opened where two sheets come together, on a machine
without a network if one likes, and comes back as grants that one member alone can open.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from intake.domain.deadline import local_date
from intake.domain.entry import fingerprint
from intake.domain.message import Message
from intake.domain.row_id import new_id
from intake.domain.trail import Action
from intake.services.enrol import CANNOT_GIVE, GrantRefused
from intake.services.leave_line import leave_operators_line
from intake.services.sign_in import Visit
from intake.store import people, printed_keys, staff, trail
from intake.store.database import Database
from intake.vault.envelope import EnvelopeDamaged
from intake.vault.keyring import grant, open_grant, voucher
from intake.vault.printed_key import (
    combined,
    new_printed_key,
    open_with_printed,
    seal_to_printed,
    vouch,
)
from intake.vault.seal import KeyUnusable, PublicKey
from intake.vault.shares import Share
from intake.vault.words import are_words_of, words_of

FORMAT = "ankkuri-agency-key-1"


class RecoveryUnusable(Exception):
    """The file, the sheets or the person do not fit; the message says which."""


@dataclass(frozen=True)
class SealedKeys:
    """What an agency's recovery key opens, and for whom it may be opened: no secret without two
    sheets. ``keys``: id, public half and what is sealed; ``members``: by user name, id and key.
    """

    agency: str
    recovery_key_id: str
    keys: Sequence[tuple[str, bytes, bytes]]
    members: Mapping[str, tuple[UUID, bytes]]

    def to_json(self) -> dict[str, Any]:
        """For a file."""
        return {
            "format": FORMAT,
            "agency": self.agency,
            "recovery_key": self.recovery_key_id,
            "keys": [
                {"id": key_id, "public": _text(public), "sealed": _text(sealed)}
                for key_id, public, sealed in self.keys
            ],
            "members": [
                {"user_name": name, "id": str(person), "public": _text(public)}
                for name, (person, public) in self.members.items()
            ],
        }

    @classmethod
    def parse(cls, content: Any) -> Self:
        """What ``to_json`` gave. Raises RecoveryUnusable."""
        try:
            if content["format"] != FORMAT:
                raise ValueError
            return cls(
                content["agency"],
                content["recovery_key"],
                [(k["id"], _bytes(k["public"]), _bytes(k["sealed"])) for k in content["keys"]],
                {m["user_name"]: (UUID(m["id"]), _bytes(m["public"])) for m in content["members"]},
            )
        except (AttributeError, KeyError, TypeError, ValueError):
            raise RecoveryUnusable("This is no file of `ankkuri keys export-sealed`") from None

    def words(self, sign_in_name: str) -> str:
        """By which it is known whose the key of this name is. Raises RecoveryUnusable."""
        return words_of(fingerprint(self._member(sign_in_name)[1].raw))

    def open_for(
        self, sign_in_name: str, words: str, one: Share, other: Share
    ) -> list[dict[str, Any]]:
        """Grants of every key that two sheets open, for one member whose key these words are of.

        Raises RecoveryUnusable, SharesUnfit.
        """
        person, public = self._member(sign_in_name)
        if not are_words_of(words, fingerprint(public.raw)):
            raise RecoveryUnusable(f"These are not the words of {sign_in_name}")
        printed = combined(one, other, self.agency)
        if printed.key_id != self.recovery_key_id:
            raise RecoveryUnusable("These sheets are not the newest of the agency")
        granted = []
        for key_id, own, sealed in self.keys:
            try:
                key = open_with_printed(printed, sealed, key_id)
            except EnvelopeDamaged:
                raise RecoveryUnusable(f"What is sealed of {key_id} is damaged") from None
            if key.public().raw != own:
                raise RecoveryUnusable(f"{key_id} is another key than the database says")
            granted.append(
                {
                    "agency": self.agency,
                    "key": key_id,
                    "person": str(person),
                    "sealed": _text(grant(key, public, person)),
                    "voucher": _text(voucher(key, public, person)),
                }
            )
        return granted

    def _member(self, sign_in_name: str) -> tuple[UUID, PublicKey]:
        if sign_in_name not in self.members:
            raise RecoveryUnusable(f"{sign_in_name} has no signed role at the agency")
        person, raw = self.members[sign_in_name]
        try:
            return person, PublicKey(str(person), raw)
        except KeyUnusable:
            raise RecoveryUnusable(f"The key of {sign_in_name} is damaged") from None


@dataclass(frozen=True)
class RecoverKey:
    """Making of sheets, and the way back by them."""

    database: Database

    def make_sheets(
        self,
        visit: Visit,
        agency: str,
        now: datetime,
        put_out: Callable[[Sequence[Share]], None],
    ) -> None:
        """Make a recovery key by a member who opens the agency's key; the former sheets end.

        ``put_out``: prints the sheets before anything is stored, so that none is stored that was
        not printed. Raises GrantRefused.
        """
        with self.database.read() as connection:
            held = people.grants_held(connection, agency, visit.person.id)
        if visit.person.role_at(agency) is None or not held or not held[0].in_use:
            raise GrantRefused(Message(CANNOT_GIVE, {"giver": visit.person.name}))
        keys = [
            open_grant(visit.key, row.sealed_key, row.agency_key_id, visit.person.id)
            for row in held
        ]
        printed = new_printed_key(agency)
        put_out(printed.sheets)
        with self.database.write() as connection:
            printed_keys.keep(
                connection,
                agency,
                printed.public.key_id,
                (keys[0].key_id, vouch(keys[0], printed.public)),
                {
                    key.key_id: (vouch(key, printed.public), seal_to_printed(key, printed.public))
                    for key in keys
                },
                now,
            )
            trail.write_line(
                connection,
                at=now,
                action=Action.MAKE_SHEETS,
                person_id=visit.person.id,
                role=visit.person.role_at(agency),
                agency_id=agency,
            )

    def export(self, agency: str, now: datetime) -> SealedKeys:
        """What the sheets open, and for whom: members whose role is signed with the key that they
        have now; a line says that it was taken out. Raises RecoveryUnusable where none were made.
        """
        today = local_date(now)
        with self.database.read() as connection:
            printed = printed_keys.printed(connection, agency)
            if printed is None:
                raise RecoveryUnusable("The agency has no printed recovery key")
            keys = printed_keys.sealed_keys(connection, agency)
            members = staff.members_and_grants(connection, {agency}, today)
            signed = people.signed_members(connection, agency, today)
        known = printed.recovery_key_id
        leave_operators_line(self.database, Action.TAKE_SEALED_KEYS, known[:80], now, agency)
        return SealedKeys(
            agency,
            known,
            [
                (key.id, key.public_key, key.sealed_key)
                for key in keys
                if key.recovery_key_id == known
            ],
            {row.sign_in_name: (row.id, row.public_key) for row in members if row.id in signed},
        )

    def take_in(self, granted: Any, now: datetime) -> str:
        """Store the grants of a file; the user name of who can open now.

        Raises RecoveryUnusable, with nothing stored.
        """
        try:
            grants = [
                (
                    one["agency"],
                    one["key"],
                    UUID(one["person"]),
                    {"sealed_key": _bytes(one["sealed"]), "voucher": _bytes(one["voucher"])},
                )
                for one in granted
            ]
            ((agency, person),) = {(one[0], one[2]) for one in grants}
        except (AttributeError, KeyError, TypeError, ValueError):
            raise RecoveryUnusable("This is no file of `ankkuri keys combine`") from None
        try:
            with self.database.write() as connection:
                return self._take_in(connection, agency, person, grants, now)
        except IntegrityError:
            raise RecoveryUnusable("A key of the file is not in this database") from None

    def _take_in(
        self,
        connection: Any,
        agency: str,
        person: UUID,
        grants: Sequence[tuple[str, str, UUID, Mapping[str, bytes]]],
        now: datetime,
    ) -> str:
        today = local_date(now)
        members = staff.members_and_grants(connection, {agency}, today)
        member = next((row for row in members if row.id == person), None)
        if member is None:
            raise RecoveryUnusable("The person of the file has no role at the agency")
        if person not in people.signed_members(connection, agency, today):
            raise RecoveryUnusable("The role of the person of the file is not signed")
        held = people.grants_held(connection, agency, person)
        has = {row.agency_key_id for row in held}
        own = {row.id for row in printed_keys.sealed_keys(connection, agency)}
        for _, key_id, _, given in grants:
            if key_id not in own:
                raise RecoveryUnusable("A key of the file is not in this database")
            if key_id not in has:
                values = {
                    "id": new_id(now),
                    "agency_key_id": key_id,
                    "person_id": person,
                    "granted_at": now,
                    **given,
                }
                people.add_grant(connection, values)
        trail.write_line(
            connection,
            at=now,
            action=Action.RECOVER_KEY,
            agency_id=agency,
            purpose=member.sign_in_name[:80],
        )
        return str(member.sign_in_name)


def _text(raw: bytes) -> str:
    return b64encode(raw).decode("ascii")


def _bytes(text: str) -> bytes:
    return b64decode(text, validate=True)
