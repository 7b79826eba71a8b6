"""``ankkuri bench pages``: the pages of staff over 1,000 and over 100,000 referrals.

A site after a week and the same after two years (``two_years``) answer in turn, request by request,
within this process: what is timed is the application from the request to the last byte of its
answer, without HTTP's transport. Time in which the machine let other programs run is left out where
Linux tells it; the clock's own time is said beside. On PostgreSQL (a durable server of its own)
each door has its own role.
"""

from __future__ import annotations

import json
import logging
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import Flask
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder, run_wsgi_app

import config
from benchmarks import cluster, keeper, two_years
from benchmarks.waiting import Waiting
from intake import upkeep, wiring
from intake.app import create_app
from intake.domain.people import Membership, Role
from intake.parts import Parts
from intake.services.enrol import Enrol
from intake.services.sign_in import begin
from intake.store.database import Database
from intake.store.privileges import role_name
from intake.vault.keyring import SessionSecret
from intake.vault.passphrase import Cost
from intake.web.paging import ROWS
from intake.web.second_step import COOKIE

SIZES = (1_000, 100_000)
WARM_UP, ROUNDS = 10, 60
MOST_MS, MOST_RATIO = 15, 2
NOW = datetime(2027, 9, 7, 7, 42, tzinfo=UTC)  # the school calendar reaches two years back
PASSPHRASE = "mitataan mitä voidaan"  # noqa: S105  # of an invented person in a site that is thrown away
DOORS = ("reporter", "agency", "supervisor")
TENTH = 10

STAFF: dict[str, tuple[str, tuple[Membership, ...]]] = {
    "worker": ("agency", (Membership(Role.WORKER, two_years.USUAL),)),
    "busy-worker": (
        "agency",
        (Membership(Role.WORKER, two_years.BUSY), Membership(Role.HEAD, two_years.TRIAGE)),
    ),
    "standby": ("agency", (Membership(Role.WORKER, two_years.STANDBY[two_years.BUSY]),)),
    "supervisor": ("supervisor", (Membership(Role.SUPERVISOR, controller=two_years.COUNTY),)),
    "busy-supervisor": (
        "supervisor",
        (Membership(Role.SUPERVISOR, controller=two_years.BUSY_COUNTY),),
    ),
    "overseer": (
        "supervisor",
        tuple(Membership(Role.SUPERVISOR, controller=of) for of in two_years.CONTROLLERS),
    ),
}


@dataclass(frozen=True)
class Page:
    """A page under measurement. ``who``: nobody for pages that are open to all."""

    title: str
    who: str
    path: str
    number: int = 1

    @property
    def door(self) -> str:
        """Whose door it is at."""
        return STAFF[self.who][0] if self.who else "reporter" if self.path == "/" else "agency"


PAGES = (
    Page("inbox", "worker", "/inbox"),
    Page("inbox, closed", "worker", "/inbox?state=closed"),
    Page("inbox, closed, 10th page", "worker", "/inbox?state=closed", TENTH),
    Page("busy office's inbox", "busy-worker", "/inbox"),
    Page("busy office's inbox, 10th page", "busy-worker", "/inbox", TENTH),
    Page("busy office's inbox, all", "busy-worker", "/inbox?state=all"),
    Page("busy office's inbox, closed", "busy-worker", "/inbox?state=closed"),
    Page("inbox of the busy office's standby", "standby", "/inbox"),
    Page("deadlines", "supervisor", "/deadlines"),
    Page("busy county's deadlines", "busy-supervisor", "/deadlines"),
    Page("busy county's deadlines, 10th page", "busy-supervisor", "/deadlines", TENTH),
    Page("staff's front", "worker", "/staff"),
    Page("sign-in page", "", "/sign-in"),
    Page("reporter's front", "", "/"),
)


def run(*, database: str, as_json: bool) -> int:
    """Measure, print, and say whether the goal is met (0) or not (1)."""
    logging.getLogger("intake").setLevel(logging.WARNING)  # else a line for each request
    with ExitStack() as stack:
        place = stack.enter_context(databases(database))
        sites = {size: stack.enter_context(site_of(place(), size)) for size in SIZES}
        report = _report(measure(sites, PAGES))
    if as_json:
        print(json.dumps(report, indent=2))
    else:
        for line in report["lines"]:
            print(line)
    return 0 if report["holds"] else 1


@dataclass(frozen=True)
class Place:
    """Where a site is: its folder, and its database's address for its owner and for a door."""

    folder: Path
    owner: str
    door: Callable[[str], str]


@contextmanager
def databases(database: str) -> Iterator[Callable[[], Place]]:
    """What to call for each new site: SQLite's file, or a database of a server of our own."""
    with ExitStack() as stack:

        def folder() -> Path:
            return Path(stack.enter_context(tempfile.TemporaryDirectory()))

        def file() -> Place:
            ours = folder()
            url = f"sqlite:///{ours / 'intake.sqlite3'}"
            return Place(ours, url, lambda _door: url)

        if database == "sqlite":
            yield file
            return
        programs = cluster.programs()
        assert programs, "PostgreSQL is not installed (Debian: apt-get install postgresql)"
        server = cluster.Cluster(programs, durable=True)
        stack.callback(server.remove)
        server.start()
        stack.callback(server.stop, "immediate")
        server.execute(*(f"CREATE ROLE {role_name(door)} LOGIN" for door in DOORS))

        def on_server() -> Place:
            name = server.new_database()
            owner = server.url(name).replace("+psycopg", "")
            return Place(folder(), owner, lambda door: server.url(name, role_name(door)))

        yield on_server


@dataclass
class Site:
    """The doors of a site, each with its database, and the cookies of who has signed in."""

    apps: dict[str, Flask]
    databases: dict[str, Database]
    cookies: dict[str, str] = field(default_factory=dict)

    def asked(self, page: Page) -> Asked:
        """A request for the page, found by going from page to page while they are full."""
        asked = self._request(page, page.path)
        for _ in range(1, page.number):
            nav = asked.answer().partition('<nav class="pages"')[2].partition("</nav>")[0]
            last = nav.replace("&amp;", "&").rpartition('href="')[2].partition('"')[0]
            following = self._request(page, last) if "after=" in last else asked
            if following.answer().count('role="rowheader"') < ROWS:
                break
            asked = following
        return asked

    def _request(self, page: Page, path: str) -> Asked:
        cookie = Headers({"Cookie": self.cookies.get(page.who, "")})
        environ = EnvironBuilder(path=path, headers=cookie).get_environ()
        return Asked(self.apps[page.door], environ, Waiting(self.databases[page.door]))


@dataclass
class Asked:
    """A request that can be made again and again, and what it took."""

    app: Flask
    environ: dict[str, Any]
    waiting: Waiting
    took: list[float] = field(default_factory=list)
    clock: list[float] = field(default_factory=list)
    rows: int = 0

    def answer(self) -> str:
        """What the application answers, past any server."""
        body, status, _ = run_wsgi_app(self.app, dict(self.environ), buffered=True)
        assert status.startswith(("200", "303")), status
        return b"".join(body).decode()

    def measure(self) -> None:
        """Make it once more."""
        waited, began = self.waiting(), time.perf_counter()
        body = self.answer()
        clock = time.perf_counter() - began
        self.clock.append(clock)
        self.took.append(clock - (self.waiting() - waited))
        self.rows = body.count('role="rowheader"')

    def forget(self) -> None:
        """Forget what it took to warm up."""
        self.took.clear()
        self.clock.clear()

    @property
    def median(self) -> float:
        """Milliseconds."""
        return 1000 * statistics.median(self.took)

    @property
    def p95(self) -> float:
        """Milliseconds."""
        return 1000 * sorted(self.took)[int(len(self.took) * 0.95)]

    @property
    def told(self) -> str:
        """The figures of one site."""
        return (
            f"{self.median:5.1f} ms, p95 {self.p95:5.1f}, by the clock "
            f"{1000 * statistics.median(self.clock):5.1f} ({self.rows:2} rows)"
        )


Fill = Callable[[Parts, int, list[UUID], datetime], None]
"""Puts so many referrals into a site, which these people have taken up by an instant."""


@contextmanager
def site_of(place: Place, size: int, fill: Fill = two_years.fill) -> Iterator[Site]:
    """A site of this size at which everybody of STAFF has signed in."""
    settings = config.load(
        {
            "ANKKURI_DATA": str(place.folder),
            "ANKKURI_DATABASE": place.owner,
            "ANKKURI_SECURE_COOKIES": "no",
        }
    )
    upkeep.lay_out(settings)
    cheap = Cost(iterations=1, memory_kib=8)
    parts = replace(wiring.build(keeper.pinned(settings), lambda: NOW), cost=cheap)
    enrol = Enrol(parts.database, parts.pepper, cheap)
    before = NOW - timedelta(days=1000)
    people = [
        enrol.person(name, name, f"{name}@ankkuri.invalid", "fi", PASSPHRASE, roles, before)
        for name, (_, roles) in STAFF.items()
    ]
    keeper.sign_all(parts)
    fill(parts, size, people, NOW)
    two_years.beat(parts.database, NOW)
    databases = {door: Database(place.door(door), parts.database.signed) for door in DOORS}
    apps = {
        door: create_app(
            replace(parts, settings=replace(settings, doors=(door,)), database=databases[door])
        )
        for door in DOORS
    }
    site = Site(apps, databases)
    for name in STAFF:
        site.cookies[name] = _sign_in(parts, name)
    try:
        yield site
    finally:
        for database in (parts.database, *databases.values()):
            database.engine.dispose()


def _sign_in(parts: Parts, name: str) -> str:
    """A cookie whose session is whole, without the second step, which is not what is measured."""
    half = parts.sign_in.half(parts.sign_in(name, PASSPHRASE, NOW), NOW)
    assert half is not None
    secret = SessionSecret.new()
    with parts.database.write() as connection:
        begin(connection, secret, half.person.id, half.key, NOW, factor_at=NOW)
    return f"{COOKIE}={secret.cookie}"


def measure(sites: dict[int, Site], pages: Sequence[Page]) -> dict[Page, dict[int, Asked]]:
    """Each page of each site, asked for in turn after some rounds to warm up."""
    asked = {page: {size: site.asked(page) for size, site in sites.items()} for page in pages}
    every = [one for of_page in asked.values() for one in of_page.values()]
    for rounds in (WARM_UP, ROUNDS):
        for one in every:
            one.forget()
        for number in range(rounds):
            for one in every if number % 2 else reversed(every):
                one.measure()
    return asked


def _report(asked: dict[Page, dict[int, Asked]]) -> dict[str, Any]:
    """The figures, in lines and as values, and whether the goal is met."""
    small, large = SIZES
    lines: list[str] = []
    figures: dict[str, Any] = {}
    for page, of in asked.items():
        ratio = statistics.median(
            b / a for a, b in zip(of[small].took, of[large].took, strict=True)
        )
        figures[page.title] = {
            "ms": {size: one.median for size, one in of.items()},
            "rows": {size: one.rows for size, one in of.items()},
            "ratio": ratio,
        }
        lines.append(f"{page.title}: ratio {ratio:.2f}")
        lines += [f"  {size:7,} referrals: {one.told}" for size, one in of.items()]
    worst = max(figure["ms"][large] for figure in figures.values())
    most = max(figure["ratio"] for figure in figures.values())
    holds = worst < MOST_MS and most <= MOST_RATIO
    lines.append(
        f"goal (median < {MOST_MS} ms over {large:,}, at most {MOST_RATIO} times that over "
        f"{small:,}): {'met' if holds else 'missed'}, {worst:.1f} ms and {most:.2f} at worst"
    )
    return {"holds": holds, "pages": figures, "lines": lines}
