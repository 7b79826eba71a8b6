"""A change of the directory reaches a running process by itself."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from datetime import date
from threading import Lock
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from intake.domain.deadline import local_date
from intake.domain.directory import Directory
from intake.domain.directory_file import directory_from
from intake.store import directory as store
from intake.store.database import Database

if TYPE_CHECKING:
    from intake.wiring import Parts

DirectoryState = tuple[bytes, date]
"""The stamp of the directory and the day for which it was read: the same state, the same nouns."""
log = logging.getLogger(__name__)


class DirectoryGone(Exception):
    """The database has no directory any more."""


def stored_directory(database: Database, today: date) -> tuple[Directory, DirectoryState] | None:
    """The directory as it is stored; None if there is none. Raises DirectoryInvalid."""
    with database.read() as connection:
        state = store.stamp(connection), today
        tables = store.tables(connection)
    return (directory_from(tables, today), state) if tables else None


class LiveParts:
    """The parts with the directory as it stands.

    The stamp is looked at no more often than every ``seconds``. A directory that cannot be read
    is logged, and the one before it stays.
    """

    def __init__(self, parts: Parts, seconds: float = 1) -> None:
        self._parts = parts
        self._seconds = seconds
        self._look_at = time.monotonic() + seconds
        self._refused: DirectoryState | None = None
        self._turn = Lock()

    def __call__(self) -> Parts:
        """The parts now: the same object while nothing has changed."""
        if time.monotonic() >= self._look_at and self._turn.acquire(blocking=False):
            try:
                self._look()
            finally:
                self._look_at = time.monotonic() + self._seconds
                self._turn.release()
        return self._parts

    def _look(self) -> None:
        parts = self._parts
        today = local_date(parts.now())
        try:
            with parts.database.read() as connection:
                state = store.stamp(connection), today
            if state in (parts.directory_state, self._refused):
                return
            self._refused = state  # until it has been read
            found = stored_directory(parts.database, today)
            if found is None:
                raise DirectoryGone("the database has no directory any more")
        except SQLAlchemyError as error:
            self._refused = None
            log.error("%s while the directory was read: the old one stays", type(error).__name__)
        except Exception as error:
            log.error("the directory does not hold (%s): the old one stays", _first_line(error))
        else:
            directory, state = found
            self._parts = replace(parts, directory=directory, directory_state=state)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
