"""Part of ``ankkuri bench vault``: how fast the trail is written, and how long proving it takes.

Two sites are filled with invented lines, as many as SMALL and LARGE say, numbered and signed as the
jobs do. Each is then proved by a process of its own, whose memory is read at its end.
"""

from __future__ import annotations

import json
import os
import resource
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import config
from benchmarks import keeper
from benchmarks.chase import databases
from benchmarks.waiting import Waiting
from intake import upkeep, wiring
from intake.commands.progress import bar
from intake.domain.trail import Action
from intake.parts import Parts
from intake.services.checkpoint_file import CheckpointFile
from intake.services.verify_trail import verify
from intake.store import trail

SMALL, LARGE = 100_000, 1_000_000
MOST_RATIO, LEAST_GAIN, MOST_GROWN_KIB = 11.0, 5.0, 32 * 1024
BATCH, BATCHES, SINGLES, ROUNDS = 50, 100, 500, 3
CHUNK = 5_000
BEGAN = datetime(2026, 5, 29, 7, 42, tzinfo=UTC)
STEP = timedelta(milliseconds=50)
PEOPLE = 200


@dataclass(frozen=True)
class Proved:
    """How long a pass took, without what other programs kept it waiting, and the most that its
    process held more than at its beginning.
    """

    seconds: float
    grown_kib: int


def measure(database: str, small: int = SMALL, large: int = LARGE) -> dict[str, Any]:
    """Appends and passes. The goal of appends holds on PostgreSQL alone."""
    with ExitStack() as stack:
        new_database = stack.enter_context(databases(database))
        with site(new_database()) as parts:
            single, batched = appends(parts)
        passes = {}
        for size in (small, large):
            with site(new_database()) as parts:
                fill(parts, size)
                passes[size] = proved(parts, size)
    gain, ratio = batched / single, passes[large].seconds / passes[small].seconds
    flat = passes[large].grown_kib - passes[small].grown_kib <= MOST_GROWN_KIB
    met = {
        "batches": database == "sqlite" or gain >= LEAST_GAIN,
        "verify": ratio <= MOST_RATIO,
        "memory": flat,
    }
    return {
        "lines_a_second_single": single,
        "lines_a_second_in_batches": batched,
        "gain": gain,
        "seconds": {str(size): one.seconds for size, one in passes.items()},
        "grown_kib": {str(size): one.grown_kib for size, one in passes.items()},
        "ratio": ratio,
        "goals": met,
        "met": all(met.values()),
    }


def told(figures: dict[str, Any], database: str) -> Iterator[str]:
    """The figures in lines."""
    met = figures["goals"]
    goal = "no goal on SQLite"
    if database != "sqlite":
        goal = f"goal: at least {LEAST_GAIN:.0f}"
    yield (
        f"trail: {figures['lines_a_second_single']:,.0f} lines/s one by one, "
        f"{figures['lines_a_second_in_batches']:,.0f} in batches of {BATCH}: "
        f"{figures['gain']:.1f} times ({goal}); {verdict(met['batches'])}"
    )
    for size, seconds in figures["seconds"].items():
        grown = figures["grown_kib"][size] / 1024
        yield f"trail verify: {int(size):,} lines in {seconds:.1f} s, {grown:.1f} MiB more held"
    yield (
        f"trail verify: ratio {figures['ratio']:.1f} (goal: at most {MOST_RATIO:.0f}); "
        f"{verdict(met['verify'])}"
    )
    yield (
        f"trail verify: memory that grows by at most {MOST_GROWN_KIB // 1024} MiB; "
        f"{verdict(met['memory'])}"
    )


def verdict(met: bool) -> str:
    """In a word."""
    return "met" if met else "missed"


@contextmanager
def site(place: tuple[Any, str | None]) -> Iterator[Parts]:
    """A site without people."""
    data, address = place
    environ = {"ANKKURI_DATA": str(data), "ANKKURI_SECURE_COOKIES": "no"}
    settings = config.load(environ | ({"ANKKURI_DATABASE": address} if address else {}))
    data.mkdir(parents=True)
    upkeep.lay_out(settings)
    parts = wiring.build(keeper.pinned(settings), lambda: BEGAN)
    try:
        yield parts
    finally:
        parts.database.engine.dispose()


def appends(parts: Parts) -> tuple[float, float]:
    """Lines a second, each committed alone, and in batches; the best of some rounds in turn."""
    single = batched = 0.0
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for number in range(SINGLES):
            with parts.database.write() as connection:
                trail.write_line(connection, at=BEGAN, action=Action.OPEN, **_about(number))
        single = max(single, SINGLES / (time.perf_counter() - began))
        began = time.perf_counter()
        for number in range(BATCHES):
            about = [_about(number * BATCH + one) for one in range(BATCH)]
            with parts.database.write() as connection:
                trail.write_lines(connection, at=BEGAN, action=Action.OPEN, about=about)
        batched = max(batched, BATCH * BATCHES / (time.perf_counter() - began))
    return single, batched


def fill(parts: Parts, size: int) -> None:
    """As many lines, numbered and signed."""
    show = bar(size, f"{size:,} lines")
    for first in range(0, size, CHUNK):
        with parts.database.write() as connection:
            for number in range(first, min(first + CHUNK, size), BATCH):
                about = [_about(number + one) for one in range(BATCH)]
                at = BEGAN + STEP * number
                trail.write_lines(connection, at=at, action=Action.OPEN, about=about)
        parts.sign_trail(BEGAN + STEP * (first + CHUNK))
        show(min(first + CHUNK, size))
    if parts.database.engine.dialect.name == "postgresql":
        with parts.database.engine.connect() as connection:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("VACUUM ANALYZE")


def proved(parts: Parts, size: int) -> Proved:
    """One pass, in a process of its own. Raises AssertionError unless all of it holds."""
    parts.database.engine.dispose()
    key, file = parts.sign_trail.signer.public(), parts.settings.checkpoints
    reads, writes = os.pipe()
    child = os.fork()
    if not child:
        try:
            waiting = Waiting(parts.database)
            before, waited, began = _held_kib(), waiting(), time.perf_counter()
            with parts.database.read() as connection:
                show = bar(size, f"{size:,} lines")
                later = BEGAN + STEP * (size + CHUNK)
                verdict = verify(connection, key, CheckpointFile(file), later, show=show)
            took = time.perf_counter() - began - (waiting() - waited)
            told = [took, _held_kib() - before, verdict.proved, len(verdict.faults)]
            os.write(writes, json.dumps(told).encode())
        finally:
            os._exit(0)
    os.close(writes)
    with os.fdopen(reads, "rb") as said:
        answer = said.read()
    os.waitpid(child, 0)
    seconds, grown, found, faults = json.loads(answer)
    if found != size or faults:
        raise AssertionError(f"{found} of {size} lines were proved, {faults} findings")
    return Proved(seconds, grown)


def _held_kib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _about(number: int) -> dict[str, Any]:
    return {
        "person_id": UUID(int=number % PEOPLE),
        "role": "worker",
        "agency_id": "soc-vantaa-kerava-office",
        "referral_id": UUID(int=number // 7),
        "purpose": "handling the referral",
    }
