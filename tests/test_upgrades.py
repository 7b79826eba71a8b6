"""A database of the first schema, full of what happened, goes up and down and loses nothing."""

from __future__ import annotations

from collections import Counter
from typing import Any

from alembic import command
from sqlalchemy import MetaData, select

from intake import upkeep
from intake.store.database import Database, _alembic
from tests.lived import live, seen
from tests.site import Site

FIRST = "0001"
CONTENT = ("sections", "reasons", "move_reasons")
Rows = dict[str, list[dict[str, Any]]]


def rows_in(database: Database) -> Rows:
    """All rows of all tables, as the schema of the moment has them."""
    found = MetaData()
    with database.read() as connection:
        found.reflect(connection)
        return {
            table.name: [dict(row._mapping) for row in connection.execute(select(table))]
            for table in found.sorted_tables
            if table.name != "alembic_version"
        }


def lost(before: Rows, after: Rows) -> list[str]:
    """Tables of which rows are gone, or new, or changed in a column that both have."""
    return [name for name, rows in before.items() if rows and not _same(rows, after[name])]


def _same(rows: list[dict[str, Any]], others: list[dict[str, Any]]) -> bool:
    columns = sorted(set(rows[0]).intersection(*others[:1]))

    def counted(some: list[dict[str, Any]]) -> Counter[str]:
        return Counter(repr([row[column] for column in columns]) for row in some)

    return counted(rows) == counted(others)


def read_by_everyone(site: Site, receipts: Any) -> dict[str, Any]:
    return {
        name: {part: opened[part] for part in CONTENT}
        for name, opened in seen(site, receipts).items()
        if isinstance(opened, dict)
    }


def test_a_full_database_of_the_first_schema_goes_up_and_down_and_loses_nothing(
    site: Site,
) -> None:
    receipts = live(site)
    database = site.parts.database
    read = read_by_everyone(site, receipts)
    assert len(read) > 3
    now = rows_in(database)

    command.downgrade(_alembic(database.url), FIRST)
    first = rows_in(database)
    assert {name for name, rows in first.items() if rows} == set(first), "each table has rows"
    assert lost(first, now) == []

    for _ in range(2):
        database.upgrade()
        database.require_current()
        assert lost(first, rows_in(database)) == []
        command.downgrade(_alembic(database.url), FIRST)
        again = rows_in(database)
        assert again.keys() == first.keys()
        assert lost(first, again) == lost(again, first) == []

    upkeep.lay_out(site.parts.settings)
    assert read_by_everyone(site, receipts) == read
    site.send()


def test_a_lost_row_or_value_would_be_seen(site: Site) -> None:
    site.send()
    before = rows_in(site.parts.database)
    rows = before["section"]
    assert lost(before, before | {"section": rows[1:]}) == ["section"]
    assert lost(before, before | {"section": []}) == ["section"]
    assert lost(before, before | {"section": [rows[0] | {"slot": "x"}, *rows[1:]]}) == ["section"]
    assert lost(before, before | {"section": [row | {"new": 1} for row in rows]}) == []
