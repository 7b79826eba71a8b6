"""Real server processes: figures of all of them, logs without content, a calm end."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import config
from tests.processes import BETWEEN, free_port
from tests.site import environment, lay_out

CANARY = "KANARIALINTU"
PATIENCE = 60


class Running:
    """One of our processes, with its words in a file."""

    def __init__(self, folder: Path, *command: str, **environ: str) -> None:
        self.log = folder / f"{command[-1]}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "intake.cli", *command],
                env=os.environ | {"ANKKURI_SECURE_COOKIES": "no"} | environ,
                cwd=folder,
                stdout=log,
                stderr=log,
            )

    def wait_for(self, question: Any) -> Any:
        """The first answer that is something; the process must live until then."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            assert self.process.poll() is None, self.log.read_text("utf-8")
            with suppress(OSError, http.client.HTTPException):
                if found := question():
                    return found
            time.sleep(BETWEEN)
        raise AssertionError(f"no answer: {self.log.read_text('utf-8')}")

    def stop(self) -> int:
        """Ask it to end; its status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def lines(self) -> list[dict[str, Any]]:
        whole, _, _ = self.log.read_text("utf-8").rpartition("\n")
        return [json.loads(line) for line in whole.splitlines()]


def ask(port: int, path: str, method: str = "GET", **headers: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def say(port: int, words: bytes) -> str:
    """What is answered to bytes that need not be HTTP."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall(words)
        return b"".join(iter(lambda: connection.recv(4096), b"")).decode()


@pytest.fixture
def settings(tmp_path: Path) -> config.Settings:
    return lay_out(tmp_path / "data")


@pytest.fixture
def start(settings: config.Settings, tmp_path: Path) -> Iterator[Any]:
    """Starts one of our processes on this site; it is ended with the test."""
    begun: list[Running] = []

    def begin(*command: str, **environ: str) -> Running:
        begun.append(Running(tmp_path, *command, **environment(settings.data), **environ))
        return begun[-1]

    yield begin
    for running in begun:
        if running.process.poll() is None:
            running.stop()


@dataclass
class Served:
    """Two processes behind one port, with figures."""

    running: Running
    port: int
    figures: int
    folder: Path
    """Of the figures."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """In a folder with files made for gunicorn; at its end it ends calmly, and leaves nothing of
    what it was asked.
    """
    place = tmp_path_factory.mktemp("serving")
    settings = lay_out(place / "data")
    (place / "gunicorn.conf.py").write_text("raise SystemExit('read')", "utf-8")
    port, figures = free_port(), free_port()
    folder = place / f"ankkuri-metrics-{os.geteuid()}-{figures}"
    folder.mkdir(mode=0o700)
    (folder / "counter_1.db").write_bytes(b"left by a killed server")
    running = Running(
        place,
        *("serve", "--port", str(port), "--processes", "2"),
        ANKKURI_METRICS=f"127.0.0.1:{figures}",
        RUNTIME_DIRECTORY=str(place),
        GUNICORN_CMD_ARGS="--workers 7",
        **environment(settings.data),
    )
    try:
        running.wait_for(lambda: ask(port, "/readyz")[0] == 200)
        yield Served(running, port, figures, folder)
    finally:
        status = running.stop()
    assert status == 0
    assert not folder.exists()
    assert CANARY not in running.log.read_text("utf-8")


def counted(figures: int) -> float:
    """How many requests for one page the figures tell of."""
    status, text = ask(figures, "/metrics")
    assert status == 200
    told = re.search(
        r'ankkuri_requests_total{door="reporter",endpoint="accessibility",status="2xx"} (\S+)', text
    )
    return float(told[1]) if told else 0


def test_figures_are_those_of_all_processes_and_on_this_machine_alone(server: Served) -> None:
    port, figures, folder = server.port, server.figures, server.folder
    assert not (folder / "counter_1.db").exists()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    asked, before = 0, counted(figures)

    def two_have_counted() -> bool:
        nonlocal asked
        asked += 1
        assert ask(port, "/accessibility")[0] == 200
        return len(list(folder.glob("counter_*.db"))) == 2

    server.running.wait_for(two_have_counted)
    assert counted(figures) == before + asked
    assert ask(port, "/metrics")[0] == 404
    forged = {"SCRIPT_NAME": f"/{CANARY}", "X-Forwarded-Prefix": f"/{CANARY}"}
    assert CANARY not in ask(port, "/", **forged)[1]
    assert ask(figures, "/")[0] == 404


def test_the_log_has_a_line_for_each_request_and_no_word_of_it(server: Served) -> None:
    running, port, before = server.running, server.port, len(server.running.lines())
    ask(port, f"/status?{CANARY}", Cookie=f"ankkuri_draft={CANARY}", Referer=CANARY)
    ask(port, f"/{CANARY}", Host=CANARY)
    for words in (
        f"GET /{CANARY} HTTP/9.{CANARY}\r\n\r\n",
        f"{CANARY}\r\n\r\n",
        f"GET / HTTP/1.1\r\n{CANARY} : x\r\n\r\n",
        f"GET /{'x' * 5000}{CANARY} HTTP/1.1\r\n\r\n",
        f"GET / HTTP/1.1\r\nHost: a\r\nX: {CANARY * 1000}\r\n\r\n",
        f"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: {CANARY}\r\n\r\n",
    ):
        answer = say(port, words.encode())
        assert re.match(r"HTTP/1.1 (400|414|431) ", answer)
        assert "\r\nCache-Control: no-store\r\n" in answer
        assert CANARY not in answer
        too_long = answer.startswith("HTTP/1.1 414")
        assert ("Palaa takaisin ja lyhennä sitä." in answer) == too_long

    def answered() -> list[list[dict[str, Any]]]:
        lines = running.lines()[before:]
        pages = [line for line in lines if line["logger"] == "intake.request"]
        bad = [line for line in lines if line["message"] == "a request was not understood"]
        return [pages, bad] if len(pages) >= 2 and len(bad) >= 6 else []

    pages, bad = running.wait_for(answered)
    assert CANARY not in running.log.read_text("utf-8")
    assert [line["endpoint"] for line in pages] == ["reporter.status", "none"]
    assert len(bad) == 6
    assert {line["logger"] for line in bad} == {"gunicorn.error"}
    assert all(line["door"] == "all" and line["error"] for line in bad)


def test_a_door_can_listen_at_a_socket_that_its_group_can_use(start: Any, tmp_path: Path) -> None:
    path = tmp_path / "door.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))  # left by a killed server
    running = start("serve", "--unix", str(path), "--processes", "1")

    def answer() -> bytes:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(PATIENCE)
            connection.connect(str(path))
            connection.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
            return connection.recv(4096)

    assert running.wait_for(answer).startswith(b"HTTP/1.0 200 ")
    assert stat.S_IMODE(path.stat().st_mode) == 0o770
    assert running.stop() == 0


def test_the_jobs_tell_a_watcher_what_waits_and_whether_they_run(start: Any) -> None:
    port = free_port()
    running = start("jobs", ANKKURI_METRICS=f"127.0.0.1:{port}")
    running.wait_for(lambda: ask(port, "/readyz")[0] == 200)
    assert ask(port, "/healthz") == (200, "alive\n")
    status, text = ask(port, "/metrics")
    assert status == 200
    for line in (
        "ankkuri_letters_waiting 0.0",
        "ankkuri_chase_due 0.0",
        "ankkuri_referrals_unopened 0.0",
        "ankkuri_agencies_without_opener 69.0",
        'ankkuri_job_runs_total{job="chase",outcome="well"} 1.0',
    ):
        assert line in text.splitlines()
    assert re.search(r'ankkuri_job_last_success_timestamp_seconds{job="tidy"} 1\.\d+e\+09', text)
    assert running.stop() == 0


def test_no_process_leaves_a_core_dump(server: Served) -> None:
    pid = server.running.process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    assert len(children) == 2
    for each in (str(pid), *children):
        limits = Path(f"/proc/{each}/limits").read_text("ascii")
        assert re.search(r"^Max core file size +0 +0 ", limits, re.M)


@pytest.mark.parametrize(
    ("before", "dumpable"),
    [
        ("", "1"),
        ("from intake import cli; cli.main(['rules', 'schema', 'nothing'])", "0"),
        ("from intake import server; server.main([])", "0"),
    ],
    ids=["another program", "a command", "the server"],
)
def test_no_other_process_of_the_user_may_look_into_ours(before: str, dumpable: str) -> None:
    """Each command, the jobs among them, and the server forbid it before they read anything; the
    processes that the server forks have it of their master.
    """
    program = f"""
import contextlib, ctypes, resource
with contextlib.suppress(SystemExit):
    {before or "pass"}
print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))  # is it dumpable?
"""
    environ = os.environ | {"ANKKURI_LOG": "neither"}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environ
    )
    assert done.stdout.splitlines()[-1] == dumpable


def test_the_master_knows_nothing_that_its_processes_must_not_share() -> None:
    """Each process numbers its own lines of the trail; a master that had imported it would not."""
    done = subprocess.run(
        [
            *(sys.executable, "-c"),
            "import sys, intake.server; print([m for m in sys.modules if m.startswith('intake.')])",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == str(
        [f"intake.{name}" for name in ("core_dumps", "logs", "loopback", "server")]
    )
