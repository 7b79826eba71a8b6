"""A person's own way back: a printed code that opens their key once the passphrase is lost."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import ClassVar, Self
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from intake.vault import box
from intake.vault.envelope import KEY_SIZE, SUITE, EnvelopeDamaged, body_of, context
from intake.vault.keyring import PrivateKey
from intake.vault.own import CODE_ENTROPY, CheckedCode

_SALT = 16


class RecoveryCodeWrong(Exception):
    """Not the code (or not the pepper, person or key) that the key was locked with."""


@dataclass(frozen=True)
class RecoveryCode(CheckedCode):
    """115 random bits: with so many no slow hash is needed."""

    label: ClassVar[str] = "recovery"

    @classmethod
    def new(cls) -> Self:
        """A fresh code."""
        return cls.of(os.urandom(CODE_ENTROPY))


def lock_for_recovery(
    private: PrivateKey, code: RecoveryCode, pepper: bytes, person_id: UUID
) -> bytes:
    """Lock a person's key under a code and the pepper (32 bytes or more): suite, salt, box."""
    salt = os.urandom(_SALT)
    place = _place(person_id, private.key_id)
    return SUITE + salt + box.close(_key(code, pepper, salt), place, private.raw)


def unlock_for_recovery(
    locked: bytes, code: RecoveryCode, pepper: bytes, person_id: UUID, key_id: str
) -> PrivateKey:
    """The key that `lock_for_recovery` locked. Raises `RecoveryCodeWrong`."""
    try:
        body = body_of(locked)
        salt, sealed = body[:_SALT], body[_SALT:]
        raw = box.reopen(_key(code, pepper, salt), _place(person_id, key_id), sealed)
    except EnvelopeDamaged:
        raise RecoveryCodeWrong from None
    return PrivateKey(key_id, raw)


def _key(code: RecoveryCode, pepper: bytes, salt: bytes) -> bytes:
    if len(pepper) < KEY_SIZE:
        raise ValueError(f"a pepper has {KEY_SIZE} bytes or more")
    peppered = HMAC(pepper, SHA256())
    peppered.update(context("recovery salt", salt))
    return box.derive(code.key + peppered.finalize(), context("recovery"))


def _place(person_id: UUID, key_id: str) -> bytes:
    return context("recovery", person_id.bytes, key_id)
