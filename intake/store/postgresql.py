"""PostgreSQL, for more than one machine: any number of processes over one database."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext, suppress
from select import POLLIN, poll
from typing import Any

import psycopg
from psycopg.pq import Format, TransactionStatus
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import OperationalError

from intake.store import libpq

_READ = b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_WRITE = b"BEGIN"
_CONNECT_SECONDS = 5
_FREE_CONNECTION_SECONDS = 10
_SESSION = {
    "timezone": "UTC",
    "lock_timeout": "15s",
    "statement_timeout": "30s",
    "idle_in_transaction_session_timeout": "60s",
    "synchronous_commit": "on",  # an acknowledged report is on the disk, whatever the server's own
}


class _Stream(psycopg.RawServerCursor[Any]):
    """Takes $1 too. What it streams comes in binary: as text, bytes would be twice as long."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.format = Format.BINARY


class TransactionAborted(Exception):
    """A statement of this transaction failed, and what failed was passed over."""


class PostgreSQL:
    """Reads are REPEATABLE READ and READ ONLY, writes READ COMMITTED; each begins by our word.

    The BEGIN also finds out whether a connection of the pool still lives. Outside of both a
    statement is a transaction of its own.
    """

    takes_all_at_once = True  # rows of many tables in one statement

    def __init__(self, url: str) -> None:
        options = " ".join(f"-c {name}={value}" for name, value in _SESSION.items())
        self.engine = create_engine(
            url,
            connect_args={"connect_timeout": _CONNECT_SECONDS, "options": options},
            paramstyle="numeric_dollar",
            hide_parameters=True,
            pool_timeout=_FREE_CONNECTION_SECONDS,
            pool_use_lifo=True,  # the connection used last: its process at the server is warm
        )
        event.listen(self.engine, "connect", _prepare)

    def turn(self) -> AbstractContextManager[object]:
        """Writers need no turn."""
        return nullcontext()

    def begin_reading(self, connection: Connection) -> None:
        """Begin to see one snapshot."""
        _begin(connection, _READ)

    def end_reading(self, connection: Connection) -> None:
        """COMMIT: after a ROLLBACK the driver forgets every statement that it had prepared."""
        with suppress(psycopg.OperationalError):  # the pool finds out that it broke
            libpq.say(connection, b"COMMIT")

    def wake(self, connection: Connection) -> None:
        """Take a new connection where this one broke while it lay in the pool."""
        if _tells(libpq.driver(connection).pgconn.socket):
            try:
                libpq.say(connection, b"BEGIN; COMMIT")
            except psycopg.OperationalError:
                connection.invalidate()

    def begin_writing(self, connection: Connection) -> None:
        """Begin a transaction that sees what is committed."""
        _begin(connection, _WRITE)

    def refuse_aborted(self, connection: Connection) -> None:
        """Raise where a failed statement was passed over: COMMIT would silently keep nothing."""
        if libpq.driver(connection).info.transaction_status is TransactionStatus.INERROR:
            raise TransactionAborted

    def empty_log(self) -> bool:
        """Nothing to do: the server's log is its own, and the reader of its files too."""
        return True

    def exists(self) -> bool:
        """Whether there is a database; asking it will tell."""
        return True

    def make_place(self) -> None:
        """Nothing to do: the server has its place."""


def _prepare(connection: Any, _record: Any) -> None:
    connection.autocommit = True  # the driver must not begin by itself
    connection.cursor_factory = psycopg.RawCursor  # takes PostgreSQL's own $1, and parses nothing
    connection.server_cursor_factory = _Stream


def _begin(connection: Connection, sql: bytes) -> None:
    """Begin; over a new connection where this one broke while it lay in the pool."""
    try:
        libpq.say(connection, sql)
    except psycopg.OperationalError:
        connection.invalidate()
        try:
            libpq.say(connection, sql)
        except psycopg.OperationalError as error:
            raise OperationalError(sql.decode(), None, error) from error


def _tells(socket: int) -> bool:
    """Whether there is something to read: an idle server says nothing but farewell."""
    waiting = poll()
    waiting.register(socket, POLLIN)
    return bool(waiting.poll(0))
