"""``ankkuri bench submit``: the final post through the real HTTP door against its floor.

Both servers run at once with the same number of processes. A round posts to one and the other in
turn, a slice at a time, so that the machine's moods fall on both; every figure is the median of its
rounds. The report has three recipients and a standby desk.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import LargeBinary, cast, func, select, true

import config
from intake import wiring
from intake.domain.people import Membership, Role
from intake.domain.trail import Action
from intake.services.draft import Draft
from intake.services.enrol import Enrol
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
from intake.vault.own import VisitorSecret
from intake.vault.passphrase import Cost
from intake.web.forms.base import token_key

ROUNDS = 5
POSTS = 400
SLICE = 40
CLIENTS = (1, 8)
PROCESSES = 2
GOAL = 0.5
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


def run(*, as_json: bool) -> int:
    """Measure, print, and say whether the goal is met (0) or not (1)."""
    with tempfile.TemporaryDirectory() as folder:
        report = _measure(Path(folder))
    if as_json:
        print(json.dumps(report, indent=2))
    else:
        for line in report["lines"]:
            print(line)
    return 0 if report["holds"] else 1


def _measure(folder: Path) -> dict[str, Any]:
    settings = config.load({"ANKKURI_DATA": str(folder), "ANKKURI_SECURE_COOKIES": "no"})
    parts = _lay_out(settings)
    secret = config.read_secret(settings.keys, config.SECRETS["reporter"])
    environ = os.environ | {
        "ANKKURI_DATA": str(folder),
        "ANKKURI_SECURE_COOKIES": "no",
        "ANKKURI_DOORS": ",".join(settings.doors),
        "FLOOR_DATABASE": f"sqlite:///{folder / 'floor.sqlite3'}",
        "FLOOR_TYPED": json.dumps(TYPED),
    }
    ours = _Server("intake.app:from_environment()", environ)
    try:
        first = _drafts(parts, secret, 1, ours.port)
        round_ = Round()
        _post(ours.port, first, 1, round_)
        assert round_.statuses == [303], f"the first post failed: {round_.statuses}"
        environ["FLOOR_BYTES"] = str(_bytes_of_a_report(parts.database))
        floor = _Server("benchmarks.floor:from_environment()", environ)
        try:
            rounds = _interleaved(parts, secret, ours.port, floor.port)
        finally:
            floor.stop()
    finally:
        ours.stop()
    return _report(parts.database, rounds, int(environ["FLOOR_BYTES"]))


def _interleaved(
    parts: wiring.Parts, secret: bytes, ours: int, floor: int
) -> dict[tuple[str, int], list[Round]]:
    token = _get(floor, "/")
    rounds: dict[tuple[str, int], list[Round]] = {}
    for _ in range(ROUNDS):
        for clients in CLIENTS:
            drafts = _drafts(parts, secret, POSTS, ours)
            floors = [Post("/send", "", token, "")] * SLICE
            of_floor, of_ours = Round(), Round()
            for start in range(0, POSTS, SLICE):
                _post(floor, floors, clients, of_floor)
                _post(ours, drafts[start : start + SLICE], clients, of_ours)
            rounds.setdefault(("floor", clients), []).append(of_floor)
            rounds.setdefault(("ours", clients), []).append(of_ours)
    return rounds


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


def _bytes_of_a_report(database: Database) -> int:
    """Bytes of every value in the rows of the one report that is there; indexes come on top."""
    of_it: dict[Any, Any] = dict.fromkeys(OF_A_REPORT, true())
    of_it[TrailRow] = TrailRow.action == Action.SEND.value
    with database.read() as connection:
        return sum(
            connection.scalar(select(func.sum(func.length(cast(column, LargeBinary)))).where(which))
            or 0
            for row, which in of_it.items()
            for column in row.__table__.c
        )


def _report(
    database: Database, rounds: dict[tuple[str, int], list[Round]], size: int
) -> dict[str, Any]:
    with database.read() as connection:
        reports = connection.scalar(select(func.count()).select_from(ReportRow)) or 0
        drafts = connection.scalar(select(func.count(ReceiptRow.draft_id.distinct()))) or 0
        referrals = connection.scalar(select(func.count()).select_from(ReferralRow)) or 0
        wraps = connection.scalar(select(func.count()).select_from(WrapRow)) or 0
    assert referrals == 3 * reports, "three recipients each"
    assert wraps == 4 * reports, "and a standby wrap"
    taken = 1 + sum(
        round_.statuses.count(303)
        for (whose, _), found in rounds.items()
        if whose == "ours"
        for round_ in found
    )
    statuses = [status for found in rounds.values() for r in found for status in r.statuses]
    failed = sum(status >= 500 for status in statuses)
    refused = sum(status not in (303, *range(500, 600)) for status in statuses)
    lines = [f"one report: {size} bytes in its rows, 3 recipients and a standby desk"]
    ratios = {}
    for clients in CLIENTS:
        ours, floor = rounds["ours", clients], rounds["floor", clients]
        each = [o.per_second / f.per_second for o, f in zip(ours, floor, strict=True)]
        ratios[clients] = statistics.median(each)
        lines.append(
            f"{clients} client{'s' * (clients > 1)}: "
            f"{statistics.median(r.per_second for r in ours):.0f} reports/s against "
            f"{statistics.median(r.per_second for r in floor):.0f} floor posts/s, "
            f"ratio {ratios[clients]:.2f}; p99 "
            f"{1000 * statistics.median(r.p99_seconds for r in ours):.0f} ms"
        )
    p99 = max(r.p99_seconds for r in rounds["ours", 8])
    whole = reports == drafts == taken
    lines.append(
        f"worst p99 at 8 clients {1000 * p99:.0f} ms; {failed} answers of 5xx, {refused} refused"
    )
    lines.append(f"{taken} receipts, {reports} reports stored, {drafts} drafts: no duplicate")
    holds = min(ratios.values()) >= GOAL and p99 < 1 and failed == refused == 0 and whole
    lines.append(
        f"goal (ratio >= {GOAL}, p99 < 1 s, no 5xx, no duplicate): {'met' if holds else 'missed'}"
    )
    return {"holds": holds, "ratios": ratios, "p99": p99, "lines": lines}


class _Server:
    """One application as `ankkuri serve` has its own, in a process group of its own."""

    def __init__(self, application: str, environ: dict[str, str]) -> None:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            self.port: int = listener.getsockname()[1]
        command = [sys.executable, "-m", "intake.server", "--application", application]
        self._process = subprocess.Popen(
            [*command, "--port", str(self.port), "--processes", str(PROCESSES)],
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
