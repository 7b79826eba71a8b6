"""Add and remove second factors, and print codes. Nobody is ever left without a factor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from intake.domain.row_id import new_id
from intake.domain.trail import Action
from intake.services.second_step import FactorRefused, Kind, go_on
from intake.services.sign_in import HalfOpen, Visit
from intake.services.tell_person import Event, tell
from intake.services.tries import NEW_APP, Tries
from intake.store import factors, people, sessions, trail
from intake.store.columns import AnyRow
from intake.store.database import Database
from intake.vault.envelope import EnvelopeDamaged
from intake.vault.keyring import DeviceSecret, SessionSecret
from intake.vault.one_time import code_digest, new_codes
from intake.vault.passkey import PasskeyRefused, Passkeys, new_challenge
from intake.vault.seal import PublicKey
from intake.vault.totp import TotpSecret, keep_totp, kept_totp, seal_totp

MOST_FACTORS = 10


class LastFactor(Exception):
    """The only factor cannot be removed: add another one first."""


class FactorGone(Exception):
    """The person has no such factor any more."""


class CodesReplaced(Exception):
    """The printed codes that were to be replaced have been replaced already."""


class TooManyFactors(Exception):
    """A person has at most MOST_FACTORS."""


@dataclass(frozen=True)
class Added:
    """A factor was added. The first one makes the session whole, and brings printed codes."""

    session: SessionSecret | None
    codes: tuple[str, ...]


@dataclass(frozen=True)
class Factors:
    """Of one's own. ``passkeys``: None where this site's address can have none."""

    database: Database
    pepper: bytes
    passkeys: Passkeys | None

    def __call__(self, visit: Visit) -> tuple[Sequence[AnyRow], int]:
        """A person's factors, and how many printed codes are left."""
        with self.database.read() as connection:
            person_id = visit.person.id
            return factors.factors(connection, person_id), factors.codes_left(connection, person_id)

    def waiting_app(self, who: HalfOpen | Visit) -> TotpSecret:
        """The secret for an app, the same until its first code: sealed in the session."""
        with self.database.read() as connection:
            row = sessions.session(connection, who.secret.session_id)
        if row is not None and row.sealed_totp:
            try:
                return kept_totp(who.secret, row.sealed_totp)
            except EnvelopeDamaged:
                pass  # a new one takes its place
        secret = TotpSecret.new()
        with self.database.write() as connection:
            sealed = keep_totp(who.secret, secret)
            sessions.set_totp(connection, who.secret.session_id, sealed)
        return secret

    def address(self, who: HalfOpen | Visit) -> str:
        """What an app reads from a picture: that secret, and whose it is."""
        with self.database.read() as connection:
            name = people.sign_in_name(connection, who.person.id)
        return self.waiting_app(who).address(name)

    def question(self, who: HalfOpen | Visit) -> str:
        """What a browser is asked to make a passkey, as JSON; nothing where there can be none."""
        if self.passkeys is None:
            return ""
        challenge = new_challenge()
        with self.database.write() as connection:
            rows = factors.factors(connection, who.person.id)
            name = people.sign_in_name(connection, who.person.id)
            sessions.set_challenge(connection, who.secret.session_id, challenge)
        known = [row.credential_id for row in rows if row.kind == Kind.PASSKEY]
        return self.passkeys.to_register(challenge, who.person.id, name, known)

    def add_app(
        self,
        who: HalfOpen | Visit,
        code: str,
        label: str,
        now: datetime,
        device: DeviceSecret | None,
    ) -> Added:
        """Add the app that the waiting secret was put into, by its first code.

        Raises FactorRefused, TooManyFactors, SignInTooSoon.
        """
        secret = self.waiting_app(who)
        tries = Tries(self.pepper)
        with tries.counting(self.database, now) as connection:
            counted = tries.count(
                connection, NEW_APP, str(who.person.id), now, who.person.id, device
            )
        step = secret.step_of("".join(code.split()), now)
        if step is None:
            raise FactorRefused
        with self.database.write() as connection:
            people.forget_attempts(connection, counted.subject)
            sessions.set_totp(connection, who.secret.session_id, None)
            return self._added(
                connection,
                who,
                Kind.TOTP,
                now,
                device,
                lambda: add_app(
                    connection, who.person.id, who.key.public(), secret, label, now, step
                ),
            )

    def add_passkey(
        self,
        who: HalfOpen | Visit,
        answer: str,
        label: str,
        now: datetime,
        device: DeviceSecret | None,
    ) -> Added:
        """Add the passkey that answered. Raises FactorRefused, TooManyFactors."""
        with self.database.write() as connection:
            challenge = sessions.take_challenge(connection, who.secret.session_id)
        try:
            if self.passkeys is None or challenge is None:
                raise PasskeyRefused
            passkey = self.passkeys.registered(answer, challenge)
        except PasskeyRefused:
            raise FactorRefused from None
        values = {
            **_new(who.person.id, Kind.PASSKEY, label, now),
            "credential_id": passkey.credential_id,
            "public_key": passkey.public_key,
            "sign_count": passkey.sign_count,
        }
        try:
            with self.database.write() as connection:
                return self._added(
                    connection,
                    who,
                    Kind.PASSKEY,
                    now,
                    device,
                    lambda: factors.add(connection, values),
                )
        except IntegrityError:  # it is known already
            raise FactorRefused from None

    def remove(self, visit: Visit, factor_id: UUID, now: datetime) -> None:
        """Remove a factor of one's own. Raises LastFactor, FactorGone."""
        with self.database.write() as connection:
            factors.take_turn_to_remove(connection)
            rows = factors.factors(connection, visit.person.id)
            found = next((row for row in rows if row.id == factor_id), None)
            if found is None:
                raise FactorGone
            if len(rows) == 1:
                raise LastFactor
            factors.remove(connection, visit.person.id, factor_id, now)
            _write_line(connection, visit, Action.REMOVE_FACTOR, now, found.kind)
            tell(connection, visit.person.id, now, Event.REMOVED_FACTOR)

    def codes_shown(self, visit: Visit) -> str:
        """What names the set of printed codes that there is; nothing where there is none."""
        with self.database.read() as connection:
            return str(factors.codes_set(connection, visit.person.id) or "")

    def print_codes(
        self, visit: Visit, now: datetime, instead_of: str | None = None
    ) -> tuple[str, ...]:
        """A new set of printed codes in the place of the old one.

        ``instead_of`` names the old one, so that a page that is sent twice makes one set. Raises
        CodesReplaced where it is another by now.
        """
        with self.database.write() as connection:
            factors.take_turn_to_remove(connection)
            there = str(factors.codes_set(connection, visit.person.id) or "")
            if instead_of not in (None, there):
                raise CodesReplaced
            tell(connection, visit.person.id, now, Event.MADE_CODES)
            return self._print(connection, visit, now)

    def _added(
        self,
        connection: Connection,
        who: HalfOpen | Visit,
        kind: Kind,
        now: datetime,
        device: DeviceSecret | None,
        add: Callable[[], None],
    ) -> Added:
        """Add it in the caller's transaction. The passphrase alone adds the first one only."""
        factors.take_turn_to_remove(connection)
        had = factors.factors(connection, who.person.id)
        if isinstance(who, HalfOpen) and had:
            raise FactorRefused
        if len(had) >= MOST_FACTORS:
            raise TooManyFactors
        add()
        _write_line(connection, who, Action.ADD_FACTOR, now, kind)
        codes = () if had else self._print(connection, who, now)
        events = (Event.ADDED_FACTOR, *([Event.MADE_CODES] if codes else []))
        if isinstance(who, HalfOpen):
            return Added(go_on(connection, who, kind, now, device, *events), codes)
        tell(connection, who.person.id, now, *events)
        return Added(None, codes)

    def _print(
        self, connection: Connection, who: HalfOpen | Visit, now: datetime
    ) -> tuple[str, ...]:
        codes = tuple(new_codes())
        digests = [code_digest(self.pepper, who.person.id, code) for code in codes]
        factors.replace_codes(connection, who.person.id, digests, now)
        _write_line(connection, who, Action.MAKE_CODES, now)
        return codes


def add_app(
    connection: Connection,
    person_id: UUID,
    public: PublicKey,
    secret: TotpSecret,
    label: str,
    at: datetime,
    last_step: int | None = None,
) -> None:
    """Add an app with this secret in the caller's transaction; it takes the public key only.

    ``last_step``: of the code by which it was tried out, which is good no more.
    """
    values = _new(person_id, Kind.TOTP, label, at)
    sealed = seal_totp(public, secret, person_id, values["id"])
    factors.add(connection, {**values, "sealed_secret": sealed, "last_step": last_step})


def _new(person_id: UUID, kind: Kind, label: str, at: datetime) -> dict[str, Any]:
    return {
        "id": new_id(at),
        "person_id": person_id,
        "kind": kind.value,
        "label": label,
        "made_at": at,
    }


def _write_line(
    connection: Connection,
    who: HalfOpen | Visit,
    action: Action,
    now: datetime,
    purpose: str | None = None,
) -> None:
    trail.write_line(connection, at=now, action=action, person_id=who.person.id, purpose=purpose)
