"""Real server processes of our own, and a plain HTTP client for them."""

from __future__ import annotations

import http.client
import os
import random
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.loaded import Command
from tests.site import environment

START_SECONDS = 30
BETWEEN = 0.01
"""Seconds between two questions: who asks without a pause takes the processor from who starts."""


def until(holds: Callable[[], bool], seconds: float) -> None:
    """Ask until it holds; fail if it never does."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came"
        time.sleep(BETWEEN)


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@dataclass
class Answer:
    """An HTTP answer."""

    status: int
    location: str
    text: str


class Server:
    """What ``ankkuri serve`` becomes once it has looked, in a process group of its own."""

    def __init__(self, data: Path, processes: int = 1) -> None:
        self.port = free_port()
        self._arguments = ("--port", str(self.port), "--processes", str(processes))
        self._environ = environment(data)
        self._command: Command | None = None

    def start(self) -> None:
        """Start, and return once it answers."""
        self._command = Command("intake.server", *self._arguments, environ=self._environ)
        self.wait_until_it_answers()

    def wait_until_it_answers(self) -> None:
        """Return once it does."""
        assert self._command is not None
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            assert not self._command.has_ended(), "the server has ended"
            with suppress(OSError, http.client.HTTPException):
                if self.get("/").status == 200:
                    return
            time.sleep(BETWEEN)
        raise AssertionError("the server did not answer")

    def kill(self) -> None:
        """kill -9, the whole group."""
        assert self._command is not None
        self._command.kill()
        self._command.end()
        end = time.monotonic() + START_SECONDS
        while self._somebody_listens():  # one of the group, a moment longer
            assert time.monotonic() < end, "somebody outlived the kill"
            time.sleep(BETWEEN)

    def _somebody_listens(self) -> bool:
        with socket.socket() as caller:
            return caller.connect_ex(("127.0.0.1", self.port)) == 0

    def kill_a_worker(self, chance: random.Random) -> bool:
        """kill -9 one of the processes that answer; False if there is none just now."""
        assert self._command is not None
        mine = Path(f"/proc/{self._command.pid}/task/{self._command.pid}/children")
        workers = [int(pid) for pid in mine.read_text("ascii").split()]
        if not workers:
            return False
        with suppress(ProcessLookupError):
            os.kill(chance.choice(workers), signal.SIGKILL)
        return True

    def get(self, path: str, cookie: str = "") -> Answer:
        """GET."""
        return self._ask("GET", path, cookie)

    def post(self, path: str, cookie: str, fields: dict[str, Any]) -> Answer:
        """POST a form."""
        return self._ask("POST", path, cookie, urlencode(fields, doseq=True))

    def _ask(self, method: str, path: str, cookie: str, body: str | None = None) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        headers = {"Cookie": f"ankkuri_draft={cookie}"} if cookie else {}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.getheader("Location", ""), answer.read().decode())
        finally:
            connection.close()
