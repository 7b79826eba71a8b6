"""Be the second person for entries that need two, by the words of the key's fingerprint."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from intake.domain.deadline import local_date
from intake.domain.entry import KeyEntry, RoleEntry
from intake.domain.entry_file import read_entry
from intake.domain.message import Message, mark
from intake.domain.people import Administrator
from intake.domain.trail import Action
from intake.services.appoint import member_of, write_line
from intake.services.dismiss import let_go
from intake.services.second_person import still
from intake.store import directory, entries, people, proposals, staff
from intake.store.columns import AnyRow
from intake.store.database import Database
from intake.vault.words import are_words_of, words_of

NOT_WAITING = mark("This no longer waits for a second person.")
SAME_PERSON = mark("You proposed this, or it is your own: somebody else must confirm it.")
OTHER_WORDS = mark(
    "These are not the words of the key. Ask for them again; do not confirm a key whose words "
    "differ."
)
_DAY = timedelta(days=1)


class ConfirmRefused(Exception):
    """The entry cannot be confirmed or refused; ``message`` says why."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.message = Message(key)


class NotYoursToSign(Exception):
    """No such entry waits for this administrator."""


@dataclass(frozen=True)
class WaitingEntry:
    """An entry that waits. ``who``: whose role it is, nobody where it is an agency's key;
    ``needs_second``: it waits for a second person before the keeper; ``own``: not for the asker.
    """

    id: UUID
    body: str
    who: str
    sign_in_name: str
    proposer: str
    needs_second: bool
    own: bool

    @property
    def said(self) -> RoleEntry | KeyEntry:
        """What would be signed."""
        return read_entry(self.body)

    @property
    def subject(self) -> UUID | str:
        """The id of the role, or of the key."""
        said = self.said
        return said.key if isinstance(said, KeyEntry) else said.membership

    @property
    def fingerprint(self) -> str:
        """Of the person's key, or of the agency's."""
        said = self.said
        return said.public_key if isinstance(said, KeyEntry) else said.person_key

    @property
    def words(self) -> str:
        """The same for people."""
        return words_of(self.fingerprint)

    @property
    def what(self) -> str:
        """In a few plain words."""
        said = self.said
        if isinstance(said, KeyEntry):
            return f"key of {said.agency}"
        return f"{self.sign_in_name}: {said.role}, {said.agency or said.controller}"


@dataclass(frozen=True)
class ConfirmEntries:
    """Confirming, and refusing, by administrators at their own controllers and by operators."""

    database: Database

    def waiting(self, admin: Administrator, today: date) -> list[WaitingEntry]:
        """Everything at the administrator's controllers that waits."""
        with self.database.read() as connection:
            alone = not entries.administrators(connection, today)
            rows = proposals.waiting(connection, today)
            return [_shown(r, admin, alone) for r in rows if r.under in admin.controllers]

    def __call__(
        self, admin: Administrator, entry_id: UUID | str, words: str, now: datetime
    ) -> None:
        """Confirm an entry that somebody else proposed, by the words of its key as told by whoever
        holds that. Raises ConfirmRefused.
        """
        with self.database.write() as connection:
            directory.lock(connection)
            one = self._find(connection, admin, entry_id, now)
            if not one.needs_second:
                raise ConfirmRefused(NOT_WAITING)
            if one.own:
                raise ConfirmRefused(SAME_PERSON)
            if not are_words_of(words, one.fingerprint):
                raise ConfirmRefused(OTHER_WORDS)
            if not proposals.confirm(connection, one.id, admin.id, now):
                raise ConfirmRefused(NOT_WAITING)
            write_line(connection, admin, Action.CONFIRM_ENTRY, one.what, one.said.agency, now)

    def refuse(self, admin: Administrator, entry_id: UUID | str, now: datetime) -> None:
        """Let an entry not be signed: the role ends with all that goes with it, or the key goes
        out of use. Of what was to be signed again, what was signed before stands until it runs out.

        Raises ConfirmRefused.
        """
        with self.database.write() as connection:
            directory.lock(connection)
            one = self._find(connection, admin, entry_id, now)
            if not proposals.refuse(connection, one.id, now):
                raise ConfirmRefused(NOT_WAITING)
            said = one.said
            if not proposals.is_signed(connection, said):
                _end(connection, admin, said, now)
            write_line(connection, admin, Action.REFUSE_ENTRY, one.what, said.agency, now)

    def _find(
        self, connection: Connection, admin: Administrator, entry_id: UUID | str, now: datetime
    ) -> WaitingEntry:
        today = local_date(now)
        admin = still(connection, admin, today)
        for row in proposals.waiting(connection, today):
            if str(row.id) == str(entry_id) and row.under in admin.controllers:
                return _shown(row, admin, not entries.administrators(connection, today))
        raise ConfirmRefused(NOT_WAITING)


def _end(
    connection: Connection, admin: Administrator, said: RoleEntry | KeyEntry, now: datetime
) -> None:
    if isinstance(said, KeyEntry):
        people.retire_key(connection, said.key, now)
        return
    today = local_date(now)
    member = member_of(connection, said.person, today)
    ended = [role for role in member.roles if role.id == said.membership]
    staff.end_membership(connection, said.membership, today - _DAY, now)
    let_go(connection, admin, member, ended, now)


def _shown(row: AnyRow, admin: Administrator, alone: bool) -> WaitingEntry:
    return WaitingEntry(
        id=row.id,
        body=row.body,
        who=row.name or "",
        sign_in_name=row.sign_in_name or "",
        proposer=row.proposer or "",
        needs_second=row.needs_two and row.confirmed_at is None,
        own=_is_own(row, admin, alone),
    )


def _is_own(row: AnyRow, admin: Administrator, alone: bool) -> bool:
    """Whether the asker proposed it, or would get it. An operator alone, before there is any
    administrator, is the one and the keeper of the directory key the other.
    """
    if admin.id is None:
        return row.proposed_by is None and not alone
    return admin.id in (row.proposed_by, row.person_id)
