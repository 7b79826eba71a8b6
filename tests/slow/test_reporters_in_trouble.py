"""What reporters meet when something breaks under them: an honest page, and a report kept once."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from intake import wiring
from intake.parts import Parts
from tests import databases
from tests.processes import Server
from tests.site import enrol_everyone, lay_out
from tests.slow.sending import assert_each_is_there_once, refusals, senders, sending

pytestmark = pytest.mark.slow
SEED = 20260602
KILLS = 8
NOT_STORED = ("Ei tallennettu", "Emme tiedä, tallentuiko ilmoituksesi")
HONEST = (503,)


@contextmanager
def serving(folder: Path, processes: int = 2) -> Iterator[tuple[Parts, Server]]:
    """A site of real processes."""
    parts = wiring.build(lay_out(folder))
    enrol_everyone(parts, parts.now())
    server = Server(folder, processes)
    server.start()
    try:
        yield parts, server
    finally:
        server.kill()
        parts.database.engine.dispose()


@pytest.mark.postgresql
def test_a_database_that_stops_and_starts_under_load_loses_nothing(tmp_path: Path) -> None:
    chance = random.Random(SEED)  # noqa: S311 (moments, not secrets)
    with serving(tmp_path) as (parts, server):
        reporters = senders(parts, server, 480)
        stops = 0
        with sending(reporters) as go_on:
            while go_on():
                time.sleep(chance.uniform(0.2, 0.8))  # the moment of the stop, not a wait
                databases.cluster().stop("immediate" if stops % 2 else "fast")
                time.sleep(chance.uniform(0.05, 0.4))  # how long it is away
                databases.cluster().start()
                stops += 1
        told = refusals(reporters)
        assert stops > 1
        assert told, "no stop fell into a post"
        assert {answer.status for answer in told} <= set(HONEST)
        assert all(any(words in answer.text for words in NOT_STORED) for answer in told)
        assert_each_is_there_once(parts.database, reporters)


def test_a_web_process_killed_under_eight_clients_loses_nothing(tmp_path: Path) -> None:
    chance = random.Random(SEED)  # noqa: S311 (moments, not secrets)
    with serving(tmp_path) as (parts, server):
        reporters = senders(parts, server, 480)
        kills = 0
        with sending(reporters) as go_on:
            while go_on() and kills < KILLS:
                time.sleep(chance.uniform(0.02, 0.3))  # the moment of the kill, not a wait
                kills += server.kill_a_worker(chance)
                server.wait_until_it_answers()
        unanswered = [answer for r in reporters for answer in r.answers if answer is None]
        assert kills > 1
        assert unanswered, "no kill fell into a post"
        assert refusals(reporters) == []
        assert_each_is_there_once(parts.database, reporters)


@pytest.fixture
def small() -> Iterator[Path]:
    """A file system of a few MB, where a server of another user can enter too."""
    folder = Path(tempfile.mkdtemp(prefix="ankkuri-small-"))
    folder.chmod(0o755)
    size = "16m" if databases.cluster_or_none() is None else "4m"  # the whole site, or sections
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0755", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        words = "left out: needs the right to mount a tmpfs"
        if os.environ.get("TEST_EVERYTHING"):
            pytest.fail(words)
        pytest.skip(words)
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)
    folder.rmdir()


def make_room(folder: Path) -> None:
    """Let the file system be large enough."""
    subprocess.run(["mount", "-o", "remount,size=256m", str(folder)], check=True)


def test_a_full_disk_is_told_and_what_was_acknowledged_stays(small: Path, tmp_path: Path) -> None:
    folder = small / "data" if databases.cluster_or_none() is None else tmp_path / "data"
    with serving(folder) as (parts, server):
        databases.keep_sections_in(parts.database, small)
        reporters = senders(parts, server, 150)
        answered = 0
        for reporter in reporters:
            answer = server.post("/report/send", reporter.secret.cookie, reporter.form)
            reporter.answers.append(answer)
            if answer.status != 303:
                break
            answered += 1
        assert 0 < answered < len(reporters), "the disk was never full, or always"
        told = refusals(reporters)
        assert [answer.status for answer in told] == [503]
        assert any(words in told[0].text for words in NOT_STORED)
        with parts.database.read() as connection:
            kept = connection.scalar(text("SELECT count(*) FROM report"))
        assert kept == answered
        make_room(small)
        with sending([reporter for reporter in reporters if not reporter.was_acknowledged]):
            pass
        assert_each_is_there_once(parts.database, reporters)
    if databases.cluster_or_none() is not None:
        databases.move_sections_back(parts.database)
    shutil.rmtree(folder, ignore_errors=True)
