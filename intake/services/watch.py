"""Notice that deadlines are not swept, or letters not brought away, whichever process should have.

Each scheduler watches the jobs of all of them, and each process of a staff door watches the sweep:
so what has died is noticed by what has not.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

from sqlalchemy.exc import SQLAlchemyError

from intake.domain.directory import Directory
from intake.services.tell_once import Telling, tell_once
from intake.store import chasing
from intake.store.database import Database

LETTER = "silent"
SWEEP = "chase"
WATCHED = (SWEEP, "deliver")
SILENT_AFTER = timedelta(minutes=10)
LOOKED_EVERY = timedelta(minutes=1)
TOLD_EVERY = timedelta(minutes=10)
log = logging.getLogger(__name__)


@dataclass
class Watching:
    """What a process remembers of its watching: since when it has, and when it last did what."""

    since: datetime | None = None
    told_at: datetime | None = None
    looked_at: datetime | None = None
    silent: str = ""
    turn: Lock = field(default_factory=Lock)

    def begin(self, now: datetime) -> datetime:
        """Since when it watches: what never ran has been silent for no longer."""
        self.since = self.since or now
        return self.since

    def may_look(self, now: datetime) -> bool:
        """Whether nobody of this process has looked of late."""
        with self.turn:
            if _is_recent(self.looked_at, now, LOOKED_EVERY):
                return False
            self.looked_at = now
            return True

    def may_tell(self, now: datetime) -> bool:
        """Whether this process has told nothing of late."""
        with self.turn:
            if _is_recent(self.told_at, now, TOLD_EVERY):
                return False
            self.told_at = now
            return True


@dataclass(frozen=True)
class Watch:
    """What each scheduler does for all. A pause of all of them is told where it goes on though
    this one has been running for as long.
    """

    database: Database
    directory: Directory
    watching: Watching

    def __call__(self, now: datetime) -> int:
        """Tell the administrators of what does not run; how many jobs do not."""
        began = self.watching.begin(now)
        with self.database.read() as connection:
            runs = {job: chasing.last_run(connection, job) for job in WATCHED}
        silent = {
            job: last or began
            for job, last in runs.items()
            if now - max(last or began, began) > SILENT_AFTER
        }
        if silent:
            self._tell(silent, now)
        return len(silent)

    def _tell(self, silent: dict[str, datetime], now: datetime) -> None:
        if self.watching.may_tell(now):
            for job, since in silent.items():
                log.error("no run of %s has ended well since %s", job, _instant(since))
        told = {"jobs": {job: since.isoformat() for job, since in silent.items()}}
        telling = Telling(LETTER, told, [LETTER, *sorted(silent)])
        for controller in _controllers(self.directory):
            tell_once(self.database, controller, telling, now)


@dataclass(frozen=True)
class Notice:
    """What a process of a staff door does while it serves pages."""

    database: Database
    watching: Watching

    def __call__(self, now: datetime) -> str:
        """Log it where no sweep has ended well of late; what is to be said of it, if anything. The
        database is asked once a minute at most, and a page is served whatever it says.
        """
        began = self.watching.begin(now)
        if not self.watching.may_look(now):
            return self.watching.silent
        try:
            with self.database.read() as connection:
                last = chasing.last_run(connection, SWEEP)
        except SQLAlchemyError:
            return self.watching.silent  # whoever needs the database says so
        self.watching.silent = ""
        if now - (last or began) > SILENT_AFTER:
            self.watching.silent = f"no sweep has ended well since {_instant(last or began)}"
            if self.watching.may_tell(now):
                log.error("%s: see to `ankkuri jobs`", self.watching.silent)
        return self.watching.silent


def _is_recent(at: datetime | None, now: datetime, within: timedelta) -> bool:
    """A clock that was set back does not make it so."""
    return at is not None and timedelta(0) <= now - at < within


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def _controllers(directory: Directory) -> Iterable[str]:
    return sorted({agency.controller for agency in directory.agencies.values() if agency.in_use})
