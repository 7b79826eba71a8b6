"""Many rows of one table written by one statement."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any, cast
from uuid import UUID

from sqlalchemy import JSON, Column, Connection, Dialect, LargeBinary, String, Table

from intake.store.prepared import insert_prepared

Values = Mapping[str, Any]
_Turn = Callable[[Any], Any]


def insert_many(connection: Connection, row: type[Any], rows: Sequence[Values]) -> None:
    """Insert rows with the same columns.

    PostgreSQL gets a list for each column, so that however many rows there are, the statement is
    the same and is prepared once.
    """
    if not rows:
        return
    if connection.dialect.name != "postgresql":
        insert_prepared(connection, {row: rows})
        return
    names = tuple(rows[0])
    columns = _columns(row, names)
    statement = (
        f"INSERT INTO {_table(row).name} ({', '.join(names)}) "
        f"SELECT {_of_lists(connection.dialect, columns)}"
    )
    connection.exec_driver_sql(statement, _lists(connection.dialect, columns, rows))


def update_many(
    connection: Connection,
    row: type[Any],
    rows: Sequence[Values],
    where: str = "",
    still: tuple[str, str] | None = None,
) -> int:
    """Give rows, each named by its ``id``, the other values; how many there were.

    ``where``: only those (SQL). ``still``: a column, and the text that must stand in it yet.
    """
    if not rows:
        return 0
    names = tuple(rows[0])
    table, columns, dialect = _table(row).name, _columns(row, names), connection.dialect
    limit = f" AND {where}" if where else ""
    if dialect.name != "postgresql":
        setting = ", ".join(f"{name} = ?" for name in names if name != "id")
        turns = [_turn(dialect, column) for column in columns]
        order = [n for n, name in enumerate(names) if name != "id"] + [names.index("id")]
        more = (still[1],) if still else ()
        limit += f" AND {still[0]} = ?" if still else ""
        many = [(*(turns[n](values[names[n]]) for n in order), *more) for values in rows]
        named = (table, setting, limit)
        return connection.exec_driver_sql(
            "UPDATE {} SET {} WHERE id = ?{}".format(*named),  # noqa: S608 # nosec B608 # our own names
            many,
        ).rowcount
    setting = ", ".join(f"{name} = given.{name}" for name in names if name != "id")
    lists = _lists(dialect, columns, rows)
    if still:  # not "=": each batch would read all that the column's index has of the text
        limit += f" AND {table}.{still[0]} IS NOT DISTINCT FROM ${len(lists) + 1}"
        lists += (still[1],)
    given, columns_given = _of_lists(dialect, columns), ", ".join(names)
    statement = (  # noqa: S608, UP032 # our own names; of an f-string bandit looks at each piece
        "UPDATE {table} SET {setting} FROM (SELECT {given}) "  # nosec B608 # as above
        "AS given ({named}) WHERE {table}.id = given.id{limit}"
    ).format(table=table, setting=setting, given=given, named=columns_given, limit=limit)
    return connection.exec_driver_sql(statement, lists).rowcount


def _table(row: type[Any]) -> Table:
    return cast(Table, row.__table__)


def _columns(row: type[Any], names: tuple[str, ...]) -> list[Column[Any]]:
    return [_table(row).c[name] for name in names]


def _lists(dialect: Dialect, columns: list[Column[Any]], rows: Sequence[Values]) -> tuple[Any, ...]:
    return tuple(_list(dialect, column, [row[column.name] for row in rows]) for column in columns)


def _list(dialect: Dialect, column: Column[Any], values: list[Any]) -> str:
    """The values as PostgreSQL writes a list; the driver would look at each of them for long."""
    if isinstance(column.type, JSON):
        return json.dumps(values)
    turn = _turn(dialect, column)
    return "{" + ",".join(["NULL" if v is None else _element(turn(v)) for v in values]) + "}"


def _element(value: Any) -> str:
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, datetime | date):
        return f'"{value.isoformat()}"'
    if isinstance(value, bytes):
        return rf'"\\x{value.hex()}"'
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return str(value)  # a number, or True or False


def _of_lists(dialect: Dialect, columns: list[Column[Any]]) -> str:
    """What stands for the rows: each list taken apart, side by side."""
    return ", ".join(_unnested(dialect, n, column) for n, column in enumerate(columns, 1))


def _unnested(dialect: Dialect, number: int, column: Column[Any]) -> str:
    if isinstance(column.type, JSON):
        return f"json_array_elements(${number}::json)"  # a list of texts would be escaped twice
    # As text: to cast to a length would cut what is too long, and nobody would know.
    of = "text" if isinstance(column.type, String) else column.type.compile(dialect=dialect)
    return f"unnest(${number}::{of}[])"


@lru_cache(maxsize=256)
def _turn(dialect: Dialect, column: Column[Any]) -> _Turn:
    if isinstance(column.type, LargeBinary):
        return _as_it_is
    return column.type.dialect_impl(dialect).bind_processor(dialect) or _as_it_is


def _as_it_is(value: Any) -> Any:
    return value
