"""Inserts on the way of a report, compiled once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Dialect, Table
from sqlalchemy.sql.dml import Insert

from intake.store.writing import insert_always

Values = Mapping[str, Any]
_Turn = Callable[[Any], Any]
_Prepared = tuple[str, list[tuple[str, _Turn]], bool]


class PreparedInsert:
    """An insert whose statement and types are worked out once for each set of columns.

    SQLAlchemy does it anew for every row, while SQLite's write lock is held: a twentieth of the
    reports that eight clients can send. The columns' own types turn the values here too.
    ``inserting`` makes the statement in the words of a database.
    """

    def __init__(
        self, table: Table, inserting: Callable[[str, Table], Insert] = insert_always
    ) -> None:
        self._table = table
        self._inserting = inserting
        self._known: dict[tuple[str, ...], _Prepared] = {}

    def __call__(self, connection: Connection, rows: Sequence[Values]) -> None:
        """Insert rows that have the same columns; raises what ``Connection.execute`` does."""
        if not rows:
            return
        dialect, names = connection.dialect, tuple(rows[0])
        key = (dialect.name, *names)
        if key not in self._known:
            self._known[key] = self._prepared(dialect, names)
        sql, turns, positional = self._known[key]
        if positional:
            values: list[Any] = [tuple([turn(row[name]) for name, turn in turns]) for row in rows]
        else:
            values = [{name: turn(row[name]) for name, turn in turns} for row in rows]
        connection.exec_driver_sql(sql, values)

    def _prepared(self, dialect: Dialect, names: tuple[str, ...]) -> _Prepared:
        statement = self._inserting(dialect.name, self._table)
        compiled = statement.compile(dialect=dialect, column_keys=names)
        types = {name: compiled.binds[name].type for name in names}
        turns: list[tuple[str, _Turn]] = [
            (name, types[name].dialect_impl(dialect).bind_processor(dialect) or _as_it_is)
            for name in compiled.positiontup or names
        ]
        return compiled.string, turns, compiled.positional


def _as_it_is(value: Any) -> Any:
    return value
