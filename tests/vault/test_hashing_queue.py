from __future__ import annotations

import fcntl
import os
import signal
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from threading import Event, Thread

import pytest

from intake.server import FEWEST_THREADS, STAFF_THREADS
from intake.vault.keyring import lock_person_key, unlock_nobody, unlock_person_key
from intake.vault.passphrase import (
    AT_ONCE,
    HASHING,
    KEPT,
    PLACES,
    Cost,
    HashingBusy,
    HashingQueue,
    passphrase_key,
    queue_in,
)
from tests.processes import until
from tests.vault.invented import CHEAP, PASSPHRASE, PEPPER, PERSON, PERSON_KEY

PATIENCE = 30  # seconds after which a dead-locked test fails instead of hanging
WELL_MET = Cost(iterations=1, memory_kib=8 * 1024)  # some milliseconds, so that they do meet


class Visits:
    """Threads that take turns, and hold them until they are let go."""

    def __init__(self, queue: HashingQueue) -> None:
        self.queue = queue
        self.running: list[str] = []
        self.let_go: dict[str, Event] = {}
        self.threads: list[Thread] = []

    def come(self, name: str, *, known: bool = False) -> None:
        """One more, in the queue when this returns."""
        inside, self.let_go[name] = self.queue._inside, Event()
        self.threads.append(Thread(target=self._visit, args=(name, known), daemon=True))
        self.threads[-1].start()
        until(lambda: self.queue._inside > inside, PATIENCE)

    def _visit(self, name: str, known: bool) -> None:
        with self.queue.turn(known=known):
            self.running.append(name)
            self.let_go[name].wait(PATIENCE)

    def have_run(self, count: int) -> bool:
        return len(self.running) >= count

    def end(self) -> None:
        for gate in self.let_go.values():
            gate.set()
        for thread in self.threads:
            thread.join(PATIENCE)


@pytest.fixture
def visits(tmp_path: Path) -> Iterator[Visits]:
    coming = Visits(HashingQueue(tmp_path))
    yield coming
    coming.end()
    assert coming.queue._inside == coming.queue._running == 0


@contextmanager
def full(folder: Path) -> Iterator[None]:
    """As if other processes hashed, and went on."""
    with ExitStack() as held:
        for number in range(AT_ONCE):
            file = held.enter_context((folder / f"hashing.{number}").open("w"))
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def test_two_hash_fourteen_wait_and_the_rest_are_turned_away(visits: Visits) -> None:
    for number in range(PLACES):
        visits.come(str(number))
    until(lambda: len(visits.running) == AT_ONCE, PATIENCE)
    with pytest.raises(HashingBusy), visits.queue.turn():
        pass
    visits.end()
    assert len(visits.running) == PLACES


def test_a_known_browser_finds_a_place_where_strangers_do_not_and_goes_before_them(
    visits: Visits,
) -> None:
    for number in range(PLACES):
        visits.come(str(number))
    until(lambda: len(visits.running) == AT_ONCE, PATIENCE)
    for number in range(KEPT):
        visits.come(f"known {number}", known=True)
    with pytest.raises(HashingBusy), visits.queue.turn(known=True):
        pass
    for number in range(KEPT):
        visits.let_go[visits.running[-1]].set()
        until(partial(visits.have_run, AT_ONCE + number + 1), PATIENCE)
    assert sorted(visits.running[AT_ONCE:]) == [f"known {number}" for number in range(KEPT)]


def test_sign_ins_leave_threads_of_every_process_to_reporters() -> None:
    assert PLACES + KEPT < FEWEST_THREADS
    assert STAFF_THREADS - PLACES - KEPT == 4


def test_a_turn_is_given_back_when_the_hash_fails(tmp_path: Path) -> None:
    queue = HashingQueue(tmp_path)
    for _ in range(PLACES + KEPT + 1):
        with pytest.raises(ZeroDivisionError), queue.turn():
            raise ZeroDivisionError
    with queue.turn():
        pass


def test_every_hash_takes_its_turn(visits: Visits) -> None:
    locked = lock_person_key(PERSON_KEY, PASSPHRASE, PEPPER, PERSON, cost=CHEAP)
    queue = visits.queue
    for number in range(PLACES):
        visits.come(str(number))
    with pytest.raises(HashingBusy):
        lock_person_key(PERSON_KEY, PASSPHRASE, PEPPER, PERSON, cost=CHEAP, queue=queue)
    with pytest.raises(HashingBusy):
        unlock_person_key(locked, PASSPHRASE, PEPPER, PERSON, "person-1", queue=queue)
    with pytest.raises(HashingBusy):
        unlock_nobody(PASSPHRASE, PEPPER, cost=CHEAP, queue=queue)


@pytest.mark.parametrize("door", [lock_person_key, unlock_person_key, unlock_nobody])
def test_without_a_folder_the_process_has_one_queue(door: object) -> None:
    defaults = getattr(door, "__kwdefaults__", {})
    assert defaults["queue"] is HASHING


def test_a_process_has_one_queue_for_a_folder_with_files_of_its_own_user(tmp_path: Path) -> None:
    assert queue_in(tmp_path) is queue_in(tmp_path)
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == ["hashing.0", "hashing.1", "hashing.next"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    with pytest.raises(OSError, match="No such file"):
        queue_in(tmp_path / "nowhere")


def test_in_two_processes_two_hash_at_once_and_no_third(tmp_path: Path) -> None:
    forked, told = get_context("fork"), tmp_path / "told"
    told.touch()

    class Telling(HashingQueue):
        """Says when a hash begins and when it has ended."""

        @contextmanager
        def turn(self, *, known: bool = False) -> Iterator[None]:
            """Wait for a turn, and hold it."""
            with super().turn(known=known):
                say(b"+")
                try:
                    yield
                finally:
                    say(b"-")

    def say(word: bytes) -> None:
        with told.open("ab", buffering=0) as file:
            file.write(word)

    def process() -> None:
        queue = Telling(tmp_path)
        threads = [Thread(target=hash_thrice, args=(queue,), daemon=True) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)

    def hash_thrice(queue: HashingQueue) -> None:
        for _ in range(3):
            passphrase_key(PASSPHRASE, PEPPER, os.urandom(16), WELL_MET, queue)

    processes = [forked.Process(target=process, daemon=True) for _ in range(2)]
    for one in processes:
        one.start()
    for one in processes:
        one.join(PATIENCE)
        assert one.exitcode == 0
    words, running, most = told.read_bytes(), 0, 0
    for word in words:
        running += 1 if word == ord("+") else -1
        most = max(most, running)
    assert (len(words), running, most) == (2 * 2 * 6 * 3, 0, AT_ONCE)


def test_a_process_that_is_killed_while_it_hashes_frees_its_places(tmp_path: Path) -> None:
    forked, (reads, writes) = get_context("fork"), os.pipe()

    def take_all() -> None:
        threads = [Thread(target=hold, daemon=True) for _ in range(AT_ONCE)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def hold() -> None:
        with queue.turn():
            os.write(writes, b"+")
            Event().wait()

    queue = HashingQueue(tmp_path)
    process = forked.Process(target=take_all, daemon=True)
    process.start()
    for _ in range(AT_ONCE):
        assert os.read(reads, 1) == b"+"
    waiting = Visits(HashingQueue(tmp_path))
    waiting.come("next")
    assert process.pid
    assert process.is_alive()
    assert not waiting.running
    os.kill(process.pid, signal.SIGKILL)
    until(lambda: waiting.running == ["next"], PATIENCE)
    waiting.end()
    process.join(PATIENCE)
    os.close(reads)
    os.close(writes)


def test_a_process_in_which_many_wait_overtakes_no_other(tmp_path: Path) -> None:
    with full(tmp_path):
        many, other = Visits(HashingQueue(tmp_path)), Visits(HashingQueue(tmp_path))
        for number in range(AT_ONCE + 1):
            many.come(str(number))
        other.come("other")
    until(lambda: len(many.running) + len(other.running) == AT_ONCE, PATIENCE)
    if not other.running:
        many.let_go[many.running[0]].set()
        until(lambda: len(many.running) + len(other.running) == AT_ONCE + 1, PATIENCE)
    assert other.running
    many.end()
    other.end()
