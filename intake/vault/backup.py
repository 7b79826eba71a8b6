"""The sealed stream of a backup: to an offline key, in chunks that open only whole and in order.

A random key, sealed by HPKE to the backup key, is split as in `intake.vault.box` into a commitment
and the cipher key of a STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015): AES-256-GCM whose nonce
is the chunk's number (11 bytes) and whether it is the last (1 byte). A chunk that is missing,
moved, doubled, or taken from another stream does not open.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.constant_time import bytes_eq

from intake.vault import box
from intake.vault.envelope import KEY_SIZE, EnvelopeDamaged, context
from intake.vault.keyring import PrivateKey, new_key_pair
from intake.vault.seal import PublicKey

MAGIC = b"ankkuri-backup-1\n"
CHUNK = 64 * 1024
_KEY_ID = 16  # characters
_LENGTH = 4  # bytes of the sealed key's length
_LONGEST_SEALED_KEY = 64 * 1024
_COMMITMENT = 32
_TAG = 16


class NotABackup(EnvelopeDamaged):
    """The file does not begin as a backup does."""


class BackupKeyWrong(EnvelopeDamaged):
    """The backup names another key than the one given."""


def new_backup_key() -> PrivateKey:
    """A fresh pair; the private half belongs on no machine that serves."""
    return backup_private(new_key_pair("new").raw)


def backup_private(raw: bytes) -> PrivateKey:
    """The private half of a backup key, named by its public one. Raises `KeyUnusable`."""
    return PrivateKey(backup_public(PrivateKey("unnamed", raw).public().raw).key_id, raw)


def backup_public(raw: bytes) -> PublicKey:
    """The public half of a backup key. Its id tells nothing of it. Raises `KeyUnusable`."""
    return PublicKey(hashlib.sha256(raw).hexdigest()[:_KEY_ID], raw)


class StreamSealer:
    """Seals what is added, a chunk at a time; without `finish` nothing of it counts as whole."""

    def __init__(self, to: PublicKey, write: Callable[[bytes], object]) -> None:
        key = os.urandom(KEY_SIZE)
        place = _place(to.key_id)
        cipher_key, commitment = box.split(key, place)
        sealed_key = to.seal(key, place)
        write(MAGIC + to.key_id.encode("ascii") + len(sealed_key).to_bytes(_LENGTH, "big"))
        write(sealed_key + commitment)
        self._cipher = AESGCM(cipher_key)
        self._write = write
        self._number = 0
        self._held = bytearray()

    def add(self, content: bytes) -> None:
        """Seal this too. A chunk is held back until more comes: it may be the last."""
        self._held += content
        while len(self._held) > CHUNK:
            self._seal(last=False)

    def finish(self) -> None:
        """Seal the last chunk."""
        self._seal(last=True)

    def _seal(self, *, last: bool) -> None:
        chunk = bytes(self._held[:CHUNK])
        del self._held[:CHUNK]
        self._write(self._cipher.encrypt(_nonce(self._number, last), chunk, None))
        self._number += 1


def key_id_of(sealed: BinaryIO) -> str:
    """Which key a backup names; reads on to behind it. Raises `NotABackup`."""
    if sealed.read(len(MAGIC)) != MAGIC:
        raise NotABackup("beginning")
    return sealed.read(_KEY_ID).decode("ascii", "replace")


def open_stream(private: PrivateKey, sealed: BinaryIO) -> Iterator[bytes]:
    """The chunks of a stream. It is whole only once this has come to its end.

    Raises `NotABackup`, `BackupKeyWrong`, `EnvelopeDamaged`.
    """
    key_id = key_id_of(sealed)
    if key_id != private.key_id:
        raise BackupKeyWrong(key_id)
    length = int.from_bytes(sealed.read(_LENGTH), "big")
    if length > _LONGEST_SEALED_KEY:
        raise EnvelopeDamaged("key")
    place = _place(key_id)
    key = private.open(sealed.read(length), place)
    if len(key) != KEY_SIZE:  # anyone may seal to a public key
        raise EnvelopeDamaged("key")
    cipher_key, commitment = box.split(key, place)
    if not bytes_eq(sealed.read(_COMMITMENT), commitment):
        raise EnvelopeDamaged("commitment")
    return _opened(AESGCM(cipher_key), sealed)


def _opened(cipher: AESGCM, sealed: BinaryIO) -> Iterator[bytes]:
    number, chunk = 0, sealed.read(CHUNK + _TAG)
    while True:
        following = sealed.read(CHUNK + _TAG)
        try:
            yield cipher.decrypt(_nonce(number, last=not following), chunk, None)
        except InvalidTag:
            raise EnvelopeDamaged("ciphertext") from None
        if not following:
            return
        number, chunk = number + 1, following


def _place(key_id: str) -> bytes:
    return context("backup", key_id)


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
