"""One database: how it is opened, read, written and brought up to date."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError

from intake.store import restoring

_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK_WAIT_SECONDS = 15
_BRIEFLY_SECONDS = 1
_ASK_AGAIN_SECONDS = 0.001


class DatabaseNotReady(Exception):
    """The database's schema is not the one this version needs; the message says what to do."""


class Database:
    """Reads see one snapshot; a write is one transaction that holds the write lock from its start.

    SQLite: WAL, ``synchronous=FULL``, foreign keys on, BEGIN for reads and BEGIN IMMEDIATE for
    writes, so that a writer waits at its start instead of failing in its middle.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = create_engine(
            url,
            connect_args={"timeout": _LOCK_WAIT_SECONDS},
            hide_parameters=True,
        )
        event.listen(self.engine, "connect", _prepare)
        self._turn = Lock()  # the threads of one process queue here, so that one of them asks

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection for reading one snapshot; nothing done on it is kept."""
        with self.engine.connect() as connection:
            _driver(connection).execute("BEGIN")
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction: durable when the block ends, nothing kept when it raises."""
        with self._turn, self.engine.begin() as connection:
            _begin_writing(connection)
            yield connection

    def empty_log(self) -> bool:
        """Bring the write-ahead log into the database and empty it: what was erased is in neither.

        False where somebody kept it busy: the next time will do.
        """
        with self.engine.connect() as connection, _waiting(connection, _BRIEFLY_SECONDS):
            busy, *_ = _driver(connection).execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            return not busy

    def make_place(self) -> None:
        """Make the folder of the file."""
        path = make_url(self.url).database
        if path:
            Path(path).parent.mkdir(parents=True, exist_ok=True, mode=0o700)

    def upgrade(self, to: str = "head") -> None:
        """Bring the schema up to this version's, or to one before it, creating what is missing."""
        self.make_place()
        command.upgrade(_alembic(self.url), to)

    def make_empty(self) -> None:
        """Take down the schema with everything in it."""
        command.downgrade(_alembic(self.url), "base")

    def knows(self, revision: str) -> bool:
        """Whether this version knows a revision of the schema."""
        return revision in {script.revision for script in _scripts(self.url).walk_revisions()}

    def head(self) -> str:
        """The revision of this version's schema."""
        return _scripts(self.url).get_current_head() or ""

    def refuse_newer(self) -> None:
        """Raise DatabaseNotReady if the schema is one that this version does not know."""
        if self._exists() and (found := self._revision()) is not None and not self.knows(found):
            raise DatabaseNotReady(
                "The database is from a newer version of Ankkuri intake: "
                "install that version, or restore a backup made before it"
            )

    def refuse_half_restored(self) -> None:
        """Raise DatabaseNotReady while a restore has not come to its end."""
        if self._exists() and self._is_being_restored():
            raise DatabaseNotReady(
                "A restore into this database has not been finished: run `ankkuri restore` again"
            )

    def require_current(self) -> None:
        """Raise DatabaseNotReady unless the schema is exactly this version's."""
        if not self._exists():
            raise DatabaseNotReady("There is no database yet: run `ankkuri init`")
        self.refuse_half_restored()
        self.refuse_newer()
        if self._revision() != self.head():
            raise DatabaseNotReady("The database is from an older version: run `ankkuri init`")

    def _exists(self) -> bool:
        path = make_url(self.url).database
        return path is not None and Path(path).exists()

    def _is_being_restored(self) -> bool:
        with self._readable() as connection:
            return restoring.is_marked(connection)

    def _revision(self) -> str | None:
        with self._readable() as connection:
            return MigrationContext.configure(connection).get_current_revision()

    @contextmanager
    def _readable(self) -> Iterator[Connection]:
        try:
            with self.read() as connection:
                yield connection
        except DatabaseError as error:
            raise DatabaseNotReady(f"The database cannot be read: {error.orig}") from None


def _scripts(url: str) -> ScriptDirectory:
    return ScriptDirectory.from_config(_alembic(url))


def _alembic(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


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


def _begin_writing(connection: Connection) -> None:
    """BEGIN IMMEDIATE, asked again every millisecond while another process writes.

    SQLite's own waiting sleeps longer each time, up to 100 ms, while others go first.
    """
    driver = _driver(connection)
    until = time.monotonic() + _LOCK_WAIT_SECONDS
    with _waiting(connection, 0):
        while time.monotonic() < until:
            try:
                driver.execute("BEGIN IMMEDIATE")
            except sqlite3.DatabaseError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    break
                time.sleep(_ASK_AGAIN_SECONDS)
            else:
                return
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # raises what went wrong as SQLAlchemy's


@contextmanager
def _waiting(connection: Connection, seconds: int) -> Iterator[None]:
    """Let SQLite wait for locks no longer than this, once."""
    driver = _driver(connection)
    driver.execute(f"PRAGMA busy_timeout={1000 * seconds}")
    try:
        yield
    finally:
        driver.execute(f"PRAGMA busy_timeout={1000 * _LOCK_WAIT_SECONDS}")
