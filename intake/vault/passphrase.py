"""Argon2id: a passphrase and a pepper make a key, a few at a time."""

from __future__ import annotations

import fcntl
import os
import time
import unicodedata
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Condition

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


AT_ONCE = 2
PLACES, KEPT = 16, 4
_ASK_AGAIN_SECONDS = 0.01


class HashingQueue:
    """Lets two hash at once: of this process, and of all that name the same folder.

    Of a process 16 may be in it, running or waiting, and four more in browsers that are known,
    which go first; the others are turned away with `HashingBusy`. All of these are fewer than
    the threads of a process where staff sign in: they never hold up reporters.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._changed = Condition()
        self._inside = self._running = self._known_waiting = 0

    @contextmanager
    def turn(self, *, known: bool = False) -> Iterator[None]:
        """Wait for a turn, and hold it. Raises `HashingBusy`, and `OSError` where the folder
        cannot be used.
        """
        with self._place(known), self._one_at_once(known), ExitStack() as held:
            if self._folder:
                held.enter_context(_one_of_the_machine(self._folder))
            yield

    @contextmanager
    def _place(self, known: bool) -> Iterator[None]:
        with self._changed:
            if self._inside >= PLACES + (KEPT if known else 0):
                raise HashingBusy
            self._inside += 1
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1

    @contextmanager
    def _one_at_once(self, known: bool) -> Iterator[None]:
        with self._changed:
            self._known_waiting += known
            try:
                self._changed.wait_for(
                    lambda: self._running < AT_ONCE and (known or not self._known_waiting)
                )
            finally:
                self._known_waiting -= known
                self._changed.notify_all()
            self._running += 1
        try:
            yield
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()


@cache
def queue_in(folder: Path) -> HashingQueue:
    """This process's queue, one with those of all processes that name this folder. Raises
    `OSError` where it cannot be used.
    """
    for file in (*_places_in(folder), _next_in(folder)):
        with _opened(file):
            pass
    return HashingQueue(folder)


def _places_in(folder: Path) -> list[Path]:
    return [folder / f"hashing.{number}" for number in range(AT_ONCE)]


def _next_in(folder: Path) -> Path:
    return folder / "hashing.next"


@contextmanager
def _one_of_the_machine(folder: Path) -> Iterator[None]:
    """Hold one of two locked files. The system frees what a process held when it dies.

    Only who has locked the third asks for the two, so that no process overtakes the others.
    """
    with ExitStack() as held:
        files = [held.enter_context(_opened(file)) for file in _places_in(folder)]
        with _opened(_next_in(folder)) as following:
            fcntl.flock(following, fcntl.LOCK_EX)
            while not any(map(_is_taken, files)):
                time.sleep(_ASK_AGAIN_SECONDS)
        yield


@contextmanager
def _opened(file: Path) -> Iterator[int]:
    """Closing frees what was locked by it. To read only: that is enough to lock."""
    with os.fdopen(os.open(file, os.O_RDONLY | os.O_CREAT, 0o600)) as held:
        yield held.fileno()


def _is_taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


PRODUCTION = Cost()  # 0.33 s on one core of 2026; a lock with another cost is renewed at sign-in
HASHING = HashingQueue()  # where no folder is named, as where the directory's keeper signs


def passphrase_key(
    passphrase: str,
    pepper: bytes,
    salt: bytes,
    cost: Cost,
    queue: HashingQueue,
    *,
    known: bool = False,
) -> bytes:
    """A key of HKDF over Argon2id(passphrase, NFKC) and HMAC-SHA256(pepper, salt): neither the
    database nor the pepper's file is enough to try passphrases. Raises `HashingBusy`.
    """
    if len(pepper) < KEY_SIZE:
        raise ValueError(f"a pepper has {KEY_SIZE} bytes or more")
    peppered = HMAC(pepper, SHA256())
    peppered.update(salt)
    with queue.turn(known=known):
        hashed = Argon2id(
            salt=salt,
            length=KEY_SIZE,
            iterations=cost.iterations,
            lanes=cost.lanes,
            memory_cost=cost.memory_kib,
        ).derive(unicodedata.normalize("NFKC", passphrase).encode())
    return box.derive(hashed + peppered.finalize(), context("passphrase"))
