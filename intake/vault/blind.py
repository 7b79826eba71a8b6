"""The blind index of one agency: equality shows, and nothing else, to whoever lacks its secret.

The secret lies in a box under a key of the agency's private key: who can write to the database
alone can neither read it nor put one of their own in its place.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from intake.vault import box
from intake.vault.envelope import KEY_SIZE, EnvelopeDamaged, context
from intake.vault.keyring import PrivateKey

BLIND_SIZE = 16


@dataclass(frozen=True)
class IndexSecret:
    """The key of one agency's index: 32 random bytes, never shown."""

    agency: str
    raw: bytes = field(repr=False)

    @classmethod
    def new(cls, agency: str) -> IndexSecret:
        """A fresh one."""
        return cls(agency, os.urandom(KEY_SIZE))

    def blind(self, kind: str, value: str) -> bytes:
        """16 bytes of HMAC-SHA256: the same for the same kind and value, unrelated elsewhere."""
        mac = HMAC(self.raw, SHA256())
        mac.update(context("blind", self.agency, kind, value))
        return mac.finalize()[:BLIND_SIZE]


def seal_index_secret(agency_key: PrivateKey, secret: IndexSecret) -> bytes:
    """Close it for whoever holds the agency's key."""
    return box.close(_key(agency_key), _place(agency_key, secret.agency), secret.raw)


def open_index_secret(agency_key: PrivateKey, agency: str, sealed: bytes) -> IndexSecret:
    """What `seal_index_secret` closed. Raises `EnvelopeDamaged`."""
    raw = box.reopen(_key(agency_key), _place(agency_key, agency), sealed)
    if len(raw) != KEY_SIZE:
        raise EnvelopeDamaged("index secret")
    return IndexSecret(agency, raw)


def _key(agency_key: PrivateKey) -> bytes:
    return box.derive(agency_key.raw, context("index key", agency_key.key_id))


def _place(agency_key: PrivateKey, agency: str) -> bytes:
    return context("index secret", agency, agency_key.key_id)
