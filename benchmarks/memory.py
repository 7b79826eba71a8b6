"""``ankkuri bench memory``: what a web process holds while reports keep coming (Linux).

One process of the reporter's door takes final posts over HTTP. After the first 2,000 its resident
memory is read, and after each 2,000 more.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.door import Door, Round, Server, addresses, drafts, lay_out, post

REPORTS = 20_000
STEP = 2_000
SLICE = 200  # drafts ready at once
CLIENTS = 4
MOST_GROWN = 0.02  # of the first reading
KIB = 1024


def run(*, database: str, as_json: bool) -> int:
    """Measure, print, and say whether it stays flat (0) or not (1)."""
    with tempfile.TemporaryDirectory() as folder, addresses(database, Path(folder)) as at:
        door = lay_out(Path(folder), at)
        server = Server("intake.app:from_environment()", door.environ, processes=1)
        try:
            (worker,) = server.workers
            readings = dict(_readings(door, server.port, worker, as_json=as_json))
        finally:
            server.stop()
            door.parts.database.engine.dispose()
    first, *_, last = readings.values()
    grown = last / first - 1
    holds = grown <= MOST_GROWN
    if as_json:
        print(json.dumps({"holds": holds, "grown": grown, "kib": readings}, indent=2))
    else:
        verdict = "met" if holds else "missed"
        print(f"grown by {100 * grown:.1f} %: goal (at most {100 * MOST_GROWN:.0f} %) {verdict}")
    return 0 if holds else 1


def _readings(door: Door, port: int, worker: int, *, as_json: bool) -> Iterator[tuple[int, int]]:
    """After how many reports, how many KiB are resident."""
    for taken in range(SLICE, REPORTS + 1, SLICE):
        round_ = Round()
        post(port, drafts(door, SLICE, port), CLIENTS, round_)
        assert set(round_.statuses) == {303}, f"a post failed: {round_.statuses}"
        if taken % STEP == 0:
            resident = _resident_kib(worker)
            if not as_json:
                print(f"{taken:6} reports: {resident / KIB:.1f} MiB", flush=True)
            yield taken, resident


def _resident_kib(process: int) -> int:
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name == "VmRSS":
            return int(rest.split()[0])
    raise RuntimeError("this system does not tell a process's memory")
