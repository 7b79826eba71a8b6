"""What backups hold of the database: everything, but what is left out for a reason."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Interval, inspect, select

from intake.store.database import Database
from intake.store.kinds import kind_of, plain, value_of
from intake.store.parts import (
    COLUMNS_LEFT_OUT,
    LEFT_OUT,
    Part,
    RowUnreadable,
    Tally,
    parts_of,
    unknown_tables,
)
from intake.store.schema import METADATA
from intake.store.tables import ReferralRow
from tests.site import Site

PARTS = parts_of(METADATA)


def test_every_column_of_the_database_is_held_or_left_out_for_a_reason(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'x.sqlite3'}")
    database.upgrade()
    with database.read() as connection:
        inspector = inspect(connection)
        there = {
            (table, column["name"])
            for table in inspector.get_table_names()
            if table not in ("alembic_version", *LEFT_OUT)
            for column in inspector.get_columns(table)
        }
        assert unknown_tables(connection, METADATA) == []
    database.engine.dispose()
    held = {(part.table, column) for part in PARTS for column in part.columns}
    assert held | set(COLUMNS_LEFT_OUT) == there
    assert all((*LEFT_OUT.values(), *COLUMNS_LEFT_OUT.values()))


def test_nothing_that_is_gone_is_left_out() -> None:
    assert set(METADATA.tables) >= set(LEFT_OUT)
    for table, column in COLUMNS_LEFT_OUT:
        assert METADATA.tables[table].c[column].nullable


def test_nothing_that_is_held_points_at_something_left_out() -> None:
    for part in PARTS:
        for key in METADATA.tables[part.table].foreign_keys:
            assert key.column.table.name not in LEFT_OUT


def test_what_points_at_a_row_comes_after_it() -> None:
    place = {part.table: number for number, part in enumerate(PARTS) if not part.key}
    for number, part in enumerate(PARTS):
        table = METADATA.tables[part.table]
        for column in part.columns:
            for key in table.c[column].foreign_keys:
                assert place[key.column.table.name] < number


def test_what_is_completed_later_may_be_empty_until_then() -> None:
    completing = [part for part in PARTS if part.key]
    assert "referral" in [part.table for part in completing]
    for part in completing:
        columns = METADATA.tables[part.table].c
        assert all(columns[name].nullable for name in part.columns if name not in part.key)


def test_no_key_is_drawn_from_a_sequence_that_a_restore_would_have_to_set() -> None:
    numbered = {
        table.name for table in METADATA.tables.values() if table.autoincrement_column is not None
    }
    assert numbered - set(LEFT_OUT) == set()


def test_a_column_of_a_type_without_a_kind_is_refused() -> None:
    with pytest.raises(TypeError, match="Interval"):
        kind_of(Interval())


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("instant", datetime(2026, 6, 2, 7, 42, 0, 1, tzinfo=UTC)),
        ("date", date(2026, 6, 2)),
        ("uuid", UUID(int=2**127 + 1)),
        ("bytes", bytes(range(256))),
        ("bytes", b""),
        ("bool", False),
        ("int", -(2**31)),
        ("text", "Ääkköset\n\u2028\x00"),
        ("json", {"b": [1, None, {"ä": "\n"}], "a": True}),
        ("text", None),
    ],
)
def test_every_kind_of_value_comes_back_from_json(kind: str, value: object) -> None:
    import json

    assert value_of(kind, json.loads(json.dumps(plain(kind, value)))) == value


def test_a_line_that_is_no_row_of_its_part_is_refused(site: Site) -> None:
    part = Part("report", {"id": "uuid", "received_at": "instant"})
    id_ = '"00000000-0000-0000-0000-000000000001"'
    with site.parts.database.write() as connection:
        for line in ("[]", f"[{id_}]", f'[{id_}, "yesterday"]', '[1, "2026-06-02"]', "{", "3"):
            with pytest.raises(RowUnreadable):
                part.put(connection, [line.encode()])


def test_a_part_is_known_again_from_the_head_of_a_backup() -> None:
    assert tuple(Part.parse(part.to_json()) for part in PARTS) == PARTS
    with pytest.raises(KeyError):
        Part.parse({"table": "report", "columns": {"id": "colour"}, "key": []})


def test_a_tally_counts_and_does_not_mind_the_order() -> None:
    lines = [b"[1]", b"[2]", b"[2]"]
    assert Tally.of(iter(lines)) == Tally.of(reversed(lines))
    assert Tally.of(iter(lines)) != Tally.of(iter([b"[1]", b"[1]", b"[2]"]))
    assert Tally.of(iter(lines)) != Tally.of(iter(lines[:2]))


def test_referrals_that_come_from_one_another_are_held_in_two_parts(site: Site) -> None:
    site.send()
    rows, links = (part for part in PARTS if part.table == "referral")
    with site.parts.database.read() as connection:
        held = list(rows.lines(connection))
        assert len(held) == len(connection.execute(select(ReferralRow.id)).all())
        assert list(links.lines(connection)) == []
    assert "came_from" not in rows.columns
    assert links.columns.keys() == {"id", "came_from"}
