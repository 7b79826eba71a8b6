"""The second step of signing in, and the same again before an act of weight."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Connection

from intake.domain.trail import Action
from intake.services.sign_in import HalfOpen, Visit, begin
from intake.services.tell_person import Event, tell, tell_of_tries
from intake.services.tries import (
    APP_CODE,
    BEYOND_GUESSING,
    FREE_TRIES,
    Tries,
    Try,
    known_browser,
)
from intake.store import factors, people, sessions, trail
from intake.store.columns import AnyRow
from intake.store.database import Database
from intake.vault.envelope import EnvelopeDamaged
from intake.vault.keyring import DeviceSecret, SessionSecret
from intake.vault.one_time import code_digest, is_code
from intake.vault.passkey import (
    PasskeyCopied,
    PasskeyRefused,
    Passkeys,
    credential_of,
    new_challenge,
)
from intake.vault.totp import TotpSecret, open_totp, step_at

PASSKEY_COPIED = "passkey copied"


class Kind(StrEnum):
    """What is shown as the second factor."""

    TOTP = "totp"
    PASSKEY = "passkey"
    CODE = "code"


class FactorRefused(Exception):
    """The code or the passkey is not right, or was used before; which is not told."""


@dataclass(frozen=True)
class Ways:
    """By which a person can take the second step. ``question``: what a browser asks a passkey, as
    JSON; nothing where the person has none, or this address can have none.
    """

    app: bool
    codes_left: int
    question: str


@dataclass(frozen=True)
class SecondStep:
    """Takes the second step. ``passkeys``: None where this site's address can have none."""

    database: Database
    pepper: bytes
    passkeys: Passkeys | None

    def has_factor(self, who: HalfOpen | Visit) -> bool:
        """Whether the person has any, here or at another address; else one is set up first.

        Printed codes alone are none.
        """
        with self.database.read() as connection:
            return bool(factors.factors(connection, who.person.id))

    def ways(self, who: HalfOpen | Visit) -> Ways:
        """What the person has; a passkey gets a new challenge, which waits in the session."""
        with self.database.read() as connection:
            rows = factors.factors(connection, who.person.id)
            left = factors.codes_left(connection, who.person.id)
        known = [row.credential_id for row in rows if row.kind == Kind.PASSKEY]
        question = ""
        if known and self.passkeys:
            challenge = new_challenge()
            with self.database.write() as connection:
                sessions.set_challenge(connection, who.secret.session_id, challenge)
            question = self.passkeys.to_prove(challenge, known)
        return Ways(any(row.kind == Kind.TOTP for row in rows), left, question)

    def by_code(
        self, who: HalfOpen | Visit, typed: str, now: datetime, device: DeviceSecret | None
    ) -> SessionSecret | None:
        """By a code of the app, or a printed one. See ``by_passkey``.

        An app's code can be guessed: tries are counted before they are made, and wait.
        """
        if is_code(typed):
            digest = code_digest(self.pepper, who.person.id, typed)
            return self._take(
                who,
                Kind.CODE,
                now,
                device,
                lambda connection: factors.use_code(connection, who.person.id, digest, now),
            )
        person_id = who.person.id
        with self._tries.counting(self.database, now) as connection:
            counted = self._tries.count(
                connection, APP_CODE, str(person_id), now, person_id, device
            )
            rows = factors.factors(connection, person_id)
        found = _step_of(who, rows, "".join(typed.split()), now)
        return self._take(
            who,
            Kind.TOTP,
            now,
            device,
            lambda connection: (
                found is not None and factors.take_step(connection, found[0], found[1], now)
            ),
            counted,
        )

    def by_passkey(
        self, who: HalfOpen | Visit, answer: str, now: datetime, device: DeviceSecret | None
    ) -> SessionSecret | None:
        """By what a passkey answered to the challenge of ``ways``, once.

        A half-open session ends, and the new, whole one is given; a whole one is fresh again
        (None). Raises FactorRefused, SignInTooSoon.
        """
        with self.database.write() as connection:
            challenge = sessions.take_challenge(connection, who.secret.session_id)
            rows = factors.factors(connection, who.person.id)
        try:
            if self.passkeys is None or challenge is None:
                raise PasskeyRefused
            credential = credential_of(answer)
            row = next((one for one in rows if one.credential_id == credential), None)
            if row is None:
                raise PasskeyRefused
            was = row.sign_count
            count = self.passkeys.proven(answer, challenge, row.public_key, was)
        except PasskeyCopied:
            self._fail(who, PASSKEY_COPIED, now, device)
            raise FactorRefused from None
        except PasskeyRefused:
            self._fail(who, Kind.PASSKEY, now, device)
            raise FactorRefused from None
        return self._take(
            who,
            Kind.PASSKEY,
            now,
            device,
            lambda connection: factors.take_count(connection, row.id, was, count, now),
        )

    def code_of(self, who: HalfOpen | Visit, published: TotpSecret, now: datetime) -> str | None:
        """The code that is good now, where the person's app has a secret that everybody knows, as
        in a demo (empty: the next one is good in a while); None for any other secret.
        """
        with self.database.read() as connection:
            rows = factors.factors(connection, who.person.id)
        step = step_at(now)
        for row, secret in _apps(who, rows):
            if secret == published:
                following = max(step, (row.last_step or 0) + 1)
                return secret.code(following) if following <= step + 1 else ""
        return None

    @property
    def _tries(self) -> Tries:
        return Tries(self.pepper)

    def _take(
        self,
        who: HalfOpen | Visit,
        kind: Kind,
        now: datetime,
        device: DeviceSecret | None,
        use: Callable[[Connection], bool],
        counted: Try | None = None,
    ) -> SessionSecret | None:
        """Use the factor once, and make the session whole or fresh, in one transaction."""
        told: list[Event] = []
        try:
            with self.database.write() as connection:
                if not use(connection):
                    raise FactorRefused
                if counted is not None:
                    people.forget_attempts(connection, counted.subject)
                    if counted.failed >= FREE_TRIES:
                        told.append(Event.AFTER_WRONG)
                return go_on(connection, who, kind, now, device, *told)
        except FactorRefused:
            self._fail(who, kind, now, device)
            raise

    def _fail(
        self, who: HalfOpen | Visit, purpose: str, now: datetime, device: DeviceSecret | None
    ) -> None:
        half, person_id = isinstance(who, HalfOpen), who.person.id
        with self._tries.counting(self.database, now) as connection:
            if purpose in (Kind.CODE, Kind.PASSKEY):
                whose = str(person_id)
                self._tries.count(connection, BEYOND_GUESSING, whose, now, person_id, device)
            trail.write_line(
                connection,
                at=now,
                action=Action.SIGN_IN_FAILED if half else Action.CONFIRM_FAILED,
                person_id=person_id,
                purpose=purpose,
            )
            tell_of_tries(connection, self._tries, person_id, Event.SECOND_STEP_FAILED, now)


def go_on(
    connection: Connection,
    who: HalfOpen | Visit,
    kind: Kind,
    now: datetime,
    device: DeviceSecret | None,
    *events: Event,
) -> SessionSecret | None:
    """In the caller's transaction: a new, whole session in the place of a half-open one, whose
    browser is known from now on; or the same session, fresh again. A letter tells the person of
    ``events``, and of a browser that was not known.

    Raises FactorRefused where the session has ended meanwhile.
    """
    if isinstance(who, Visit):
        if not sessions.prove(connection, who.secret.session_id, now):
            raise FactorRefused
        secret, action = None, Action.CONFIRM
    else:
        if not sessions.end(connection, who.secret.session_id, now):
            raise FactorRefused
        secret, action = SessionSecret.new(), Action.SIGN_IN
        begin(connection, secret, who.person.id, who.key, now, factor_at=now)
        if not known_browser(connection, now, who.person.id, device):
            events = (*events, Event.NEW_BROWSER)
        if device is not None:
            factors.see_device(connection, device.device_id(who.person.id), who.person.id, now)
            factors.forget_device(connection, who.person.id, device.way_back_id(who.person.id))
    trail.write_line(connection, at=now, action=action, person_id=who.person.id, purpose=kind)
    tell(connection, who.person.id, now, *events)
    return secret


def _step_of(
    who: HalfOpen | Visit, rows: Sequence[AnyRow], code: str, now: datetime
) -> tuple[UUID, int] | None:
    """The app whose code it is, and of which step."""
    for row, secret in _apps(who, rows):
        step = secret.step_of(code, now)
        if step is not None:
            return row.id, step
    return None


def _apps(who: HalfOpen | Visit, rows: Sequence[AnyRow]) -> list[tuple[AnyRow, TotpSecret]]:
    """The person's apps with their secrets; one that is damaged proves nothing."""
    found = []
    for row in rows:
        if row.kind == Kind.TOTP:
            try:
                secret = open_totp(who.key, row.sealed_secret, who.person.id, row.id)
            except EnvelopeDamaged:
                continue
            found.append((row, secret))
    return found
