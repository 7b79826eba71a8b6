"""The database as parts of plain rows, the same on every database: what backups hold."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from sqlalchemy import (
    Column,
    Connection,
    MetaData,
    Table,
    TableClause,
    bindparam,
    column,
    delete,
    insert,
    inspect,
    or_,
    select,
    table,
    update,
)

from intake.store.kinds import kind_of, plain, type_of, value_of

AT_ONCE = 50  # rows in memory

LEFT_OUT: Mapping[str, str] = {
    "draft": "opens with a visitor's cookie alone, lives for hours, and *erase now* means now",
    "session": "everybody signs in again after a restore",
    "attempt": "counts failures of the last day",
    "device": "each browser is known again after its next sign-in",
    "heartbeat": "a restored site has run no job yet, and should say so",
    "openers_stamp": "made anew with the schema",
    "directory_stamp": "made anew with the schema",
    "alarm": "a restored site tells again where nobody can open",
    "recount": "what the calendar would change is looked for again",
    "recount_look": "a restored site has looked at no deadline yet",
}
"""Tables that no backup holds, and why."""

COLUMNS_LEFT_OUT: Mapping[tuple[str, str], str] = {
    ("receipt", "sealed_copy"): "opens with the reporter's cookie alone, and lives for hours",
}
"""Columns that no backup holds, and why: empty after a restore."""


class RowUnreadable(Exception):
    """A line is not a row of its part."""


@dataclass(frozen=True)
class Part:
    """Some columns of a table, by name with their kinds.

    With a ``key`` these are not whole rows: they complete, once all rows are there, those that
    point at rows of the same table.
    """

    table: str
    columns: Mapping[str, str]
    key: tuple[str, ...] = ()

    def lines(self, connection: Connection) -> Iterator[bytes]:
        """Each row as a line of JSON, a few in memory at a time."""
        rows = self.source
        statement = select(*rows.c)
        if self.key:
            statement = statement.where(
                or_(*(rows.c[name].is_not(None) for name in self.columns if name not in self.key))
            )
        kinds = tuple(self.columns.values())
        options = {"yield_per": AT_ONCE}
        for row in connection.execute(statement, execution_options=options):
            values = [plain(kind, value) for kind, value in zip(kinds, row, strict=True)]
            yield json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()

    def put(self, connection: Connection, lines: Sequence[bytes]) -> None:
        """Store what ``lines`` gave. Raises RowUnreadable, and what the database does."""
        rows = [self._values(line) for line in lines]
        target = self.source
        if not self.key:
            connection.execute(insert(target), rows)
            return
        this = [target.c[name] == bindparam(f"of_{name}") for name in self.key]
        connection.execute(
            update(target).where(*this),
            [{f"of_{k}" if k in self.key else k: v for k, v in row.items()} for row in rows],
        )

    def empty(self, connection: Connection) -> None:
        """Delete what a fresh schema may have brought."""
        if not self.key:
            connection.execute(delete(self.source))

    @property
    def source(self) -> TableClause:
        """The table with these columns, whatever else it has."""
        return table(self.table, *(column(n, type_of(kind)) for n, kind in self.columns.items()))

    def _values(self, line: bytes) -> dict[str, Any]:
        try:
            row = zip(self.columns.items(), json.loads(line), strict=True)
            return {name: value_of(kind, value) for (name, kind), value in row}
        except (AttributeError, TypeError, ValueError):
            raise RowUnreadable(self.table) from None

    def to_json(self) -> dict[str, Any]:
        """For the head of a backup."""
        return {"table": self.table, "columns": dict(self.columns), "key": list(self.key)}

    @classmethod
    def parse(cls, content: Mapping[str, Any]) -> Self:
        """What `to_json` gave. Raises KeyError, also for a kind that this version lacks."""
        for kind in content["columns"].values():
            type_of(kind)
        return cls(content["table"], content["columns"], tuple(content["key"]))


@dataclass
class Tally:
    """How many lines there were, and a digest that does not depend on their order."""

    rows: int = 0
    _sum: int = field(default=0, repr=False)

    def add(self, line: bytes) -> None:
        """Count a line."""
        self.rows += 1
        self._sum = (self._sum + int.from_bytes(hashlib.sha256(line).digest(), "big")) % 2**256

    @property
    def digest(self) -> str:
        """The sum of the lines' SHA-256 digests, modulo 2^256, in hexadecimal."""
        return f"{self._sum:064x}"

    @classmethod
    def of(cls, lines: Iterator[bytes]) -> Self:
        """All lines counted."""
        tally = cls()
        for line in lines:
            tally.add(line)
        return tally


def parts_of(metadata: MetaData) -> tuple[Part, ...]:
    """What backups hold of these tables, those that others point at first."""
    return tuple(
        part
        for each in metadata.sorted_tables
        if each.name not in LEFT_OUT
        for part in _parts_of_table(each)
    )


def unknown_tables(connection: Connection, metadata: MetaData) -> list[str]:
    """Tables of the database that ``parts_of`` would pass over unseen."""
    return sorted(
        set(inspect(connection).get_table_names()) - {"alembic_version", *metadata.tables}
    )


def _parts_of_table(each: Table) -> Iterator[Part]:
    key = tuple(c.name for c in each.primary_key)
    held = [c for c in each.columns if (each.name, c.name) not in COLUMNS_LEFT_OUT]
    own = [c for c in held if _points_at(c, each)]
    yield Part(each.name, {c.name: kind_of(c.type) for c in held if c not in own})
    if own:
        named = [*each.primary_key, *own]
        yield Part(each.name, {c.name: kind_of(c.type) for c in named}, key)


def _points_at(one: Column[Any], target: Table) -> bool:
    return any(reference.column.table is target for reference in one.foreign_keys)
