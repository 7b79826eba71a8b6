"""A backup is whole or not there, opens with its offline key alone, and expires."""

from __future__ import annotations

import errno
import os
import stat
import tracemalloc
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

import config
from intake.domain.trail import Action
from intake.services.backup import BackupNotWritten
from intake.services.backup_key import BackupKeyExists, make_backup_key
from intake.services.list_deletions import read_list
from intake.store.database import DatabaseNotReady
from intake.store.deletions import erase_rows
from intake.store.parts import Part
from intake.store.tables import ReportRow, SectionRow, TrailRow
from intake.vault.backup import MAGIC
from tests.lived import key_pair, making, opened
from tests.site import Site


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "backups"
    made.mkdir()
    return made


@pytest.fixture
def private(site: Site, tmp_path: Path) -> Path:
    return key_pair(site, tmp_path)


def lines_of(file: Path, private: Path, table: str) -> list[bytes]:
    found: list[bytes] = []
    opened(file, private).read(
        lambda part, lines: found.extend(lines if part.table == table else ())
    )
    return found


def test_a_backup_is_one_file_of_the_owners_alone_named_by_its_time(
    site: Site, folder: Path, private: Path
) -> None:
    made = making(site)(folder, site.hands())
    assert [file.name for file in folder.iterdir()] == ["ankkuri-20260602T074200Z.backup"]
    assert stat.S_IMODE(made.file.stat().st_mode) == 0o600
    assert made.file.read_bytes().startswith(MAGIC)
    assert made.size == made.file.stat().st_size
    head = opened(made.file, private).head()
    assert head.made_at == site.hands()
    assert set(head.keys) == set(made.keys) >= {*config.SECRETS.values(), config.REPLAY_PRIVATE}


def test_a_backup_leaves_a_line_of_itself_and_has_it(
    site: Site, folder: Path, private: Path
) -> None:
    made = making(site)(folder, site.hands())
    asked = select(TrailRow.purpose).where(TrailRow.action == Action.BACK_UP)
    with site.parts.database.read() as connection:
        assert connection.scalars(asked).all() == [made.file.name]
    assert made.file.name.encode() in b"".join(lines_of(made.file, private, "trail"))
    assert "Varmuuskopio tehty" in site.signed_in("auditor").get("/trail").text


def test_nothing_in_the_file_can_be_read_without_the_offline_key(
    site: Site, folder: Path, private: Path
) -> None:
    site.send()
    content = making(site)(folder, site.hands()).file.read_bytes()
    keys = site.parts.settings.keys
    for word in (b"Saana", b"soc-vantaa", b"report", b"2026-06", b"sealed_", b"pepper"):
        assert word not in content
    for file in keys.iterdir():
        assert file.read_bytes()[:64] not in content


def test_what_happens_during_a_backup_is_in_it_whole_or_not_at_all(
    site: Site, folder: Path, private: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.send()
    lines = Part.lines
    sent = []

    def meanwhile(part: Part, connection: Any) -> Iterator[bytes]:
        if part.table in ("report", "section", "trail"):
            sent.append(site.send())
        return lines(part, connection)

    monkeypatch.setattr(Part, "lines", meanwhile)
    made = making(site)(folder, site.hands())
    assert len(sent) == 3
    assert len(lines_of(made.file, private, "report")) == 1
    assert len(lines_of(made.file, private, "section")) == 16
    ids = {line[2:38] for line in lines_of(made.file, private, "referral")}
    for line in lines_of(made.file, private, "wrap"):
        assert any(id_ in line for id_ in ids)


def test_without_a_backup_key_there_is_no_backup(site: Site) -> None:
    with pytest.raises(config.SettingsUnusable, match="backup-key"):
        making(site)


def test_a_backup_key_is_never_replaced_in_silence(site: Site, tmp_path: Path) -> None:
    private = key_pair(site, tmp_path)
    public = site.parts.settings.keys / config.BACKUP_PUBLIC
    before = private.read_bytes(), public.read_bytes()
    with pytest.raises(BackupKeyExists, match="move it away"):
        make_backup_key(public, tmp_path / "other")
    public.rename(tmp_path / "old.public")
    with pytest.raises(BackupKeyExists, match="name a file that is not"):
        make_backup_key(public, private)
    assert not public.exists()
    assert before == (private.read_bytes(), (tmp_path / "old.public").read_bytes())
    assert stat.S_IMODE(private.stat().st_mode) == 0o600


def test_a_damaged_public_half_is_told(site: Site, private: Path) -> None:
    public = site.parts.settings.keys / config.BACKUP_PUBLIC
    public.write_text("ab" * 40)
    with pytest.raises(config.SettingsUnusable, match="holds no backup key"):
        making(site)


def test_a_database_of_another_version_is_not_backed_up(site: Site, private: Path) -> None:
    with site.parts.database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    with pytest.raises(DatabaseNotReady):
        making(site)


def test_a_table_that_this_version_does_not_know_is_not_passed_over(
    site: Site, folder: Path, private: Path
) -> None:
    with site.parts.database.write() as connection:
        connection.exec_driver_sql("CREATE TABLE newcomer (id INTEGER)")
    with pytest.raises(BackupNotWritten, match="newcomer"):
        making(site)(folder, site.hands())
    assert list(folder.iterdir()) == []


def test_a_folder_that_is_not_there_is_not_made(site: Site, folder: Path, private: Path) -> None:
    with pytest.raises(BackupNotWritten, match="mount"):
        making(site)(folder / "disk", site.hands())
    assert not (folder / "disk").exists()


def test_a_full_disk_leaves_nothing_and_is_told(
    site: Site, folder: Path, private: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BackupNotWritten, match="No space left on device"):
        making(site)(folder, site.hands())
    assert list(folder.iterdir()) == []


def test_until_it_is_whole_and_on_the_disk_a_backup_has_another_name(
    site: Site, folder: Path, private: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names: list[set[str]] = []
    fsync = os.fsync

    def synced(descriptor: int) -> None:
        names.append({file.name for file in folder.iterdir()})
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", synced)
    making(site)(folder, site.hands())
    name = "ankkuri-20260602T074200Z.backup"
    assert names == [{name + ".partial"}, {name}], "content before the name, and the name too"


def test_a_backup_of_the_same_second_is_not_written_over(
    site: Site, folder: Path, private: Path
) -> None:
    made = making(site)(folder, site.hands())
    before = made.file.read_bytes()
    with pytest.raises(BackupNotWritten, match="there already"):
        making(site)(folder, site.hands())
    assert made.file.read_bytes() == before


def test_key_files_can_be_left_out(site: Site, folder: Path, private: Path) -> None:
    made = making(site)(folder, site.hands(), with_keys=False)
    assert made.keys == ()
    assert opened(made.file, private).head().keys == {}


def test_the_private_half_is_looked_for_and_never_backed_up(
    site: Site, folder: Path, private: Path
) -> None:
    keys = site.parts.settings.keys
    forgotten = keys / "old-name"
    forgotten.write_bytes(private.read_bytes())
    forgotten.chmod(0o600)
    (keys / "notes").mkdir(mode=0o700)
    made = making(site)(folder, site.hands())
    assert made.not_keys == ("notes", "old-name")
    assert "old-name" not in opened(made.file, private).head().keys
    assert making(site).private_half_in([keys, folder]) == [forgotten]
    (folder / "also here").write_bytes(private.read_bytes())
    assert making(site).private_half_in([folder]) == [folder / "also here"]


def test_backups_expire_by_the_time_in_their_names_and_nothing_else_does(
    site: Site, folder: Path, private: Path
) -> None:
    backup = making(site)
    for days in (40, 31, 29):
        backup(folder, site.hands() - timedelta(days=days))
    ours = sorted(file.name for file in folder.iterdir())
    foreign = folder / "ankkuri-20200101T000000Z.backup"
    foreign.write_text("somebody else's")
    (folder / "ankkuri-20209901T000000Z.backup").write_bytes(MAGIC)
    (folder / "holiday.jpg").write_bytes(MAGIC)
    (folder / "ankkuri-20200102T000000Z.backup").symlink_to(folder / "holiday.jpg")
    (folder / "ankkuri-20200103T000000Z.backup").mkdir()
    left_by_a_killed_one = folder / "ankkuri-20260531T074200Z.backup.partial"
    left_by_a_killed_one.write_bytes(MAGIC[:5])
    under_way = folder / "ankkuri-20260602T014200Z.backup.partial"
    under_way.write_bytes(b"")
    before = {file.name for file in folder.iterdir()}
    gone = backup.expire(folder, site.hands(), 30)
    assert gone == [*ours[:2], left_by_a_killed_one.name]
    assert {file.name for file in folder.iterdir()} == before - set(gone)


def test_the_list_of_deletions_is_brought_up_to_date_before_a_backup(
    site: Site, folder: Path, private: Path
) -> None:
    site.send()
    with site.parts.database.write() as connection:
        erased = erase_rows(connection, SectionRow, at=site.hands())
    made = making(site)(folder, site.hands())
    assert len(read_list(site.parts.settings.deletions)) == erased
    assert len(lines_of(made.file, private, "deletion")) == erased
    assert lines_of(made.file, private, "section") == []


def test_memory_does_not_grow_with_the_database(site: Site, tmp_path: Path, private: Path) -> None:
    def peak() -> int:
        tracemalloc.start()
        try:
            making(site)(tmp_path, site.hands.move(seconds=1))
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak()
    few = peak()
    with site.parts.database.write() as connection:
        site_report = site.people["pol"]
        connection.execute(insert(ReportRow).values(id=site_report, received_at=site.hands()))
        for number in range(2000):
            connection.execute(
                insert(SectionRow).values(
                    report_id=site_report, slot=str(number), sealed_content=bytes(8192)
                )
            )
    many = peak()
    assert many - few < 3_000_000, f"{few} bytes before, {many} with 16 MB more"
