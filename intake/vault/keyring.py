"""Private keys: of agencies, of people, and how people come to hold them.

A person's key lies locked under the passphrase and a pepper outside the database; an agency's key
lies granted to each member's public key; during a session the person's key lies in a row that
only the cookie opens.
"""

from __future__ import annotations

import os
import struct
from dataclasses import astuple, dataclass, field
from functools import cached_property
from hmac import compare_digest
from typing import ClassVar, NoReturn
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey

from intake.vault import box
from intake.vault.envelope import SUITE, EnvelopeDamaged, body_of, context
from intake.vault.own import CookieSecret, VisitorSecret
from intake.vault.passphrase import HASHING, PRODUCTION, Cost, HashingQueue, passphrase_key
from intake.vault.seal import HPKE, KeyUnusable, PublicKey

_MLKEM_SEED = 64
_X25519_PRIVATE = 32
_SALT = 16
_COST = struct.Struct(">III")
_LOCKED_BODY = _COST.size + _SALT + box.OVERHEAD + _MLKEM_SEED + _X25519_PRIVATE


class PassphraseWrong(Exception):
    """Not the passphrase (or not the pepper, person or key id) that the key was locked with."""


@dataclass(frozen=True)
class PrivateKey:
    """A hybrid private key: ML-KEM-768 seed (64 bytes), then X25519 (32 bytes).

    Raises `KeyUnusable` for other lengths.
    """

    key_id: str
    raw: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.raw) != _MLKEM_SEED + _X25519_PRIVATE:
            raise KeyUnusable(f"a private key has {_MLKEM_SEED + _X25519_PRIVATE} bytes")

    def public(self) -> PublicKey:
        """The half that may be published."""
        mlkem, x25519 = self._components
        raw = mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()
        return PublicKey(self.key_id, raw)

    def open(self, sealed: bytes, info: bytes) -> bytes:
        """What `PublicKey.seal` sealed with the same `info`. Raises `EnvelopeDamaged`."""
        body = body_of(sealed)
        try:
            return HPKE.decrypt(body, MLKEM768X25519PrivateKey(*self._components), info)
        except InvalidTag:
            raise EnvelopeDamaged("ciphertext") from None

    @cached_property
    def _components(self) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
        return (
            MLKEM768PrivateKey.from_seed_bytes(self.raw[:_MLKEM_SEED]),
            X25519PrivateKey.from_private_bytes(self.raw[_MLKEM_SEED:]),
        )


def new_key_pair(key_id: str) -> PrivateKey:
    """A fresh key; its public half is `.public()`."""
    mlkem, x25519 = MLKEM768PrivateKey.generate(), X25519PrivateKey.generate()
    return PrivateKey(key_id, mlkem.private_bytes_raw() + x25519.private_bytes_raw())


def lock_person_key(
    private: PrivateKey,
    passphrase: str,
    pepper: bytes,
    person_id: UUID,
    *,
    cost: Cost = PRODUCTION,
    queue: HashingQueue = HASHING,
    known: bool = False,
) -> bytes:
    """Lock a person's key under a passphrase: suite, cost, salt, box. The pepper (32 bytes or
    more) is kept outside the database; ``known``: asked in a browser that is known for this
    person. Raises `HashingBusy`.
    """
    salt = os.urandom(_SALT)
    key = passphrase_key(passphrase, pepper, salt, cost, queue, known=known)
    place = context("person key", person_id.bytes, private.key_id)
    return SUITE + _COST.pack(*astuple(cost)) + salt + box.close(key, place, private.raw)


def unlock_person_key(
    locked: bytes,
    passphrase: str,
    pepper: bytes,
    person_id: UUID,
    key_id: str,
    *,
    queue: HashingQueue = HASHING,
    known: bool = False,
) -> PrivateKey:
    """The key that `lock_person_key` locked. Raises `PassphraseWrong`, `HashingBusy`, and
    `EnvelopeDamaged` for a blob that no passphrase could open.
    """
    body = body_of(locked)
    cost = cost_of(locked)
    salt, sealed = body[_COST.size :][:_SALT], body[_COST.size + _SALT :]
    key = passphrase_key(passphrase, pepper, salt, cost, queue, known=known)
    try:
        raw = box.reopen(key, context("person key", person_id.bytes, key_id), sealed)
    except EnvelopeDamaged:
        raise PassphraseWrong from None
    return PrivateKey(key_id, raw)


def cost_of(locked: bytes) -> Cost:
    """What it costs to try a passphrase on this lock. Raises `EnvelopeDamaged`."""
    body = body_of(locked)
    if len(body) != _LOCKED_BODY:
        raise EnvelopeDamaged("length")
    try:
        return Cost(*_COST.unpack(body[: _COST.size]))
    except ValueError:
        raise EnvelopeDamaged("cost") from None


def unlock_nobody(
    passphrase: str,
    pepper: bytes,
    *,
    cost: Cost = PRODUCTION,
    queue: HashingQueue = HASHING,
    known: bool = False,
) -> NoReturn:
    """Cost what `unlock_person_key` costs, for an account that does not exist, so that neither
    answer nor delay tells. Raises `PassphraseWrong` always, or `HashingBusy`.
    """
    passphrase_key(passphrase, pepper, os.urandom(_SALT), cost, queue, known=known)
    raise PassphraseWrong


def grant(agency_private: PrivateKey, person_public: PublicKey, person_id: UUID) -> bytes:
    """Give an agency's key to one person; only who holds the key can."""
    return person_public.seal(
        agency_private.raw, _grant_context(agency_private.key_id, person_public.key_id, person_id)
    )


def open_grant(
    person_private: PrivateKey, sealed: bytes, key_id: str, person_id: UUID
) -> PrivateKey:
    """The agency's key (`key_id`) that was granted to this person. Raises `EnvelopeDamaged`."""
    info = _grant_context(key_id, person_private.key_id, person_id)
    try:
        return PrivateKey(key_id, person_private.open(sealed, info))
    except KeyUnusable:  # anyone may seal to a public key
        raise EnvelopeDamaged("grant") from None


def voucher(agency_private: PrivateKey, person_public: PublicKey, person_id: UUID) -> bytes:
    """32 bytes by which a holder of the agency's key knows to which key of a person it was given:
    who can write to the database alone cannot put another in its place.
    """
    key = box.derive(agency_private.raw, context("voucher of a grant", agency_private.key_id))
    return box.derive(key, context("given to", person_id.bytes, person_public.raw))


def is_vouched(
    agency_private: PrivateKey, person_public: PublicKey, person_id: UUID, given: bytes | None
) -> bool:
    """Whether the agency's key was given to this very key of the person."""
    return compare_digest(voucher(agency_private, person_public, person_id), given or b"")


def _grant_context(agency_key_id: str, person_key_id: str, person_id: UUID) -> bytes:
    return context("grant", agency_key_id, person_key_id, person_id.bytes)


@dataclass(frozen=True)
class SessionSecret(CookieSecret):
    """The cookie's half of a session; the server's half is a row."""

    label: ClassVar[str] = "session"

    @property
    def session_id(self) -> bytes:
        """32 bytes by which the row is found; they tell nothing of the cookie."""
        return self.derive("id")


@dataclass(frozen=True)
class DeviceSecret(CookieSecret):
    """By which a browser is known again; it opens nothing and replaces no factor."""

    label: ClassVar[str] = "device"

    def device_id(self, person_id: UUID) -> bytes:
        """32 bytes by which this browser's row for a person is found; they tell nothing of it."""
        return box.derive(self.raw, context(self.label, "id", person_id.bytes))

    def way_back_id(self, person_id: UUID) -> bytes:
        """The same of the row that says that a recovery code was taken here, and no more."""
        return box.derive(self.raw, context(self.label, "way back", person_id.bytes))


@dataclass(frozen=True)
class InvitationSecret(CookieSecret):
    """The secret of a link that makes somebody a member of staff once."""

    label: ClassVar[str] = "invitation"

    @property
    def lookup_id(self) -> bytes:
        """32 bytes by which the invitation is found; they tell nothing of the link."""
        return self.derive("id")


def seal_person_key(session: SessionSecret, private: PrivateKey, person_id: UUID) -> bytes:
    """Seal a person's key into the session's row."""
    place = _session_context(session, private.key_id, person_id)
    return box.close(session.derive("key"), place, private.raw)


def open_person_key(
    session: SessionSecret, sealed: bytes, key_id: str, person_id: UUID
) -> PrivateKey:
    """The person's key in this session's row. Raises `EnvelopeDamaged`."""
    place = _session_context(session, key_id, person_id)
    return PrivateKey(key_id, box.reopen(session.derive("key"), place, sealed))


def keyed_secret(private: PrivateKey, draft: UUID) -> VisitorSecret:
    """The secret of a worry that a person keys in for a caller: it takes the person's key.

    ``draft`` is an address, not a secret; each has a secret, and a receipt code, of its own.
    """
    return VisitorSecret(box.derive(private.raw, context("keyed in", private.key_id, draft.bytes)))


def _session_context(session: SessionSecret, key_id: str, person_id: UUID) -> bytes:
    return context("session", session.session_id, key_id, person_id.bytes)
