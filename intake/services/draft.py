"""Keep, find and erase a worry that is being typed. Only its visitor's cookie opens it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from intake.domain.contents import TYPED
from intake.domain.report import canonical
from intake.services.open_content import content_of
from intake.store import drafts, reports
from intake.store.database import Database
from intake.vault.envelope import EnvelopeDamaged, EnvelopeFromNewerVersion
from intake.vault.own import VisitorSecret, open_draft, seal_draft

MAX_BYTES = 512 * 1024
MOST_BYTES_OF_ALL = 256 * 1024 * 1024
COUNTED_EVERY = timedelta(seconds=60)
Answers = dict[str, Any]


class DraftTooLarge(Exception):
    """More than a draft may hold."""


class DraftChanged(Exception):
    """The draft is no longer the one that was read: another window has saved or erased it."""


class DraftAlreadySent(Exception):
    """The draft has become a report: nothing can be added to it."""


class NoRoomForDrafts(Exception):
    """All drafts together take as much as they may: no new one is begun."""


@dataclass(frozen=True)
class Kept:
    """A draft as it was read. ``sealed`` tells it from any other state of it; None: no draft.

    ``damaged``: there is one that does not open; the next save takes its place. ``openers``: the
    stamp of who could open reports when it was read; None if it was not.
    """

    answers: Answers
    sealed: bytes | None
    damaged: bool = False
    openers: bytes | None = None


@dataclass
class _Room:
    """What all drafts took when they were last counted, and what this process added since."""

    taken: int = 0
    counted_at: datetime | None = None


@dataclass(frozen=True)
class Draft:
    """The one worry of one visitor."""

    database: Database
    most_bytes: int = MOST_BYTES_OF_ALL
    _room: _Room = field(default_factory=_Room, init=False, repr=False, compare=False)

    def load(self, secret: VisitorSecret) -> Kept:
        """What has been typed so far; nothing for a new or purged draft.

        Raises EnvelopeFromNewerVersion: what a newer version sealed is not to be overwritten.
        """
        with self.database.glance() as connection:
            sealed, stamp = drafts.read(connection, secret.draft_id)
        if sealed is None:
            return Kept({}, None)
        try:
            return Kept(content_of(open_draft(secret, sealed), TYPED), sealed, openers=stamp)
        except EnvelopeFromNewerVersion:
            raise
        except EnvelopeDamaged:
            return Kept({}, sealed, damaged=True)

    def save(
        self, secret: VisitorSecret, answers: Answers, now: datetime, over: bytes | None = None
    ) -> bytes:
        """Keep everything typed, valid or not, in the place of the draft that was read.

        ``over``: that one's seal, None where there was none; returns the new one. Nothing is kept
        where this raises DraftTooLarge, DraftChanged, DraftAlreadySent or NoRoomForDrafts.
        """
        content = canonical(answers)
        if len(content) > MAX_BYTES:
            raise DraftTooLarge
        sealed = seal_draft(secret, content)
        with self.database.write() as connection:
            if reports.was_sent(connection, secret.draft_id):
                raise DraftAlreadySent
            if over is None and self._taken(connection, now) + len(sealed) > self.most_bytes:
                raise NoRoomForDrafts
            if not drafts.put(connection, secret.draft_id, sealed, now, over):
                raise DraftChanged
            self._room.taken += len(sealed) - len(over or b"")
        return sealed

    def erase(self, secret: VisitorSecret) -> None:
        """Erase now."""
        with self.database.write() as connection:
            drafts.erase(connection, secret.draft_id)

    def _taken(self, connection: Connection, now: datetime) -> int:
        """Bytes of all drafts, counted now and then: not all of them at each new one."""
        room = self._room
        if room.counted_at is None or now - room.counted_at >= COUNTED_EVERY:
            room.taken, room.counted_at = drafts.total_bytes(connection), now
        return room.taken
