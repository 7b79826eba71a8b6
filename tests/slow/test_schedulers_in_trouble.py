"""Schedulers killed over invented reports, and clocks that are set: each step once, each letter
taken.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path

import pytest
from sqlalchemy import func, select

from intake.domain.canary import MET_BY, STEP, canaries
from intake.domain.deadline import local_date, local_instant
from intake.domain.promised import look
from intake.jobs import SECONDS, Timetable
from intake.parts import Parts
from intake.store.database import Database
from intake.store.reminder_tables import ReminderRow
from intake.store.tables import ChaseRow, DeadlineRow, HeartbeatRow, OutboxRow, ReportRow
from intake.store.watch_tables import CanaryRow
from tests import databases
from tests.processes import until
from tests.site import Site, environment, open_site

pytestmark = pytest.mark.slow
SEED = 20260602
ROUNDS = 100
BEFORE_ALL = datetime(2020, 1, 1, tzinfo=UTC)
ENOUGH_SECONDS = 60


def assert_each_step_is_recorded_once(site: Site, now: datetime) -> None:
    """Every step that has come, also again, of every deadline that nobody met, and none twice. Not
    those of invented reports, which come and go.
    """
    with site.parts.database.read() as connection:
        real = DeadlineRow.met_by.is_distinct_from(MET_BY)
        due = [
            (row.id, taking.name)
            for row in connection.execute(select(DeadlineRow).where(real))
            for taking in look(row.steps, BEFORE_ALL, now, site.parts.calendar)[0]
        ]
        recorded = [
            (row.deadline_id, row.step)
            for row in connection.execute(
                select(ChaseRow.deadline_id, ChaseRow.step).where(ChaseRow.step != STEP)
            )
        ]
    assert due
    assert sorted(recorded) == sorted(due)


def assert_each_letter_was_taken(site: Site) -> None:
    """Under the one Message-ID that its file is named by; none is lost and none is of nothing.

    Every deadline that was chased has its reminders, and each of those its letter.
    """
    with site.parts.database.read() as connection:
        columns = OutboxRow.id, OutboxRow.letter, OutboxRow.sent_at
        letters = connection.execute(select(*columns)).all()
        chases = select(ChaseRow.deadline_id).where(ChaseRow.step != STEP)
        chased = set(connection.scalars(chases))
        told = connection.execute(select(ReminderRow.deadline_id, ReminderRow.letter_id)).all()
    assert {one.deadline_id for one in told} == chased
    assert all(one.letter_id for one in told)
    assert [letter.letter for letter in letters if letter.sent_at is None] == []
    taken = {path.stem for path in site.parts.settings.letters.glob("*.eml")}
    assert taken == {str(letter.id) for letter in letters}


def timetable(parts: Parts, at: datetime) -> Timetable:
    """What each scheduler does."""
    jobs = (("chase", parts.chase, 30), ("deliver", parts.deliver, 10))
    return Timetable(parts.database, lambda: at, jobs)


def scheduler(parts: Parts, at: datetime) -> int:
    """A process that runs every job once; its id."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        parts.database.engine.dispose(close=False)  # the connections belong to the parent
        status = timetable(parts, at).once()
    finally:
        os._exit(status)


def done_before(database: Database, at: datetime) -> set[str]:
    """The jobs that have ended a run which they began before then."""
    with database.read() as connection:
        ended = select(HeartbeatRow.job).where(
            HeartbeatRow.started_at < at, HeartbeatRow.finished_at.is_not(None)
        )
        return set(connection.scalars(ended))


def waiting(database: Database) -> int:
    """How many letters have not been taken."""
    with database.read() as connection:
        untaken = select(func.count()).where(OutboxRow.sent_at.is_(None))
        return connection.scalar(untaken) or 0


def test_a_scheduler_killed_while_it_tries_the_routes_leaves_nothing(tmp_path: Path) -> None:
    chance = random.Random(SEED)  # noqa: S311 (moments, not secrets)
    with open_site(tmp_path / "data") as site:
        jobs = replace(site.parts, database=databases.of_role(site.parts.database, "jobs"))
        killed = 0
        for _ in range(10):
            at = site.hands.move(days=1)
            children = [trying(jobs, at) for _ in range(2)]
            for child in children:
                time.sleep(chance.uniform(0, 0.5))  # the moment of the kill, not a wait
                os.kill(child, signal.SIGKILL)
            for child in children:
                killed += os.WIFSIGNALED(os.waitpid(child, 0)[1])
            for _ in range(2):
                assert os.waitpid(trying(jobs, site.hands.move(minutes=11)), 0)[1] == 0
                jobs.chase(site.hands.move(minutes=1))
            assert os.waitpid(trying(jobs, site.hands.move(minutes=1)), 0)[1] == 0
            with site.parts.database.read() as connection:
                sent = select(CanaryRow.route).where(CanaryRow.sent_at >= at)
                routes = connection.scalars(sent).all()
                assert len(routes) >= len(set(routes)) == len(set(all_routes(site)))
                assert connection.scalar(select(func.count()).select_from(ReportRow)) == 0
        assert killed > 5, "most had ended before the kill"


def all_routes(site: Site) -> list[str]:
    """Every route of the tests' directory."""
    return [one.route for one in canaries(site.parts.directory, site.hands().date())]


def trying(parts: Parts, at: datetime) -> int:
    """A process that sees to the invented reports once; its id."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        parts.database.engine.dispose(close=False)  # the connections belong to the parent
        parts.try_routes(at)
        status = 0
    finally:
        os._exit(status)


def ankkuri_by_a_clock(off: timedelta, *command: str) -> list[str]:
    """How to run a command by a clock so far off ours."""
    return [sys.executable, "-m", "tests.slow.set_clock", str(off.total_seconds()), *command]


def test_a_clock_set_back_an_hour_repeats_no_step_and_stops_no_job(tmp_path: Path) -> None:
    began = datetime.now(UTC)
    with open_site(tmp_path / "data", began) as site:
        site.send()
        # By day, when nothing waits for the morning.
        then = local_date(began) + timedelta(days=14)
        off = local_instant(then, clock_time(12)) - began
        environ = os.environ | environment(site.parts.settings.data)
        database, every = site.parts.database, set(SECONDS)
        jobs = subprocess.Popen(
            ankkuri_by_a_clock(off, "jobs"),
            env=environ,
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            bufsize=1,
        )
        assert jobs.stdin
        try:
            until(
                lambda: done_before(database, datetime.max.replace(tzinfo=UTC)) == every,
                ENOUGH_SECONDS,
            )
            jobs.stdin.write("-3600\n")
            until(lambda: done_before(database, began + off) == every, ENOUGH_SECONDS)
            jobs.stdin.write("4200\n")  # somebody has noticed
            until(lambda: waiting(database) == 0, ENOUGH_SECONDS)
        finally:
            jobs.kill()
            jobs.communicate()
        # By day again, what was written since and what one of them held; then what had to be
        # gathered first.
        tomorrow = local_date(began + off) + timedelta(days=1)
        morning = local_instant(tomorrow, clock_time(10)) - began
        for later in (morning, morning + timedelta(minutes=6)):
            once = ankkuri_by_a_clock(later, "jobs", "--once")
            ended = subprocess.run(
                once, env=environ, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
            )
            assert ended.returncode == 0
        with database.read() as connection:
            real = ChaseRow.step != STEP
            last = connection.scalar(select(func.max(ChaseRow.chased_at)).where(real))
        assert last is not None
        assert_each_step_is_recorded_once(site, last)
        assert_each_letter_was_taken(site)
