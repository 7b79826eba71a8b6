"""Numbers of the trail's lines, and the checkpoints over them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, func, insert, select
from sqlalchemy.sql.elements import ColumnElement

from intake.domain.merkle import HASH_SIZE, Tree
from intake.store.columns import AnyRow
from intake.store.many import insert_many
from intake.store.tables import TrailRow
from intake.store.trail_tables import CheckpointRow, TrailEpochRow, TrailNumberRow
from intake.store.writing import take_turn_at

MISSING = bytes(HASH_SIZE)
"""What stands in the tree for a number that is not there, which signing never leaves out."""
_SIGNING = 0x54524149  # an advisory lock of our own: "TRAI"
_AT_ONCE = 1000


def take_turn_to_sign(connection: Connection) -> None:
    """Let nobody else number lines until this transaction ends."""
    take_turn_at(connection, _SIGNING)


def _has_no_number() -> ColumnElement[bool]:
    numbered = select(TrailNumberRow.number).where(TrailNumberRow.line_id == TrailRow.id)
    return ~numbered.exists()


def unnumbered(connection: Connection, since: datetime | None, limit: int) -> Sequence[AnyRow]:
    """Lines without a number, in the order in which they get one: id, instant and digest.

    ``since``: only those of then and later; None looks through the whole trail.
    """
    asked = select(TrailRow.id, TrailRow.at, TrailRow.digest).where(_has_no_number())
    if since is not None:
        asked = asked.where(TrailRow.at >= since)
    in_order = asked.order_by(TrailRow.at, TrailRow.writer, TrailRow.sequence)
    return connection.execute(in_order.limit(limit)).all()


def count_unnumbered(connection: Connection) -> int:
    """How many lines have no number."""
    asked = select(func.count()).select_from(TrailRow).where(_has_no_number())
    return connection.scalar(asked) or 0


def number(connection: Connection, lines: Sequence[UUID], leaves: Sequence[bytes]) -> int:
    """Give lines the next numbers; the last of them."""
    last = last_number(connection)
    rows = [
        {"number": last + place, "line_id": line, "leaf_hash": leaf}
        for place, (line, leaf) in enumerate(zip(lines, leaves, strict=True), 1)
    ]
    insert_many(connection, TrailNumberRow, rows)
    return last + len(rows)


def last_number(connection: Connection) -> int:
    """The largest number given."""
    return connection.scalar(select(func.max(TrailNumberRow.number))) or 0


def count_numbers(connection: Connection) -> int:
    """How many lines have a number."""
    return connection.scalar(select(func.count()).select_from(TrailNumberRow)) or 0


def leaves(connection: Connection, first: int, last: int) -> Iterator[bytes]:
    """The leaves of the numbers from ``first`` to ``last``, a few in memory at a time."""
    expected = first
    while expected <= last:
        rows = connection.execute(
            select(TrailNumberRow.number, TrailNumberRow.leaf_hash)
            .where(TrailNumberRow.number.between(expected, last))
            .order_by(TrailNumberRow.number)
            .limit(_AT_ONCE)
        ).all()
        for row in rows:
            while expected < row.number:
                yield MISSING
                expected += 1
            yield row.leaf_hash
            expected += 1
        if not rows:
            yield MISSING
            expected += 1


def number_of(connection: Connection, line_id: UUID) -> int | None:
    """The number of a line; None before it has one."""
    asked = select(TrailNumberRow.number).where(TrailNumberRow.line_id == line_id)
    return connection.scalar(asked)


def last_checkpoint(connection: Connection) -> AnyRow | None:
    """The newest one: size, instant, note and peaks."""
    newest = select(CheckpointRow.__table__).order_by(CheckpointRow.size.desc())
    return connection.execute(newest.limit(1)).one_or_none()


def checkpoints(connection: Connection, after: int = 0) -> Iterator[AnyRow]:
    """All checkpoints of a larger size in their order, a few in memory at a time."""
    while True:
        some = select(CheckpointRow.__table__).where(CheckpointRow.size > after)
        rows = connection.execute(some.order_by(CheckpointRow.size).limit(_AT_ONCE)).all()
        yield from rows
        if len(rows) < _AT_ONCE:
            return
        after = rows[-1].size


def last_size_before(connection: Connection, before: datetime) -> int:
    """How many lines had a number in the last checkpoint before."""
    asked = select(func.max(CheckpointRow.size)).where(CheckpointRow.at < before)
    return connection.scalar(asked) or 0


def add_checkpoint(connection: Connection, tree: Tree, at: datetime, note: str) -> None:
    """Keep a signed note and the peaks of its tree."""
    values = {"size": tree.size, "at": at, "note": note, "peaks": b"".join(tree.peaks)}
    connection.execute(insert(CheckpointRow).values(**values))


def peaks_of(row: AnyRow) -> list[bytes]:
    """The peaks of a checkpoint, one by one."""
    return [row.peaks[at : at + HASH_SIZE] for at in range(0, len(row.peaks), HASH_SIZE)]


def epochs(connection: Connection) -> Sequence[AnyRow]:
    """Every restore, in their order: whose line it is, since which size, and when."""
    asked = select(TrailEpochRow.__table__).order_by(TrailEpochRow.number)
    return connection.execute(asked).all()


def begin_epoch(connection: Connection, line_id: UUID, at: datetime) -> None:
    """Numbers from here on belong to what was restored by this line."""
    before = connection.scalar(select(func.max(TrailEpochRow.number))) or 0
    values = {
        "number": before + 1,
        "line_id": line_id,
        "size": last_number(connection),
        "began_at": at,
    }
    connection.execute(insert(TrailEpochRow).values(**values))
