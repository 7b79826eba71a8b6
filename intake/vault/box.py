"""The committing box: AES-256-GCM under a key split by HKDF, for everything symmetric.

AES-GCM alone lets one ciphertext open under two keys. So HKDF-SHA256 makes of the key and the
context both the cipher key and a 32-byte commitment that travels in the envelope and is compared
before anything is decrypted. The context is bound by the split itself.
"""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.constant_time import bytes_eq
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

from intake.vault.draw import Draw
from intake.vault.envelope import KEY_SIZE, SUITE, EnvelopeDamaged, body_of

_SHA256 = SHA256()
_COMMITMENT = 32
NONCE_SIZE = 12
_TAG = 16
OVERHEAD = len(SUITE) + _COMMITMENT + NONCE_SIZE + _TAG  # bytes a box is longer than its content


def derive(key: bytes, info: bytes, size: int = KEY_SIZE) -> bytes:
    """HKDF-SHA256 (RFC 5869) of `key` without salt, `size` bytes."""
    return HKDF(_SHA256, size, None, info).derive(key)


def close(key: bytes, context: bytes, content: bytes, draw: Draw = os.urandom) -> bytes:
    """Seal `content` under a 32-byte key: suite, commitment, nonce, ciphertext with its tag."""
    cipher_key, commitment = split(key, context)
    nonce = draw(NONCE_SIZE)
    return SUITE + commitment + nonce + AESGCM(cipher_key).encrypt(nonce, content, None)


def reopen(key: bytes, context: bytes, sealed: bytes) -> bytes:
    """What `close` sealed under the same key and context. Raises `EnvelopeDamaged`."""
    return Opener(key)(context, sealed)


class Opener:
    """Opens what one key closed in many contexts: HKDF extracts (RFC 5869 §2.2) from it once."""

    def __init__(self, key: bytes) -> None:
        self._extracted = HKDF.extract(_SHA256, None, _whole(key))

    def __call__(self, context: bytes, sealed: bytes) -> bytes:
        """What `close` sealed under the key and this context. Raises `EnvelopeDamaged`."""
        body = body_of(sealed)
        if len(sealed) < OVERHEAD:
            raise EnvelopeDamaged("cut short")
        both = HKDFExpand(_SHA256, KEY_SIZE + _COMMITMENT, context).derive(self._extracted)
        if not bytes_eq(body[:_COMMITMENT], both[KEY_SIZE:]):
            raise EnvelopeDamaged("commitment")
        nonce = body[_COMMITMENT : _COMMITMENT + NONCE_SIZE]
        ciphertext = memoryview(body)[_COMMITMENT + NONCE_SIZE :]
        try:
            return AESGCM(both[:KEY_SIZE]).decrypt(nonce, ciphertext, None)
        except InvalidTag:
            raise EnvelopeDamaged("ciphertext") from None


def split(key: bytes, context: bytes) -> tuple[bytes, bytes]:
    """The cipher key and the commitment that a 32-byte key and its context make."""
    both = derive(_whole(key), context, KEY_SIZE + _COMMITMENT)
    return both[:KEY_SIZE], both[KEY_SIZE:]


def _whole(key: bytes) -> bytes:
    if len(key) != KEY_SIZE:
        raise ValueError(f"a key has {KEY_SIZE} bytes")
    return key
