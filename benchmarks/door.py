"""A site of its own behind the real HTTP door, and final posts to it."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any
from urllib.parse import urlencode

import config
from benchmarks import cluster, keeper
from intake import upkeep, wiring
from intake.domain.people import Membership, Role
from intake.parts import Parts
from intake.services.draft import Draft
from intake.services.enrol import Enrol
from intake.store.privileges import role_name
from intake.vault.own import VisitorSecret
from intake.vault.passphrase import Cost
from intake.web.forms.base import token_key

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


NAME, PASSPHRASE = "bench", "mitataan mitä voidaan"
"""Of the one member of every agency."""


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
class Addresses:
    """Of one database: as its owner, as the door under measurement, and for the floor."""

    owner: str
    door: str
    floor: str


@contextmanager
def addresses(database: str, folder: Path) -> Iterator[Addresses]:
    """On SQLite in the folder, on PostgreSQL at a durable server of its own."""
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


@dataclass(frozen=True)
class Door:
    """The reporter's door of a site of its own: as its owner, its secret, and how it is served."""

    parts: Parts
    secret: bytes
    environ: dict[str, str]


def lay_out(folder: Path, at: Addresses) -> Door:
    """A site in which somebody can open what any agency gets."""
    environ = {
        "ANKKURI_DATA": str(folder),
        "ANKKURI_DATABASE": at.owner,
        "ANKKURI_SECURE_COOKIES": "no",
        **keeper.PINNED,
    }
    settings = config.load(environ)
    parts = _settle(settings)
    if at.door != at.owner:
        environ |= {
            "ANKKURI_DATABASE": at.door,
            "ANKKURI_KEYS": str(_reporters_keys(settings.keys, folder)),
            "ANKKURI_DOORS": "reporter",
        }
    secret = config.read_secret(settings.keys, config.SECRETS["reporter"])
    return Door(parts, secret, os.environ | environ)


def _reporters_keys(keys: Path, folder: Path) -> Path:
    """A key folder of the reporter's door alone."""
    own = folder / "reporter-keys"
    own.mkdir(mode=0o700)
    for name in (config.SECRETS["reporter"], config.REPLAY_PUBLIC, config.DIRECTORY_PUBLIC):
        shutil.copy(keys / name, own / name)
    return own


def _settle(settings: config.Settings) -> Parts:
    upkeep.lay_out(settings)
    parts = wiring.build(keeper.pinned(settings))
    pepper = config.read_secret(settings.keys, config.SECRETS["pepper"])
    enrol = Enrol(parts.database, pepper, Cost(iterations=1, memory_kib=8))
    person = enrol.person(
        NAME,
        "Mitta Mittaaja",
        "bench@ankkuri.invalid",
        "fi",
        PASSPHRASE,
        tuple(Membership(Role.WORKER, agency) for agency in parts.directory.agencies),
        parts.now(),
    )
    for agency in parts.directory.agencies:
        enrol.first_key(agency, (person,), parts.now())
    keeper.sign_all(parts)
    return parts


def post(port: int, posts: list[Post], clients: int, into: Round) -> None:
    """Send each once, by so many clients side by side."""
    waiting: SimpleQueue[Post] = SimpleQueue()
    for each in posts:
        waiting.put(each)

    def client() -> None:
        with suppress(Empty):
            while True:
                each = waiting.get_nowait()
                began = time.perf_counter()
                into.statuses.append(_send(port, each))
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


def get(port: int, path: str, cookie: str = "") -> str:
    """A page."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path, headers={"Cookie": cookie} if cookie else {})
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def drafts(door: Door, count: int, port: int) -> list[Post]:
    """That many drafts, ready to be sent, each with its cookie, its token and their one plan."""
    kept, posts, plan = Draft(door.parts.database), [], ""
    for _ in range(count):
        secret = VisitorSecret.new()
        kept.save(secret, TYPED, door.parts.now())
        key = token_key(door.secret, secret.csrf_key)
        token = hmac.new(key, b"ankkuri form token", hashlib.sha256).hexdigest()
        plan = plan or _plan(get(port, "/report/check", f"ankkuri_draft={secret.cookie}"))
        posts.append(Post("/report/send", secret.cookie, token, plan))
    return posts


def _plan(page: str) -> str:
    """The digest that a check page sends with its button."""
    _, _, rest = page.partition('name="plan"')
    return rest.partition('value="')[2].partition('"')[0]


class Server:
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
                get(self.port, "/")
                return
        self.stop()
        raise RuntimeError(f"{application} did not start")

    @property
    def workers(self) -> list[int]:
        """The numbers of the processes that answer (Linux)."""
        master = self._process.pid
        return [
            int(pid) for pid in Path(f"/proc/{master}/task/{master}/children").read_text().split()
        ]

    def stop(self) -> None:
        """End the group."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait()
