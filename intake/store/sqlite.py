"""SQLite, the embedded default: one file, one writer at a time."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError, OperationalError

_LOCK_WAIT_SECONDS = 15
_BRIEFLY_SECONDS = 1
_ASK_AGAIN_SECONDS = 0.001


class SQLite:
    """WAL, ``synchronous=FULL``, foreign keys on, BEGIN for reads and BEGIN IMMEDIATE for writes,
    so that a writer waits at its start instead of failing in its middle.
    """

    takes_all_at_once = False  # rows of many tables in one statement

    def __init__(self, url: str) -> None:
        self._path = Path(make_url(url).database or "")
        self.engine = create_engine(
            url,
            connect_args={"timeout": _LOCK_WAIT_SECONDS},
            hide_parameters=True,
        )
        event.listen(self.engine, "connect", _prepare)
        self._turn = Lock()  # the threads of one process queue here, so that one of them asks

    def turn(self) -> AbstractContextManager[object]:
        """A writer's turn among the threads of this process."""
        return self._turn

    def wake(self, connection: Connection) -> None:
        """Nothing to do: a file's connection does not break."""

    def begin_reading(self, connection: Connection) -> None:
        """Begin to see one snapshot."""
        _driver(connection).execute("BEGIN")

    def end_reading(self, connection: Connection) -> None:
        """Nothing to do: the pool rolls back."""

    def begin_writing(self, connection: Connection) -> None:
        """BEGIN IMMEDIATE, asked again every millisecond while another process writes.

        SQLite's own waiting sleeps longer each time, up to 100 ms, while others go first.
        """
        until = time.monotonic() + _LOCK_WAIT_SECONDS
        with _waiting(connection, 0):
            while not _has_begun(connection, last_try=time.monotonic() >= until):
                time.sleep(_ASK_AGAIN_SECONDS)

    def refuse_aborted(self, connection: Connection) -> None:
        """Nothing to do: a statement that failed fails alone."""

    def empty_log(self) -> bool:
        """Bring the write-ahead log into the database and empty it: what was erased is in neither.

        False where somebody kept it busy: the next time will do.
        """
        with self.engine.connect() as connection, _waiting(connection, _BRIEFLY_SECONDS):
            busy, *_ = _driver(connection).execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            return not busy

    def exists(self) -> bool:
        """Whether there is a file: asking SQLite would make one."""
        return self._path.exists()

    def make_place(self) -> None:
        """Make the folder of the file."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)


def _prepare(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin or commit by itself
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "wal_autocheckpoint=4000",  # pages, 16 MB: reports rewrite the same index pages
        "foreign_keys=ON",
        "secure_delete=ON",
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _driver(connection: Connection) -> Any:
    """The driver's own connection: past SQLAlchemy, a BEGIN costs a fifth."""
    return connection.connection.dbapi_connection


def _has_begun(connection: Connection, *, last_try: bool) -> bool:
    """BEGIN IMMEDIATE; False while another writes. What else goes wrong is raised as SQLAlchemy's,
    and at the last try that too.
    """
    begin = "BEGIN IMMEDIATE"
    try:
        _driver(connection).execute(begin)
    except sqlite3.DatabaseError as error:
        busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
        if busy and not last_try:
            return False
        raise (OperationalError if busy else DatabaseError)(begin, None, error) from error
    return True


@contextmanager
def _waiting(connection: Connection, seconds: int) -> Iterator[None]:
    """Let SQLite wait for locks no longer than this, once."""
    driver = _driver(connection)
    driver.execute(f"PRAGMA busy_timeout={1000 * seconds}")
    try:
        yield
    finally:
        driver.execute(f"PRAGMA busy_timeout={1000 * _LOCK_WAIT_SECONDS}")
