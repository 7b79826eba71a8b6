"""Let staff in and out. The session row and the cookie open the person's key only together."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from intake.domain.deadline import local_date
from intake.domain.people import Person
from intake.domain.trail import Action
from intake.store import people, trail
from intake.store.database import Database
from intake.vault.envelope import EnvelopeDamaged
from intake.vault.keyring import (
    PassphraseWrong,
    PrivateKey,
    SessionSecret,
    open_person_key,
    seal_person_key,
    unlock_nobody,
    unlock_person_key,
)
from intake.vault.passphrase import HashingBusy

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=10)
SEEN_STEP = timedelta(minutes=1)
COUNTED_FOR = timedelta(minutes=15)
FREE_TRIES = 4
LONGEST_WAIT = timedelta(seconds=60)
MINUTE = timedelta(minutes=1)
MOST_A_MINUTE = 120  # failing or under way, of all accounts together


class SignInRefused(Exception):
    """The name or the passphrase is wrong; which one is not told."""


class SignInTooSoon(Exception):
    """Too many failures on this account, or on all together: wait ``seconds``."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"wait {seconds} s")
        self.seconds = seconds


@dataclass(frozen=True)
class Visit:
    """A signed-in person for the length of one request."""

    person: Person
    key: PrivateKey
    secret: SessionSecret


@dataclass(frozen=True)
class SignIn:
    """Sign-in by passphrase, and sessions."""

    database: Database
    pepper: bytes

    def __call__(self, name: str, passphrase: str, now: datetime) -> SessionSecret:
        """A new session. Raises SignInTooSoon (before any hashing), SignInRefused, HashingBusy."""
        name = name.strip().lower()
        person_id, key = self._unlock(name, passphrase, now)
        secret = SessionSecret.new()
        with self.database.write() as connection:
            people.forget_attempts(connection, self._subject(name))
            people.start_session(
                connection,
                {
                    "id": secret.session_id,
                    "person_id": person_id,
                    "sealed_person_key": seal_person_key(secret, key, person_id),
                    "started_at": now,
                    "seen_at": now,
                },
            )
            trail.write_line(connection, at=now, action=Action.SIGN_IN, person_id=person_id)
        return secret

    def confirm(self, visit: Visit, passphrase: str, now: datetime) -> None:
        """Make sure that it is still the person who signed in, before an act of weight.

        Tries are counted with those of signing in. Raises as a sign-in does.
        """
        with self.database.read() as connection:
            name = people.sign_in_name(connection, visit.person.id)
        self._unlock(name, passphrase, now)
        with self.database.write() as connection:
            people.forget_attempts(connection, self._subject(name))

    def _subject(self, name: str) -> bytes:
        return hmac.new(self.pepper, f"attempt:{name}".encode(), hashlib.sha256).digest()

    def _unlock(self, name: str, passphrase: str, now: datetime) -> tuple[UUID, PrivateKey]:
        subject = self._subject(name)
        with self.database.write() as connection:
            people.take_turn_to_try(connection)
            # Counted before it is tried, in the transaction that allows it: guesses made at the
            # same time count each other.
            _must_wait(people.attempts(connection, subject, now - COUNTED_FOR), now)
            if people.all_attempts(connection, now - MINUTE) >= MOST_A_MINUTE:
                raise SignInTooSoon(int(MINUTE.total_seconds()))
            attempt = people.add_attempt(connection, subject, now)
            row = people.row_by_sign_in_name(connection, name)
        try:
            if row is None or not row.sealed_private_key:
                unlock_nobody(passphrase, self.pepper)
            key = unlock_person_key(
                row.sealed_private_key, passphrase, self.pepper, row.id, str(row.id)
            )
        except HashingBusy:
            with self.database.write() as connection:
                people.forget_attempt(connection, attempt)
            raise
        except PassphraseWrong:
            with self.database.write() as connection:
                trail.write_line(
                    connection,
                    at=now,
                    action=Action.SIGN_IN_FAILED,
                    person_id=row.id if row else None,
                )
            raise SignInRefused from None
        return row.id, key

    def resume(self, secret: SessionSecret, now: datetime) -> Visit | None:
        """The person behind a cookie; None if the session has ended, idled or grown too old."""
        with self.database.read() as connection:
            row = people.session(connection, secret.session_id)
            if row is None or now - row.seen_at > IDLE or now - row.started_at > LONGEST:
                return None
            person = people.person(connection, row.person_id, local_date(now))
        if person is None:
            return None
        try:
            key = open_person_key(secret, row.sealed_person_key, str(row.person_id), row.person_id)
        except EnvelopeDamaged:
            return None
        if now - row.seen_at > SEEN_STEP:
            with self.database.write() as connection:
                people.see_session(connection, secret.session_id, now)
        return Visit(person, key, secret)

    def whose(self, secret: SessionSecret) -> UUID | None:
        """The person of a session, also of one that idled; None once it was signed out."""
        with self.database.read() as connection:
            row = people.session(connection, secret.session_id)
        return row.person_id if row else None

    def out(self, visit: Visit, now: datetime) -> None:
        """End the session."""
        with self.database.write() as connection:
            people.end_session(connection, visit.secret.session_id, now)
            trail.write_line(connection, at=now, action=Action.SIGN_OUT, person_id=visit.person.id)


def _must_wait(failed: Sequence[datetime], now: datetime) -> None:
    """After the free tries each further one waits twice as long, up to LONGEST_WAIT."""
    extra = len(failed) - FREE_TRIES
    if extra < 0:
        return
    wait = min(timedelta(seconds=2**extra), LONGEST_WAIT)
    left = (failed[-1] + wait - now).total_seconds()
    if left > 0:
        raise SignInTooSoon(int(left) + 1)
