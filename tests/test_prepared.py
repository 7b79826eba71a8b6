"""A prepared insert stores what SQLAlchemy's own would."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Table,
    Uuid,
    bindparam,
    delete,
    func,
    select,
)
from sqlalchemy import insert as core_insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase

from intake.store.columns import Instant
from intake.store.database import Database
from intake.store.prepared import (
    Erasure,
    NothingToErase,
    insert_alone,
    insert_prepared,
    read_alone,
)
from tests import databases
from tests.site import TUESDAY


class Base(DeclarativeBase):
    """The tables of these tests."""


class Kept(Base):
    """A column of every type that the inserts on the way of a report have."""

    __table__ = Table(
        "kept",
        Base.metadata,
        Column("id", Uuid, primary_key=True),
        Column("at", Instant),
        Column("on", Date),
        Column("holds", Boolean),
        Column("steps", JSON),
        Column("sealed", LargeBinary),
        Column("word", String(8)),
        Column("number", Integer),
    )


class Part(Base):
    """Rows that belong to another."""

    __table__ = Table(
        "part",
        Base.metadata,
        Column("id", Uuid, primary_key=True),
        Column("of", Uuid, ForeignKey("kept.id"), nullable=False),
    )


WHOLE = {
    "at": TUESDAY,
    "on": TUESDAY.date(),
    "holds": True,
    "steps": [{"ä": 1}],
    "sealed": b"\x00\xff",
    "word": "ö 100 %",
    "number": 3,
}
EMPTY = dict.fromkeys(WHOLE)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(databases.empty_address(tmp_path))
    with made.write() as connection:
        Base.metadata.create_all(connection)
    yield made
    made.engine.dispose()


def count(database: Database, row: type[Base]) -> int:
    with database.read() as connection:
        return connection.scalar(select(func.count()).select_from(row)) or 0


def test_a_prepared_insert_stores_what_sqlalchemys_own_would(database: Database) -> None:
    with database.write() as connection:
        connection.execute(core_insert(Kept), [{"id": UUID(int=1), **WHOLE}])
        connection.execute(core_insert(Kept), [{"id": UUID(int=2), **EMPTY}])
        both = [{"id": UUID(int=3), **WHOLE}, {"id": UUID(int=4), **EMPTY}]
        insert_prepared(connection, {Kept: both})
        insert_prepared(connection, {Kept: [{"word": "ö", "id": UUID(int=5)}], Part: []})
        insert_prepared(connection, {Kept: []})
    with database.read() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM kept ORDER BY id").all()
    whole, empty, ours_whole, ours_empty, word = [tuple(row)[1:] for row in rows]
    assert (ours_whole, ours_empty) == (whole, empty)
    assert word == (None,) * 5 + ("ö", None)


def test_rows_that_belong_together_may_come_together(database: Database) -> None:
    parts = [{"id": UUID(int=number), "of": UUID(int=1)} for number in range(3)]
    with database.write() as connection:
        insert_prepared(connection, {Kept: [{"id": UUID(int=1)}], Part: parts})
    assert (count(database, Kept), count(database, Part)) == (1, 3)


def test_nothing_of_rows_that_come_together_is_kept_where_one_refers_to_nothing(
    database: Database,
) -> None:
    parts = [{"id": UUID(int=number), "of": UUID(int=number)} for number in (1, 2)]
    with pytest.raises(IntegrityError), database.write() as connection:
        insert_prepared(connection, {Kept: [{"id": UUID(int=1)}], Part: parts})
    assert (count(database, Kept), count(database, Part)) == (0, 0)


def test_a_row_that_is_there_already_is_told_in_the_words_that_every_caller_knows(
    database: Database,
) -> None:
    with database.write() as connection:
        insert_prepared(connection, {Kept: [{"id": UUID(int=1), "word": "ö"}]})
    with pytest.raises(IntegrityError) as told, database.write() as connection:
        insert_prepared(connection, {Kept: [{"id": UUID(int=1), "word": "näin"}]})
    assert "näin" not in str(told.value)


def test_a_row_that_is_there_already_is_left_where_that_is_said(database: Database) -> None:
    for word in ("ennen", "nyt"):
        with database.write() as connection:
            rows = {Kept: [{"id": UUID(int=1), "word": word}]}
            insert_prepared(connection, rows, or_leave=frozenset([Kept]))
    with database.read() as connection:
        assert connection.scalars(select(Kept.__table__.c.word)).all() == ["ennen"]


def keep_a_part(database: Database) -> None:
    with database.write() as connection:
        part = {"id": UUID(int=7), "of": UUID(int=1)}
        insert_prepared(connection, {Kept: [{"id": UUID(int=1)}], Part: [part]})


_ERASE = delete(Part).where(Part.__table__.c.id == bindparam("part_id"))

NEEDED = Erasure(_ERASE, {"part_id": UUID(int=7)}, needed=True)
_NOTHING = Erasure(_ERASE, {"part_id": UUID(int=0)})
NONE: frozenset[type[Base]] = frozenset()
_OF_KEPT = select(Kept.__table__.c.sealed).where(Kept.__table__.c.id == bindparam("kept_id"))
_SEALED = select(_OF_KEPT.scalar_subquery())


@pytest.mark.parametrize("kept", [[], [{"id": UUID(int=2)}]])
def test_rows_and_an_erasure_may_come_alone(
    database: Database, kept: list[dict[str, UUID]]
) -> None:
    there, elsewhere = (Erasure(_ERASE, {"part_id": UUID(int=number)}) for number in (7, 8))
    keep_a_part(database)
    with database.write_alone() as connection:
        insert_alone(connection, {Kept: kept}, NONE, elsewhere)
    assert count(database, Part) == 1
    with database.write_alone() as connection:
        insert_alone(connection, {}, NONE, there)
    assert (count(database, Kept), count(database, Part)) == (1 + len(kept), 0)


def test_rows_are_kept_with_an_erasure_that_they_need(database: Database) -> None:
    keep_a_part(database)
    with database.write_alone() as connection:
        insert_alone(connection, {Kept: [{"id": UUID(int=2)}]}, NONE, NEEDED)
    assert (count(database, Kept), count(database, Part)) == (2, 0)


def test_nothing_is_kept_where_an_erasure_that_is_needed_erases_nothing(
    database: Database,
) -> None:
    with pytest.raises(NothingToErase), database.write_alone() as connection:
        insert_alone(connection, {Kept: [{"id": UUID(int=1)}]}, NONE, NEEDED)
    assert count(database, Kept) == 0


def test_what_comes_alone_is_stored_as_sqlalchemys_own_would(database: Database) -> None:
    with database.write() as connection:
        connection.execute(core_insert(Kept), [{"id": UUID(int=1), **WHOLE}])
        connection.execute(core_insert(Kept), [{"id": UUID(int=2), **EMPTY}])
    both = [{"id": UUID(int=3), **WHOLE}, {"id": UUID(int=4), **EMPTY}]
    large = {"id": UUID(int=5), **WHOLE, "number": 2**31 - 1}
    for rows in (both, [large]):  # a number of another length, by a statement of the same shape
        with database.write_alone() as connection:
            insert_alone(connection, {Kept: rows}, NONE, _NOTHING)
    with database.read() as connection:
        found = connection.exec_driver_sql("SELECT * FROM kept ORDER BY id").all()
    whole, empty, ours_whole, ours_empty, ours_large = [tuple(row)[1:] for row in found]
    assert (ours_whole, ours_empty) == (whole, empty)
    assert ours_large == (*whole[:-1], 2**31 - 1)


def test_of_what_comes_alone_and_fails_nothing_is_kept(database: Database) -> None:
    rows: dict[Any, Any] = {
        Kept: [{"id": UUID(int=1), "word": "näin"}],
        Part: [{"id": UUID(int=number), "of": UUID(int=number)} for number in (1, 2)],
    }
    with pytest.raises(IntegrityError) as told, database.write_alone() as connection:
        insert_alone(connection, rows, NONE, _NOTHING)
    assert "näin" not in str(told.value)
    assert (count(database, Kept), count(database, Part)) == (0, 0)


def test_bytes_are_read_as_they_are(database: Database) -> None:
    with database.write() as connection:
        sealed: list[dict[str, Any]] = [
            {"id": UUID(int=1), "sealed": b"\x00\xff"},
            {"id": UUID(int=2), "sealed": None},
        ]
        insert_prepared(connection, {Kept: sealed})
    found = []
    for number in (1, 2, 3):
        with database.glance() as connection:
            found.append(read_alone(connection, _SEALED, {"kept_id": UUID(int=number)}))
    assert found == [(b"\x00\xff",), (None,), (None,)]
