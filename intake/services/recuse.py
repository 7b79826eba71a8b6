"""Shut a person who is disqualified (434/2003 §27-28) out of a report, and let them in again.

This is policy, kept by the services: the agency's key, which that person may hold, still opens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from intake.domain.contents import RECUSED
from intake.domain.deadline import local_date
from intake.domain.directory import Directory
from intake.domain.people import AGENCY_ROLES, Permission
from intake.domain.recusal import Ground
from intake.domain.report import canonical
from intake.domain.row_id import new_id
from intake.domain.trail import Action
from intake.services.leave_line import leave_line
from intake.services.line_detail import detail
from intake.services.open_content import content_of
from intake.services.read import KeyNotGranted, Read, ReferralNotYours, ReferralWithdrawn
from intake.services.record import ReasonMissing
from intake.services.respond import Respond
from intake.services.sign_in import Visit
from intake.services.tell_recusal import to_heads, to_named
from intake.store import outbox, people, recusals, referrals, trail
from intake.store.columns import AnyRow
from intake.store.database import Database
from intake.vault.keyring import PrivateKey
from intake.vault.open import open_for
from intake.vault.seal import seal_for

REASON = "reason of a recusal"


class ColleagueUnknown(Exception):
    """The person has no role at the agency today, or is shut out already."""


class NobodyLeft(Exception):
    """Nobody who is not shut out could open the report any more at an agency that has it, or at
    the desk that stands by.
    """


@dataclass(frozen=True)
class ShutOut:
    """Somebody who is shut out, as a colleague reads it. ``why``: None where it does not open."""

    id: UUID
    name: str
    at: datetime
    why: Mapping[str, str] | None


@dataclass(frozen=True)
class Recuse:
    """By one's own word or a colleague's; the head of the unit can lift it.

    ``directory``: whose supervisors are told where nobody can open any more.
    """

    database: Database
    directory: Directory
    read: Read
    respond: Respond

    def colleagues(self, visit: Visit, row: AnyRow, now: datetime) -> dict[UUID, str]:
        """Whom one could name: the other members of the agency who are not shut out.

        Raises KeyNotGranted.
        """
        with self.database.read() as connection:
            self._refuse_who_cannot_open(connection, visit, row)
            found = self._members(connection, row, now)
        return {one: name for one, name in found.items() if one != visit.person.id}

    def shut_out(self, visit: Visit, row: AnyRow) -> list[ShutOut]:
        """Those who were shut out on this agency's referrals of the report, for those who open it.

        Raises KeyNotGranted.
        """
        with self.database.read() as connection:
            rows = [
                each
                for each in recusals.shut_out(connection, row.report_id)
                if each.agency_id == row.agency_id
            ]
        keys: dict[str, PrivateKey] = {}
        try:
            key = self.read.agency_key(visit, row) if rows else None
        except ReferralWithdrawn:
            key = None
        if key is not None:
            keys[key.key_id] = key
            for each in rows:
                if each.agency_key_id and each.agency_key_id not in keys:
                    keys |= self.read.granted(visit, each.agency_key_id)
        return [ShutOut(r.id, r.person_name, r.declared_at, _why(r, keys)) for r in rows]

    def __call__(
        self,
        visit: Visit,
        referral_id: UUID,
        person_id: UUID,
        ground: Ground,
        words: str,
        now: datetime,
        *,
        knowing: bool = False,
    ) -> None:
        """Shut oneself or a colleague out. A colleague is told; only who can open names one.

        ``knowing``: oneself also where nobody else could open: the heads and supervisors are told.
        Raises ReferralNotYours, KeyNotGranted, ReasonMissing where another ground is not told,
        ColleagueUnknown, NobodyLeft, NobodyToTell; nothing is kept then.
        """
        row = self._place(visit, referral_id, now, Permission.RECUSE)
        if ground is Ground.OTHER and not words:
            raise ReasonMissing
        is_self = person_id == visit.person.id
        key = self.respond.key_of(row, now)
        recusal_id, said = new_id(now), {"ground": ground.value, "words": words}
        place = (REASON, row.report_id.bytes, recusal_id.bytes)
        values: dict[str, Any] = {
            "id": recusal_id,
            "report_id": row.report_id,
            "referral_id": row.id,
            "person_id": person_id,
            "declared_by": visit.person.id,
            "declared_at": now,
            "agency_key_id": key.key_id,
            "sealed_reason": seal_for(key, canonical(said), *place),
        }
        sealed = detail(key, Action.RECUSE, row.id, said)
        with self.database.write() as connection:
            recusals.lock(connection, row.report_id)
            if not is_self:
                self._refuse_who_cannot_open(connection, visit, row)
            if person_id not in self._members(connection, row, now):
                raise ColleagueUnknown
            shut = {person_id, *_shut(connection, row)}
            closed = self._closed_by(connection, row, person_id, shut, now)
            if closed and not (is_self and knowing):
                raise NobodyLeft
            cleared = recusals.add(connection, values)
            letters = list(to_heads(connection, self.directory, closed, shut, now))
            if not is_self:
                letters.append(to_named(person_id, row.agency_id, now))
            outbox.put_letters(connection, letters)
            named = people.sign_in_name(connection, person_id)
            leave_line(connection, visit, row, Action.RECUSE, now, purpose=named, **sealed)
            about = [{"agency_id": r.agency_id, "referral_id": r.id} for r in cleared]
            trail.write_lines(connection, at=now, action=Action.WITHOUT_WORKER, about=about)

    def lift(
        self, visit: Visit, referral_id: UUID, recusal_id: UUID, reason: str, now: datetime
    ) -> None:
        """Let somebody in again. Raises ReferralNotYours, ReasonMissing, ColleagueUnknown."""
        row = self._place(visit, referral_id, now, Permission.LIFT_RECUSAL)
        if not reason:
            raise ReasonMissing
        sealed = detail(
            self.respond.key_of(row, now), Action.LIFT_RECUSAL, row.id, {"words": reason}
        )
        with self.database.write() as connection:
            found = {r.id: r for r in recusals.shut_out(connection, row.report_id)}
            shut = found.get(recusal_id)
            if shut is None or shut.agency_id != row.agency_id:
                raise ColleagueUnknown
            if not recusals.lift(connection, recusal_id, visit.person.id, now):
                raise ColleagueUnknown
            named = people.sign_in_name(connection, shut.person_id)
            leave_line(connection, visit, row, Action.LIFT_RECUSAL, now, purpose=named, **sealed)

    def _place(self, visit: Visit, referral_id: UUID, now: datetime, needed: Permission) -> AnyRow:
        row = self.read.entitled(visit, referral_id, now)
        if row.agency_id not in visit.person.agencies(needed):
            self.read.refuse(visit, row, now)
            raise ReferralNotYours
        return row

    def _members(self, connection: Connection, row: AnyRow, now: datetime) -> dict[UUID, str]:
        today = local_date(now)
        found = {
            one: person.name
            for role in sorted(AGENCY_ROLES)
            for one in people.members(connection, row.agency_id, role, today)
            if (person := people.person(connection, one, today))
        }
        shut = _shut(connection, row)
        return {one: name for one, name in found.items() if one not in shut}

    def _refuse_who_cannot_open(self, connection: Connection, visit: Visit, row: AnyRow) -> None:
        wrap = referrals.wrap(connection, row.id, "recipient")
        key = wrap.agency_key_id if wrap else people.key_in_use(connection, row.agency_id)
        if key is None or people.grant(connection, key, visit.person.id) is None:
            raise KeyNotGranted

    def _closed_by(
        self, connection: Connection, row: AnyRow, person: UUID, shut: set[UUID], now: datetime
    ) -> Sequence[AnyRow]:
        """What of the report this person alone of all who are not shut out can open today."""
        wraps = referrals.live_wraps(connection, row.report_id)
        keys = {wrap.agency_key_id for wrap in wraps}
        holders = people.holders(connection, keys, local_date(now))
        return [
            wrap
            for wrap in wraps
            if person in holders[wrap.agency_key_id] and holders[wrap.agency_key_id] <= shut
        ]


def _shut(connection: Connection, row: AnyRow) -> frozenset[UUID]:
    return recusals.of_referrals(connection, [row.id]).get(row.id, frozenset())


def _why(row: AnyRow, keys: Mapping[str, PrivateKey]) -> Mapping[str, str] | None:
    key = keys.get(row.agency_key_id)
    if key is None or not row.sealed_reason:
        return None
    place = (REASON, row.report_id.bytes, row.id.bytes)
    found: dict[str, str] = content_of(open_for(key, row.sealed_reason, *place), RECUSED)
    return found
