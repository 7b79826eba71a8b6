"""What is posted stays in memory: no process of the server opens a file to write for it."""

from __future__ import annotations

import http.client
import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep

import pytest

from tests.processes import BETWEEN, free_port
from tests.site import environment, lay_out

PATIENCE = 60
BIG = 6 * 1024 * 1024
WATCHED = """
import os, runpy, sys
seen = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
def tell(event, told):
    if event == "open" and told[2] & (os.O_WRONLY | os.O_RDWR):
        os.write(seen, f"{told[0]}\\n".encode("utf-8", "replace"))
sys.addaudithook(tell)
sys.argv = ["ankkuri serve", *sys.argv[2:]]
%s
runpy.run_module("intake.server", run_name="__main__")
"""
AS_WERKZEUG = "import intake.app; del intake.app.Incoming._get_file_stream"


class Watched:
    """A server that tells in a file which files any of its processes opens to write."""

    def __init__(self, folder: Path, before: str) -> None:
        data, self._seen, self.port = folder / "data", folder / "seen", free_port()
        lay_out(data)
        arguments = [str(self._seen), "--port", str(self.port), "--processes", "1"]
        self.process = subprocess.Popen(
            [sys.executable, "-c", WATCHED % before, *arguments],
            env={**os.environ, **environment(data)},
            stderr=subprocess.DEVNULL,
        )
        self._started = self._wait()

    def _wait(self) -> int:
        end = monotonic() + PATIENCE
        while monotonic() < end:
            assert self.process.poll() is None
            with suppress(OSError, http.client.HTTPException):
                if self.post("/sign-in", "text/plain", b"") < 500:
                    return len(self._lines())
            sleep(BETWEEN)
        raise AssertionError("no answer")

    def _lines(self) -> list[str]:
        return self._seen.read_text("utf-8").splitlines()

    def post(self, path: str, kind: str, body: bytes) -> int:
        """The status of a post."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        with suppress(BrokenPipeError):  # it may answer before it has read all
            connection.request("POST", path, body, {"Content-Type": kind})
        try:
            return connection.getresponse().status
        finally:
            connection.close()

    def opened(self) -> list[str]:
        """What was opened to write since it began to answer."""
        return self._lines()[self._started :]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Watched]]:
    begun: list[Watched] = []

    def begin(before: str = "") -> Watched:
        begun.append(Watched(tmp_path, before))
        return begun[-1]

    yield begin
    for server in begun:
        server.process.terminate()
        server.process.wait(PATIENCE)


def in_parts(*parts: tuple[str, bytes]) -> tuple[str, bytes]:
    """A form in parts: each with what leads its content."""
    mark = secrets.token_hex(8)
    body = b"".join(f"--{mark}\r\n{head}\r\n\r\n".encode() + c + b"\r\n" for head, c in parts)
    return f"multipart/form-data; boundary={mark}", body + f"--{mark}--\r\n".encode()


FIELD = 'Content-Disposition: form-data; name="passphrase"'
UPLOAD = 'Content-Disposition: form-data; name="file"; filename="a.csv"\r\nContent-Type: text/csv'
FORMS = (
    ("application/x-www-form-urlencoded", b"passphrase=" + b"a" * BIG),
    in_parts((FIELD, b"a" * BIG)),
    in_parts((UPLOAD, b"a" * BIG)),
    in_parts(*[(UPLOAD, b"a" * (BIG // 8))] * 8, (FIELD, b"b")),
    in_parts((UPLOAD, b"a" * 2 * BIG)),
    ("text/plain", b"a" * BIG),
)


def test_no_post_is_spooled_to_a_file_however_big(start: Callable[..., Watched]) -> None:
    server = start()
    for path in ("/sign-in", "/report/observations", "/status"):
        statuses = [server.post(path, kind, body) for kind, body in FORMS]
        assert set(statuses) <= {200, 413, 422}, (path, statuses)
        assert 413 in statuses
    assert server.opened() == []


def test_the_watch_sees_a_form_that_werkzeug_would_spool(start: Callable[..., Watched]) -> None:
    server = start(AS_WERKZEUG)
    assert server.post("/sign-in", *FORMS[2]) == 422
    assert server.opened() != []
