"""Change an agency's key: new reports at once, what came before in short batches.

What is left to do is what the rows say, so a change that was cut short goes on from any session of
any member who holds both keys. The trail's sealed details stay as they are: nobody changes a line.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from intake.domain.deadline import local_date
from intake.domain.message import Message, mark
from intake.domain.trail import Action
from intake.services import hold, recuse
from intake.services.ask_sections import place as request_place
from intake.services.enrol import CANNOT_GIVE, GrantRefused, make_key
from intake.services.history import note_place
from intake.services.record import MOVE_REASON
from intake.services.sign_in import Visit
from intake.store import entries, people, printed_keys, rotation, same_child, staff, trail
from intake.store.columns import AnyRow
from intake.store.database import Database
from intake.vault.blind import open_index_secret, seal_index_secret
from intake.vault.envelope import EnvelopeDamaged
from intake.vault.keyring import PrivateKey, is_vouched, open_grant
from intake.vault.open import open_for, rewrap
from intake.vault.printed_key import seal_to_printed, vouch, vouched
from intake.vault.seal import KeyUnusable, PublicKey, seal_for

log = logging.getLogger(__name__)

AT_ONCE = 200  # rows in one transaction
CHANGED_KEY = "changed key"
BEGUN, ENDED = "key change begun", "key change ended"
NOT_HELD = "changing a key that is not held"
DAMAGED = "changing the agency's key"
BEGUN_ELSEWHERE = mark("A colleague began to change the key at the same moment.")
WAITS_ALREADY = mark("A new key waits for its signature already.")
OTHER_KEY = mark(
    "The agency's key in the database is not the one that you were given. Tell the administrator, "
    "and do not use the service before it is known why."
)


@dataclass(frozen=True)
class Progress:
    """How far a change of keys has come, in sealed parts.

    ``left``: those that this member can seal anew. ``closed``: those sealed to former keys that
    this member does not hold. ``damaged``: found in this run not to open.
    """

    done: int
    left: int
    closed: int
    damaged: int = 0

    @property
    def total(self) -> int:
        """All that is sealed to the agency's keys and can be sealed anew."""
        return self.done + self.left


@dataclass(frozen=True)
class _Keys:
    """The key in use and the former ones, as one member holds them."""

    new: PrivateKey
    former: Mapping[str, PrivateKey]


@dataclass(frozen=True)
class _Batch:
    """Rows sealed to the former key ``old``, and what was sealed anew of those that opened."""

    kind: str
    old: str
    rows: list[AnyRow]
    anew: dict[UUID, dict[str, bytes | None]]


@dataclass(frozen=True)
class Rotate:
    """By a member who opens the agency's key, in the member's own session."""

    database: Database

    def begin(self, visit: Visit, agency: str, now: datetime) -> bool:
        """Make a new key for the members who open the one in use.

        It receives new reports as soon as its entry is signed; whether it is. Whose key is not the
        one that the former was given to waits, as a newcomer does, and so does whose role is not
        signed with that key. Raises GrantRefused, with a line in the trail where it is not the
        member's to change.

        One that waits already and that no member holds any more gives way to the new one.
        """
        former = self._keys(visit, agency, now).new
        today = local_date(now)
        try:
            with self.database.write() as connection:
                staff.let_nobody_grant(connection)
                rows = staff.members_and_grants(connection, {agency}, today)
                signed = people.signed_members(connection, agency, today)
                known = [row for row in rows if row.opens and _is_known(row, former)]
                members = {row.id: row for row in known if row.id in signed}
                if visit.person.id not in members or rows[0].key_id != former.key_id:
                    raise GrantRefused(Message(BEGUN_ELSEWHERE))
                waiting = people.waiting_key(connection, agency)
                if waiting is not None and staff.members_who_hold(connection, waiting, today):
                    raise GrantRefused(Message(WAITS_ALREADY))
                if waiting is not None:
                    people.retire_key(connection, waiting, now)
                by = visit.person.id
                key = make_key(connection, agency, members.values(), now, CHANGED_KEY, by)
                in_use = entries.is_key_signed(connection, key.key_id)
                if in_use:
                    people.activate_key(connection, key.key_id, now, instead_of=former.key_id)
                _seal_to_sheets(connection, agency, former, key)
                trail.write_line(connection, **_line(visit, agency, now, BEGUN))
        except IntegrityError:  # a colleague's was activated first
            raise GrantRefused(Message(BEGUN_ELSEWHERE)) from None
        return in_use

    def progress(self, visit: Visit, agency: str) -> Progress:
        """How far it has come, for this member."""
        with self.database.read() as connection:
            sealed = rotation.count_sealed(connection, agency)
            in_use = people.key_in_use(connection, agency)
            held = people.grants_held(connection, agency, visit.person.id)
        done = sealed.pop(in_use, 0) if in_use else 0
        left = sum(sealed.get(row.agency_key_id, 0) for row in held)
        return Progress(done, left, sum(sealed.values()) - left)

    def steps(self, visit: Visit, agency: str, now: datetime) -> Iterator[Progress]:
        """Seal anew batch by batch, each a transaction of its own; after each, how far it is.

        It may be left at any step. Raises GrantRefused as ``begin`` does, also where the key in
        use is not as it was signed: nothing is sealed to a key that somebody put in.
        """
        keys = self._keys(visit, agency, now)
        self._seal_index_anew(agency, keys)
        so_far = self.progress(visit, agency)
        done = damaged = 0

        def write(batch: _Batch) -> tuple[int, int]:
            broken = [row for row in batch.rows if row.id not in batch.anew]
            with self.database.write() as connection:
                sealed = rotation.seal_anew(
                    connection, batch.kind, batch.rows, batch.anew, batch.old, keys.new.key_id
                )
                if broken:
                    _tell_damaged(connection, visit, broken, now)
            return sealed, len(broken)

        with ThreadPoolExecutor(max_workers=1) as beside:
            for sealed, broken in _one_behind(beside, write, self._batches(beside, keys)):
                done, damaged = done + sealed, damaged + broken
                left = max(so_far.left - done, 0)
                yield Progress(so_far.done + done, left, so_far.closed, damaged)
        if done and not self.progress(visit, agency).left:
            with self.database.write() as connection:
                trail.write_line(connection, **_line(visit, agency, now, ENDED))

    def _seal_index_anew(self, agency: str, keys: _Keys) -> None:
        """Children are recognised as before: the secret of their marks stays, under the new key."""
        with self.database.read() as connection:
            row = same_child.index_key(connection, agency)
            old = keys.former.get(row.agency_key_id) if row else None
            signed = old is not None and _is_signed(connection, old)
        if row is None or old is None or not signed:
            return
        try:
            secret = open_index_secret(old, agency, row.sealed_secret)
        except EnvelopeDamaged:
            log.error("the secret of an agency's marks does not open")
            return
        sealed = seal_index_secret(keys.new, secret)
        with self.database.write() as connection:
            same_child.change_index_key(
                connection, agency, old=old.key_id, new=keys.new.key_id, sealed=sealed
            )

    def _batches(self, beside: Executor, keys: _Keys) -> Iterator[_Batch]:
        """Each sealed anew while the next is read."""
        new = keys.new.public()
        for old in keys.former.values():
            for kind in rotation.KINDS:
                rows = self._read(kind, old, rotation.FIRST)
                while rows:
                    following = beside.submit(self._read, kind, old, rows[-1].id)
                    yield _Batch(kind, old.key_id, rows, self._anew(kind, rows, old, new))
                    rows = following.result()

    def _read(self, kind: str, old: PrivateKey, after: UUID) -> list[AnyRow]:
        with self.database.read() as connection:
            return list(rotation.sealed_to(connection, kind, old.key_id, after, AT_ONCE))

    def _anew(
        self, kind: str, rows: list[AnyRow], old: PrivateKey, new: PublicKey
    ) -> dict[UUID, dict[str, bytes | None]]:
        """Of each row that opens in its own place, what is sealed in it, sealed anew."""
        names = [column.key for column in rotation.KINDS[kind].sealed]
        found = {}
        for row in rows:
            try:
                found[row.id] = {name: _sealed_anew(kind, name, row, old, new) for name in names}
            except EnvelopeDamaged:
                continue
        return found

    def _keys(self, visit: Visit, agency: str, now: datetime) -> _Keys:
        with self.database.read() as connection:
            held = people.grants_held(connection, agency, visit.person.id)
        member = visit.person.role_at(agency) is not None
        if not member or not held or not held[0].in_use:
            self._refuse(visit, agency, now)
            raise GrantRefused(Message(CANNOT_GIVE, {"giver": visit.person.name}))
        opened = {}
        for row in held:
            with suppress(EnvelopeDamaged):
                opened[row.agency_key_id] = open_grant(
                    visit.key, row.sealed_key, row.agency_key_id, visit.person.id
                )
        new = opened.pop(held[0].agency_key_id, None)
        with self.database.read() as connection:
            signed = new is not None and _is_signed(connection, new)
        if new is None or not signed:
            self._refuse(visit, agency, now)
            raise GrantRefused(Message(OTHER_KEY))
        return _Keys(new, opened)

    def _refuse(self, visit: Visit, agency: str, now: datetime) -> None:
        with self.database.write() as connection:
            line = _line(visit, agency, now, NOT_HELD)
            trail.write_line(connection, **line | {"action": Action.REFUSED})


def _one_behind(
    beside: Executor, write: Callable[[_Batch], tuple[int, int]], batches: Iterator[_Batch]
) -> Iterator[tuple[int, int]]:
    """What ``write`` gives of each batch. The database writes one while the next is sealed."""
    writing = None
    for batch in batches:
        if writing:
            yield writing.result()
        writing = beside.submit(write, batch)
    if writing:
        yield writing.result()


def _is_signed(connection: Connection, key: PrivateKey) -> bool:
    return people.is_as_signed(connection, key.key_id, key.public().raw)


def _is_known(row: AnyRow, former: PrivateKey) -> bool:
    """Whether this member's key is still the one that the former key was given to."""
    try:
        public = PublicKey(str(row.id), row.public_key)
    except KeyUnusable:
        return False
    return is_vouched(former, public, row.id, row.voucher)


def _seal_to_sheets(
    connection: Connection, agency: str, former: PrivateKey, new: PrivateKey
) -> None:
    """Let the agency's printed recovery key open the new key too, if a holder of the former one
    vouched for it. That one's voucher stays: the new key may never come into use.
    """
    row = printed_keys.printed(connection, agency)
    voucher = printed_keys.voucher(connection, row, former.key_id) if row else None
    if row is None or voucher is None:
        return
    try:
        printed = vouched(former, voucher, row.recovery_key_id)
    except EnvelopeDamaged:
        log.error("an agency's recovery key is not one that a member vouched for")
        return
    sealed = seal_to_printed(new, printed)
    printed_keys.seal(connection, new.key_id, printed.key_id, sealed, vouch(new, printed))


def _line(visit: Visit, agency: str, now: datetime, purpose: str) -> dict[str, Any]:
    return {
        "at": now,
        "action": Action.CHANGE_KEY,
        "person_id": visit.person.id,
        "role": visit.person.role_at(agency),
        "agency_id": agency,
        "purpose": purpose,
    }


def _tell_damaged(connection: Connection, visit: Visit, rows: list[AnyRow], now: datetime) -> None:
    """One line for each referral of which something does not open; none where there is one."""
    agencies = {row.referral_id: row.agency_id for row in rows}
    for referral in agencies.keys() - rotation.told_damaged(connection, agencies):
        agency = agencies[referral]
        line = _line(visit, agency, now, DAMAGED)
        more = {"action": Action.DAMAGED, "referral_id": referral}
        trail.write_line(connection, **line | more)


def _sealed_anew(
    kind: str, name: str, row: AnyRow, old: PrivateKey, new: PublicKey
) -> bytes | None:
    """None where it has been erased, or is not there yet."""
    sealed = getattr(row, name)
    if sealed is None:
        return None
    if name == "sealed_keys":
        return rewrap(
            old,
            sealed,
            report_id=row.report_id,
            referral_id=row.referral_id,
            purpose=row.purpose,
            recipient=new,
        )
    place = _PLACES[kind](row, name)
    return seal_for(new, open_for(old, sealed, *place), *place)


def _part(row: AnyRow, name: str) -> tuple[str | bytes, ...]:
    return request_place(name.removeprefix("sealed_"), row.id)


_PLACES: Mapping[str, Callable[[AnyRow, str], tuple[str | bytes, ...]]] = {
    "move": lambda row, _name: (MOVE_REASON, row.referral_id.bytes, row.id.bytes),
    "note": lambda row, _name: note_place(row.referral_id, row.id, row.person_id),
    "recusal": lambda row, _name: (recuse.REASON, row.report_id.bytes, row.id.bytes),
    "hold": lambda row, _name: (hold.REASON, row.id.bytes),
    "asker": _part,
    "lead": _part,
}
