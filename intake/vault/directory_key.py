"""The directory key's public half: what it has signed is believed, and nothing else.

ML-DSA-65 (FIPS 204). The private half is kept offline: see ``intake.vault.directory_signing``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PublicKey

from intake.domain.entry import fingerprint
from intake.vault.envelope import context

SIGNATURE_CONTEXT = b"ankkuri directory entry 1"


class DirectoryKeyUnusable(ValueError):
    """These bytes are not a directory key."""


@dataclass(frozen=True)
class DirectoryKey:
    """The public half, 1,952 bytes. Raises `DirectoryKeyUnusable` for anything else."""

    raw: bytes = field(repr=False)

    def __post_init__(self) -> None:
        _parsed(self.raw)

    @property
    def fingerprint(self) -> str:
        """As the settings name it."""
        return fingerprint(self.raw)

    def has_signed(self, kind: str, body: str, signature: bytes) -> bool:
        """Whether this is its signature of just this entry."""
        try:
            _parsed(self.raw).verify(signature, signed_bytes(kind, body), SIGNATURE_CONTEXT)
        except InvalidSignature:
            return False
        return True


@lru_cache(maxsize=4)
def _parsed(raw: bytes) -> MLDSA65PublicKey:
    try:
        return MLDSA65PublicKey.from_public_bytes(raw)
    except ValueError:
        raise DirectoryKeyUnusable("not a directory key") from None


def signed_bytes(kind: str, body: str) -> bytes:
    """What is signed: kind and body, each led by its length."""
    return context("directory entry", kind, body)
