"""Statements on the way of a report, compiled once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import count, islice
from typing import Any, cast

from psycopg.adapt import PyFormat
from sqlalchemy import (
    Connection,
    Delete,
    Dialect,
    Insert,
    Integer,
    LargeBinary,
    Select,
    Table,
    bindparam,
    literal_column,
    select,
)
from sqlalchemy.exc import DataError
from sqlalchemy.types import TypeEngine

from intake.store import libpq
from intake.store.libpq import Statement
from intake.store.writing import insert_always, insert_or_leave

Values = Mapping[str, Any]
Row = type[Any]  # of a table
_Shape = tuple[tuple[Row, tuple[str, ...], int], ...]
"""Tables with the columns that are given and the number of rows."""
_Turn = Callable[[Any], Any]
_Main = Delete | Select[Any]
_Place = tuple[int, str, _Turn]
"""Of which row, which column, turned by what."""
_DIVISION_BY_ZERO = "22012"


class NothingToErase(Exception):
    """The row that was to be erased is not there: nothing was inserted either."""


@dataclass(frozen=True)
class Erasure:
    """A statement, made once, with the values of its parameters.

    ``needed``: where it erases nothing, nothing is to be kept.
    """

    statement: Delete
    values: Values
    needed: bool = False


def insert_prepared(
    connection: Connection,
    rows: Mapping[Row, Sequence[Values]],
    or_leave: frozenset[Row] = frozenset(),
) -> None:
    """Insert rows into tables, those of one table with the same columns.

    ``or_leave``: the tables where a row that is there stays as it is. Raises what
    ``Connection.execute`` does.

    SQLAlchemy works out the parameters anew for every row; here statement and types are worked out
    once for each shape of the rows.
    """
    for row, some in rows.items():
        if some:
            shape = ((row, tuple(some[0]), 1),)
            statement, places = _prepared(connection.dialect, shape, or_leave, None)
            many = [tuple([turn(values[name]) for _, name, turn in places]) for values in some]
            connection.exec_driver_sql(statement.sql, many)


def insert_alone(
    connection: Connection,
    rows: Mapping[Row, Sequence[Values]],
    or_leave: frozenset[Row],
    erasure: Erasure,
) -> None:
    """Insert rows and do the erasure, within ``Database.write_alone``.

    PostgreSQL gets all of it in one statement, at whose end it checks the references. Raises
    NothingToErase, and what ``insert_prepared`` does.
    """
    if connection.dialect.name != "postgresql":
        insert_prepared(connection, rows, or_leave)
        erased = connection.execute(erasure.statement, erasure.values).rowcount
        if erasure.needed and not erased:
            raise NothingToErase
        return
    given = [(row, some) for row, some in rows.items() if some]
    shape = tuple((row, tuple(some[0]), len(some)) for row, some in given)
    statement, places = _prepared(connection.dialect, shape, or_leave, _erasing(erasure))
    every = [values for _, some in given for values in some]
    every.append(erasure.values)
    turned = [turn(every[number][name]) for number, name, turn in places]
    try:
        libpq.run(connection, statement, turned)
    except DataError as error:
        if getattr(error.orig, "sqlstate", None) == _DIVISION_BY_ZERO:
            raise NothingToErase from None
        raise


def read_alone(
    connection: Connection, select_bytes: Select[Any], values: Values
) -> tuple[bytes | None, ...]:
    """The one row of a SELECT of columns of bytes, within ``Database.glance``."""
    if connection.dialect.name != "postgresql":
        return tuple(connection.execute(select_bytes, values).one())
    statement, places = _prepared(connection.dialect, (), frozenset(), select_bytes)
    found = libpq.run(connection, statement, [turn(values[name]) for _, name, turn in places])
    return tuple(found.get_value(0, column) for column in range(found.nfields))


def _erasing(erasure: Erasure) -> _Main:
    return _failing_if_nothing(erasure.statement) if erasure.needed else erasure.statement


@lru_cache
def _failing_if_nothing(erase: Delete) -> Select[Any]:
    """The erasure; where it erases nothing it fails, and with it all that goes along."""
    erased = erase.returning(literal_column("1")).cte("erased")
    return select(literal_column("1 / count(*)")).select_from(erased)


@lru_cache(maxsize=256)
def _prepared(
    dialect: Dialect, shape: _Shape, or_leave: frozenset[Row], main: _Main | None
) -> tuple[Statement, list[_Place]]:
    """The statement, and where its values come from, in order; those of ``main`` come last."""
    numbers = count()
    statements: list[_Main | Insert] = [] if main is None else [main]
    places: dict[str, tuple[int, str]] = {}
    for row, names, size in shape:
        columns = cast(Table, row.__table__).c
        rows = []
        for number in islice(numbers, size):
            binds = {
                name: bindparam(f"{number} {name}", type_=columns[name].type) for name in names
            }
            places |= {bind.key: (number, name) for name, bind in binds.items()}
            rows.append(binds)
        inserting = insert_or_leave if row in or_leave else insert_always
        statements.append(inserting(dialect.name, row.__table__).values(rows))
    first, *others = statements
    compiled = first.add_cte(*(other.cte() for other in others)).compile(dialect=dialect)
    bound = [(name, compiled.binds[name].type) for name in compiled.positiontup or ()]
    return Statement(compiled.string, tuple(_format(of) for _, of in bound)), [
        (*places.get(name, (-1, name)), _turn(of, dialect)) for name, of in bound
    ]


def _turn(of: TypeEngine[Any], dialect: Dialect) -> _Turn:
    turn = None if isinstance(of, LargeBinary) else of.dialect_impl(dialect).bind_processor(dialect)
    return turn or _as_it_is


def _format(of: TypeEngine[Any]) -> PyFormat:
    """Binary; a number as text, for in binary the driver makes it as long as its value needs."""
    return PyFormat.TEXT if isinstance(of, Integer) else PyFormat.BINARY


def _as_it_is(value: Any) -> Any:
    return value
