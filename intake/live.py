"""A change of the directory or of the rules reaches a running process by itself."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from threading import Lock
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from intake.domain.deadline import local_date
from intake.domain.directory import Directory
from intake.domain.directory_file import directory_from
from intake.services.rulebook import Edition, Rulebook, stored_rulebook
from intake.store import directory as store
from intake.store.database import Database
from routing_rules.vocabulary import RulesInvalid

if TYPE_CHECKING:
    from intake.parts import Parts

DirectoryState = tuple[bytes, date]
"""The stamp of the directory and the day for which it was read: the same state, the same nouns."""
WAITS = 10.0
"""Seconds after which nobody is served by what was read before: less than a publication waits."""
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
    """The parts with the directory and the rules as they stand.

    They are looked at no more often than every ``seconds``. What cannot be read is logged, and
    what was before it stays.
    """

    def __init__(self, parts: Parts, seconds: float = 1) -> None:
        self._parts = parts
        self._seconds = seconds
        self._look_at = time.monotonic() + seconds
        self._refused: DirectoryState | None = None
        self._told: set[Edition] = set()
        self._turn = Lock()

    def __call__(self) -> Parts:
        """The parts now: the same object while nothing has changed."""
        overdue = time.monotonic() - self._look_at
        if overdue >= 0 and self._turn.acquire(blocking=overdue > WAITS):
            try:
                if time.monotonic() >= self._look_at:
                    self._look()
                    self._look_at_rules()
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

    def _look_at_rules(self) -> None:
        """Read what was published, prove what comes, and change over to what has come."""
        parts, now = self._parts, self._parts.now()
        try:
            rulebook = stored_rulebook(parts.database, parts.rulebook)
            if rulebook is None:
                return
            self._tell_of_refused(rulebook.coming(now), rulebook)
            known = rulebook.editions == parts.rulebook.editions
            if not known or rulebook.to_decide_by(now) is not parts.book:
                self._parts = parts.with_rules(rulebook, now)
        except SQLAlchemyError as error:
            log.error("%s while the rules were read: the old ones stay", type(error).__name__)
        except RulesInvalid:
            return  # that no edition can be used was told

    def _tell_of_refused(self, editions: Iterable[Edition], rulebook: Rulebook) -> None:
        """Log once each edition, in force or to come, by which reports cannot be decided."""
        for edition in editions:
            refused = rulebook.refusal(edition)
            if refused and edition not in self._told:
                self._told.add(edition)
                since, why = edition.since.isoformat(timespec="seconds"), _first_line(refused)
                log.error("the rules of %s do not hold (%s): those before stay", since, why)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
