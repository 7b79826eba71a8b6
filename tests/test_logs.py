"""What a log line says, and that no failure's own words are ever in one."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from intake import logs

CANARY = "KANARIALINTU"
ELSEWHERE = f"""
import sys, threading, warnings
from intake import logs
logs.install(sys.argv[1], "test")

class Falling:
    def __del__(self):
        raise ValueError("{CANARY}")

def fail():
    raise KeyError("{CANARY}")

warnings.warn("{CANARY}", stacklevel=1)
thread = threading.Thread(target=fail)
thread.start()
thread.join()
Falling()
import logging
logging.getLogger("a").error("%d %s", "{CANARY}")
raise OSError(28, "{CANARY}")
"""


class Lines:
    """A logger whose lines are kept."""

    def __init__(self, form: str) -> None:
        self.stream = io.StringIO()
        handler = logging.StreamHandler(self.stream)
        handler.setFormatter(logs.Line(form, "reporter"))
        self.log = logging.Logger("intake.test")
        self.log.addHandler(handler)

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    def json(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture(params=["json", "text"])
def lines(request: pytest.FixtureRequest) -> Lines:
    return Lines(request.param)


def fail_deep() -> None:
    try:
        raise PermissionError(13, CANARY, CANARY)
    except PermissionError as error:
        raise OperationalError(CANARY, {"name": CANARY}, error) from error


def test_a_failure_is_told_by_kind_and_place_and_never_in_its_own_words(lines: Lines) -> None:
    try:
        fail_deep()
    except OperationalError as error:
        lines.log.exception("job %s failed", "chase")
        lines.log.error("not taken: %s", error)
        lines.log.error("not taken: %(why)s", {"why": error})
        lines.log.error(error)
        lines.log.error("failed", extra=logs.failure(error))
    assert CANARY not in lines.text
    assert lines.text.count("OperationalError from PermissionError EACCES") == 5
    assert lines.text.count("tests/test_logs.py") >= 2
    assert lines.text.count("fail_deep") >= 2
    assert len(lines.text.splitlines()) == 5


def test_a_json_line_has_its_fields_and_those_it_is_told() -> None:
    lines = Lines("json")
    token = logs.REQUEST.set("482193577")
    lines.log.info("answered", extra={"told": {"status": 200, "ms": 1.5}})
    logs.REQUEST.reset(token)
    lines.log.warning("letter %s not taken", "x")
    first, second = lines.json()
    assert list(first) == [
        *("time", "level", "logger", "message", "door", "process", "request", "status", "ms")
    ]
    assert first["time"].endswith("Z")
    assert (first["level"], first["logger"], first["door"]) == ("info", "intake.test", "reporter")
    assert (first["request"], first["status"], first["ms"]) == ("482193577", 200, 1.5)
    assert (second["message"], second["request"]) == ("letter x not taken", None)


def test_one_record_is_one_line_whatever_it_holds(lines: Lines) -> None:
    lines.log.error("a\nb\r\x1b[31m%s", "c\u2028d")
    assert len(lines.text.split("\n")) == 2
    assert "\x1b" not in lines.text


@pytest.mark.parametrize("form", ["json", "text"])
def test_nothing_that_python_says_of_a_failure_has_its_words(form: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, form],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert CANARY not in done.stderr + done.stdout
    for kind in ("UserWarning", "KeyError", "ValueError", "OSError ENOSPC"):
        assert kind in done.stderr, kind
