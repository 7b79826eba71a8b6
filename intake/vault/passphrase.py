"""Argon2id: a passphrase and a pepper make a key, a few at a time."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import BoundedSemaphore

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from intake.vault import box
from intake.vault.envelope import KEY_SIZE, context


class HashingBusy(Exception):
    """Too many passphrases are waiting to be checked; try again in a moment."""


@dataclass(frozen=True)
class Cost:
    """Argon2id's parameters (RFC 9106); memory in KiB. Raises `ValueError` outside the bounds,
    which keep a forged row from eating the machine.
    """

    iterations: int = 4
    memory_kib: int = 96 * 1024
    lanes: int = 1  # with more, two threads hashing at once dead-lock in this library

    def __post_init__(self) -> None:
        if self.lanes != 1 or not 1 <= self.iterations <= 16:
            raise ValueError("lanes must be 1 and iterations 1-16")
        if not 8 <= self.memory_kib <= 256 * 1024:
            raise ValueError("memory must be 8 KiB - 256 MiB")


class HashingQueue:
    """Lets `at_once` hashes run and `may_wait` wait; turns the rest away with `HashingBusy`.

    Together they are fewer than a process's threads (4): sign-ins never hold up reporters.
    """

    def __init__(self, at_once: int = 1, may_wait: int = 1) -> None:
        self._places = BoundedSemaphore(at_once + may_wait)
        self._running = BoundedSemaphore(at_once)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn, and hold it. Raises `HashingBusy`."""
        if not self._places.acquire(blocking=False):
            raise HashingBusy
        try:
            with self._running:
                yield
        finally:
            self._places.release()


PRODUCTION = Cost()  # 0.33 s on one core of 2026; a lock with another cost is renewed at sign-in
HASHING = HashingQueue()  # one for the process: the memory is the process's


def passphrase_key(
    passphrase: str, pepper: bytes, salt: bytes, cost: Cost, queue: HashingQueue
) -> bytes:
    """A key of HKDF over Argon2id(passphrase, NFKC) and HMAC-SHA256(pepper, salt): neither the
    database nor the pepper's file is enough to try passphrases. Raises `HashingBusy`.
    """
    if len(pepper) < KEY_SIZE:
        raise ValueError(f"a pepper has {KEY_SIZE} bytes or more")
    peppered = HMAC(pepper, SHA256())
    peppered.update(salt)
    with queue.turn():
        hashed = Argon2id(
            salt=salt,
            length=KEY_SIZE,
            iterations=cost.iterations,
            lanes=cost.lanes,
            memory_cost=cost.memory_kib,
        ).derive(unicodedata.normalize("NFKC", passphrase).encode())
    return box.derive(hashed + peppered.finalize(), context("passphrase"))
