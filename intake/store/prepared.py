"""Inserts on the way of a report, compiled once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import count, islice
from typing import Any, cast

from sqlalchemy import (
    Connection,
    Delete,
    Dialect,
    Insert,
    Select,
    Table,
    bindparam,
    literal_column,
    select,
)
from sqlalchemy.exc import DataError
from sqlalchemy.types import TypeEngine

from intake.store.writing import insert_always, insert_or_leave

Values = Mapping[str, Any]
Row = type[Any]  # of a table
_Shape = tuple[tuple[Row, tuple[str, ...], int], ...]
"""Tables with the columns that are given and the number of rows."""
_Turn = Callable[[Any], Any]
_Erasing = Delete | Select[Any]
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
    erasure: Erasure | None = None,
) -> None:
    """Insert rows into tables, those of one table with the same columns, and do the erasure.

    ``or_leave``: the tables where a row that is there stays as it is. Raises NothingToErase, and
    what ``Connection.execute`` does.

    SQLAlchemy works out the parameters anew for every row; here statement and types are worked out
    once for each shape of the rows. PostgreSQL gets all of it in one statement, at whose end it
    checks the references.
    """
    given = [(row, some) for row, some in rows.items() if some]
    if connection.dialect.name == "postgresql":
        _all_at_once(connection, given, or_leave, erasure)
        return
    for row, some in given:
        sql, turns = _prepared(connection.dialect, ((row, tuple(some[0]), 1),), or_leave, None)
        many = [tuple([turn(values[name]) for _, name, turn in turns]) for values in some]
        connection.exec_driver_sql(sql, many)
    if erasure is None:
        return
    erased = connection.execute(erasure.statement, erasure.values).rowcount
    if erasure.needed and not erased:
        raise NothingToErase


def _all_at_once(
    connection: Connection,
    given: Sequence[tuple[Row, Sequence[Values]]],
    or_leave: frozenset[Row],
    erasure: Erasure | None,
) -> None:
    if not (given or erasure):
        return
    shape = tuple((row, tuple(some[0]), len(some)) for row, some in given)
    sql, turns = _prepared(connection.dialect, shape, or_leave, erasure and _erasing(erasure))
    every = [values for _, some in given for values in some]
    if erasure:
        every.append(erasure.values)
    turned = tuple([turn(every[number][name]) for number, name, turn in turns])
    try:
        connection.exec_driver_sql(sql, turned)
    except DataError as error:
        if getattr(error.orig, "sqlstate", None) == _DIVISION_BY_ZERO:
            raise NothingToErase from None
        raise


def _erasing(erasure: Erasure) -> _Erasing:
    return _failing_if_nothing(erasure.statement) if erasure.needed else erasure.statement


@lru_cache
def _failing_if_nothing(erase: Delete) -> Select[Any]:
    """The erasure; where it erases nothing it fails, and with it all that goes along."""
    erased = erase.returning(literal_column("1")).cte("erased")
    return select(literal_column("1 / count(*)")).select_from(erased)


@lru_cache(maxsize=256)
def _prepared(
    dialect: Dialect, shape: _Shape, or_leave: frozenset[Row], erasure: _Erasing | None
) -> tuple[str, list[tuple[int, str, _Turn]]]:
    """The statement, and its values in order: of which row, which column, turned by what."""
    numbers = count()
    statements: list[_Erasing | Insert] = [] if erasure is None else [erasure]
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
    main, *others = statements
    compiled = main.add_cte(*(other.cte() for other in others)).compile(dialect=dialect)
    return compiled.string, [
        (*places.get(bind, (-1, bind)), _turn(compiled.binds[bind].type, dialect))
        for bind in compiled.positiontup or ()
    ]


def _turn(of: TypeEngine[Any], dialect: Dialect) -> _Turn:
    return of.dialect_impl(dialect).bind_processor(dialect) or _as_it_is


def _as_it_is(value: Any) -> Any:
    return value
