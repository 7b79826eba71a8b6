"""Tell whether the database can be used, soon and cheaply, whatever state it is in."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event, Lock, Thread

from intake.store import stock
from intake.store.database import Database

ASKED_EVERY = 1.0
LONGEST_WAIT = 2.0
SILENT = "the database does not answer"
FAILING = "the database cannot be used"


@dataclass
class Ready:
    """Asks in a thread of its own, at most once in ASKED_EVERY seconds; nobody waits longer than
    LONGEST_WAIT, and behind a question that hangs no other one is asked.
    """

    database: Database
    clock: Callable[[], float] = time.monotonic
    _last: _Question | None = field(default=None, init=False)
    _revision: str | None = field(default=None, init=False)
    _lock: Lock = field(default_factory=Lock, init=False)

    def __call__(self) -> str | None:
        """What keeps the database from being used; None if nothing does."""
        with self._lock:
            question = self._last
            if question is None or question.is_stale(self.clock()):
                question = self._last = _Question(self.clock())
                Thread(target=question.ask, args=(self._holds,), daemon=True).start()
        left = question.asked_at + LONGEST_WAIT - self.clock()
        return question.answer if question.answered.wait(max(left, 0)) else SILENT

    def _holds(self) -> bool:
        """Whether its tables are this version's. The first time that is looked up at length."""
        with self.database.read() as connection:
            found = stock.revision(connection)
        if self._revision is None:
            self.database.require_current()
            self._revision = found
        return found == self._revision


@dataclass
class _Question:
    asked_at: float
    answered: Event = field(default_factory=Event)
    answer: str | None = None

    def ask(self, holds: Callable[[], bool]) -> None:
        try:
            self.answer = None if holds() else FAILING
        except Exception:
            self.answer = FAILING
        self.answered.set()

    def is_stale(self, now: float) -> bool:
        return self.answered.is_set() and now - self.asked_at >= ASKED_EVERY
