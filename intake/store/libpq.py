"""What is said to PostgreSQL by libpq itself, past SQLAlchemy's cursor and the driver's.

On the way of every report: there, what the cursors do for any statement takes a tenth of the time
(docs/decisions/0019-one-statement-stores-a-report-on-postgresql.md).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NoReturn

import psycopg
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import DiagnosticField, ExecStatus, Format, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult
from sqlalchemy import Connection

PREPARED = "statements prepared by libpq"  # in the connection's memory
MOST = 20  # of them on a connection: each takes the server up to half a megabyte
_DONE = (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK)
_THERE_IS_ONE = b"42P05"
_THERE_IS_NONE = b"26000"


class NotAlone(Exception):
    """What was to be a transaction of its own came within another."""


@dataclass(frozen=True)
class Statement:
    """SQL whose parameters have casts that tell the server their types, and their formats."""

    sql: str
    formats: tuple[PyFormat, ...]

    @cached_property
    def name(self) -> bytes:
        """By which a connection knows it once it is prepared."""
        return b"intake_" + hashlib.sha256(self.sql.encode()).hexdigest()[:32].encode()


def driver(connection: Connection) -> psycopg.Connection[Any]:
    """The driver's connection."""
    found: Any = connection.connection.dbapi_connection
    return found  # type: ignore[no-any-return]  # SQLAlchemy's view of it has fewer methods


def say(connection: Connection, sql: bytes) -> None:
    """Words without parameters and without an answer. Raises psycopg.OperationalError."""
    libpq = driver(connection).pgconn
    if libpq.exec_(sql).status != ExecStatus.COMMAND_OK:
        raise psycopg.OperationalError(libpq.get_error_message())


def run(connection: Connection, statement: Statement, values: Sequence[Any]) -> PGresult:
    """Do one statement that is a transaction of its own; what it answers comes in binary.

    It is prepared once on each connection. Raises what ``Connection.execute`` does.
    """
    spoken = driver(connection)
    libpq = spoken.pgconn
    if libpq.transaction_status == TransactionStatus.INTRANS:
        raise NotAlone
    transformer = Transformer.from_context(spoken)
    try:
        parameters: Any = transformer.dump_sequence(values, statement.formats)
        prepared = connection.info.setdefault(PREPARED, {})
        if statement.name not in prepared:
            _prepare(libpq, statement)
        _note_use(libpq, statement, prepared)
        result = _run_prepared(libpq, statement, parameters, transformer.formats)
        if result.error_field(DiagnosticField.SQLSTATE) == _THERE_IS_NONE:
            # After some failures the driver lets go of all that is prepared on the connection.
            _prepare(libpq, statement)
            result = _run_prepared(libpq, statement, parameters, transformer.formats)
        _refuse_failed(result)
    except psycopg.Error as error:
        _tell(connection, statement, error)
    return result


def _prepare(libpq: PGconn, statement: Statement) -> None:
    result = libpq.prepare(statement.name, statement.sql.encode())
    if result.error_field(DiagnosticField.SQLSTATE) != _THERE_IS_ONE:
        _refuse_failed(result)


def _note_use(libpq: PGconn, statement: Statement, prepared: dict[bytes, None]) -> None:
    """Remember that it is prepared; what has not been used for longest makes room for it."""
    prepared.pop(statement.name, None)
    prepared[statement.name] = None
    if len(prepared) > MOST:
        oldest = next(iter(prepared))
        del prepared[oldest]
        libpq.exec_(b"DEALLOCATE " + oldest)


def _run_prepared(
    libpq: PGconn, statement: Statement, parameters: Any, formats: Sequence[Format] | None
) -> PGresult:
    return libpq.exec_prepared(statement.name, parameters, formats, Format.BINARY)


def _refuse_failed(result: PGresult) -> None:
    if result.status not in _DONE:
        raise error_from_result(result)


def _tell(connection: Connection, statement: Statement, error: psycopg.Error) -> NoReturn:
    """Fail as ``Connection.execute`` does: told in SQLAlchemy's words and counted by those who
    watch the engine; a connection that broke leaves the pool, and those as old with it.
    """
    spoken = driver(connection)
    if spoken.closed or spoken.broken:
        lost = psycopg.OperationalError(str(error))
        lost.__cause__ = error
        error = lost
    # It has no public name; tests hold what it does.
    connection._handle_dbapi_exception(error, statement.sql, None, None, None)
