"""What is erased or ended for good, with its line in the list that restores replay."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self, cast
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Integer,
    Table,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute

from intake.domain.row_id import new_id
from intake.store.columns import AnyRow
from intake.store.kinds import kind_of, plain, value_of
from intake.store.schema import METADATA
from intake.store.tables import Base, DeletionRow

_RECUSAL = "id report_id referral_id person_id declared_by declared_at agency_key_id"
PUT_IN: Mapping[str, frozenset[str]] = {"recusal": frozenset(_RECUSAL.split())}
"""The tables whose rows a restore may put in, and the columns that are listed of such a row."""


class DeletionUnreadable(Exception):
    """An entry of the list is none that this version knows; the message says why."""


def erase_rows(connection: Connection, row: type[Base], *where: Any, at: datetime) -> int:
    """Delete rows that backups hold, and keep any restore from bringing them back; how many."""
    target = cast(Table, row.__table__)
    gone = connection.execute(delete(target).where(*where).returning(*target.primary_key)).all()
    _list(connection, target, gone, at)
    return len(gone)


def put_in_for_good(
    connection: Connection, row: type[Base], values: Mapping[str, Any], *, at: datetime
) -> None:
    """Put a row in that a restore of an earlier backup must not be without; what is sealed of it is
    not listed.
    """
    target = cast(Table, row.__table__)
    connection.execute(insert(target).values(**values))
    plainly = {
        name: plain(kind_of(target.c[name].type), value)
        for name, value in values.items()
        if not name.startswith("sealed_")
    }
    if plainly.keys() != PUT_IN[target.name]:
        raise TypeError(f"a row of {target.name} cannot be listed with {sorted(plainly)}")
    key = [values[column.name] for column in target.primary_key]
    _list(connection, target, [key], at, value=json.dumps(plainly))


def put_for_good(
    connection: Connection,
    column: InstrumentedAttribute[Any],
    value: Any,
    *where: Any,
    at: datetime,
) -> int:
    """Erase a value (None, or an empty one) or end something (an instant, a day, a word), so that
    no restore undoes it; what is taken up again is written through here too. How many rows changed.
    """
    target = cast(Table, column.class_.__table__)
    listed = plain(kind_of(column.type), value)
    if not isinstance(listed, str | None) or (listed and column.name.startswith("sealed_")):
        raise TypeError(f"{column.name} cannot be listed with a value")
    changed = connection.execute(
        update(target)
        .where(*where, column.is_distinct_from(value))
        .values({column.name: value})
        .returning(*target.primary_key)
    ).all()
    _list(connection, target, changed, at, column.name, listed)
    return len(changed)


def blank(
    connection: Connection, column: InstrumentedAttribute[Any], *where: Any, at: datetime
) -> int:
    """Erase a sealed value without asking what it is: the role that does may not read it.

    None, or an empty one where there must be one. How many rows there were.
    """
    target = cast(Table, column.class_.__table__)
    nothing = None if target.c[column.name].nullable else b""
    changed = connection.execute(
        update(target).where(*where).values({column.name: nothing}).returning(*target.primary_key)
    ).all()
    listed = None if nothing is None else ""
    _list(connection, target, changed, at, column.name, listed)
    return len(changed)


def _list(
    connection: Connection,
    target: Table,
    keys: Sequence[Sequence[Any]],
    at: datetime,
    column: str | None = None,
    value: str | None = None,
) -> None:
    kinds = [kind_of(c.type) for c in target.primary_key]
    entries = [
        {
            "id": new_id(at),
            "of_table": target.name,
            "of_row": [plain(kind, part) for kind, part in zip(kinds, key, strict=True)],
            "of_column": column,
            "value": value,
            "at": at,
        }
        for key in keys
    ]
    if entries:
        connection.execute(insert(DeletionRow), entries)


@dataclass(frozen=True)
class Deletion:
    """One entry of the list."""

    id: UUID
    of_table: str
    of_row: tuple[Any, ...]
    of_column: str | None
    value: str | None
    at: datetime

    def to_json(self) -> dict[str, Any]:
        """For a line of the list's file."""
        return vars(self) | {"id": str(self.id), "at": self.at.isoformat()}

    @classmethod
    def parse(cls, content: Any) -> Self:
        """What `to_json` gave. Raises DeletionUnreadable."""
        try:
            entry = cls(
                **content
                | {
                    "id": UUID(content["id"]),
                    "of_row": tuple(content["of_row"]),
                    "at": datetime.fromisoformat(content["at"]),
                }
            )
        except (AttributeError, KeyError, TypeError, ValueError):
            raise DeletionUnreadable("it is not an entry of a list of deletions") from None
        entry._read()
        return entry

    def is_readable(self) -> bool:
        """Whether `parse` would read it from its line."""
        try:
            self._read()
        except DeletionUnreadable:
            return False
        return True

    def _read(self) -> tuple[Table, list[ColumnElement[bool]], Any]:
        """The table, which of its rows, and the value to be put."""
        target = METADATA.tables.get(self.of_table)
        if target is None or (self.of_column and self.of_column not in target.c):
            raise DeletionUnreadable(f"there is no {self.what} here")
        if len(self.of_row) != len(target.primary_key) or not all(
            type(part) is (int if isinstance(column.type, Integer) else str)
            for column, part in zip(target.primary_key, self.of_row, strict=True)
        ):
            raise DeletionUnreadable(f"a row of {self.of_table} is named otherwise")
        if self.is_row and self.of_table not in PUT_IN:
            raise DeletionUnreadable(f"no rows of {self.of_table} are put in")
        try:
            this = [
                c == value_of(kind_of(c.type), part)
                for c, part in zip(target.primary_key, self.of_row, strict=True)
            ]
            if self.of_column is None:
                return target, this, self._row(target) if self.is_row else None
            return target, this, _value(target.c[self.of_column], self.value)
        except (AttributeError, KeyError, RecursionError, TypeError, ValueError):
            raise DeletionUnreadable("its values cannot be read") from None

    @property
    def what(self) -> str:
        """Of which table and column, for people."""
        return f"{self.of_table}.{self.of_column or '*'}"

    @property
    def is_row(self) -> bool:
        """Whether it is a row that was put in."""
        return self.of_column is None and self.value is not None

    def row(self) -> dict[str, Any]:
        """The row that was put in, without what is sealed of it."""
        _, _, values = self._read()
        return cast(dict[str, Any], values)

    def _row(self, target: Table) -> dict[str, Any]:
        """Exactly what `put_in_for_good` lists of a row of this table, under its own key."""
        told = json.loads(self.value or "")
        key = tuple(told[column.name] for column in target.primary_key)
        if told.keys() != PUT_IN[target.name] or key != self.of_row:
            raise ValueError
        return {name: _value(target.c[name], told[name]) for name in told}

    def replay(self, connection: Connection) -> int:
        """Erase or end it again; how many rows there were to change."""
        target, this, value = self._read()
        if self.of_column is None:
            return connection.execute(delete(target).where(*this)).rowcount
        column = target.c[self.of_column]
        return connection.execute(
            update(target).where(*this, column.is_distinct_from(value)).values({column.name: value})
        ).rowcount


def _value(column: Column[Any], told: Any) -> Any:
    """The value to be put into a column. Raises TypeError and ValueError for what it takes not."""
    if told is None:
        if not column.nullable:
            raise ValueError
        return None
    if not isinstance(told, str):  # whole numbers and the like are never listed
        raise TypeError
    if told and column.name.startswith("sealed_"):
        raise ValueError
    value = value_of(kind_of(column.type), told)
    if not isinstance(value, column.type.python_type):
        raise TypeError
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError
    return value


def unlisted(connection: Connection, limit: int) -> Sequence[Deletion]:
    """Entries that are not in the list's file yet, in their order."""
    rows = connection.execute(
        select(DeletionRow.__table__)
        .where(DeletionRow.listed_at.is_(None))
        .order_by(DeletionRow.id)
        .limit(limit)
    )
    return [_entry(row) for row in rows]


def known(connection: Connection) -> set[UUID]:
    """Entries that the database has been through already."""
    return set(connection.scalars(select(DeletionRow.id)))


def in_order(entries: Iterable[Deletion]) -> list[Deletion]:
    """The order in which they can be replayed: what was put in and what ended, each table's by its
    instants, then erased rows, those that point first.
    """
    place = {each.name: -number for number, each in enumerate(METADATA.sorted_tables)}

    def key(e: Deletion) -> tuple[Any, ...]:
        erased = e.of_column is None and not e.is_row
        return erased, place[e.of_table], e.at, not e.is_row, e.id

    return sorted(entries, key=key)


def mark_listed(connection: Connection, ids: Collection[UUID], at: datetime) -> None:
    """The file has these entries."""
    connection.execute(update(DeletionRow).where(DeletionRow.id.in_(ids)).values(listed_at=at))


def keep(connection: Connection, entries: Sequence[Deletion], listed_at: datetime) -> None:
    """Take entries over from the file."""
    rows = [
        vars(entry) | {"of_row": list(entry.of_row), "listed_at": listed_at} for entry in entries
    ]
    if rows:
        connection.execute(insert(DeletionRow), rows)


def purge(connection: Connection, before: datetime) -> int:
    """Delete the entries before that the file has; how many there were."""
    return connection.execute(
        delete(DeletionRow).where(DeletionRow.at < before, DeletionRow.listed_at.is_not(None))
    ).rowcount


def _entry(row: AnyRow) -> Deletion:
    of_row = tuple(row.of_row) if isinstance(row.of_row, list) else ()
    return Deletion(row.id, row.of_table, of_row, row.of_column, row.value, row.at)
