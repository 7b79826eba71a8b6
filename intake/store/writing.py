"""What each database says in its own words about writing."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Table, insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import Insert

_INSERTS: dict[str, Any] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}


def insert_always(_dialect_name: str, table: Table) -> Insert:
    """An insert that fails where the row is there."""
    return insert(table)


def insert_or_leave(dialect_name: str, table: Table) -> Insert:
    """An insert that leaves what is there as it is; it needs no right to read the table."""
    inserted: Insert = _INSERTS[dialect_name](table).on_conflict_do_nothing()
    return inserted


def insert_or_change(
    connection: Connection, table: Table, key: dict[str, Any], **values: Any
) -> None:
    """Insert a row, or give the one of this primary key these values."""
    statement = _INSERTS[connection.dialect.name](table).values(**key, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_=values))


def count_one(connection: Connection, table: Table, key: dict[str, Any]) -> None:
    """Insert a row of this primary key with a ``count`` of one, or add one to that of the row."""
    statement = _INSERTS[connection.dialect.name](table).values(**key, count=1)
    more = {"count": table.c.count + 1}
    connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_=more))


def take_turn_at(connection: Connection, what: int) -> None:
    """Let nobody else be at ``what`` until this transaction ends. SQLite's writers take turns."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({what})")


def take_turn(connection: Connection, table: Table) -> None:
    """Let nobody else write to the table until this transaction ends. SQLite's writers do so."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f'LOCK TABLE "{table.name}" IN SHARE ROW EXCLUSIVE MODE')
