"""``ankkuri bench chase``: the sweep over what is due, among ever so much that is open.

Two sites are filled with invented referrals without content, two deadlines each, of which as many
are due: SMALL and LARGE are how many are open. The same sweeps are then measured on both in turn,
gathering into letters included. What is not due keeps but its next step, so that filling is fast.
"""

from __future__ import annotations

import json
import logging
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select

import config
from benchmarks import cluster, keeper
from benchmarks.certificates import run_certificates
from benchmarks.desk import run_desk
from benchmarks.waiting import Waiting
from intake import upkeep, wiring
from intake.commands.progress import bar
from intake.domain.chase import Plan
from intake.domain.deadline import local_date, local_instant
from intake.domain.people import Role
from intake.domain.promised import instant
from intake.parts import Parts
from intake.store.database import Database
from intake.store.people_tables import MembershipRow, PersonRow
from intake.store.tables import ChaseRow

SMALL, LARGE = 10_000, 1_000_000
DUE, ROUNDS, WARM_UP = 1_000, 9, 2
BACKLOG = 20_000
MOST_RATIO, LEAST_STEPS = 1.5, 5_000
CHUNK = 100_000
CERTIFICATES, MOST_SECONDS = 100_000, 5
ARRIVED = datetime(2026, 5, 29, 7, 42, tzinfo=UTC)
CLOCKS = ("lsl26_start", "lsl26_complete")
_PEOPLE = 0xA0000000  # the first person's number; referrals and deadlines have small ones


@dataclass(frozen=True)
class Found:
    """What a part has measured; ``met`` is None where it has no goal on this database."""

    name: str
    lines: Sequence[str]
    figures: dict[str, Any]
    met: bool | None


@dataclass
class Site:
    """A filled site: what is due comes at ``first`` and, of each round, a minute later."""

    parts: Parts
    open: int
    first: datetime
    took: list[float] = field(default_factory=list)

    def sweep(self, number: int, *, gather: bool = True) -> tuple[int, float]:
        """The sweep of a round: how many steps, and in which time, without what it was kept
        waiting by other programs.
        """
        at, chase = self.first + timedelta(minutes=number), self.parts.chase
        waiting = Waiting(self.parts.database)
        waited, began = waiting(), time.perf_counter()
        steps = chase(at) if gather else chase.sweep(at)
        return steps, time.perf_counter() - began - (waiting() - waited)


def run(*, database: str, as_json: bool) -> int:
    """Measure every part and print; 0 if all goals are met."""
    logging.getLogger("intake").setLevel(logging.WARNING)  # else a line for each request
    found = [part(database) for part in PARTS]
    if as_json:
        told = {one.name: {**one.figures, "met": one.met} for one in found}
        print(json.dumps({"database": database, **told}, indent=2))
    else:
        for one in found:
            print("\n".join(one.lines))
    return 0 if all(one.met is not False for one in found) else 1


def sweeping(database: str) -> Found:
    """How long a sweep takes that has as much to do among little and among much."""
    with ExitStack() as stack:
        new_database = stack.enter_context(databases(database))
        sites = [stack.enter_context(_filled(new_database(), size)) for size in (SMALL, LARGE)]
        for number in range(ROUNDS):
            for site in sites if number % 2 else reversed(sites):
                steps, took = site.sweep(number)
                if steps != DUE:
                    raise AssertionError(f"{steps} steps were recorded, not {DUE}")
                if number >= WARM_UP:
                    site.took.append(took)
        small, large = sites
        steps, took = large.sweep(ROUNDS, gather=False)
        with large.parts.database.read() as connection:
            recorded = connection.scalar(select(func.count()).select_from(ChaseRow))
        if steps != BACKLOG or recorded != BACKLOG + ROUNDS * DUE:
            raise AssertionError(f"{steps} of {BACKLOG} steps were recorded")
        together = BACKLOG / _by_two(large, ROUNDS + 1) if database == "postgresql" else None
    return _told(database, small, large, steps / took, together)


def _by_two(site: Site, number: int) -> float:
    """How many seconds two schedulers at once take for a round, each a process, by the clock."""
    site.parts.database.engine.dispose()
    began = time.perf_counter()
    children = []
    for _ in range(2):
        child = os.fork()
        if not child:
            status = 1
            try:
                site.sweep(number, gather=False)
                status = 0
            finally:
                os._exit(status)
        children.append(child)
    if any(os.waitpid(child, 0)[1] for child in children):
        raise AssertionError("a scheduler failed")
    took = time.perf_counter() - began
    with site.parts.database.read() as connection:
        recorded = connection.scalar(select(func.count()).select_from(ChaseRow))
    if recorded != 2 * BACKLOG + ROUNDS * DUE:
        raise AssertionError(f"{recorded} steps are recorded")
    return took


def watching(database: str) -> Found:
    """The supervisor's pages over little and over much; the goal is PostgreSQL's."""
    measured = run_desk(database)
    lines = (f"{database}: the supervisor's pages", *measured.lines)
    return Found("desk", lines, measured.figures, measured.holds or database != "postgresql")


def certifying(_database: str) -> Found:
    """Deadlines counted with all their days; no database is asked."""
    seconds = run_certificates(CERTIFICATES)
    fast = seconds < MOST_SECONDS
    lines = [
        f"{CERTIFICATES:,} deadlines with certificates: {seconds:.1f} s",
        f"goal (under {MOST_SECONDS} s): {_met(fast)}",
    ]
    return Found("certificates", lines, {"seconds": seconds}, fast)


PARTS: tuple[Callable[[str], Found], ...] = (certifying, sweeping, watching)
"""What is measured, each on its own sites."""


def _told(database: str, small: Site, large: Site, speed: float, together: float | None) -> Found:
    ratio = statistics.median(b / a for a, b in zip(small.took, large.took, strict=True))
    near, fast = ratio <= MOST_RATIO, speed >= LEAST_STEPS
    asked = database == "postgresql"
    figures = {
        "seconds": {str(site.open): statistics.median(site.took) for site in (small, large)},
        "ratio": ratio,
        "steps_per_second": speed,
        "steps_per_second_of_two": together,
    }
    lines = [
        f"{database}: a sweep over {DUE:,} due, with its letters, median of {len(small.took)}",
        *(
            f"  {site.open:9,} open: {1000 * statistics.median(site.took):6.0f} ms"
            for site in (small, large)
        ),
        f"goal (ratio at most {MOST_RATIO}): {_met(near)}, {ratio:.2f}",
        f"{speed:,.0f} chase steps/s, {BACKLOG:,} due at once among {large.open:,} open"
        + (f"\ngoal (at least {LEAST_STEPS:,}): {_met(fast)}" if asked else ""),
        *([f"{together:,.0f} chase steps/s by two schedulers at once"] if together else []),
    ]
    return Found("sweep", lines, figures, near and (fast or not asked))


def _met(holds: bool) -> str:
    return "met" if holds else "missed"


@contextmanager
def databases(kind: str) -> Iterator[Callable[[], tuple[Path, str | None]]]:
    """What makes a place for a site: its folder, and the address of its database."""
    with ExitStack() as stack:

        def folder() -> Path:
            made = tempfile.TemporaryDirectory(prefix="ankkuri-chase-")
            return Path(stack.enter_context(made)) / "data"

        if kind == "sqlite":
            yield lambda: (folder(), None)
            return
        programs = cluster.programs()
        assert programs, "PostgreSQL is not installed (Debian: apt-get install postgresql)"
        server = cluster.Cluster(programs, durable=True)
        stack.callback(server.remove)
        server.start()
        stack.callback(server.stop, "immediate")
        yield lambda: (folder(), server.url(server.new_database()).replace("+psycopg", ""))


@contextmanager
def _filled(place: tuple[Path, str | None], size: int) -> Iterator[Site]:
    data, address = place
    environ = {"ANKKURI_DATA": str(data), "ANKKURI_SECURE_COOKIES": "no"}
    settings = config.load(environ | ({"ANKKURI_DATABASE": address} if address else {}))
    data.mkdir(parents=True)
    upkeep.lay_out(settings)
    parts = wiring.build(keeper.pinned(settings), lambda: ARRIVED)
    try:
        agencies = [agency.id for agency in parts.directory.agencies.values() if agency.in_use]
        _enrol(parts, agencies)
        keeper.sign_all(parts)
        filling = _Filling(parts, agencies, size)
        filling.fill()
        _settle(parts.database)
        yield Site(parts, size, filling.first)
    finally:
        parts.database.engine.dispose()


def _enrol(parts: Parts, agencies: Sequence[str]) -> None:
    """A worker, a deputy and a head for each agency, a supervisor for each controller."""
    at_agencies = [
        (role, agency, None)
        for role in (Role.WORKER, Role.DEPUTY, Role.HEAD)
        for agency in agencies
    ]
    controllers = [(Role.SUPERVISOR, None, one) for one in parts.directory.controllers]
    people, roles = [], []
    for number, (role, agency, controller) in enumerate([*at_agencies, *controllers]):
        person = UUID(int=_PEOPLE + number)
        people.append(
            {
                "id": person,
                "sign_in_name": f"person-{number}",
                "name": f"Person {number}",
                "email": f"person-{number}@ankkuri.invalid",
                "language": "fi",
                "public_key": b"",
                "sealed_private_key": b"",
                "created_at": ARRIVED,
            }
        )
        roles.append(
            {
                "id": person,
                "person_id": person,
                "role": role.value,
                "agency_id": agency,
                "controller_id": controller,
                "valid_from": local_date(ARRIVED),
            }
        )
    with parts.database.write() as connection:
        connection.execute(insert(PersonRow), people)
        connection.execute(insert(MembershipRow), roles)


class _Filling:
    """Rows made by the database itself, of their numbers: nothing travels."""

    def __init__(self, parts: Parts, agencies: Sequence[str], size: int) -> None:
        self.database, self.agencies, self.size = parts.database, agencies, size
        self.postgresql = parts.database.engine.dialect.name == "postgresql"
        day = local_date(ARRIVED) + timedelta(days=14)
        planned = parts.chasing.around(Plan.DAYS, CLOCKS[0], day, ARRIVED, today=False)
        self.steps = [step.entry for step in planned]
        self.due_on = day
        self.first = next(step.at for step in planned if step.step_id == "days-due")

    def fill(self) -> None:
        """Referrals, then the deadlines that are due in each round, and those that are not."""
        progress = bar(self.size, f"filled, of {self.size:,}")
        for first in range(0, self.size // len(CLOCKS), CHUNK):
            self._referrals(first, min(first + CHUNK, self.size // len(CLOCKS)))
        done = 0
        for number in range(ROUNDS if self.size < LARGE else ROUNDS + 2):
            later = timedelta(minutes=number)
            count = DUE if number < ROUNDS else BACKLOG
            steps = [{**s, "at": (instant(s) + later).isoformat()} for s in self.steps]
            self._deadlines(done, done + count, self.first + later, steps)
            done += count
        while done < self.size:
            until = min(done + CHUNK, self.size)
            self._deadlines(done, until, None, self.steps[-2:-1])
            done = until
            progress(done)

    def _referrals(self, first: int, until: int) -> None:
        agency, worker = self._agency("n"), self._id(f"{_PEOPLE} + n % {len(self.agencies)}")
        empty = "''::bytea" if self.postgresql else "x''"
        at = self._instant(ARRIVED)
        numbered = "lpad(n::text, 7, '0')" if self.postgresql else "printf('%07d', n)"
        lead = "true" if self.postgresql else "1"
        self._insert("report", "id, received_at", f"{self._id('n')}, {at}", first, until)
        self._insert(
            "referral",
            "id, report_id, agency_id, reference, state, is_lead, arrived_at, moved_at, worker_id, "
            "sealed_reasons",
            f"{self._id('n')}, {self._id('n')}, {agency}, 'A1-' || {numbered}, 'accepted', {lead}, "
            f"{at}, {at}, CASE WHEN n % 2 = 0 THEN {worker} END, {empty}",
            first,
            until,
        )

    def _deadlines(
        self, first: int, until: int, next_at: datetime | None, steps: Sequence[Any]
    ) -> None:
        """``next_at``: None: on one of the coming sixty days."""
        referral, days = f"n / {len(CLOCKS)}", "1 + n % 60"
        later = self._instant(self.first)
        later = (
            f"{later} + ({days}) * interval '1 day'"
            if self.postgresql
            else f"strftime('%Y-%m-%d %H:%M:%S.000000', {later}, '+' || ({days}) || ' days')"
        )
        false = "false" if self.postgresql else "0"
        kept = json.dumps(steps).replace("'", "''")
        cast = "::json" if self.postgresql else ""
        due_at = self._instant(local_instant(self.due_on + timedelta(days=1), datetime.min.time()))
        day = f"'{self.due_on}'{'::date' if self.postgresql else ''}"
        clocks = " ".join(f"WHEN {i} THEN '{name}'" for i, name in enumerate(CLOCKS))
        self._insert(
            "deadline",
            "id, referral_id, agency_id, clock, started_at, today, rule, due_on, due_extended_on, "
            "due_at, calendar_version, steps, next_chase_at",
            f"{self._id('n')}, {self._id(referral)}, {self._agency(f'({referral})')}, "
            f"CASE n % {len(CLOCKS)} {clocks} END, {self._instant(ARRIVED)}, {false}, "
            f"'working_days 7', {day}, {day}, {due_at}, 'invented', '{kept}'{cast}, "
            f"{later if next_at is None else self._instant(next_at)}",
            first,
            until,
        )

    def _insert(self, table: str, columns: str, values: str, first: int, until: int) -> None:
        numbers = (
            f"generate_series({first}, {until - 1}) AS n"
            if self.postgresql
            else f"(WITH RECURSIVE s(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM s "  # noqa: S608
            f"WHERE n < {until - 1}) SELECT n FROM s)"
        )
        statement = f"INSERT INTO {table} ({columns}) SELECT {values} FROM {numbers}"  # noqa: S608
        with self.database.write() as connection:
            if self.postgresql:
                connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            connection.exec_driver_sql(statement)

    def _id(self, number: str) -> str:
        if self.postgresql:
            return f"lpad(to_hex(({number})::bigint), 32, '0')::uuid"
        return f"printf('%032x', {number})"

    def _agency(self, number: str) -> str:
        names = ", ".join(f"'{agency}'" for agency in self.agencies)
        if self.postgresql:
            return f"(ARRAY[{names}])[1 + {number} % {len(self.agencies)}]"
        whens = " ".join(f"WHEN {i} THEN '{name}'" for i, name in enumerate(self.agencies))
        return f"CASE {number} % {len(self.agencies)} {whens} END"

    def _instant(self, at: datetime) -> str:
        said = f"{at.astimezone(UTC):%Y-%m-%d %H}" + f":{at:%M}:{at:%S}"
        return f"'{said}+00'::timestamptz" if self.postgresql else f"'{said}.000000'"


def _settle(database: Database) -> None:
    """What PostgreSQL does by itself within minutes; SQLite does nothing of the kind."""
    if database.engine.dialect.name == "postgresql":
        with database.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.exec_driver_sql("SET statement_timeout = 0")
            connection.exec_driver_sql("VACUUM ANALYZE")
