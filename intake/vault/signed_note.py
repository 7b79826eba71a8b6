"""Notes signed with Ed25519, in the form of the C2SP specification *signed-note*.

A note is its text, an empty line, and a line with the signer's name and the signature, which is led
by four bytes of the key's hash.
"""

from __future__ import annotations

import hashlib
import os
from base64 import b64decode, b64encode
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from intake.vault.seal import KeyUnusable

KEY_SIZE = 32
_ED25519 = b"\x01"
_ID_SIZE = 4
_DASH = "— "


class NoteForged(Exception):
    """A note is not signed with this key, or was changed since."""


@dataclass(frozen=True)
class NoteKey:
    """The half that checks. Raises `KeyUnusable` for another length than 32 bytes."""

    raw: bytes

    def __post_init__(self) -> None:
        if len(self.raw) != KEY_SIZE:
            raise KeyUnusable(f"a key that checks notes has {KEY_SIZE} bytes")

    def verifier(self, name: str) -> str:
        """The key as other tools take it (*vkey*)."""
        return f"{name}+{self._id(name).hex()}+{b64encode(_ED25519 + self.raw).decode('ascii')}"

    def read(self, note: str) -> tuple[str, str]:
        """Who signed a note, and its text. Raises NoteForged."""
        text, blank, last = note.rpartition(f"\n\n{_DASH}")
        name, space, signature = last.removesuffix("\n").partition(" ")
        text += "\n"
        try:
            signed = b64decode(signature, validate=True)
            if not (blank and space) or note != _note(text, name, signed):
                raise NoteForged
            key = Ed25519PublicKey.from_public_bytes(self.raw)
            key.verify(signed[_ID_SIZE:], text.encode())
            if signed[:_ID_SIZE] != self._id(name):
                raise NoteForged
        except (ValueError, InvalidSignature):
            raise NoteForged from None
        return name, text

    def _id(self, name: str) -> bytes:
        return hashlib.sha256(name.encode() + b"\n" + _ED25519 + self.raw).digest()[:_ID_SIZE]


@dataclass(frozen=True)
class NoteSigner:
    """The half that signs. Raises `KeyUnusable` for another length than 32 bytes."""

    raw: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.raw) != KEY_SIZE:
            raise KeyUnusable(f"a key that signs notes has {KEY_SIZE} bytes")

    def public(self) -> NoteKey:
        """The half that checks."""
        private = Ed25519PrivateKey.from_private_bytes(self.raw)
        return NoteKey(private.public_key().public_bytes_raw())

    def sign(self, name: str, text: str) -> str:
        """The note of a text, which ends with a line's end."""
        private = Ed25519PrivateKey.from_private_bytes(self.raw)
        return _note(text, name, self.public()._id(name) + private.sign(text.encode()))


def new_signer() -> NoteSigner:
    """A fresh key."""
    return NoteSigner(os.urandom(KEY_SIZE))


def _note(text: str, name: str, signed: bytes) -> str:
    return f"{text}\n{_DASH}{name} {b64encode(signed).decode('ascii')}\n"
