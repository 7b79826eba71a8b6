"""Bring waiting letters to the post; mark them only after it has taken them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from intake.post.letter import Letter, LetterNotTaken, Sender
from intake.store import chasing
from intake.store.columns import AnyRow
from intake.store.database import Database

BATCH = 100
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=6)
MOST_ATTEMPTS = 12
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Deliver:
    """One failing address never holds up the others."""

    database: Database
    sender: Sender
    write: Callable[[AnyRow], Letter]

    def __call__(self, now: datetime) -> int:
        """Try every letter that waits; how many were taken."""
        taken = 0
        with self.database.read() as connection:
            waiting = chasing.waiting_letters(connection, now, BATCH)
        for row in waiting:
            try:
                self.sender.send(self.write(row))
            except LetterNotTaken as error:
                log.warning("letter %s not taken: %s", row.id, error)
                self._failed(row, now)
            except Exception:
                log.exception("letter %s cannot be written", row.id)
                self._failed(row, now)
            else:
                with self.database.write() as connection:
                    chasing.mark_sent(connection, row.id, now)
                taken += 1
        return taken

    def _failed(self, row: AnyRow, now: datetime) -> None:
        attempts = row.attempts + 1
        wait = min(FIRST_WAIT * 2 ** (attempts - 1), LONGEST_WAIT)
        dead_at = now if attempts >= MOST_ATTEMPTS else None
        if dead_at:
            log.error("letter %s is given up after %d attempts", row.id, attempts)
        with self.database.write() as connection:
            chasing.mark_failed(connection, row.id, now + wait, dead_at)
