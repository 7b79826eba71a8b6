"""What a visitor holds the key to: the draft, the own copy and the receipt code.

Everything comes by HKDF labels from one secret in the visitor's cookie, which the server never
stores; a repeated send therefore finds the same draft and shows the same code.
"""

from __future__ import annotations

import os
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar, Self
from uuid import UUID

from intake.vault import box
from intake.vault.draw import Draw
from intake.vault.envelope import DRAFT_MINIMUM, KEY_SIZE, context, pad, unpad

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base32
_FORGIVEN = str.maketrans("ILO", "110")
# Spaces and marks that cannot be seen, and hyphens as programs retype them.
_IGNORED = re.compile(r"[\s\-\u00ad\u200b-\u2015\u202a-\u202e\u2060-\u2069\u2212\ufeff]+")
_DATA_SYMBOLS = 23  # 115 bits
CODE_ENTROPY = 15  # bytes, of which 115 bits are used
_GROUP = 4


class CookieUnusable(Exception):
    """The cookie's text is not one that was handed out."""


class CodeMistyped(Exception):
    """Not a receipt code: wrong length, a character that codes do not have, or a slip in typing."""


@dataclass(frozen=True)
class CookieSecret:
    """32 random bytes that live in a cookie only, as 43 characters of base64url."""

    raw: bytes = field(repr=False)
    label: ClassVar[str]

    def __post_init__(self) -> None:
        if len(self.raw) != KEY_SIZE:
            raise CookieUnusable("length")

    @classmethod
    def new(cls) -> Self:
        """A fresh secret."""
        return cls(os.urandom(KEY_SIZE))

    @classmethod
    def parse(cls, text: str) -> Self:
        """The secret in a cookie's text. Raises `CookieUnusable`."""
        try:
            secret = cls(urlsafe_b64decode(text.encode("ascii") + b"="))
        except ValueError:
            raise CookieUnusable("characters") from None
        if secret.cookie != text:  # the decoder skips what it does not know
            raise CookieUnusable("characters")
        return secret

    @property
    def cookie(self) -> str:
        """The cookie's text."""
        return urlsafe_b64encode(self.raw).decode().rstrip("=")

    @property
    def csrf_key(self) -> bytes:
        """32 bytes that bind a form's token to this cookie."""
        return self.derive("csrf")

    def derive(self, purpose: str, size: int = KEY_SIZE) -> bytes:
        """Bytes for one purpose, of which none tells the secret or another purpose's."""
        return box.derive(self.raw, context(self.label, purpose), size)


@dataclass(frozen=True)
class VisitorSecret(CookieSecret):
    """The key to one visitor's draft, own copy and receipt code."""

    label: ClassVar[str] = "visitor"

    @cached_property
    def draft_id(self) -> UUID:
        """The draft's row id; it tells nothing of the secret."""
        return UUID(bytes=self.derive("draft id", 16))

    @property
    def receipt_code(self) -> ReceiptCode:
        """The code of the report that this draft becomes: the same each time."""
        return ReceiptCode.of(self.derive("receipt code", CODE_ENTROPY))


def seal_draft(secret: VisitorSecret, content: bytes) -> bytes:
    """Seal a draft, padded."""
    return _seal(secret, "draft", content)


def open_draft(secret: VisitorSecret, sealed: bytes) -> bytes:
    """The draft that this visitor sealed. Raises `EnvelopeDamaged`."""
    return _open(secret, "draft", sealed)


def seal_copy(secret: VisitorSecret, content: bytes, draw: Draw = os.urandom) -> bytes:
    """Seal the visitor's own copy of a sent report, padded."""
    return _seal(secret, "copy", content, draw)


def open_copy(secret: VisitorSecret, sealed: bytes) -> bytes:
    """The copy that this visitor's report left. Raises `EnvelopeDamaged`."""
    return _open(secret, "copy", sealed)


def _seal(secret: VisitorSecret, kind: str, content: bytes, draw: Draw = os.urandom) -> bytes:
    place = context(kind, secret.draft_id.bytes)
    return box.close(secret.derive(f"{kind} key"), place, pad(content, DRAFT_MINIMUM), draw)


def _open(secret: VisitorSecret, kind: str, sealed: bytes) -> bytes:
    place = context(kind, secret.draft_id.bytes)
    return unpad(box.reopen(secret.derive(f"{kind} key"), place, sealed))


@dataclass(frozen=True)
class CheckedCode:
    """115 random bits and a check character: 24 characters of Crockford base32.

    The check character makes the 24 digits a code word over GF(32), whose generator is 2:
    d1·2^23 + d2·2^22 + … + d24 = 0. No weight is zero, so any one wrong character shows; all
    weights differ (2 has order 31), so any two characters that changed places show too.
    """

    symbols: str = field(repr=False)
    label: ClassVar[str]

    def __post_init__(self) -> None:
        digits = [ALPHABET.find(symbol) for symbol in self.symbols]
        if len(digits) != _DATA_SYMBOLS + 1 or min(digits) < 0 or _syndrome(digits) != 0:
            raise CodeMistyped

    @classmethod
    def of(cls, entropy: bytes) -> Self:
        """The code of 15 random bytes."""
        number = int.from_bytes(entropy, "big") >> 5
        data = [number >> (5 * place) & 31 for place in reversed(range(_DATA_SYMBOLS))]
        digits = [*data, _times_two(_syndrome(data))]
        return cls("".join(ALPHABET[digit] for digit in digits))

    @classmethod
    def parse(cls, text: str) -> Self:
        """The code as a person typed it: either case, any spaces and hyphens, I and L for 1, O for
        0. Raises `CodeMistyped`.
        """
        return cls(cleaned_code(text))

    @property
    def text(self) -> str:
        """The code for people: six groups of four."""
        return "-".join(
            self.symbols[start : start + _GROUP] for start in range(0, len(self.symbols), _GROUP)
        )

    @property
    def key(self) -> bytes:
        """The 32-byte key of what the code's holder alone may open."""
        return self._derive("key")

    def _derive(self, purpose: str) -> bytes:
        return box.derive(self.symbols.encode("ascii"), context(self.label, purpose))


@dataclass(frozen=True)
class ReceiptCode(CheckedCode):
    """By which a reporter follows a report."""

    label: ClassVar[str] = "receipt"

    @property
    def lookup_id(self) -> bytes:
        """32 bytes by which the report is found; they tell nothing of the code."""
        return self._derive("lookup id")


def cleaned_code(text: str) -> str:
    """A code of `ALPHABET` as a person may type it, without what does not count."""
    return _IGNORED.sub("", text).upper().translate(_FORGIVEN)


def _times_two(digit: int) -> int:
    """`digit` times the generator of GF(32) = GF(2)[x] / (x^5 + x^2 + 1)."""
    return (digit << 1) ^ (0b100101 if digit & 0b10000 else 0)


def _syndrome(digits: list[int]) -> int:
    """The weighted sum of `digits` over GF(32), the last weighing 1; zero for a whole code."""
    total = 0
    for digit in digits:
        total = _times_two(total) ^ digit
    return total
