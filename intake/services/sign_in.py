"""Let staff in and out. The session row and the cookie open the person's key only together.

The passphrase opens half a session, which is good for the second step alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from intake.domain.deadline import local_date
from intake.domain.people import Person
from intake.domain.trail import Action
from intake.services.tell_person import Event, tell_of_tries
from intake.services.tries import FREE_TRIES, MANY_TRIES, PASSPHRASE, Tries, Try
from intake.store import people, sessions, trail
from intake.store.columns import AnyRow
from intake.store.database import Database
from intake.vault.envelope import EnvelopeDamaged
from intake.vault.keyring import (
    DeviceSecret,
    PassphraseWrong,
    PrivateKey,
    SessionSecret,
    cost_of,
    lock_person_key,
    open_person_key,
    seal_person_key,
    unlock_nobody,
    unlock_person_key,
)
from intake.vault.passphrase import HASHING, PRODUCTION, Cost, HashingBusy, HashingQueue

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=10)
HALF_OPEN = timedelta(minutes=5)
FRESH = timedelta(minutes=10)
SEEN_STEP = timedelta(minutes=1)

ENDED = "a session that has ended"
PAST_ITS_TIME = "a session past its time"
NOT_THEIRS = "a session that does not open"


class SignInRefused(Exception):
    """The name or the passphrase is wrong; which one is not told."""


@dataclass(frozen=True)
class Visit:
    """A signed-in person for the length of one request.

    ``fresh``: the second factor was shown at most FRESH ago.
    """

    person: Person
    key: PrivateKey
    secret: SessionSecret
    fresh: bool


@dataclass(frozen=True)
class HalfOpen:
    """Somebody whose passphrase was right, for the length of one request of the second step."""

    person: Person
    key: PrivateKey
    secret: SessionSecret


@dataclass(frozen=True)
class SignIn:
    """Sign-in by passphrase, and sessions."""

    database: Database
    pepper: bytes
    cost: Cost = PRODUCTION
    queue: HashingQueue = HASHING

    @property
    def tries(self) -> Tries:
        """Counts them."""
        return Tries(self.pepper)

    def __call__(
        self,
        name: str,
        passphrase: str,
        now: datetime,
        device: DeviceSecret | None = None,
        printed_code: str = "",
    ) -> SessionSecret:
        """A half-open session. Raises `tries.SignInTooSoon` (before any hashing), SignInRefused,
        HashingBusy.

        Beside a right ``printed_code`` no stranger's tries make one wait; it is not used up here.
        A key whose lock has another cost than new ones is locked anew.
        """
        row, key, counted = self._unlock(
            name.strip().lower(), passphrase, now, device, printed_code
        )
        locked = self._at_todays_cost(row, key, passphrase, counted.known)
        secret = SessionSecret.new()
        with self.database.write() as connection:
            if counted.failed >= FREE_TRIES:
                tell_of_tries(connection, self.tries, row.id, Event.AFTER_WRONG, now)
            people.forget_attempts(connection, counted.subject)
            if locked:
                people.lock_anew(connection, row.id, row.sealed_private_key, locked)
            begin(connection, secret, row.id, key, now, factor_at=None)
            trail.write_line(connection, at=now, action=Action.FIRST_STEP, person_id=row.id)
        return secret

    def check(
        self, visit: Visit, passphrase: str, now: datetime, device: DeviceSecret | None
    ) -> bytes:
        """Make sure that it is still the person who signed in; the lock that the passphrase opens.

        Tries are counted with those of signing in. Raises as a sign-in does.
        """
        with self.database.read() as connection:
            name = people.sign_in_name(connection, visit.person.id)
        row, _, counted = self._unlock(name, passphrase, now, device)
        with self.database.write() as connection:
            people.forget_attempts(connection, counted.subject)
        locked: bytes = row.sealed_private_key
        return locked

    def _unlock(
        self,
        name: str,
        passphrase: str,
        now: datetime,
        device: DeviceSecret | None,
        printed_code: str = "",
    ) -> tuple[AnyRow, PrivateKey, Try]:
        with self.tries.counting(self.database, now) as connection:
            row = people.row_by_sign_in_name(connection, name)
            person_id = row.id if row else None
            counted = self.tries.count(
                connection, PASSPHRASE, name, now, person_id, device, printed_code
            )
        try:
            if row is None or not row.sealed_private_key:
                unlock_nobody(passphrase, self.pepper, cost=self.cost, queue=self.queue)
            key = unlock_person_key(
                row.sealed_private_key,
                passphrase,
                self.pepper,
                row.id,
                str(row.id),
                queue=self.queue,
                known=counted.known,
            )
            if key.public().raw != row.public_key:  # not the key that this person's roles name
                raise PassphraseWrong
        except HashingBusy:
            with self.database.write() as connection:
                people.forget_attempt(connection, counted.id)
            raise
        except PassphraseWrong:
            with self.database.write() as connection:
                trail.write_line(
                    connection,
                    at=now,
                    action=Action.SIGN_IN_FAILED,
                    person_id=row.id if row else None,
                )
                if row is not None and counted.failed + 1 >= MANY_TRIES:
                    tell_of_tries(connection, self.tries, row.id, Event.MANY_WRONG, now)
            raise SignInRefused from None
        return row, key, counted

    def _at_todays_cost(self, row: AnyRow, key: PrivateKey, passphrase: str, known: bool) -> bytes:
        """The key locked anew; nothing where that is not needed, or has to wait for a sign-in at
        a quieter time.
        """
        if cost_of(row.sealed_private_key) == self.cost:
            return b""
        try:
            return lock_person_key(
                key,
                passphrase,
                self.pepper,
                row.id,
                cost=self.cost,
                queue=self.queue,
                known=known,
            )
        except HashingBusy:
            return b""

    def half(self, secret: SessionSecret, now: datetime) -> HalfOpen | None:
        """Who is at the second step; None once it is over or HALF_OPEN has passed."""
        with self.database.read() as connection:
            row = sessions.session(connection, secret.session_id)
            if row is None or row.factor_at is not None or now - row.started_at > HALF_OPEN:
                return None
            person = people.person(connection, row.person_id, local_date(now))
        key = _key(secret, row)
        return HalfOpen(person, key, secret) if person and key else None

    def resume(self, secret: SessionSecret, now: datetime) -> Visit | None:
        """The person behind a cookie; None if the session has ended, idled or grown too old, with
        a line the first time that its cookie comes, or is half-open.
        """
        with self.database.read() as connection:
            row = sessions.known(connection, secret.session_id)
            if row is None or row.factor_at is None:
                return None
            person = people.person(connection, row.person_id, local_date(now))
        if row.ended_at is not None or person is None:
            self._refuse(row, ENDED, now)
            return None
        if now - row.seen_at > IDLE or now - row.started_at > LONGEST:
            self._refuse(row, PAST_ITS_TIME, now)
            return None
        key = _key(secret, row)
        if key is None or key.public().raw != row.public_key:  # not the key of this person's roles
            self._refuse(row, NOT_THEIRS, now)
            return None
        if now - row.seen_at > SEEN_STEP:
            with self.database.write() as connection:
                sessions.see(connection, secret.session_id, now)
        return Visit(person, key, secret, fresh=now - row.factor_at <= FRESH)

    def _refuse(self, row: AnyRow, why: str, now: datetime) -> None:
        """Once for each session: what is remembered of it outlives its row."""
        with self.database.write() as connection:
            if self.tries.first_of_day(connection, f"refused {row.id.hex()}", row.person_id, now):
                trail.write_line(
                    connection, at=now, action=Action.REFUSED, person_id=row.person_id, purpose=why
                )

    def whose(self, secret: SessionSecret) -> UUID | None:
        """The person of a session, also of one that idled; None once it was signed out."""
        with self.database.read() as connection:
            row = sessions.session(connection, secret.session_id)
        return row.person_id if row else None

    def out(self, visit: Visit, now: datetime) -> None:
        """End the session."""
        with self.database.write() as connection:
            sessions.end(connection, visit.secret.session_id, now)
            trail.write_line(connection, at=now, action=Action.SIGN_OUT, person_id=visit.person.id)


def begin(
    connection: Connection,
    secret: SessionSecret,
    person_id: UUID,
    key: PrivateKey,
    now: datetime,
    *,
    factor_at: datetime | None,
) -> None:
    """Begin a session in the caller's transaction; half-open without ``factor_at``."""
    sessions.start(
        connection,
        {
            "id": secret.session_id,
            "person_id": person_id,
            "sealed_person_key": seal_person_key(secret, key, person_id),
            "started_at": now,
            "seen_at": now,
            "factor_at": factor_at,
        },
    )


def _key(secret: SessionSecret, row: AnyRow) -> PrivateKey | None:
    try:
        return open_person_key(secret, row.sealed_person_key, str(row.person_id), row.person_id)
    except EnvelopeDamaged:
        return None
