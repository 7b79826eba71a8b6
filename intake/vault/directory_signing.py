"""The directory key's private half, as its keeper has it: offline, locked under a passphrase."""

from __future__ import annotations

import os
import struct
from dataclasses import astuple, dataclass, field

from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey

from intake.vault import box
from intake.vault.directory_key import SIGNATURE_CONTEXT, DirectoryKey, signed_bytes
from intake.vault.envelope import SUITE, EnvelopeDamaged, body_of, context
from intake.vault.keyring import PassphraseWrong
from intake.vault.passphrase import HASHING, PRODUCTION, Cost, passphrase_key

_SEED = 32
_SALT = 16
_COST = struct.Struct(">III")
_LOCKED_BODY = _COST.size + _SALT + box.OVERHEAD + _SEED
_NO_PEPPER = bytes(32)  # nothing but the file and the passphrase is at hand offline


@dataclass(frozen=True)
class DirectorySigningKey:
    """The private half: a seed of 32 bytes."""

    seed: bytes = field(repr=False)

    @classmethod
    def new(cls) -> DirectorySigningKey:
        """A fresh one."""
        return cls(os.urandom(_SEED))

    def public(self) -> DirectoryKey:
        """The half that every door has."""
        return DirectoryKey(self._key().public_key().public_bytes_raw())

    def sign(self, kind: str, body: str) -> bytes:
        """3,309 bytes under one entry."""
        return self._key().sign(signed_bytes(kind, body), SIGNATURE_CONTEXT)

    def _key(self) -> MLDSA65PrivateKey:
        return MLDSA65PrivateKey.from_seed_bytes(self.seed)


def lock_directory_key(
    key: DirectorySigningKey, passphrase: str, *, cost: Cost = PRODUCTION
) -> bytes:
    """Lock it under a passphrase (Argon2id): suite, cost, salt, box. Raises `HashingBusy`."""
    salt = os.urandom(_SALT)
    locking = passphrase_key(passphrase, _NO_PEPPER, salt, cost, HASHING)
    return SUITE + _COST.pack(*astuple(cost)) + salt + box.close(locking, _place(), key.seed)


def unlock_directory_key(locked: bytes, passphrase: str) -> DirectorySigningKey:
    """What `lock_directory_key` locked. Raises `PassphraseWrong`, `EnvelopeDamaged`."""
    body = body_of(locked)
    if len(body) != _LOCKED_BODY:
        raise EnvelopeDamaged("length")
    salt, sealed = body[_COST.size :][:_SALT], body[_COST.size + _SALT :]
    try:
        cost = Cost(*_COST.unpack(body[: _COST.size]))
    except ValueError:
        raise EnvelopeDamaged("cost") from None
    locking = passphrase_key(passphrase, _NO_PEPPER, salt, cost, HASHING)
    try:
        return DirectorySigningKey(box.reopen(locking, _place(), sealed))
    except EnvelopeDamaged:
        raise PassphraseWrong from None


def _place() -> bytes:
    return context("directory key")
