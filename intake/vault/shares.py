"""A secret on three sheets of paper, of which any two give it back and one alone tells nothing.

Shamir's scheme with a line over GF(256), the field of AES: byte by byte, share x of the secret s is
s + a·x with a random a. No library that is kept well does it in Python; this is all of it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Self

from intake.vault.draw import Draw
from intake.vault.envelope import KEY_SIZE, context
from intake.vault.own import ALPHABET, cleaned_code

SHEETS = 3
SET_SIZE, _CHECK_SIZE = 3, 4
_SIZE = 1 + SET_SIZE + KEY_SIZE + _CHECK_SIZE
_SYMBOLS = _SIZE * 8 // 5
_GROUP = 4


class ShareMistyped(Exception):
    """Not a share: wrong length, a character that shares do not have, or a slip in typing."""


class SharesUnfit(Exception):
    """Two shares that do not belong together, or one twice."""


@dataclass(frozen=True)
class Share:
    """One sheet's: its number, the set that it belongs to, and 32 bytes that alone tell nothing."""

    number: int
    set_id: bytes
    value: bytes = field(repr=False)

    @property
    def text(self) -> str:
        """For people: sixteen groups of four."""
        body = bytes([self.number]) + self.set_id + self.value
        whole = int.from_bytes(body + _check(body), "big")
        symbols = [ALPHABET[whole >> (5 * place) & 31] for place in reversed(range(_SYMBOLS))]
        return "-".join(
            "".join(symbols[start : start + _GROUP]) for start in range(0, _SYMBOLS, _GROUP)
        )

    @classmethod
    def parse(cls, typed: str) -> Self:
        """As a person typed it: either case, any spaces and hyphens. Raises ShareMistyped."""
        digits = [ALPHABET.find(symbol) for symbol in cleaned_code(typed)]
        if len(digits) != _SYMBOLS or min(digits) < 0:
            raise ShareMistyped
        whole = 0
        for digit in digits:
            whole = whole << 5 | digit
        raw = whole.to_bytes(_SIZE, "big")
        body, check = raw[:-_CHECK_SIZE], raw[-_CHECK_SIZE:]
        if check != _check(body) or not 1 <= body[0] <= SHEETS:
            raise ShareMistyped
        return cls(body[0], body[1 : 1 + SET_SIZE], body[1 + SET_SIZE :])


def split(secret: bytes, set_id: bytes, draw: Draw = os.urandom) -> tuple[Share, ...]:
    """Three shares of 32 bytes."""
    if len(secret) != KEY_SIZE or len(set_id) != SET_SIZE:
        raise ValueError(f"a secret has {KEY_SIZE} bytes and its set {SET_SIZE}")
    slope = draw(KEY_SIZE)
    return tuple(
        Share(x, set_id, bytes(s ^ times(a, x) for s, a in zip(secret, slope, strict=True)))
        for x in range(1, SHEETS + 1)
    )


def combine(one: Share, other: Share) -> bytes:
    """The secret of two shares of one set: where their line crosses zero. Raises SharesUnfit."""
    if one.set_id != other.set_id or one.number == other.number:
        raise SharesUnfit
    run = inverse(one.number ^ other.number)
    return bytes(
        y ^ times(times(y ^ z, run), one.number)
        for y, z in zip(one.value, other.value, strict=True)
    )


def times(one: int, other: int) -> int:
    """The product in GF(256) = GF(2)[x] / (x^8 + x^4 + x^3 + x + 1)."""
    product = 0
    for _ in range(8):
        product ^= one * (other & 1)
        one = (one << 1) ^ (0x11B if one & 0x80 else 0)
        other >>= 1
    return product


def inverse(value: int) -> int:
    """By which ``value`` makes one."""
    return next(found for found in range(1, 256) if times(found, value) == 1)


def _check(body: bytes) -> bytes:
    return sha256(context("share", body)).digest()[:_CHECK_SIZE]
