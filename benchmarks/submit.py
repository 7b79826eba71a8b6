"""``ankkuri bench submit``: the final post through the real HTTP door against its floor.

Both servers run at once with the same number of processes. A round posts to one and the other in
turn, a slice at a time, so that the machine's moods fall on both; every figure is the median of its
rounds. The report has three recipients and a standby desk.

On PostgreSQL (a durable server of its own) the reporter's door runs alone under its own role.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Connection, LargeBinary, String, cast, func, select, true

import config
from benchmarks import cluster
from intake import wiring
from intake.domain.people import Membership, Role
from intake.domain.trail import Action
from intake.services.draft import Draft
from intake.services.enrol import Enrol
from intake.store.database import Database
from intake.store.privileges import role_name
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
from intake.vault.own import VisitorSecret
from intake.vault.passphrase import Cost
from intake.web.forms.base import token_key

POSTS = 400
SLICE = 40
GOAL = 0.5
P99_AT = 8  # clients
OF_A_REPORT = (ReportRow, SectionRow, ReceiptRow, DecisionRow, ReferralRow, WrapRow, DeadlineRow)
TYPED: dict[str, Any] = {
    "who": {"kind": ["professional"]},
    "reporter": {
        "sector": ["school"],
        "name": ["Outi Opettaja"],
        "post": ["luokanopettaja"],
        "organisation": ["Tikkukiven koulu"],
        "phone": ["040 000 0001"],
    },
    "children": [
        {
            "name": ["Kaisla Keksitty"],
            "hetu": ["010515A901L"],
            "municipality": ["vantaa"],
            "school": ["school-tikkukivi"],
            "school_class": ["5 B"],
            "interpreter": ["no"],
            "turvakielto": ["no"],
        }
    ],
    "guardians": [],
    "worry": {"categories": ["gang"], "child_role": ["suspected"]},
    "urgency": {"urgency": ["normal"], "threat_to_life": ["none"], "weapon": ["no"]},
    "protection": {
        "crime_against_child": ["none"],
        "may_need_protection": ["yes"],
        "made_together": ["no"],
    },
    "observations": {"seen": ["Keksitty havainto koulun pihalta. " * 30], "when": ["eilen"]},
    "consent": {
        "child_informed": ["yes"],
        "guardian_informed": ["no"],
        "informed_reason": ["En ole tavoittanut."],
        "child_consent": ["given"],
        "guardian_consent": ["not_asked"],
        "consent_to": ["ANK", "YOU"],
    },
}


@dataclass(frozen=True)
class Post:
    """One final post: where it goes and with what."""

    path: str
    cookie: str
    token: str
    plan: str


@dataclass
class Round:
    """What one round measured of one server."""

    seconds: float = 0
    took: list[float] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        """Posts a second."""
        return len(self.took) / self.seconds

    @property
    def p99_seconds(self) -> float:
        """What 99 of 100 posts took at most."""
        return sorted(self.took)[min(len(self.took) - 1, int(len(self.took) * 0.99))]


@dataclass(frozen=True)
class Plan:
    """What is measured on a database, and what ``p99`` must stay under (seconds)."""

    rounds: int
    clients: tuple[int, ...]
    processes: tuple[int, ...]
    p99: float


PLANS = {
    "sqlite": Plan(rounds=5, clients=(1, 8), processes=(2,), p99=1),
    "postgresql": Plan(rounds=3, clients=(1, 8, 32), processes=(1, 2, 4), p99=0.5),
}


def run(*, database: str, as_json: bool) -> int:
    """Measure, print, and say whether the goal is met (0) or not (1)."""
    with tempfile.TemporaryDirectory() as folder, _addresses(database, Path(folder)) as addresses:
        report = _measure(Path(folder), PLANS[database], addresses)
    if as_json:
        print(json.dumps(report, indent=2))
    else:
        for line in report["lines"]:
            print(line)
    return 0 if report["holds"] else 1


@dataclass(frozen=True)
class Addresses:
    """Of one database: as its owner, as the door under measurement, and for the floor."""

    owner: str
    door: str
    floor: str


@contextmanager
def _addresses(database: str, folder: Path) -> Iterator[Addresses]:
    if database == "sqlite":
        ours = f"sqlite:///{folder / 'intake.sqlite3'}"
        yield Addresses(ours, ours, f"sqlite:///{folder / 'floor.sqlite3'}")
        return
    programs = cluster.programs()
    assert programs, "PostgreSQL is not installed (Debian: apt-get install postgresql)"
    server = cluster.Cluster(programs, durable=True)
    try:
        server.start()
        role = role_name("reporter")
        server.execute(f"CREATE ROLE {role} LOGIN")
        ours, floor = server.new_database(), server.new_database()
        owner, door = (server.url(ours, who).replace("+psycopg", "") for who in ("owner", role))
        yield Addresses(owner, door, server.url(floor))
    finally:
        server.stop("immediate")
        server.remove()


def _measure(folder: Path, plan: Plan, addresses: Addresses) -> dict[str, Any]:
    environ = {
        "ANKKURI_DATA": str(folder),
        "ANKKURI_DATABASE": addresses.owner,
        "ANKKURI_SECURE_COOKIES": "no",
    }
    settings = config.load(environ)
    parts = _lay_out(settings)
    apart = addresses.door != addresses.owner
    if apart:
        environ |= {
            "ANKKURI_DATABASE": addresses.door,
            "ANKKURI_KEYS": str(_reporters_keys(settings.keys, folder)),
            "ANKKURI_DOORS": "reporter",
        }
    environ |= {"FLOOR_DATABASE": addresses.floor, "FLOOR_TYPED": json.dumps(TYPED)}
    bench = _Bench(parts, config.read_secret(settings.keys, config.SECRETS["reporter"]), plan)
    for processes in plan.processes:
        bench.measure(os.environ | environ, processes)
    parts.database.engine.dispose()
    return bench.report()


def _reporters_keys(keys: Path, folder: Path) -> Path:
    """A key folder of the reporter's door alone."""
    own = folder / "reporter-keys"
    own.mkdir(mode=0o700)
    for name in (config.SECRETS["reporter"], config.REPLAY_PUBLIC):
        shutil.copy(keys / name, own / name)
    return own


@dataclass
class _Bench:
    """One site under measurement; rounds by (whose, clients, processes)."""

    parts: wiring.Parts
    secret: bytes
    plan: Plan
    rounds: dict[tuple[str, int, int], list[Round]] = field(default_factory=dict)
    first: int = 0
    size: int = 0

    def measure(self, environ: dict[str, str], processes: int) -> None:
        """Both servers with this many processes, all numbers of clients in turn."""
        ours = _Server("intake.app:from_environment()", environ, processes)
        try:
            if not self.size:
                self._post_first(ours.port)
            sized = environ | {"FLOOR_BYTES": str(self.size)}
            floor = _Server("benchmarks.floor:from_environment()", sized, processes)
            try:
                self._interleave(ours.port, floor.port, processes)
            finally:
                floor.stop()
        finally:
            ours.stop()

    def _post_first(self, port: int) -> None:
        round_ = Round()
        _post(port, _drafts(self.parts, self.secret, 1, port), 1, round_)
        assert round_.statuses == [303], f"the first post failed: {round_.statuses}"
        self.first, self.size = 1, _bytes_of_a_report(self.parts.database)

    def _interleave(self, ours: int, floor: int, processes: int) -> None:
        floors = [Post("/send", "", _get(floor, "/"), "")] * SLICE
        for _ in range(self.plan.rounds):
            for clients in self.plan.clients:
                drafts = _drafts(self.parts, self.secret, POSTS, ours)
                of_floor, of_ours = Round(), Round()
                for start in range(0, POSTS, SLICE):
                    _post(floor, floors, clients, of_floor)
                    _post(ours, drafts[start : start + SLICE], clients, of_ours)
                self.rounds.setdefault(("floor", clients, processes), []).append(of_floor)
                self.rounds.setdefault(("ours", clients, processes), []).append(of_ours)

    def report(self) -> dict[str, Any]:
        """The figures, in lines and as values, and whether the goal is met."""
        taken = self.first + sum(
            round_.statuses.count(303)
            for (whose, _, _), found in self.rounds.items()
            if whose == "ours"
            for round_ in found
        )
        with self.parts.database.read() as connection:
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


def _post(port: int, posts: list[Post], clients: int, into: Round) -> None:
    waiting: SimpleQueue[Post] = SimpleQueue()
    for post in posts:
        waiting.put(post)

    def client() -> None:
        with suppress(Empty):
            while True:
                post = waiting.get_nowait()
                began = time.perf_counter()
                into.statuses.append(_send(port, post))
                into.took.append(time.perf_counter() - began)

    answered = len(into.statuses)
    threads = [Thread(target=client) for _ in range(clients)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    into.seconds += time.perf_counter() - began
    assert len(into.statuses) == answered + len(posts), "a post was not answered"


def _send(port: int, post: Post) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Cookie": f"ankkuri_draft={post.cookie}",
    }
    try:
        connection.request("POST", post.path, _form(post), headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def _form(post: Post) -> str:
    return urlencode({"csrf_token": post.token} | ({"plan": post.plan} if post.plan else {}))


def _get(port: int, path: str, cookie: str = "") -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path, headers={"Cookie": cookie} if cookie else {})
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def _drafts(parts: wiring.Parts, door_secret: bytes, count: int, port: int) -> list[Post]:
    """That many drafts, ready to be sent, each with its cookie, its token and their one plan."""
    drafts, posts, plan = Draft(parts.database), [], ""
    for _ in range(count):
        secret = VisitorSecret.new()
        drafts.save(secret, TYPED, parts.now())
        key = token_key(door_secret, secret.csrf_key)
        token = hmac.new(key, b"ankkuri form token", hashlib.sha256).hexdigest()
        plan = plan or _plan(_get(port, "/report/check", f"ankkuri_draft={secret.cookie}"))
        posts.append(Post("/report/send", secret.cookie, token, plan))
    return posts


def _plan(page: str) -> str:
    """The digest that a check page sends with its button."""
    _, _, rest = page.partition('name="plan"')
    return rest.partition('value="')[2].partition('"')[0]


def _lay_out(settings: config.Settings) -> wiring.Parts:
    wiring.lay_out(settings)
    parts = wiring.build(settings)
    pepper = config.read_secret(settings.keys, config.SECRETS["pepper"])
    enrol = Enrol(parts.database, pepper, Cost(iterations=1, memory_kib=8))
    person = enrol.person(
        "bench",
        "Mitta Mittaaja",
        "bench@ankkuri.invalid",
        "fi",
        "mitataan mitä mitataan",
        tuple(Membership(Role.WORKER, agency) for agency in parts.directory.agencies),
        parts.now(),
    )
    for agency in parts.directory.agencies:
        enrol.first_key(agency, (person,), parts.now())
    return parts


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


class _Server:
    """One application as `ankkuri serve` has its own, in a process group of its own."""

    def __init__(self, application: str, environ: dict[str, str], processes: int) -> None:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            self.port: int = listener.getsockname()[1]
        command = [sys.executable, "-m", "intake.server", "--application", application]
        self._process = subprocess.Popen(
            [*command, "--port", str(self.port), "--processes", str(processes)],
            env=environ,
            cwd=config.PROJECT,
            start_new_session=True,
            stderr=subprocess.DEVNULL,  # a line for each request, as in use
        )
        end = time.monotonic() + 30
        while time.monotonic() < end and self._process.poll() is None:
            with suppress(OSError):
                _get(self.port, "/")
                return
        self.stop()
        raise RuntimeError(f"{application} did not start")

    def stop(self) -> None:
        """End the group."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait()
