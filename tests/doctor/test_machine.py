"""Key files, folders, disks, clocks and the database: each fault is found."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import delete

import config
from intake.commands import doctor
from intake.doctor import database, files, keys, places
from intake.doctor.finding import Level
from intake.domain.trail import Action
from intake.language import CataloguesMissing
from intake.store import trail
from intake.store.people_tables import DirectoryRow
from tests.doctor.said import bad, well
from tests.site import Site, lay_out

GIGABYTE = 1024**3


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return lay_out(tmp_path / "data").keys


SECRETS = tuple(config.SECRETS.values())
PAIR = (config.REPLAY_PRIVATE, config.REPLAY_PUBLIC)


def test_whole_keys_are_well(folder: Path) -> None:
    assert well(keys.key_files(folder, SECRETS, [config.REPLAY_PUBLIC]))
    assert well(keys.replay_pair(folder, *PAIR, "replay-1"))
    assert well(keys.other_doors(folder / "nothing", SECRETS))


@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "is missing"), ("zz", "hexadecimal"), ("00" * 16, "16 bytes"), ("00" * 33, "33 bytes")],
)
@pytest.mark.parametrize("name", [config.SECRETS["pepper"], config.REPLAY_PUBLIC])
def test_a_key_that_is_missing_or_damaged_fails(
    folder: Path, name: str, content: str | None, says: str
) -> None:
    (folder / name).unlink()
    if content is not None:
        (folder / name).touch(mode=0o600)
        (folder / name).write_text(content, "ascii")
    said = bad(keys.key_files(folder, SECRETS, [config.REPLAY_PUBLIC]))
    if (name, content) == (config.REPLAY_PUBLIC, "00" * 33):
        assert said == {}, "a public key is longer than a secret"
    else:
        assert name in said[Level.FAIL]
        assert says in said[Level.FAIL]


def test_a_key_that_others_can_read_fails(folder: Path) -> None:
    (folder / SECRETS[0]).chmod(0o640)
    said = bad(keys.key_files(folder, SECRETS, [config.REPLAY_PUBLIC]))
    assert "chmod 600" in said[Level.FAIL]
    (folder / SECRETS[0]).chmod(0o600)
    folder.chmod(0o750)
    said = bad(keys.key_files(folder, SECRETS, [config.REPLAY_PUBLIC]))
    assert "chmod 700" in said[Level.FAIL]


def test_a_missing_key_folder_fails(tmp_path: Path) -> None:
    said = bad(keys.key_files(tmp_path / "nowhere", (), [config.REPLAY_PUBLIC]))
    assert "is missing" in said[Level.FAIL]


def test_halves_of_two_replay_keys_fail(folder: Path, tmp_path: Path) -> None:
    other = lay_out(tmp_path / "other").keys
    shutil.copy(other / config.REPLAY_PUBLIC, folder)
    assert "cannot be replayed" in bad(keys.replay_pair(folder, *PAIR, "replay-1"))[Level.FAIL]
    (folder / config.REPLAY_PRIVATE).unlink()
    assert well(keys.replay_pair(folder, *PAIR, "replay-1")), "the private half is elsewhere"


def test_a_key_of_another_door_that_can_be_read_fails(folder: Path) -> None:
    assert SECRETS[2] in bad(keys.other_doors(folder, SECRETS[2:]))[Level.FAIL]


@pytest.mark.sqlite
def test_a_file_that_others_can_read_fails(tmp_path: Path) -> None:
    data = lay_out(tmp_path / "data").data
    data.chmod(0o700)
    for path in data.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    assert well(files.modes(data))
    (data / "intake.sqlite3").chmod(0o604)
    assert "data/intake.sqlite3" in bad(files.modes(data))[Level.FAIL]


@pytest.mark.parametrize(("free", "level"), [(0.1, Level.FAIL), (1, Level.WARN), (3, Level.OK)])
def test_a_disk_that_fills_up_warns_and_then_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: float, level: Level
) -> None:
    usage = SimpleNamespace(free=int(free * GIGABYTE))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    ((said, _),) = files.space([tmp_path])
    assert said is level


def test_a_disk_on_another_clock_warns(tmp_path: Path) -> None:
    from intake.parts import utc_now

    assert well(files.clock(tmp_path, utc_now))
    assert (
        "+60 s" in bad(files.clock(tmp_path, lambda: utc_now() - timedelta(minutes=1)))[Level.WARN]
    )
    assert list(tmp_path.iterdir()) == []


def test_a_time_zone_that_is_missing_or_wrong_fails() -> None:
    assert well(places.zone())
    assert "is not known" in bad(places.zone("Europe/Nowhere"))[Level.FAIL]
    assert "another offset" in bad(places.zone("Europe/London"))[Level.FAIL]


def test_missing_texts_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    assert well(places.languages())
    monkeypatch.setattr(places, "Language", lambda code: _raise(CataloguesMissing(code)))
    assert bad(places.languages()) == {Level.FAIL: "fi"}


def _raise(error: Exception) -> Any:
    raise error


def test_a_database_that_is_missing_or_old_fails(site: Site) -> None:
    assert well(database.schema(site.parts.database))
    with site.parts.database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    assert "older version" in bad(database.schema(site.parts.database))[Level.FAIL]
    lines = doctor.examination(site.parts.settings, site.hands)
    assert [f.check for f in lines if f.level is Level.FAIL][-1] == "database"
    assert "openers" not in [f.check for f in lines], "nothing more can be looked at"


@pytest.mark.sqlite
def test_a_database_without_its_safeguards_fails(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert well(database.durability(site.parts.database))
    monkeypatch.setitem(database.SQLITE, "journal_mode", "delete")
    monkeypatch.setitem(database.SQLITE, "foreign_keys", 0)
    said = [text for level, text in database.durability(site.parts.database) if level is Level.FAIL]
    assert [text.split(",")[0] for text in said] == ["journal_mode is wal", "foreign_keys is 1"]


def test_a_database_on_another_clock_warns_and_a_trail_of_the_future_fails(site: Site) -> None:
    from intake.parts import utc_now

    assert well(database.clocks(site.parts.database, utc_now))
    assert (
        "+1"
        in bad(database.clocks(site.parts.database, lambda: utc_now() - timedelta(minutes=2)))[
            Level.WARN
        ]
    )
    with site.parts.database.write() as connection:
        trail.write_line(connection, at=utc_now() + timedelta(hours=1), action=Action.SIGN_IN)
    assert "set back" in bad(database.trail(site.parts.database, utc_now))[Level.FAIL]


def test_a_directory_that_does_not_hold_fails_and_ends_the_examination(site: Site) -> None:
    with site.parts.database.write() as connection:
        connection.execute(delete(DirectoryRow).where(DirectoryRow.kind == "municipality"))
    lines = doctor.examination(site.parts.settings, site.hands)
    assert {f.check for f in lines if f.level is Level.FAIL} >= {"directory"}
    assert "reachable" not in [f.check for f in lines]
    with site.parts.database.write() as connection:
        connection.execute(delete(DirectoryRow))
    last = doctor.examination(site.parts.settings, site.hands)[-1]
    assert (last.check, last.level) == ("directory", Level.FAIL)
    assert "run `ankkuri init`" in last.text
