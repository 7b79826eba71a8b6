"""Making a place ready: nothing that cannot be had again is replaced, nothing is open to others."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import config
from intake import cli
from intake.services import settle
from intake.store import directory as store
from intake.store.database import Database
from tests.site import Site, environment, lay_out

REPLAY = (config.REPLAY_PRIVATE, config.REPLAY_PUBLIC)


@pytest.fixture
def init(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """`ankkuri init` in a folder, among people who let others read their files."""
    before = os.umask(0o022)

    def run(data: Path) -> int:
        for name, value in environment(data).items():
            monkeypatch.setenv(name, value)
        return cli.main(["init"])

    yield run
    os.umask(before)


def test_a_lost_public_replay_key_is_made_from_the_private_one(tmp_path: Path) -> None:
    keys = lay_out(tmp_path).keys
    before = [(keys / name).read_text("ascii") for name in REPLAY]
    (keys / config.REPLAY_PUBLIC).unlink()
    settle.make_replay_keys(keys, *REPLAY, "replay-1")
    assert [(keys / name).read_text("ascii") for name in REPLAY] == before


def test_a_public_replay_key_whose_private_half_is_elsewhere_stays(tmp_path: Path) -> None:
    keys = lay_out(tmp_path).keys
    public = (keys / config.REPLAY_PUBLIC).read_text("ascii")
    (keys / config.REPLAY_PRIVATE).unlink()
    settle.make_replay_keys(keys, *REPLAY, "replay-1")
    assert (keys / config.REPLAY_PUBLIC).read_text("ascii") == public
    assert not (keys / config.REPLAY_PRIVATE).exists()


def test_a_private_replay_key_that_is_damaged_is_told_and_left(tmp_path: Path) -> None:
    keys = lay_out(tmp_path).keys
    (keys / config.REPLAY_PRIVATE).write_text("00", "ascii")
    with pytest.raises(settle.KeyFileLost, match=config.REPLAY_PRIVATE):
        settle.make_replay_keys(keys, *REPLAY, "replay-1")
    assert (keys / config.REPLAY_PRIVATE).read_text("ascii") == "00"


@pytest.mark.parametrize("lost", [(name,) for name in config.SECRETS.values()] + [REPLAY])
def test_a_lost_key_of_a_place_in_use_is_asked_for_and_not_replaced(
    site: Site, init: Any, capsys: pytest.CaptureFixture[str], lost: tuple[str, ...]
) -> None:
    settings = site.parts.settings
    for name in lost:
        (settings.keys / name).unlink()
    assert init(settings.data) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"restore {lost[0]} from its backup" in line
    assert not any((settings.keys / name).exists() for name in lost)


def test_a_place_without_people_gets_the_keys_that_it_lacks(tmp_path: Path, init: Any) -> None:
    settings = lay_out(tmp_path / "data")
    (settings.keys / config.SECRETS["pepper"]).unlink()
    assert init(settings.data) == 0
    assert (settings.keys / config.SECRETS["pepper"]).exists()


def test_what_is_made_is_the_owners_alone_even_in_a_folder_open_to_others(
    tmp_path: Path, init: Any
) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    assert init(data) == 0
    open_to_others = [
        path for path in (data, *data.rglob("*")) if stat.S_IMODE(path.stat().st_mode) & 0o077
    ]
    assert open_to_others == []


def test_a_key_folder_open_to_others_is_refused(
    tmp_path: Path, init: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data" / "keys").mkdir(parents=True, mode=0o755)
    assert init(tmp_path / "data") == 2
    assert "chmod 700" in capsys.readouterr().err


def test_a_directory_that_is_there_stays(
    tmp_path: Path, init: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = lay_out(tmp_path / "data")
    database = Database(settings.database)
    with database.write() as connection:
        store.remove(connection, "school", "school-tikkukivi")
        kept = store.tables(connection)
    assert init(settings.data) == 0
    with database.read() as connection:
        assert store.tables(connection) == kept
    database.engine.dispose()
    assert cli.main(["init", "--directory", str(config.DIRECTORY)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "ankkuri directory import FILE" in line
