"""What a read sees, what a write keeps, and how a writer waits for another process."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError, OperationalError

from intake.store import sqlite
from intake.store.database import Database

pytestmark = pytest.mark.sqlite


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


def _count(connection: Connection) -> Any:
    return connection.exec_driver_sql("SELECT count(*) FROM kept").scalar()


def test_a_read_sees_one_snapshot_and_keeps_nothing(
    place: tuple[Database, sqlite3.Connection],
) -> None:
    ours, other = place
    other.execute("COMMIT")
    with ours.read() as connection:
        assert _count(connection) == 0
        _write(ours)
        assert _count(connection) == 0
    with ours.read() as connection:
        assert _count(connection) == 1
        connection.exec_driver_sql("DELETE FROM kept")
    with ours.read() as connection:
        assert _count(connection) == 1


def test_a_write_that_raises_keeps_nothing(place: tuple[Database, sqlite3.Connection]) -> None:
    ours, other = place
    other.execute("COMMIT")

    def write_half() -> None:
        with ours.write() as connection:
            connection.exec_driver_sql("INSERT INTO kept VALUES (1)")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_half()
    with ours.read() as connection:
        assert _count(connection) == 0


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
        assert _count(connection) == 1
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 15_000


def test_a_writer_waits_once_and_not_once_more(
    place: tuple[Database, sqlite3.Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, _ = place
    clock = count(0.0, 5.0)
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(time, "sleep", lambda _: None)
    asked: list[str] = []
    with ours.read() as connection:
        driver: Any = connection.connection.dbapi_connection
        driver.set_trace_callback(asked.append)
    with pytest.raises(OperationalError, match="locked"):
        _write(ours)
    begun = [number for number, sql in enumerate(asked) if sql == "BEGIN IMMEDIATE"]
    assert len(begun) == 3
    assert asked.index("PRAGMA busy_timeout=15000") > begun[-1]


def test_a_damaged_file_is_told_in_the_words_that_every_caller_knows(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite3"
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(DatabaseError, match="not a database"):
        _write(Database(f"sqlite:///{path}"))


def test_a_writer_that_waits_too_long_says_so_and_writes_the_next_time(
    place: tuple[Database, sqlite3.Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, other = place
    monkeypatch.setattr(sqlite, "_LOCK_WAIT_SECONDS", 0)
    with pytest.raises(OperationalError, match="locked"):
        _write(ours)
    other.execute("COMMIT")
    _write(ours)
    with ours.read() as connection:
        assert _count(connection) == 1


def test_the_log_is_left_alone_while_somebody_reads(
    place: tuple[Database, sqlite3.Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, other = place
    monkeypatch.setattr(sqlite, "_BRIEFLY_SECONDS", 0)
    other.execute("COMMIT")
    with ours.read() as connection:
        assert _count(connection) == 0
        _write(ours)
        assert not ours.empty_log()
    assert ours.empty_log()
    with ours.read() as connection:
        assert _count(connection) == 1
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 15_000
