"""kill -9 of a backup and of a restore at any moment: whole, or not there and told so."""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import insert

import config
from intake import upkeep, wiring
from intake.store.database import Database, DatabaseNotReady
from intake.store.tables import ReportRow, SectionRow
from tests import databases
from tests.lived import empty_place, key_pair, live, opened, rows_of, seen, told
from tests.loaded import Command
from tests.site import Site

ROUNDS = 6
SEED = 20260602
MANY = 3000


def fill(site: Site) -> None:
    """Enough rows for a moment in the middle of them."""
    report = UUID(int=1)
    rows = [
        {"report_id": report, "slot": str(number), "sealed_content": os.urandom(8192)}
        for number in range(MANY)
    ]
    with site.parts.database.write() as connection:
        connection.execute(insert(ReportRow).values(id=report, received_at=site.hands()))
        connection.execute(insert(SectionRow), rows)


def start(settings: config.Settings, *arguments: object) -> Command:
    return Command("intake.cli", *map(str, arguments), environ=told(settings))


def run(
    begun: Callable[[], bool],
    done: Callable[[], bool],
    settings: config.Settings,
    *arguments: object,
) -> float:
    """Run to the end; how many seconds passed from its beginning to write to its having written."""
    process = start(settings, *arguments)
    wait_for(begun, process)
    began = time.monotonic()
    wait_for(done, process)
    took = time.monotonic() - began
    assert process.end(120).returncode == 0
    return took


def kill(
    after: float, begun: Callable[[], bool], settings: config.Settings, *arguments: object
) -> None:
    """Kill so many seconds after the moment at which it has begun to write."""
    process = start(settings, *arguments)
    wait_for(begun, process)
    time.sleep(after)  # the moment of the kill, not a wait
    process.kill()
    process.end()


def wait_for(begun: Callable[[], bool], process: Command) -> None:
    while not begun() and not process.has_ended():
        time.sleep(0.005)


def serves(settings: config.Settings) -> bool:
    try:
        wiring.build(settings).database.engine.dispose()
    except DatabaseNotReady:
        return False
    return True


@pytest.mark.slow
def test_a_killed_backup_never_leaves_a_file_that_is_not_whole_under_its_name(
    site: Site, tmp_path: Path
) -> None:
    private = key_pair(site, tmp_path)
    fill(site)
    folder = tmp_path / "backups"
    folder.mkdir()
    chance = random.Random(SEED)  # noqa: S311 (moments)
    command = ("backup", "--to", folder)

    def begun() -> bool:
        return len(list(folder.iterdir())) > there

    def named() -> bool:
        return any(folder.glob("*.backup"))

    there = 0
    whole = run(begun, named, site.parts.settings, *command)
    moments = [chance.uniform(0, whole) for _ in range(1, databases.rounds(ROUNDS))]
    for after in (*moments, 0):  # the last as soon as it writes, however fast the others were
        there = len(list(folder.iterdir()))
        kill(after, begun, site.parts.settings, *command)
    assert list(folder.glob("*.partial")), "no kill fell into the middle of a backup"
    with upkeep.restore(empty_place(tmp_path / "nowhere")) as restore:
        for file in folder.glob("*.backup"):
            assert restore.verify(opened(file, private))[1] > MANY


@pytest.mark.slow
def test_a_killed_restore_serves_nobody_and_can_be_begun_again(site: Site, tmp_path: Path) -> None:
    private = key_pair(site, tmp_path)
    receipts = live(site)
    fill(site)
    saw = seen(site, receipts)
    rows = rows_of(site.parts.database)["section"]
    assert start(site.parts.settings, "backup", "--to", tmp_path).end(120).returncode == 0
    (file,) = tmp_path.glob("*.backup")
    command = ("restore", file, "--key", private, "--without-deletions")
    place = empty_place(tmp_path / "measured")

    def begun() -> bool:
        database = Database(place.database)
        try:
            database.refuse_half_restored()
        except DatabaseNotReady:
            return True
        finally:
            database.engine.dispose()
        return False

    whole = run(begun, lambda: not begun(), place, *command)
    chance = random.Random(SEED)  # noqa: S311 (moments)
    found: Counter[str] = Counter()
    for number in range(databases.rounds(ROUNDS)):
        place = empty_place(tmp_path / f"new-{number}")
        kill(chance.uniform(0, whole), begun, place, *command)
        if serves(place):
            found["whole"] += 1
        else:
            found["begun"] += 1
            assert start(place, *command).end(120).returncode == 0
        database = Database(place.database)
        assert rows_of(database)["section"] == rows
        database.engine.dispose()
    assert found["begun"], f"no kill fell into the middle of a restore: {found}"
    parts = wiring.build(place, site.hands)
    assert seen(Site(parts, site.hands, site.people), receipts) == saw
    parts.database.engine.dispose()
