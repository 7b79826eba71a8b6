"""The whole trail in the order of its numbers, a few lines in memory at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, Select, func, or_, select

from intake.domain.trail import TrailLine
from intake.store.columns import AnyRow
from intake.store.tables import TrailRow
from intake.store.trail_tables import TrailNumberRow

_AT_ONCE = 1000
_BEFORE_ALL = -(2**31)
_UNREADABLE = (ValueError, TypeError, AttributeError, LookupError)
_FIELDS = tuple(field.name for field in fields(TrailLine))


class Numbered(NamedTuple):
    """A number with its leaf as it is stored, and the digest of the line as it stands.

    ``there``: whether the line is; ``digest``: None where it is not, or cannot be read at all;
    ``same``: whether the digest stored with it is that.
    """

    number: int
    line_id: UUID | None
    leaf: bytes | None
    there: bool
    digest: bytes | None
    same: bool


@dataclass(frozen=True)
class Gap:
    """A writer whose lines are not all there: ``missing`` of them, the first at ``sequence``."""

    writer: UUID
    sequence: int
    missing: int


def numbered(connection: Connection) -> Iterator[Numbered]:
    """Every number in order, whatever has become of its line."""
    after = _BEFORE_ALL
    asked = (
        select(
            TrailNumberRow.number.label("of_number"),
            TrailNumberRow.line_id.label("of_line"),
            TrailNumberRow.leaf_hash.label("of_leaf"),
            TrailRow.__table__,
        )
        .join(TrailRow, TrailRow.id == TrailNumberRow.line_id, isouter=True)
        .order_by(TrailNumberRow.number)
        .limit(_AT_ONCE)
    )
    while True:
        some = asked.where(TrailNumberRow.number > after)
        try:
            found = [_numbered(row) for row in connection.execute(some)]
        except _UNREADABLE:
            found = list(_one_by_one(connection, after, asked))
        yield from found
        if len(found) < _AT_ONCE:
            return
        after = found[-1].number


def _numbered(row: AnyRow) -> Numbered:
    values = row._mapping
    if row.id is None:
        return Numbered(row.of_number, row.of_line, row.of_leaf, False, None, False)
    try:
        digest = TrailLine(**{name: values[name] for name in _FIELDS}).digest()
    except _UNREADABLE:
        return Numbered(row.of_number, row.of_line, row.of_leaf, True, None, False)
    return Numbered(
        row.of_number, row.of_line, row.of_leaf, True, digest, digest == values["digest"]
    )


def _one_by_one(connection: Connection, after: int, asked: Select[Any]) -> Iterator[Numbered]:
    """The same lines where one of them cannot even be read from the database."""
    numbers = select(TrailNumberRow.number).where(TrailNumberRow.number > after)
    in_order = numbers.order_by(TrailNumberRow.number).limit(_AT_ONCE)
    for number in connection.scalars(in_order).all():
        this = TrailNumberRow.number == number
        try:
            yield _numbered(connection.execute(asked.where(this)).one())
        except _UNREADABLE:
            yield Numbered(
                number,
                _read(connection, select(TrailNumberRow.line_id).where(this)),
                _read(connection, select(TrailNumberRow.leaf_hash).where(this)),
                True,
                None,
                False,
            )


def _read(connection: Connection, asked: Select[Any]) -> Any:
    try:
        return connection.scalar(asked)
    except _UNREADABLE:
        return None


def without_number(connection: Connection, before: datetime, most: int) -> tuple[int, list[UUID]]:
    """How many lines of before have no number, and the first of them."""
    numbers = select(TrailNumberRow.number).where(TrailNumberRow.line_id == TrailRow.id)
    of = ~numbers.exists(), TrailRow.at < before
    count = connection.scalar(select(func.count()).select_from(TrailRow).where(*of)) or 0
    if not count:
        return 0, []
    first = select(TrailRow.id).where(*of).order_by(TrailRow.at).limit(most)
    return count, list(connection.scalars(first))


def gaps(connection: Connection, *, expired: bool) -> list[Gap]:
    """Writers whose lines are not all there. ``expired``: the first may have had their time."""
    number, first = func.count(), func.min(TrailRow.sequence)
    last = func.max(TrailRow.sequence)
    holes = number != last - first + 1
    asked = (
        select(TrailRow.writer, number.label("number"), first.label("first"), last.label("last"))
        .group_by(TrailRow.writer)
        .having(holes if expired else or_(holes, first != 1))
        .order_by(TrailRow.writer)
    )
    return [_gap(connection, row, expired) for row in connection.execute(asked).all()]


def _gap(connection: Connection, row: AnyRow, expired: bool) -> Gap:
    begin = row.first if expired else min(row.first, 1)
    before = TrailRow.__table__.alias("before")
    follows = select(before.c.id).where(
        before.c.writer == TrailRow.writer, before.c.sequence == TrailRow.sequence - 1
    )
    asked = select(func.min(TrailRow.sequence)).where(
        TrailRow.writer == row.writer, TrailRow.sequence > begin, ~follows.exists()
    )
    after = connection.scalar(asked)
    place = begin if row.first != begin or after is None else after - 1
    return Gap(row.writer, place, row.last - begin + 1 - row.number)


def lines_of(connection: Connection, ids: Sequence[UUID]) -> Sequence[TrailLine]:
    """Lines by their ids."""
    asked = select(TrailRow.__table__).where(TrailRow.id.in_(ids))
    return [
        TrailLine(**{name: row._mapping[name] for name in _FIELDS})
        for row in connection.execute(asked)
    ]
