"""A prepared insert stores what SQLAlchemy's own would."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import JSON, Boolean, Column, Date, LargeBinary, MetaData, String, Table, Uuid
from sqlalchemy import insert as core_insert
from sqlalchemy.exc import IntegrityError

from intake.store.columns import Instant
from intake.store.database import Database
from intake.store.prepared import PreparedInsert
from tests import databases
from tests.site import TUESDAY

KEPT = Table(
    "kept",
    MetaData(),
    Column("id", Uuid, primary_key=True),
    Column("at", Instant),
    Column("on", Date),
    Column("holds", Boolean),
    Column("steps", JSON),
    Column("sealed", LargeBinary),
    Column("word", String(8)),
)
WHOLE = {
    "at": TUESDAY,
    "on": TUESDAY.date(),
    "holds": True,
    "steps": [{"ä": 1}],
    "sealed": b"\x00\xff",
    "word": "ö",
}
EMPTY = dict.fromkeys(WHOLE)


def test_a_prepared_insert_stores_what_sqlalchemys_own_would(tmp_path: Path) -> None:
    database = Database(databases.empty_address(tmp_path))
    ours = PreparedInsert(KEPT)
    with database.write() as connection:
        KEPT.create(connection)
        connection.execute(core_insert(KEPT), [{"id": UUID(int=1), **WHOLE}])
        connection.execute(core_insert(KEPT), [{"id": UUID(int=2), **EMPTY}])
        ours(connection, [{"id": UUID(int=3), **WHOLE}, {"id": UUID(int=4), **EMPTY}])
        ours(connection, [{"word": "ö", "id": UUID(int=5)}])
        ours(connection, [])
    with database.read() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM kept ORDER BY id").all()
    whole, empty, ours_whole, ours_empty, word = [tuple(row)[1:] for row in rows]
    assert (ours_whole, ours_empty) == (whole, empty)
    assert word == (None,) * 5 + ("ö",)
    database.engine.dispose()


def test_a_row_that_is_there_already_is_told_in_the_words_that_every_caller_knows(
    tmp_path: Path,
) -> None:
    database = Database(databases.empty_address(tmp_path))
    ours = PreparedInsert(KEPT)
    with database.write() as connection:
        KEPT.create(connection)
        ours(connection, [{"id": UUID(int=1), "word": "ö"}])
    with pytest.raises(IntegrityError) as told, database.write() as connection:
        ours(connection, [{"id": UUID(int=1), "word": "näin"}])
    assert "näin" not in str(told.value)
    database.engine.dispose()
