"""``ankkuri bench submit``: the final post through the real HTTP door against its floor.

Both servers run at once with the same number of processes. A round posts to one and the other in
turn, a slice at a time, so that the machine's moods fall on both; every figure is the median of its
rounds, before which some slices are not measured. The report has three recipients and a standby
desk.

On PostgreSQL (a durable server of its own) the reporter's door runs alone under its own role.
"""

from __future__ import annotations

import json
import statistics
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, LargeBinary, String, cast, func, select, true

from benchmarks import floor
from benchmarks.door import (
    TYPED,
    Addresses,
    Door,
    Post,
    Round,
    Server,
    addresses,
    drafts,
    get,
    lay_out,
    post,
)
from intake.domain.trail import Action
from intake.store.database import Database
from intake.store.tables import (
    DeadlineRow,
    DecisionRow,
    ReceiptRow,
    ReferralRow,
    ReportRow,
    SectionRow,
    TrailRow,
    WrapRow,
)

POSTS = 400
SLICE = 40
WARM_UP = 8  # slices, unmeasured: each connection plans its statements at their first uses
CLIENTS_WARMING = 8
GOAL = 0.5
P99_AT = 8  # clients
OF_A_REPORT = (ReportRow, SectionRow, ReceiptRow, DecisionRow, ReferralRow, WrapRow, DeadlineRow)


@dataclass(frozen=True)
class Plan:
    """What is measured on a database, and what ``p99`` must stay under (seconds)."""

    rounds: int
    clients: tuple[int, ...]
    processes: tuple[int, ...]
    p99: float


PLANS = {
    "sqlite": Plan(rounds=5, clients=(1, 8), processes=(2,), p99=1),
    "postgresql": Plan(rounds=5, clients=(1, 8, 32), processes=(1, 2, 4), p99=0.5),
}


def run(*, database: str, as_json: bool) -> int:
    """Measure, print, and say whether the goal is met (0) or not (1)."""
    with tempfile.TemporaryDirectory() as folder, addresses(database, Path(folder)) as at:
        report = _measure(Path(folder), PLANS[database], at)
    if as_json:
        print(json.dumps(report, indent=2))
    else:
        for line in report["lines"]:
            print(line)
    return 0 if report["holds"] else 1


def _measure(folder: Path, plan: Plan, at: Addresses) -> dict[str, Any]:
    door = lay_out(folder, at)
    floor.lay_out(at.floor)
    of_floor = {"FLOOR_DATABASE": at.floor, "FLOOR_TYPED": json.dumps(TYPED)}
    bench = _Bench(door, plan)
    for processes in plan.processes:
        bench.measure(door.environ | of_floor, processes)
    door.parts.database.engine.dispose()
    return bench.report()


@dataclass
class _Bench:
    """One site under measurement; rounds by (whose, clients, processes)."""

    door: Door
    plan: Plan
    rounds: dict[tuple[str, int, int], list[Round]] = field(default_factory=dict)
    unmeasured: int = 0
    size: int = 0

    def measure(self, environ: dict[str, str], processes: int) -> None:
        """Both servers with this many processes, all numbers of clients in turn."""
        ours = Server("intake.app:from_environment()", environ, processes)
        try:
            if not self.size:
                self._post_unmeasured(ours.port, 1)
                self.size = _bytes_of_a_report(self.door.parts.database)
            sized = environ | {"FLOOR_BYTES": str(self.size)}
            floor = Server("benchmarks.floor:from_environment()", sized, processes)
            try:
                self._interleave(ours.port, floor.port, processes)
            finally:
                floor.stop()
        finally:
            ours.stop()

    def _post_unmeasured(self, port: int, count: int) -> None:
        round_ = Round()
        post(port, drafts(self.door, count, port), CLIENTS_WARMING, round_)
        assert set(round_.statuses) == {303}, f"a first post failed: {round_.statuses}"
        self.unmeasured += count

    def _interleave(self, ours: int, floor: int, processes: int) -> None:
        floors = [Post("/send", "", get(floor, "/"), "")] * SLICE
        for _ in range(WARM_UP):
            post(floor, floors, CLIENTS_WARMING, Round())
            self._post_unmeasured(ours, SLICE)
        for _ in range(self.plan.rounds):
            for clients in self.plan.clients:
                ready = drafts(self.door, POSTS, ours)
                of_floor, of_ours = Round(), Round()
                for start in range(0, POSTS, SLICE):
                    post(floor, floors, clients, of_floor)
                    post(ours, ready[start : start + SLICE], clients, of_ours)
                self.rounds.setdefault(("floor", clients, processes), []).append(of_floor)
                self.rounds.setdefault(("ours", clients, processes), []).append(of_ours)

    def report(self) -> dict[str, Any]:
        """The figures, in lines and as values, and whether the goal is met."""
        taken = self.unmeasured + sum(
            round_.statuses.count(303)
            for (whose, _, _), found in self.rounds.items()
            if whose == "ours"
            for round_ in found
        )
        with self.door.parts.database.read() as connection:
            reports, drafts = _counted(connection)
        statuses = [s for found in self.rounds.values() for r in found for s in r.statuses]
        failed = sum(status >= 500 for status in statuses)
        refused = sum(status not in (303, *range(500, 600)) for status in statuses)
        lines = [f"one report: {self.size} bytes in its rows, 3 recipients and a standby desk"]
        ratios = {}
        for processes in self.plan.processes:
            for clients in self.plan.clients:
                line, ratio = self._line(clients, processes)
                lines.append(line)
                ratios[f"{clients} clients, {processes} processes"] = ratio
        p99 = max(
            r.p99_seconds
            for (whose, clients, _), found in self.rounds.items()
            if (whose, clients) == ("ours", P99_AT)
            for r in found
        )
        lines.append(
            f"worst p99 at {P99_AT} clients {1000 * p99:.0f} ms; "
            f"{failed} answers of 5xx, {refused} refused"
        )
        lines.append(f"{taken} receipts, {reports} reports stored, {drafts} drafts: no duplicate")
        whole = reports == drafts == taken and failed == refused == 0
        holds = min(ratios.values()) >= GOAL and p99 < self.plan.p99 and whole
        lines.append(
            f"goal (ratio >= {GOAL}, p99 < {self.plan.p99} s, no 5xx, no duplicate): "
            f"{'met' if holds else 'missed'}"
        )
        return {"holds": holds, "ratios": ratios, "p99": p99, "lines": lines}

    def _line(self, clients: int, processes: int) -> tuple[str, float]:
        ours = self.rounds["ours", clients, processes]
        floor = self.rounds["floor", clients, processes]
        ratio = statistics.median(
            o.per_second / f.per_second for o, f in zip(ours, floor, strict=True)
        )
        return (
            f"{processes} processes, {clients} clients: "
            f"{statistics.median(r.per_second for r in ours):.0f} reports/s against "
            f"{statistics.median(r.per_second for r in floor):.0f} floor posts/s, "
            f"ratio {ratio:.2f}; p99 "
            f"{1000 * statistics.median(r.p99_seconds for r in ours):.0f} ms"
        ), ratio


def _counted(connection: Connection) -> tuple[int, int]:
    """Reports and the drafts that they came from; each report has its referrals and wraps."""

    def count(what: Any) -> int:
        return connection.scalar(select(func.count(what))) or 0

    reports = count(ReportRow.id)
    assert count(ReferralRow.id) == 3 * reports, "three recipients each"
    assert count(WrapRow.id) == 4 * reports, "and a standby wrap"
    return reports, count(ReceiptRow.draft_id.distinct())


def _length(column: Any) -> Any:
    sealed = isinstance(column.type, LargeBinary)
    return func.length(column if sealed else cast(column, String))


def _bytes_of_a_report(database: Database) -> int:
    """Bytes of every value in the rows of the one report that is there; indexes come on top.

    What is no content counts as it would be written out.
    """
    of_it: dict[Any, Any] = dict.fromkeys(OF_A_REPORT, true())
    of_it[TrailRow] = TrailRow.action == Action.SEND.value
    with database.read() as connection:
        return sum(
            connection.scalar(select(func.sum(_length(column))).where(which)) or 0
            for row, which in of_it.items()
            for column in row.__table__.c
        )
