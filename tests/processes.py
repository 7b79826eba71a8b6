"""Real server processes of our own, and a plain HTTP client for them."""

from __future__ import annotations

import http.client
import os
import random
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.site import environment

START_SECONDS = 30


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
        self._command = [sys.executable, "-m", "intake.server"]
        self._command += ["--port", str(self.port), "--processes", str(processes)]
        self._environ = os.environ | environment(data)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and return once it answers."""
        self._process = subprocess.Popen(
            self._command, env=self._environ, start_new_session=True, stderr=subprocess.DEVNULL
        )
        self.wait_until_it_answers()

    def wait_until_it_answers(self) -> None:
        """Return once it does."""
        assert self._process is not None
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            assert self._process.poll() is None, "the server has ended"
            with suppress(OSError, http.client.HTTPException):
                if self.get("/").status == 200:
                    return
        raise AssertionError("the server did not answer")

    def kill(self) -> None:
        """kill -9, the whole group."""
        assert self._process is not None
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def kill_a_worker(self, chance: random.Random) -> bool:
        """kill -9 one of the processes that answer; False if there is none just now."""
        assert self._process is not None
        mine = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
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
