"""Carry entries to the keeper of the directory key, and their signatures back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from intake.domain.deadline import local_date
from intake.domain.entry import RENEWED_BEFORE, KeyEntry, RoleEntry
from intake.domain.entry_file import Request, Signed, kind_of, read_entry
from intake.domain.trail import Action
from intake.services.entries import Entries
from intake.store import entries, people, proposals, staff, trail
from intake.store.columns import AnyRow
from intake.store.database import Database
from intake.vault.directory_signing import DirectorySigningKey

MOST_PURPOSE = 80
HELD_BY_NOBODY = (
    "no member of the agency holds this new key any more, so it does not come into use and the "
    "key in use stays: let a member change the key again"
)


@dataclass(frozen=True)
class RequestSignatures:
    """What the keeper shall look at."""

    database: Database

    def __call__(self, now: datetime, *, anew: bool = False) -> list[Request]:
        """What waits for nothing but the signature; roles whose entries run out soon, and what a
        restore left without an entry, are proposed anew for it. ``anew``: so is all that was
        signed, for another directory key.
        """
        today = local_date(now)
        with self.database.write() as connection:
            if anew:
                proposals.propose_signed_again(connection, now)
            propose_what_outlived_its_entry(connection, now)
            self._renew(connection, now)
            rows = [
                row
                for row in proposals.waiting(connection, today)
                if not _is_held_by_nobody(connection, read_entry(row.body), today)
            ]
        return [
            Request(
                id=row.id,
                body=row.body,
                who=f"{row.name}, {row.sign_in_name}" if row.sign_in_name else "",
                proposed_by=row.proposer or "",
                confirmed_by=row.confirmer or "",
            )
            for row in rows
            if is_ready(row)
        ]

    def left_out(self, today: date) -> list[str]:
        """The agencies whose new key waits in vain: none of their members holds it any more."""
        with self.database.read() as connection:
            said = [read_entry(row.body) for row in proposals.waiting(connection, today)]
            return [
                one.agency
                for one in said
                if isinstance(one, KeyEntry) and _is_held_by_nobody(connection, one, today)
            ]

    def _renew(self, connection: Connection, now: datetime) -> None:
        today = local_date(now)
        good = entries.roles(connection, entries.roles_in_force(connection, today))
        proposed = proposals.waiting_for(connection)
        for row in good:
            until = RoleEntry.parse(row.entry_body).until
            lasts = row.held_to is None or row.held_to > until
            if lasts and until < today + RENEWED_BEFORE and row.held_id not in proposed:
                proposals.propose_again(connection, row.held_id, now)
                what = f"{row.sign_in_name}: {row.held_role}"
                _tell_proposed(connection, what, row.held_agency, now)


@dataclass(frozen=True)
class TakeSignatures:
    """Takes in what the keeper signed."""

    database: Database
    signed: Entries

    def __call__(self, given: Iterable[Signed], now: datetime) -> list[tuple[Signed, str]]:
        """Store the good signatures; the others, each with why it was refused."""
        refused = []
        for one in given:
            with self.database.write() as connection:
                why = self._take(connection, one, now)
            if why:
                refused.append((one, why))
        return refused

    def _take(self, connection: Connection, one: Signed, now: datetime) -> str:
        rows = proposals.waiting(connection, local_date(now))
        row = next((row for row in rows if row.id == one.id), None)
        if row is None or row.body != one.body:
            return "no such entry waits for a signature"
        if not is_ready(row):
            return "a second person has not confirmed it"
        if not self.signed.says(kind_of(read_entry(one.body)), one.body, one.signature):
            return "it is not signed with the directory key"
        if _is_held_by_nobody(connection, read_entry(one.body), local_date(now)):
            return HELD_BY_NOBODY
        _counts_from_now(connection, row, one.signature, now)
        return ""


def propose_what_outlived_its_entry(connection: Connection, now: datetime) -> None:
    """Propose again the roles and keys that stand while no entry of theirs does; each with a line
    in the trail.
    """
    today = local_date(now)
    before = {row.id for row in proposals.waiting(connection, today)}
    proposals.propose_what_outlived_its_entry(connection, now)
    for row in proposals.waiting(connection, today):
        if row.id not in before:
            said = read_entry(row.body)
            if isinstance(said, KeyEntry):
                what = f"key {said.key}"
            else:
                what = f"{row.sign_in_name}: {said.role}"
            _tell_proposed(connection, what, said.agency, now)


def _tell_proposed(connection: Connection, what: str, agency: str | None, now: datetime) -> None:
    trail.write_line(
        connection,
        at=now,
        action=Action.PROPOSE_ENTRY,
        agency_id=agency,
        purpose=what[:MOST_PURPOSE],
    )


def is_ready(row: AnyRow) -> bool:
    """Whether an entry that waits needs nobody else before the keeper."""
    return not row.needs_two or row.confirmed_at is not None


def sign(
    key: DirectorySigningKey, requests: Iterable[Request], agreed: Callable[[Request], bool]
) -> list[Signed]:
    """Sign what the keeper agrees to. Needs no database: it is done offline."""
    return [
        Signed(one.id, one.body, key.sign(kind_of(one.said), one.body))
        for one in requests
        if agreed(one)
    ]


def sign_what_waits(database: Database, key: DirectorySigningKey, now: datetime) -> int:
    """Sign all that waits where the keeper's key is at hand, as in a demo; how many."""
    count, today = 0, local_date(now)
    with database.write() as connection:
        for row in proposals.waiting(connection, today):
            said = read_entry(row.body)
            if not _is_held_by_nobody(connection, said, today):
                _counts_from_now(connection, row, key.sign(kind_of(said), row.body), now)
                count += 1
    return count


def _is_held_by_nobody(connection: Connection, said: RoleEntry | KeyEntry, today: date) -> bool:
    """Whether it is of a new key that none of its agency's members holds any more: the one in use
    stays.
    """
    if not isinstance(said, KeyEntry) or people.waiting_key(connection, said.agency) != said.key:
        return False
    return not staff.members_who_hold(connection, said.key, today)


def _counts_from_now(connection: Connection, row: AnyRow, signature: bytes, now: datetime) -> None:
    """An entry is signed: from here on its role or key counts, and a new key is in use."""
    proposals.put_signature(connection, row, signature, now)
    said = read_entry(row.body)
    if isinstance(said, KeyEntry) and people.waiting_key(connection, said.agency) == said.key:
        in_use = people.key_in_use(connection, said.agency)
        people.activate_key(connection, said.key, now, instead_of=in_use)
    about = f"key {said.key}" if isinstance(said, KeyEntry) else f"{row.sign_in_name}: {said.role}"
    trail.write_line(
        connection,
        at=now,
        action=Action.SIGN_ENTRY,
        agency_id=said.agency,
        purpose=about[:MOST_PURPOSE],
    )
