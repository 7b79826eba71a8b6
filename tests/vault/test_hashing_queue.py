from __future__ import annotations

from argparse import ArgumentParser
from queue import Queue
from threading import Barrier, Event, Lock, Thread

import pytest

from intake.server import FEWEST_THREADS, add_arguments
from intake.vault.keyring import lock_person_key, unlock_nobody, unlock_person_key
from intake.vault.passphrase import HASHING, HashingBusy, HashingQueue
from tests.vault.invented import CHEAP, PASSPHRASE, PEPPER, PERSON, PERSON_KEY

PATIENCE = 30  # seconds after which a dead-locked test fails instead of hanging


def test_some_hash_at_once_some_wait_and_the_rest_are_turned_away() -> None:
    queue, turned_away, gate = HashingQueue(at_once=2, may_wait=8), Queue[None](), Event()
    pair, lock = Barrier(2), Lock()
    running = most = done = 0

    def visit() -> None:
        nonlocal running, most, done
        try:
            with queue.turn():
                with lock:
                    running += 1
                    most = max(most, running)
                pair.wait(PATIENCE)  # passes only when two hold a turn together
                gate.wait(PATIENCE)
                with lock:
                    running -= 1
                    done += 1
        except HashingBusy:
            turned_away.put(None)

    threads = [Thread(target=visit, daemon=True) for _ in range(13)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        turned_away.get(timeout=PATIENCE)
    gate.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert (most, done, turned_away.qsize()) == (2, 10, 0)


def test_sign_ins_take_half_of_a_processs_threads_at_most() -> None:
    parser = ArgumentParser()
    add_arguments(parser)
    threads = parser.parse_args([]).threads
    queue, places = HashingQueue(), 0
    while places <= threads and queue._places.acquire(blocking=False):
        places += 1
    assert 0 < places <= threads // 2
    assert places < FEWEST_THREADS


def test_a_turn_is_given_back_when_the_hash_fails() -> None:
    queue = HashingQueue(at_once=1, may_wait=0)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), queue.turn():
            raise ZeroDivisionError
    with queue.turn():
        pass


def test_every_hash_takes_its_turn() -> None:
    locked = lock_person_key(PERSON_KEY, PASSPHRASE, PEPPER, PERSON, cost=CHEAP)
    full = HashingQueue(at_once=1, may_wait=0)
    with full.turn():
        with pytest.raises(HashingBusy):
            lock_person_key(PERSON_KEY, PASSPHRASE, PEPPER, PERSON, cost=CHEAP, queue=full)
        with pytest.raises(HashingBusy):
            unlock_person_key(locked, PASSPHRASE, PEPPER, PERSON, "person-1", queue=full)
        with pytest.raises(HashingBusy):
            unlock_nobody(PASSPHRASE, PEPPER, cost=CHEAP, queue=full)


@pytest.mark.parametrize("door", [lock_person_key, unlock_person_key, unlock_nobody])
def test_the_process_has_one_queue(door: object) -> None:
    defaults = getattr(door, "__kwdefaults__", {})
    assert defaults["queue"] is HASHING
