"""Count tries to sign in before they are made, and let those that fail wait.

A stranger's tries make no owner wait in a browser that is known, or beside one of their printed
codes: there its own tries count alone.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from intake.domain.trail import Action
from intake.store import factors, people, trail
from intake.store.database import Database
from intake.vault.keyring import DeviceSecret
from intake.vault.one_time import code_digest, is_code

FREE_TRIES = 4
MANY_TRIES = 10  # more than who has forgotten a passphrase makes within a minute
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
MOST_A_MINUTE = 120  # failing or under way, of all accounts together
DEVICES_KNOWN = timedelta(days=365)
NOBODY = UUID(int=0)
"""In the place of a person where a name is nobody's."""


@dataclass(frozen=True)
class What:
    """What is tried: for how long a failure counts, and how long one waits at most.

    ``by_anybody``: a stranger can try it, so that all accounts together have so many a minute.
    """

    name: str
    counted_for: timedelta = timedelta(minutes=15)
    longest_wait: timedelta = MINUTE
    by_anybody: bool = False


PASSPHRASE = What("passphrase", by_anybody=True)
RECOVERY_CODE = What("recovery code", by_anybody=True)
APP_CODE = What("app code", DAY, timedelta(minutes=15))
NEW_APP = What("new app")
BEYOND_GUESSING = What("printed code or passkey")
"""A right one never waits, nor does a right recovery code: only those that failed are counted, so
that they fill no log.
"""
KEPT_FOR = DAY
"""The longest that anything here counts."""


TURNED_AWAY = "a try that had to wait"


class SignInTooSoon(Exception):
    """Too many failures on this account, or on all together: wait ``seconds``."""

    def __init__(self, seconds: int, person_id: UUID | None) -> None:
        super().__init__(f"wait {seconds} s")
        self.seconds = seconds
        self.person_id = person_id


@dataclass(frozen=True)
class Try:
    """A try that is counted: forgotten where it was not made, with all others after a success.

    ``failed``: how many there were in vain before it; ``known``: whether the browser is, or a
    printed code came with it.
    """

    id: UUID
    subject: bytes
    failed: int
    known: bool


@dataclass(frozen=True)
class Tries:
    """Counts tries under keyed digests."""

    pepper: bytes

    @contextmanager
    def counting(self, database: Database, now: datetime) -> Iterator[Connection]:
        """A transaction to count a try in. The first that is turned away in a day leaves a line, of
        each person: a stranger's tries fill no trail.
        """
        try:
            with database.write() as connection:
                yield connection
        except SignInTooSoon as wait:
            with database.write() as connection:
                self._tell_of_waiting(connection, wait.person_id, now)
            raise

    def _tell_of_waiting(
        self, connection: Connection, person_id: UUID | None, now: datetime
    ) -> None:
        is_first = self.first_of_day(connection, TURNED_AWAY, person_id or NOBODY, now)
        if is_first and person_id is not None:
            trail.write_line(
                connection, at=now, action=Action.REFUSED, person_id=person_id, purpose=TURNED_AWAY
            )

    def count(
        self,
        connection: Connection,
        what: What,
        whose: str,
        now: datetime,
        person_id: UUID | None,
        device: DeviceSecret | None,
        printed_code: str = "",
    ) -> Try:
        """Count a try in the transaction that allows it, so that tries made at the same time count
        each other. ``whose``: of which account, as it was typed. Raises SignInTooSoon.

        The database is asked as much where nobody has the name: how long it takes tells nothing.
        """
        people.take_turn_to_try(connection)
        who = person_id or NOBODY
        known = self._printed(connection, who, printed_code) or known_browser(
            connection, now, who, device, came_back=what.by_anybody
        )
        subject = self._subject(what.name, whose, known.hex())
        failed = people.attempts(connection, subject, now - what.counted_for)
        seconds = _wait(failed, what.longest_wait, now)
        if what.by_anybody and not known and _crowded(connection, now):
            seconds = int(MINUTE.total_seconds())
        if seconds:
            raise SignInTooSoon(seconds, person_id)
        attempt = people.add_attempt(connection, subject, now)
        return Try(attempt, subject, len(failed), bool(known))

    def _printed(self, connection: Connection, person_id: UUID, typed: str) -> bytes:
        """What is stored of a printed code that is this person's and was not used; it stays so."""
        if not is_code(typed):
            return b""
        digest = code_digest(self.pepper, person_id, typed)
        return digest if factors.has_code(connection, person_id, digest) else b""

    def first_of_day(
        self, connection: Connection, event: str, person_id: UUID, now: datetime
    ) -> bool:
        """Whether this has not happened to this person within a day; from now on it has."""
        people.take_turn_to_try(connection)
        subject = self._subject("told", event, str(person_id))
        if people.attempts(connection, subject, now - DAY):
            return False
        people.add_attempt(connection, subject, now - MINUTE)  # no try: not counted among them
        return True

    def _subject(self, *told: str) -> bytes:
        return hmac.new(self.pepper, json.dumps(told).encode(), hashlib.sha256).digest()


def known_browser(
    connection: Connection,
    now: datetime,
    person_id: UUID,
    device: DeviceSecret | None,
    *,
    came_back: bool = False,
) -> bytes:
    """The id of a browser in which this person has signed in, or ``came_back`` by a recovery code;
    nothing for any other. A thief of one such code gets the next by it, and so as many browsers as
    they like: none of them may be a row of tries at an app's code.
    """
    if device is None:
        return b""
    ids = [device.device_id(person_id)]
    if came_back:
        ids.append(device.way_back_id(person_id))
    since = now - DEVICES_KNOWN
    return next((one for one in ids if factors.knows(connection, one, since)), b"")


def _crowded(connection: Connection, now: datetime) -> bool:
    return people.all_attempts(connection, now - MINUTE) >= MOST_A_MINUTE


def _wait(failed: Sequence[datetime], longest: timedelta, now: datetime) -> int:
    """In seconds: after the free tries each further one waits twice as long, up to the longest."""
    extra = len(failed) - FREE_TRIES
    if extra < 0:
        return 0
    wait = timedelta(seconds=min(2**extra, longest.total_seconds()))
    left = (failed[-1] + wait - now).total_seconds()
    return int(left) + 1 if left > 0 else 0
