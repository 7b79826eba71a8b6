"""The list of deletions outside the database: complete, appended to, and whole after a crash."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert

import config
from intake.domain.row_id import new_id
from intake.services import list_deletions
from intake.services.list_deletions import ListDeletions, ListNotWritten, ListUnreadable, read_list
from intake.store import deletions
from intake.store.deletions import Deletion, erase_rows
from intake.store.tables import DeletionRow, SectionRow, WrapRow
from tests.site import Site


def erase(site: Site, row: Any) -> int:
    with site.parts.database.write() as connection:
        return erase_rows(connection, row, at=site.hands())


def file_of(site: Site) -> Path:
    return site.parts.settings.deletions


def test_what_was_erased_is_listed_once_in_order(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_deletions, "BATCH", 7)
    site.send()
    sections = erase(site, SectionRow)
    site.hands.move(seconds=1)
    wraps = erase(site, WrapRow)
    assert site.parts.list_deletions(site.hands()) == sections + wraps
    assert site.parts.list_deletions(site.hands()) == 0
    entries = read_list(file_of(site))
    assert [e.of_table for e in entries] == ["section"] * sections + ["wrap"] * wraps
    assert len({entry.id for entry in entries}) == len(entries)


def test_the_list_is_the_owners_alone_and_names_nothing_of_a_child(site: Site) -> None:
    site.send()
    erase(site, SectionRow)
    site.parts.list_deletions(site.hands())
    assert stat.S_IMODE(file_of(site).stat().st_mode) == 0o600
    for line in file_of(site).read_text("ascii").splitlines():
        assert json.loads(line).keys() == {"id", "of_table", "of_row", "of_column", "value", "at"}


def test_where_nothing_was_erased_no_file_is_made(site: Site) -> None:
    assert site.parts.list_deletions(site.hands()) == 0
    assert not file_of(site).exists()


def test_after_a_crash_before_the_mark_entries_stand_there_twice(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.send()
    erase(site, WrapRow)

    def crash(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as broken:
        broken.setattr(deletions, "mark_listed", crash)
        with pytest.raises(ZeroDivisionError):
            site.parts.list_deletions(site.hands())
    once = read_list(file_of(site))
    site.parts.list_deletions(site.hands())
    assert read_list(file_of(site)) == once * 2


@pytest.mark.parametrize(
    "change",
    [
        {"of_table": "nothing"},
        {"of_row": ["no id"]},
        {"of_row": 5},
        {"of_row": {}},
        {"of_column": "created_at", "value": "now"},
        {"of_column": "news_at", "value": "2026-06-02T10:00:00"},
        {"of_column": "sealed_address", "value": "AAAA"},
        {
            "of_table": "timing",
            "of_row": ["soc", "2026-06", "open", 1],
            "of_column": "count",
            "value": "5",
        },
    ],
)
def test_an_entry_that_no_restore_could_read_keeps_no_other_out(
    site: Site, change: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    site.send()
    wraps = erase(site, WrapRow)
    at, broken = site.hands(), new_id(site.hands())
    entry = {"id": broken, "of_table": "notice", "of_row": [str(broken)], "at": at}
    with site.parts.database.write() as connection:
        connection.execute(insert(DeletionRow).values(**entry | change))
    site.parts.list_deletions(at)
    assert site.parts.list_deletions(at) == 0
    assert [e.of_table for e in read_list(file_of(site))] == ["wrap"] * wraps
    assert str(broken) in caplog.text


ID = str(UUID(int=1))
SHUT_OUT = {
    "id": ID,
    "report_id": ID,
    "referral_id": ID,
    "person_id": ID,
    "declared_by": None,
    "declared_at": "2026-06-02T10:00:00+00:00",
    "agency_key_id": None,
}


@pytest.mark.parametrize(
    "value",
    [
        "{}",
        "[]",
        "[" * 100_000,
        json.dumps({"id": ID}),
        *(
            json.dumps(SHUT_OUT | change)
            for change in (
                {"id": str(UUID(int=2))},
                {"sealed_reason": "AAAA"},
                {"lifted_at": None},
                {"report_id": None},
                {"person_id": 5},
                {"agency_key_id": ["soc"]},
                {"declared_at": "2026-06-02T10:00:00"},
                {"declared_at": "yesterday"},
            )
        ),
    ],
)
def test_a_row_that_is_not_as_one_is_put_in_keeps_no_other_entry_out(
    site: Site, value: str
) -> None:
    at = site.hands()
    entry = {"of_table": "recusal", "of_row": [ID], "of_column": None, "at": at}
    listed = Deletion.parse(
        {"id": ID, "value": json.dumps(SHUT_OUT)} | entry | {"at": at.isoformat()}
    )
    assert listed.row()["report_id"] == UUID(ID)
    with site.parts.database.write() as connection:
        connection.execute(insert(DeletionRow).values(id=new_id(at), value=value, **entry))
    site.parts.list_deletions(at)
    assert read_list(file_of(site)) == []


@pytest.mark.parametrize("kept", [1, 30, 5000])
def test_a_line_that_a_crash_cut_short_is_passed_over(site: Site, kept: int) -> None:
    site.send()
    erase(site, SectionRow)
    with site.parts.database.read() as connection:
        entries = deletions.unlisted(connection, 500)
    ListDeletions(site.parts.database, file_of(site))._append(entries)
    whole = file_of(site).read_bytes()
    lines = whole.count(b"\n")
    torn = whole[: min(kept, len(whole) - 10)]
    file_of(site).write_bytes(torn)
    assert len(read_list(file_of(site))) == torn.count(b"\n")
    site.parts.list_deletions(site.hands())
    assert file_of(site).read_bytes() == torn + b"\n" + whole
    assert len(read_list(file_of(site))) == torn.count(b"\n") + lines


def test_a_line_that_cannot_be_read_is_named(site: Site, tmp_path: Path) -> None:
    site.send()
    erase(site, WrapRow)
    site.parts.list_deletions(site.hands())
    first, *rest = file_of(site).read_text("ascii").splitlines(keepends=True)
    damaged = tmp_path / "damaged.jsonl"
    for line, says in ((first[5:], "line 2: it is not JSON"), ('{"id": 1}\n', "line 2: it is not")):
        damaged.write_text(first + line + "".join(rest))
        with pytest.raises(ListUnreadable, match=says):
            read_list(damaged)
    with pytest.raises(ListUnreadable, match="cannot be read"):
        read_list(tmp_path / "nowhere")


def test_entries_wait_while_the_file_cannot_be_written(site: Site, tmp_path: Path) -> None:
    site.send()
    erased = erase(site, WrapRow)
    nowhere = ListDeletions(site.parts.database, tmp_path / "unmounted" / "deletions.jsonl")
    with pytest.raises(ListNotWritten, match="No such file"):
        nowhere(site.hands())
    assert site.parts.list_deletions(site.hands()) == erased


def test_the_list_lies_where_the_setting_says(tmp_path: Path) -> None:
    elsewhere = tmp_path / "other disk" / "list"
    told = {"ANKKURI_DATA": str(tmp_path), "ANKKURI_DELETIONS": str(elsewhere)}
    assert config.load(told).deletions == elsewhere
    assert config.load({"ANKKURI_DATA": str(tmp_path)}).deletions.parent == tmp_path
