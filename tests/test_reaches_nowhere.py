"""No shell, no address that was typed, no place of secrets in a browser: read from the code, and
seen as the service works.
"""

from __future__ import annotations

import ast
import os
import re
import socket
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from typing import Any, NoReturn

import config
from intake.services.draft import Draft
from intake.vault.own import VisitorSecret
from tests.site import Site, worry_answers
from tests.web.walking import Walkers, routes

FILES = [
    *(config.PROJECT / "intake").rglob("*.py"),
    *(config.PROJECT / "routing_rules").rglob("*.py"),
    config.PROJECT / "config.py",
]
REACHING = {
    *("socket", "socketserver", "ssl", "smtplib", "ftplib", "poplib", "imaplib", "telnetlib"),
    *("http.client", "http.server", "urllib.request", "xmlrpc.client", "asyncio", "requests"),
    *("httpx", "aiohttp", "urllib3"),
}
"""What opens connections, or could."""
REACHES = {
    "config.py": {"socket"},  # whether a port is free
    "intake/loopback.py": {"socket", "http.server"},  # figures, on this machine alone
    "intake/demo.py": {"http.client"},  # whether its own server answers
    "intake/post/smtp.py": {"smtplib", "ssl"},
    "intake/sender.py": {"ssl"},  # for that
}
STARTS = {"intake/demo.py": {"subprocess"}, "intake/commands/site.py": {"os.execv"}}
"""The demo starts our own server and jobs, and ``serve`` becomes the server."""


@cache
def trees() -> Sequence[tuple[str, ast.Module]]:
    return [
        (str(file.relative_to(config.PROJECT)), ast.parse(file.read_text("utf-8")))
        for file in FILES
    ]


def imported(tree: ast.Module) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def test_nothing_but_the_letters_way_can_reach_out() -> None:
    found = {name: imported(tree) & REACHING for name, tree in trees()}
    assert {name: what for name, what in found.items() if what} == REACHES


def test_no_shell_and_no_other_program_is_ever_started() -> None:
    found: dict[str, set[str]] = {}
    for name, tree in trees():
        called = {ast.unparse(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call)}
        used = {c for c in called if re.match(r"os\.(system|popen|exec|spawn|posix_spawn)", c)}
        used |= imported(tree) & {"subprocess", "pty", "commands", "multiprocessing"}
        if used:
            found[name] = used
        for node in ast.walk(tree):
            assert not (isinstance(node, ast.keyword) and node.arg == "shell"), name
    assert found == STARTS


def test_no_pattern_is_made_of_what_was_typed() -> None:
    """Each is a text of the code, or made of such; ``re.escape`` has the rest."""
    for name, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and (called := ast.unparse(node.func)).startswith("re."):
                if called == "re.escape":
                    continue
                pattern = node.args[0]
                names = {n.id for n in ast.walk(pattern) if isinstance(n, ast.Name)} - {"Press"}
                assert all(each.isupper() for each in names), f"{name}: {ast.unparse(node)}"


def connected(walk: Callable[[], None]) -> list[str]:
    """Where it connected or looked a name up, walked in a process of its own: no other test is to
    be listened to, and who listens once does so to the end.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        _walk(walk, writing)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as said:
        *seen, last = said.read().splitlines()
    assert os.waitpid(child, 0)[1] == 0
    assert last == "done"
    return seen


def _walk(walk: Callable[[], None], writing: int) -> NoReturn:
    status = 1
    try:
        sys.addaudithook(lambda event, arguments: _hear(writing, event, arguments))
        walk()
        os.write(writing, b"done\n")
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def _hear(writing: int, event: str, arguments: tuple[Any, ...]) -> None:
    if event in {"socket.connect", "socket.getaddrinfo", "socket.sendto"}:
        os.write(writing, f"{event} {arguments[1:]}\n".encode())


def test_a_connection_would_be_seen() -> None:
    def connect() -> None:
        with socket.socket() as caller, suppress(OSError):
            caller.connect(("127.0.0.1", 1))

    assert connected(connect) == ["socket.connect (('127.0.0.1', 1),)"]


def test_a_walk_through_every_page_connects_to_nothing(site: Site) -> None:
    answers = worry_answers(reporter={"notice_address": "http://169.254.169.254/latest@a.invalid"})
    site.send(answers)
    Draft(site.parts.database).save(VisitorSecret.new(), answers, site.hands())
    site.parts.database.engine.dispose()

    def walk() -> None:
        walkers = Walkers(site)
        for rule in routes(site):
            if not rule.arguments and "GET" in (rule.methods or set()):
                for name in ("", "soc", "admin", "rules", "auditor"):
                    walkers.browser(name).get(rule.rule + "?next=http://169.254.169.254/")
        site.parts.notify(site.hands())
        site.parts.deliver(site.hands())

    assert connected(walk) == []


def test_nothing_but_our_own_few_files_is_served_and_no_folder_is_listed(site: Site) -> None:
    client = site.client()
    for path in (
        *("/static/", "/static", "/static/.", "/static/../config.py", "/static/%2e%2e/config.py"),
        *("/static/..%2fconfig.py", "/static//etc/passwd", "/.git/config", "/.git/", "/.env"),
        *("/config.py", "/static/.git/config", "/docs/", "/console", "/metrics", "/openapi.json"),
    ):
        answer = client.get(path)
        assert answer.status_code in {404, 308}, path
        if answer.status_code == 308:
            assert client.get(answer.location).status_code == 404, path
    assert not site.app.debug


def test_no_route_answers_to_trace(site: Site) -> None:
    for rule in routes(site):
        assert "TRACE" not in (rule.methods or set())
    assert site.client().open("/", method="TRACE").status_code == 405


def test_nothing_is_kept_in_a_browser_but_cookies_of_secrets_and_choices() -> None:
    kept = r"localStorage|sessionStorage|indexedDB|caches\.|document\.cookie|serviceWorker"
    scripts = [*(config.PROJECT / "intake" / "static").glob("*.js")]
    pages = [*(config.PROJECT / "templates").rglob("*.html")]
    assert scripts
    for file in [*scripts, *pages]:
        assert not re.search(kept, file.read_text("utf-8")), file.name


def test_secrets_come_of_the_systems_random_numbers_alone() -> None:
    """``random`` makes names that open nothing, in these modules alone."""
    using = {name for name, tree in trees() if "random" in imported(tree)}
    assert using == {
        "intake/domain/row_id.py",
        "intake/services/refer.py",
        "intake/web/measured.py",
    }
