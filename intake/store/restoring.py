"""The mark of a database into which a backup is being restored: while it is there, nobody serves.

It is a table of its own, so that it can be there before the schema, and at any revision of it.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Connection, MetaData, Table, insert, inspect

from intake.store.columns import Instant

_MARK = Table("restoring", MetaData(), Column("begun_at", Instant(), nullable=False))


def mark(connection: Connection, at: datetime) -> None:
    """Let nobody serve until `unmark`."""
    _MARK.create(connection, checkfirst=True)
    connection.execute(insert(_MARK).values(begun_at=at))


def unmark(connection: Connection) -> None:
    """The restore is whole."""
    _MARK.drop(connection)


def is_marked(connection: Connection) -> bool:
    """Whether a restore has begun and not ended."""
    return inspect(connection).has_table(_MARK.name)


def is_empty(connection: Connection) -> bool:
    """Whether there is no table at all, as before `ankkuri init`."""
    return set(inspect(connection).get_table_names()) <= {"alembic_version"}
