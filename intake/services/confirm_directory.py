"""Be the second person for changes of the directory that let an agency come or get more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from intake.domain.deadline import local_date
from intake.domain.directory_file import DirectoryInvalid
from intake.domain.message import Message, mark
from intake.domain.people import Administrator
from intake.domain.trail import Action
from intake.services.amend import Change, Entry, EntryChanged, EntryNotYours, check, make
from intake.services.appoint import write_line
from intake.services.differences import Amended
from intake.services.second_person import still, tell
from intake.store import directory, directory_proposals, entries
from intake.store.columns import AnyRow
from intake.store.database import Database

NOT_WAITING = mark("This no longer waits for a second person.")
SAME_PERSON = mark("You proposed this: somebody else must confirm it.")
PROPOSER_ENDED = mark(
    "Who proposed this does not administer there any more. Refuse it, and let it be proposed anew."
)
CHANGED_SINCE = mark(
    "The directory has changed since this was proposed. Refuse it, and let it be proposed anew."
)
HOLDS_NO_MORE = mark(
    "The directory would not hold with this any more. Refuse it, and let it be proposed anew."
)


class DirectoryRefused(Exception):
    """The changes cannot be confirmed or refused; ``message`` says why."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.message = Message(key)


@dataclass(frozen=True)
class WaitingChanges:
    """Changes that wait, made together or not at all. ``own``: the asker proposed them."""

    id: UUID
    changes: tuple[Change, ...]
    proposed_by: UUID
    proposer: str
    proposed_at: datetime
    own: bool

    @property
    def agencies(self) -> list[Entry]:
        """Those that they are about, as they shall be."""
        return [one.entry for one in self.changes if one.table == "agency" and one.entry]

    @property
    def controllers(self) -> frozenset[str]:
        """Of these agencies."""
        return frozenset(entry["controller"] for entry in self.agencies)


@dataclass(frozen=True)
class ConfirmDirectory:
    """Confirming, and refusing, by administrators of every agency concerned and by operators; who
    proposed it may take it back.
    """

    database: Database

    def waiting(self, admin: Administrator) -> list[WaitingChanges]:
        """All that the administrator may confirm, or has proposed; oldest first."""
        with self.database.read() as connection:
            return _waiting(connection, admin)

    def __call__(self, admin: Administrator, proposal_id: UUID | str, now: datetime) -> None:
        """Make the changes that somebody else proposed, if they may be made now as they were
        proposed. Raises DirectoryRefused; then they go on waiting.
        """
        with self.database.write() as connection:
            directory.lock(connection)
            one = _find(connection, still(connection, admin, local_date(now)), proposal_id)
            if one.own:
                raise DirectoryRefused(SAME_PERSON)
            made = _checked(connection, one, now)
            make(connection, admin, one.changes, made, now)
            tell(connection, admin, Action.CONFIRM_DIRECTORY, made, now)
            _end(connection, one, now)

    def refuse(self, admin: Administrator, proposal_id: UUID | str, now: datetime) -> None:
        """Let the changes not be made. Raises DirectoryRefused."""
        with self.database.write() as connection:
            directory.lock(connection)
            one = _find(connection, still(connection, admin, local_date(now)), proposal_id)
            _end(connection, one, now)
            there = directory.kinds(connection)
            for agency in one.agencies:
                at = agency["id"] if agency["id"] in there else None
                told = f"agency {agency['id']}"
                write_line(connection, admin, Action.REFUSE_DIRECTORY, told, at, now)


def _checked(connection: Connection, one: WaitingChanges, now: datetime) -> Amended:
    """As if the proposer did it now."""
    today = local_date(now)
    held = entries.administrators(connection, today).get(one.proposed_by, frozenset())
    if not one.controllers <= held:
        raise DirectoryRefused(PROPOSER_ENDED)
    try:
        return check(connection, Administrator(one.proposed_by, held), one.changes, today)
    except (EntryChanged, EntryNotYours):
        raise DirectoryRefused(CHANGED_SINCE) from None
    except DirectoryInvalid:
        raise DirectoryRefused(HOLDS_NO_MORE) from None


def _waiting(connection: Connection, admin: Administrator) -> list[WaitingChanges]:
    found = [_shown(row, admin) for row in directory_proposals.waiting(connection)]
    return [one for one in found if one.own or one.controllers <= admin.controllers]


def _find(connection: Connection, admin: Administrator, proposal_id: UUID | str) -> WaitingChanges:
    for one in _waiting(connection, admin):
        if str(one.id) == str(proposal_id):
            return one
    raise DirectoryRefused(NOT_WAITING)


def _end(connection: Connection, one: WaitingChanges, now: datetime) -> None:
    if not directory_proposals.end(connection, one.id, now):
        raise DirectoryRefused(NOT_WAITING)


def _shown(row: AnyRow, admin: Administrator) -> WaitingChanges:
    return WaitingChanges(
        id=row.id,
        changes=tuple(Change(**one) for one in directory_proposals.changes_of(row)),
        proposed_by=row.proposed_by,
        proposer=row.proposer,
        proposed_at=row.proposed_at,
        own=row.proposed_by == admin.id,
    )
