"""Printed codes, each good once in the place of the second factor."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from uuid import UUID

from intake.vault.envelope import context
from intake.vault.own import ALPHABET, cleaned_code

CODES = 10
_SYMBOLS = 12  # 60 bits
_GROUP = 4


def new_codes() -> list[str]:
    """A fresh set, grouped for reading: three groups of four."""
    return [_new_code() for _ in range(CODES)]


def _new_code() -> str:
    symbols = "".join(secrets.choice(ALPHABET) for _ in range(_SYMBOLS))
    return "-".join(symbols[start : start + _GROUP] for start in range(0, _SYMBOLS, _GROUP))


def is_code(typed: str) -> bool:
    """Whether it has the form of such a code: either case, any spaces and hyphens."""
    symbols = cleaned_code(typed)
    return len(symbols) == _SYMBOLS and set(symbols) <= set(ALPHABET)


def code_digest(pepper: bytes, person_id: UUID, typed: str) -> bytes:
    """What is stored of a code: HMAC-SHA256 under the pepper, of the code and whose it is."""
    told = context("one-time code", person_id.bytes, cleaned_code(typed))
    return hmac.new(pepper, told, hashlib.sha256).digest()
