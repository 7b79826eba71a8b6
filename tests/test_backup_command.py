"""Backups from the command line: one clear line for what cannot be done, and nothing half done."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import config
from intake import cli, wiring
from intake.store.deletions import erase_rows
from intake.store.tables import WrapRow
from tests.lived import empty_place, told
from tests.site import Site


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it said."""

    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Done]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "backups").mkdir()
    return tmp_path


@pytest.fixture
def ankkuri(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """The command in this process."""
    before = os.umask(0o022)

    def run(settings: config.Settings, *arguments: object) -> Done:
        for name, value in told(settings).items():
            monkeypatch.setenv(name, value)
        try:
            code = cli.main([str(argument) for argument in arguments])
        except SystemExit as stopped:
            code = int(stopped.code or 0)
        said = capsys.readouterr()
        return Done(code, said.out, said.err)

    yield run
    os.umask(before)


def with_small_files(settings: config.Settings, largest: int, *arguments: object) -> Done:
    """The command in a process that cannot write larger files, as on a full disk."""
    done = subprocess.run(
        [sys.executable, "-c", _LIMITED, str(largest), *map(str, arguments)],
        env=os.environ | told(settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


_LIMITED = """
import resource, sys
largest = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
from intake.cli import main
sys.exit(main(sys.argv[2:]))
"""


def refused(done: Done, says: str) -> bool:
    lines = [line for line in done.stderr.splitlines() if line.startswith("ankkuri: ")]
    assert "Traceback" not in done.stderr
    return done.returncode == 2 and len(lines) == 1 and says in lines[0]


def test_from_the_key_to_the_restored_site(site: Site, place: Path, ankkuri: Run) -> None:
    site.send()
    old, backups, private = site.parts.settings, place / "backups", place / "private"
    assert refused(ankkuri(old, "backup", "--to", backups), "ankkuri backup-key")
    made_key = ankkuri(old, "backup-key", private)
    assert made_key.returncode == 0
    assert "offline" in made_key.stdout
    with site.parts.database.write() as connection:
        erased = erase_rows(connection, WrapRow, at=site.hands())
    made = ankkuri(old, "backup", "--to", backups, "--expire", 30, "--json")
    assert made.returncode == 0, made.stderr
    told = json.loads(made.stdout)
    file = Path(told["file"])
    assert file.stat().st_size == told["bytes"]
    assert "ANKKURI_DELETIONS" in made.stderr, "the list lies with the data"

    verified = ankkuri(old, "restore", file, "--key", private, "--verify", "--json")
    assert (verified.returncode, json.loads(verified.stdout)["rows"]) == (0, told["rows"])
    assert refused(ankkuri(old, "restore", file, "--key", private), "--deletions")
    both = ("--deletions", site.parts.settings.deletions, "--without-deletions")
    assert refused(ankkuri(old, "restore", file, "--key", private, *both), "--deletions")
    listed = both[:2]
    assert refused(ankkuri(old, "restore", file, "--key", private, *listed), "not empty")

    new = empty_place(place / "new")
    restored = ankkuri(new, "restore", file, "--key", private, *listed, "--json")
    assert restored.returncode == 0, restored.stderr
    told_again = json.loads(restored.stdout)
    assert (told_again["rows"], told_again["deleted"]) == (told["rows"], 0)
    assert erased > 0
    wiring.build(new).database.engine.dispose()
    assert "Ready" in ankkuri(new, "init").stdout


def test_a_damaged_backup_is_no_with_verify_and_unusable_without(
    site: Site, place: Path, ankkuri: Run
) -> None:
    old, backups, private = site.parts.settings, place / "backups", place / "private"
    ankkuri(old, "backup-key", private)
    ankkuri(old, "backup", "--to", backups)
    (file,) = backups.iterdir()
    new = empty_place(place / "new")
    file.write_bytes(file.read_bytes()[:-1])
    restore = ("restore", file, "--key", private)
    verified = ankkuri(new, *restore, "--verify", "--json")
    assert verified.returncode == 1
    assert json.loads(verified.stdout)["holds"] is False
    assert refused(ankkuri(new, *restore, "--without-deletions"), "damaged")
    nowhere = ("restore", file, "--key", place / "nowhere", "--without-deletions")
    assert refused(ankkuri(new, *nowhere), "cannot be read")
    another = ("restore", file, "--key", file, "--without-deletions")
    assert refused(ankkuri(new, *another), "holds no private half")
    assert not new.data.exists()


def test_the_private_half_is_not_put_among_the_data_and_is_told_of_there(
    site: Site, place: Path, ankkuri: Run
) -> None:
    old, private = site.parts.settings, place / "private"
    for inside in (old.data / "private", old.keys / "private"):
        assert refused(ankkuri(old, "backup-key", inside), "must not lie")
    assert refused(ankkuri(old, "backup-key", place / "no" / "private"), "No such file")
    assert ankkuri(old, "backup-key", private).returncode == 0
    assert refused(ankkuri(old, "backup-key", place / "second"), "is there already")
    private.rename(place / "backups" / "private")
    made = ankkuri(old, "backup", "--to", place / "backups")
    assert made.returncode == 0
    assert "opens every backup" in made.stderr


def test_without_the_list_the_operator_is_told_what_is_back(
    site: Site, place: Path, ankkuri: Run
) -> None:
    old, backups, private = site.parts.settings, place / "backups", place / "private"
    ankkuri(old, "backup-key", private)
    ankkuri(old, "backup", "--to", backups, "--without-keys")
    (file,) = backups.iterdir()
    new = empty_place(place / "new")
    restore = ("restore", file, "--key", private, "--without-deletions")
    restored = ankkuri(new, *restore)
    assert restored.returncode == 0, restored.stderr
    assert "what was erased" in restored.stderr
    assert "pepper.secret is not here" in restored.stderr
    assert "after that are not there" in restored.stdout


def test_a_disk_that_takes_no_more_leaves_nothing_and_is_told(
    site: Site, place: Path, ankkuri: Run
) -> None:
    for _ in range(8):
        site.send()
    site.parts.database.empty_log()
    old, backups = site.parts.settings, place / "backups"
    ankkuri(old, "backup-key", place / "private")
    made = with_small_files(old, 300_000, "backup", "--to", backups)
    assert refused(made, "cannot be written: File too large")
    assert list(backups.iterdir()) == []
    assert ankkuri(old, "backup", "--to", backups).returncode == 0


@pytest.mark.sqlite
def test_a_disk_that_takes_no_more_stops_a_restore_that_can_begin_anew(
    site: Site, place: Path, ankkuri: Run
) -> None:
    for _ in range(8):
        site.send()
    old, backups, private = site.parts.settings, place / "backups", place / "private"
    ankkuri(old, "backup-key", private)
    ankkuri(old, "backup", "--to", backups)
    (file,) = backups.iterdir()
    new = empty_place(place / "new")
    restore = ("restore", file, "--key", private, "--without-deletions")
    assert refused(with_small_files(new, 600_000, *restore), "took not all of it")
    assert refused(ankkuri(new, "jobs", "--once"), "has not been finished")
    assert refused(ankkuri(new, "init"), "has not been finished")
    assert ankkuri(new, *restore).returncode == 0
    wiring.build(new).database.engine.dispose()


def test_days_that_are_no_days_are_refused(site: Site, place: Path, ankkuri: Run) -> None:
    for days in ("0", "-1", "month"):
        done = ankkuri(site.parts.settings, "backup", "--to", place, "--expire", days)
        assert done.returncode == 2
