"""What is erased or ended is listed in the same transaction, so that no restore brings it back."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

import config
from intake.store import deletions
from intake.store.deletions import Deletion, DeletionUnreadable, erase_rows, put_for_good
from intake.store.parts import COLUMNS_LEFT_OUT, LEFT_OUT
from intake.store.people_tables import GrantRow, MembershipRow, PersonRow
from intake.store.schema import METADATA
from intake.store.tables import Base, DeletionRow, ReceiptRow, SectionRow
from intake.vault.envelope import SLOTS
from tests.site import Site

# What is deleted from backed-up tables without being listed, and why that is right.
NOT_LISTED = {
    ("directory.py", "directory"): "replaced as a whole, by what a file says",
    ("reconciling.py", "reconciliation"): "counts, counted again, or a year old",
    ("canaries.py", "canary"): "a month old",
    **dict.fromkeys(
        (
            ("canaries.py", table)
            for table in ("chase", "deadline", "wrap", "referral", "decision", "receipt")
        ),
        "of invented reports: a restored site erases what it finds noted as such",
    ),
    ("trail.py", "trail"): "twelve years old: what a restore brings back has expired too",
    ("rotation.py", "agency_grant"): "of former keys: what an earlier backup holds needs them",
    ("rotation.py", "recovery_seal"): "the same",
    ("canaries.py", "section"): "the same",
    ("canaries.py", "report"): "the same",
}
NOT_ENDED = {
    ("proposals.py", "withdrawn_at"): "a signature that a newer one says again",
}
ENDING = {"left_at", "withdrawn_at", "retired_at", "valid_to", "lifted_at"}


def listed(site: Site) -> list[Deletion]:
    with site.parts.database.read() as connection:
        return list(deletions.unlisted(connection, 500))


def test_erased_rows_are_listed_by_their_keys(site: Site) -> None:
    report = site.send().report_id
    other = site.send().report_id
    with site.parts.database.write() as connection:
        where = SectionRow.report_id == report
        assert erase_rows(connection, SectionRow, where, at=site.hands()) == len(SLOTS) - 1
    entries = listed(site)
    assert {entry.of_row for entry in entries} == {
        (str(report), slot) for slot in SLOTS if slot != "reasons"
    }
    assert {(e.of_table, e.of_column, e.value, e.at) for e in entries} == {
        ("section", None, None, site.hands())
    }
    with site.parts.database.read() as connection:
        assert set(connection.scalars(select(SectionRow.report_id))) == {other}


def test_an_erased_value_is_listed_once_and_without_what_it_was(site: Site) -> None:
    site.send()
    column: Any = ReceiptRow.sealed_copy
    for expected in (1, 0):
        with site.parts.database.write() as connection:
            assert put_for_good(connection, column, None, at=site.hands()) == expected
    (entry,) = listed(site)
    assert (entry.of_table, entry.of_column, entry.value) == (
        "receipt",
        "sealed_copy",
        None,
    )


def test_what_ended_is_listed_with_its_instant_and_can_be_replayed(site: Site) -> None:
    column: Any = PersonRow.left_at
    pol = site.people["pol"]
    with site.parts.database.write() as connection:
        put_for_good(connection, column, site.hands(), PersonRow.id == pol, at=site.hands())
        connection.execute(update(PersonRow).values(left_at=None))
    (entry,) = listed(site)
    with site.parts.database.write() as connection:
        assert entry.replay(connection) == 1
        assert entry.replay(connection) == 0
        left = connection.execute(select(PersonRow.id).where(PersonRow.left_at == site.hands()))
        assert [row.id for row in left] == [pol]


def test_a_sealed_value_is_never_listed(site: Site) -> None:
    column: Any = GrantRow.sealed_key
    with site.parts.database.write() as connection, pytest.raises(TypeError):
        put_for_good(connection, column, b"sealed", at=site.hands())
    assert listed(site) == []


def test_nothing_is_listed_where_the_deletion_fails(site: Site) -> None:
    def half() -> None:
        with site.parts.database.write() as connection:
            erase_rows(connection, MembershipRow, at=site.hands())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    assert listed(site) == []
    with site.parts.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(MembershipRow))


def test_an_entry_survives_its_line_of_text(site: Site) -> None:
    column: Any = MembershipRow.valid_to
    with site.parts.database.write() as connection:
        put_for_good(connection, column, site.hands().date(), at=site.hands())
    for entry in listed(site):
        assert Deletion.parse(entry.to_json()) == entry


@pytest.mark.parametrize(
    "change",
    [
        {"of_table": "nothing"},
        {"of_column": "nothing"},
        {"of_row": ["1", "2"]},
        {"of_row": ["1"]},
        {"of_row": [1]},
        {"value": "now"},
        {"id": "1"},
        {"at": "now"},
        {"more": 1},
    ],
)
def test_an_entry_that_is_not_understood_is_refused(change: dict[str, Any]) -> None:
    entry = {
        "id": "01234567-0123-7123-8123-012345678901",
        "of_table": "person",
        "of_row": ["01234567-0123-7123-8123-012345678902"],
        "of_column": "left_at",
        "value": "2026-06-02T07:42:00.000000+00:00",
        "at": "2026-06-02T07:42:00+00:00",
    }
    assert Deletion.parse(entry).value == entry["value"]
    with pytest.raises(DeletionUnreadable):
        Deletion.parse(entry | change)


def test_what_points_at_a_row_is_replayed_before_the_row(site: Site) -> None:
    site.send()
    order = ["receipt", "section", "deadline", "wrap", "referral", "decision", "report"]
    rows: dict[str, Any] = {mapper.class_.__tablename__: mapper.class_ for mapper in rows_of_all()}
    with site.parts.database.write() as connection:
        for name in order:
            erase_rows(connection, rows[name], at=site.hands())
    places = [entry.of_table for entry in deletions.in_order(reversed(listed(site)))]
    assert set(places) == set(order)
    assert max(i for i, n in enumerate(places) if n == "deadline") < places.index("referral")
    assert max(i for i, n in enumerate(places) if n == "referral") < places.index("report")


def test_entries_are_forgotten_once_they_are_old_and_in_the_file(site: Site) -> None:
    with site.parts.database.write() as connection:
        erase_rows(connection, GrantRow, at=site.hands())
    count = len(listed(site))
    site.parts.tidy(site.hands.move(days=61))
    assert len(listed(site)) == count > 0
    site.parts.list_deletions(site.hands())
    site.parts.tidy(site.hands() - timedelta(days=2))
    assert stored(site) == count
    site.parts.tidy(site.hands())
    assert stored(site) == 0


def stored(site: Site) -> int:
    with site.parts.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(DeletionRow)) or 0


def rows_of_all() -> list[Any]:
    return list(Base.registry.mappers)


def sources() -> Iterator[tuple[str, ast.AST]]:
    for path in sorted((config.PROJECT / "intake").rglob("*.py")):
        if path.name != "deletions.py" and "migrations" not in path.parts:
            yield path.name, ast.parse(path.read_text("utf-8"))


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def test_rows_that_backups_hold_are_deleted_through_the_list_alone() -> None:
    tables = {m.class_.__name__: m.class_.__tablename__ for m in rows_of_all()}
    found = {
        (name, tables[call.args[0].id])
        for name, tree in sources()
        for call in calls(tree)
        if isinstance(call.func, ast.Name)
        and call.func.id == "delete"
        and isinstance(call.args[0], ast.Name)
        and call.args[0].id in tables
    }
    assert {table for _, table in found} >= {"draft", "session"}, "the search finds nothing"
    unlisted = {(name, table) for name, table in found if table not in LEFT_OUT}
    assert unlisted == set(NOT_LISTED), "use store.deletions.erase_rows"


def test_values_that_backups_hold_are_erased_or_ended_through_the_list_alone() -> None:
    free = {column for _, column in COLUMNS_LEFT_OUT}
    free |= {column.name for name in LEFT_OUT for column in METADATA.tables[name].columns}
    found = {
        (name, column)
        for name, tree in sources()
        for call in calls(tree)
        if isinstance(call.func, ast.Attribute) and call.func.attr == "values" and is_update(call)
        for column, value in given(call)
        if column in ENDING or (column.startswith("sealed_") and is_nothing(value))
    }
    assert {column for _, column in found} >= {"sealed_copy"}, "the search finds nothing"
    unlisted = {(name, column) for name, column in found if column not in free}
    assert unlisted == set(NOT_ENDED), "use store.deletions.put_for_good"


def is_update(call: ast.Call) -> bool:
    return any(isinstance(n, ast.Name) and n.id == "update" for n in ast.walk(call.func))


def given(call: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    yield from ((keyword.arg, keyword.value) for keyword in call.keywords if keyword.arg)
    for argument in call.args:
        if isinstance(argument, ast.Dict):
            for key, value in zip(argument.keys, argument.values, strict=True):
                if isinstance(key, ast.Constant):
                    yield str(key.value), value


def is_nothing(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and not value.value
