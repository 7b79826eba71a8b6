"""What a watcher is told: alive without a database; ready soon, cheaply, and only when true."""

from __future__ import annotations

from dataclasses import replace
from threading import Event
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

import config
from intake.app import create_app
from intake.services import ready
from intake.services.ready import Ready
from intake.store.database import Database
from tests.site import Site

BROKEN = OperationalError("", None, Exception("kanarialintu"))
PATHS = ("/healthz", "/readyz")


class Told(Ready):
    """Answers as it is told to, in turn, and counts how often the database was asked."""

    def __init__(self, clock: Any, *answers: Exception | Event | bool) -> None:
        super().__init__(Database("sqlite:///nowhere"), clock)
        self.answers = list(answers)
        self.asked = 0

    def _holds(self) -> bool:
        self.asked += 1
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, bool) else answer.wait(30)


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine an answer that will come may take long."""
    monkeypatch.setattr(ready, "LONGEST_WAIT", 60.0)


@pytest.mark.parametrize("door", config.DOORS)
def test_every_door_tells_a_watcher_without_a_cookie_or_a_version(site: Site, door: str) -> None:
    parts = replace(site.parts, settings=replace(site.parts.settings, doors=(door,)))
    client = create_app(parts).test_client()
    for path in PATHS:
        answer = client.get(f"{path}?lang=sv")
        assert (answer.status_code, answer.mimetype) == (200, "text/plain")
        assert answer.text in ("alive\n", "ready\n")
        assert "Set-Cookie" not in answer.headers


def test_a_process_without_a_database_is_alive_and_not_ready(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = site.client()
    monkeypatch.setattr(Database, "read", lambda _: (_ for _ in ()).throw(BROKEN))
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert (answer.status_code, answer.text) == (503, f"not ready: {ready.FAILING}\n")


def test_a_database_of_another_version_is_not_ready(site: Site) -> None:
    with site.parts.database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    answer = site.client().get("/readyz")
    assert (answer.status_code, answer.text) == (503, f"not ready: {ready.FAILING}\n")


def test_a_database_that_is_changed_under_a_process_is_no_longer_ready(site: Site) -> None:
    now = 100.0
    ready_now = Ready(site.parts.database, lambda: now)
    assert ready_now() is None
    with site.parts.database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    now += ready.ASKED_EVERY
    assert ready_now() == ready.FAILING


def test_the_database_is_asked_once_a_second_at_most() -> None:
    now = 100.0
    told = Told(lambda: now, True, False, BROKEN, True)
    assert [told() for _ in range(50)] == [None] * 50
    assert told.asked == 1
    said = []
    for _ in range(3):
        now += ready.ASKED_EVERY
        said.append(told())
    assert said == [ready.FAILING, ready.FAILING, None]
    assert told.asked == 4


def test_a_database_that_hangs_is_not_waited_for_longer_nor_asked_again_until_it_answers() -> None:
    gate, ticks = Event(), [100.0]  # the question is asked at 100; by then the clock is far on
    told = Told(lambda: ticks.pop() if ticks else 100 + ready.LONGEST_WAIT, gate, True)
    assert [told() for _ in range(5)] == [ready.SILENT] * 5
    assert told.asked == 1
    gate.set()
    assert told._last is not None
    assert told._last.answered.wait(30)
    assert told() is told() is None
    assert told.asked == 2
