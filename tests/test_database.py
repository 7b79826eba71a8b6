"""How a writer waits for the write lock of another process."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from intake.store import database
from intake.store.database import Database


@pytest.fixture
def place(tmp_path: Path) -> Iterator[tuple[Database, sqlite3.Connection]]:
    """A database with one table, and a connection of another writer that holds the lock."""
    path = tmp_path / "x.sqlite3"
    ours = Database(f"sqlite:///{path}")
    with ours.write() as connection:
        connection.exec_driver_sql("CREATE TABLE kept (number INTEGER)")
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    yield ours, other
    other.close()
    ours.engine.dispose()


def _write(ours: Database) -> None:
    with ours.write() as connection:
        connection.exec_driver_sql("INSERT INTO kept VALUES (1)")


def test_a_writer_asks_again_until_another_is_done(
    place: tuple[Database, sqlite3.Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, other = place
    slept: list[float] = []

    def other_is_done(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            other.execute("COMMIT")

    monkeypatch.setattr(time, "sleep", other_is_done)
    _write(ours)
    assert slept == [0.001] * 3
    with ours.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM kept").scalar() == 1
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 15_000


def test_a_writer_that_waits_too_long_says_so_and_writes_the_next_time(
    place: tuple[Database, sqlite3.Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, other = place
    monkeypatch.setattr(database, "_LOCK_WAIT_SECONDS", 0)
    with pytest.raises(OperationalError, match="locked"):
        _write(ours)
    other.execute("COMMIT")
    _write(ours)
    with ours.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM kept").scalar() == 1
