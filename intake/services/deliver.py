"""Bring waiting letters to the post; mark them only after it has taken them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from intake.domain.quiet import Quiet
from intake.domain.trail import Action
from intake.post.letter import Letter, LetterNotTaken, LetterRefused, PostOutOfReach, Sender
from intake.services.gather import about
from intake.services.notify import NOTICE_ADDRESS
from intake.store import notices, outbox, recusals, trail
from intake.store.columns import AnyRow
from intake.store.database import Database
from intake.vault.envelope import EnvelopeDamaged

FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=6)
CLAIMED_FOR = timedelta(minutes=5)  # then a letter of a killed run is tried again
MOST_ATTEMPTS = 20  # three days
MOST_REFUSALS = 3  # LONGEST_WAIT apart: a server that was set wrong for an evening loses nothing
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Deliver:
    """One failing address never holds up the others; of several at once only one sends a letter.

    ``quiet``: when reminders that can wait are left until its end.
    """

    database: Database
    sender: Sender
    write: Callable[[AnyRow], Letter]
    quiet: Quiet | None = None

    def __call__(self, now: datetime) -> int:
        """Try every letter that waits, each in its turn; how many were taken.

        Raises PostOutOfReach where the post takes none: nothing more is tried for FIRST_WAIT then,
        and no letter that it was not asked to take has an attempt counted.
        """
        began, taken = time.monotonic(), 0
        with closing(self.sender):
            while row := self._claim(now, began):
                taken += self._bring(row, now)
        return taken

    def _claim(self, now: datetime, began: float) -> AnyRow | None:
        # A slow post makes ``now`` old: the claim counts from this letter's own turn.
        until = now + timedelta(seconds=time.monotonic() - began) + CLAIMED_FOR
        with self.database.write() as connection:
            return outbox.claim_letter(connection, now, until)

    def _bring(self, row: AnyRow, now: datetime) -> bool:
        if gone := _nobody_to_read(row):
            self._give_up(row, now, gone)
            return False
        if self._tells_too_much(row, now):
            return False
        if _can_wait(row) and self.quiet and (until := self.quiet.ends(now)):
            with self.database.write() as connection:
                outbox.put_off(connection, row.id, until)
            return False
        try:
            self.sender.send(self.write(row))
        except PostOutOfReach as failure:
            self._leave_for_later(row, now, failure)
            raise
        except LetterNotTaken as failure:
            log.warning("letter %s not taken: %s", row.id, failure)
            self._failed(row, now, refused=isinstance(failure, LetterRefused))
        except Exception as error:  # its words may hold an address
            log.error("letter %s cannot be written: %s", row.id, type(error).__name__)
            self._failed(row, now)
            if isinstance(error, EnvelopeDamaged) and not row.attempts:
                self._tell_damaged(now)
        else:
            with self.database.write() as connection:
                outbox.mark_sent(connection, row.id, now)
            return True
        return False

    def _tells_too_much(self, row: AnyRow, now: datetime) -> bool:
        """Whether it tells of a report that its reader has been shut out of since: then it is given
        up, or without that comes up again at once.
        """
        told = about(row.params or {})
        if not told:
            return False
        with self.database.read() as connection:
            shut = recusals.shut_to(connection, row.person_id)
        left = [one for one in told if UUID(one["referral"]) not in shut]
        if not left:
            self._give_up(row, now, "its reader is shut out of the report")
        elif len(left) < len(told):
            with self.database.write() as connection:
                outbox.tell_less(connection, row.id, {"reminders": left}, now)
        return len(left) < len(told)

    def _give_up(self, row: AnyRow, now: datetime, why: str) -> None:
        log.warning("letter %s is given up: %s", row.id, why)
        with self.database.write() as connection:
            outbox.give_up_letter(connection, row.id, now)

    def _tell_damaged(self, now: datetime) -> None:
        with self.database.write() as connection:
            line = {"action": Action.DAMAGED, "purpose": NOTICE_ADDRESS}
            trail.write_line(connection, at=now, **line)

    def _leave_for_later(self, row: AnyRow, now: datetime, failure: PostOutOfReach) -> None:
        if failure.in_letter:
            self._failed(row, now)
        until = now + FIRST_WAIT
        with self.database.write() as connection:
            if not failure.in_letter:
                outbox.put_off(connection, row.id, until)
            outbox.put_off_all(connection, now, until)

    def _failed(self, row: AnyRow, now: datetime, *, refused: bool = False) -> None:
        attempts = row.attempts + 1
        dead = attempts >= (MOST_REFUSALS if refused else MOST_ATTEMPTS)
        wait = LONGEST_WAIT if refused else min(FIRST_WAIT * 2 ** (attempts - 1), LONGEST_WAIT)
        if dead:
            log.error("letter %s is given up after %d attempts", row.id, attempts)
        with self.database.write() as connection:
            marked = outbox.mark_failed(connection, row.id, now + wait, now if dead else None)
            if marked and dead and row.report_id is not None:
                notices.erase(connection, row.report_id, now)


def _can_wait(row: AnyRow) -> bool:
    """Whether it tells reminders of which none is urgent; those of before that was kept are."""
    told = about(row.params or {})
    return bool(told) and not any(one.get("urgent", True) for one in told)


def _nobody_to_read(row: AnyRow) -> str:
    if row.person_id is None:
        return "" if row.sealed_address else "its address has been erased"
    return "its reader has left" if row.left_at else ""
