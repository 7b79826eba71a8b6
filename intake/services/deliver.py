"""Bring waiting letters to the post; mark them only after it has taken them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta

from intake.post.letter import Letter, LetterNotTaken, Sender
from intake.store import chasing
from intake.store.columns import AnyRow
from intake.store.database import Database

BATCH = 100
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=6)
CLAIMED_FOR = timedelta(minutes=5)  # then a letter of a killed run is tried again
MOST_ATTEMPTS = 12
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Deliver:
    """One failing address never holds up the others; of two at once only one sends a letter."""

    database: Database
    sender: Sender
    write: Callable[[AnyRow], Letter]

    def __call__(self, now: datetime) -> int:
        """Try every letter that waits; how many were taken."""
        began, taken = time.monotonic(), 0
        with self.database.read() as connection:
            waiting = chasing.waiting_letters(connection, now, BATCH)
        with closing(self.sender):
            for row in waiting:
                if row.left_at is not None:
                    self._give_up(row, now)
                    continue
                # A slow post makes ``now`` old: the claim counts from this letter's own turn.
                until = now + timedelta(seconds=time.monotonic() - began) + CLAIMED_FOR
                with self.database.write() as connection:
                    if not chasing.claim_letter(connection, row, until):
                        continue
                taken += self._send(row, now)
        return taken

    def _send(self, row: AnyRow, now: datetime) -> bool:
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
            return True
        return False

    def _give_up(self, row: AnyRow, now: datetime) -> None:
        log.warning("letter %s is given up: its reader has left", row.id)
        with self.database.write() as connection:
            chasing.give_up_letter(connection, row.id, now)

    def _failed(self, row: AnyRow, now: datetime) -> None:
        attempts = row.attempts + 1
        wait = min(FIRST_WAIT * 2 ** (attempts - 1), LONGEST_WAIT)
        dead_at = now if attempts >= MOST_ATTEMPTS else None
        if dead_at:
            log.error("letter %s is given up after %d attempts", row.id, attempts)
        with self.database.write() as connection:
            chasing.mark_failed(connection, row.id, now + wait, dead_at)
