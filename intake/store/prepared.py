"""Inserts on the way of a report, compiled once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Dialect
from sqlalchemy.sql.dml import Insert

Values = Mapping[str, Any]
_Turn = Callable[[Any], Any]


class PreparedInsert:
    """An insert whose statement and types are worked out once for each set of columns.

    SQLAlchemy does it anew for every row, while the write lock is held: a twentieth of the reports
    that eight clients can send. The columns' own types turn the values here too.
    """

    def __init__(self, statement: Insert) -> None:
        self._statement = statement
        self._known: dict[tuple[str, ...], tuple[str, list[tuple[str, _Turn]]]] = {}

    def __call__(self, connection: Connection, rows: Sequence[Values]) -> None:
        """Insert rows that have the same columns; raises what ``Connection.execute`` does."""
        if not rows:
            return
        dialect, names = connection.dialect, tuple(rows[0])
        key = (dialect.name, *names)
        if key not in self._known:
            self._known[key] = self._prepared(dialect, names)
        sql, turns = self._known[key]
        connection.exec_driver_sql(
            sql, [tuple([turn(row[name]) for name, turn in turns]) for row in rows]
        )

    def _prepared(
        self, dialect: Dialect, names: tuple[str, ...]
    ) -> tuple[str, list[tuple[str, _Turn]]]:
        compiled = self._statement.compile(dialect=dialect, column_keys=names)
        types = {name: compiled.binds[name].type for name in names}
        return compiled.string, [
            (name, types[name].dialect_impl(dialect).bind_processor(dialect) or _as_it_is)
            for name in compiled.positiontup or ()
        ]


def _as_it_is(value: Any) -> Any:
    return value
