"""The timetable: every run leaves a heartbeat, and one failing job stops no other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import SimpleQueue
from threading import Barrier, Thread
from typing import Any
from unittest.mock import patch

import pytest
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.schedulers.blocking import BlockingScheduler
from sqlalchemy import make_url, select
from time_machine import Traveller, travel

from intake.commands.site import _work
from intake.jobs import MOST_JITTER, SECONDS, Timetable, hasten
from intake.services.draft import Draft
from intake.store.tables import DraftRow, HeartbeatRow, ReceiptRow, ReportRow
from intake.vault.own import VisitorSecret
from tests.site import TUESDAY, Site, worry_answers

Scheduling = tuple[BackgroundScheduler, Traveller, SimpleQueue[str]]


def test_every_run_leaves_a_heartbeat_with_its_count(site: Site) -> None:
    site.send()
    site.hands.move(days=14)
    timetable = Timetable(
        site.parts.database,
        site.hands,
        (("chase", site.parts.chase, 30), ("tidy", site.parts.tidy, 600)),
    )
    assert timetable.once() == 0
    with site.parts.database.read() as connection:
        beats = connection.execute(select(HeartbeatRow)).all()
    assert {beat.job: beat.failed for beat in beats} == {"chase": False, "tidy": False}
    assert all(beat.finished_at == site.hands() for beat in beats)
    assert max(beat.handled or 0 for beat in beats) > 0


def test_a_failing_job_is_recorded_and_the_next_one_runs(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_now: datetime) -> int:
        raise RuntimeError("the desk is on fire")

    timetable = Timetable(
        site.parts.database, site.hands, (("broken", broken, 30), ("tidy", site.parts.tidy, 600))
    )
    assert timetable.once() == 1
    with site.parts.database.read() as connection:
        beats = {beat.job: beat for beat in connection.execute(select(HeartbeatRow))}
    assert beats["broken"].failed
    assert not beats["tidy"].failed
    assert "job broken failed" in caplog.text


def test_a_run_that_can_leave_no_heartbeat_has_failed_and_holds_up_no_other(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    ran: list[str] = []

    def breaks_the_heartbeats(_now: datetime) -> int:
        ran.append("first")
        site.break_writes("UPDATE ON heartbeat")
        return 1

    def last(_now: datetime) -> int:
        ran.append("second")
        site.mend_writes("heartbeat")
        return 1

    timetable = Timetable(
        site.parts.database,
        site.hands,
        (("first", breaks_the_heartbeats, 30), ("second", last, 30)),
    )
    assert timetable.once() == 1
    assert ran == ["first", "second"]
    assert "job first could not leave its heartbeat" in caplog.text
    with site.parts.database.read() as connection:
        beats = {beat.job: beat for beat in connection.execute(select(HeartbeatRow))}
    assert beats["first"].finished_at is None
    assert beats["second"].finished_at is not None


def test_each_job_makes_up_for_missed_runs_in_one_and_never_runs_twice_at_once(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    added: dict[str, dict[str, Any]] = {}

    def add(_self: BlockingScheduler, *_: Any, **how: Any) -> None:
        added[how["id"]] = how

    monkeypatch.setattr(BlockingScheduler, "add_job", add)
    monkeypatch.setattr(BlockingScheduler, "start", lambda _: None)
    jobs = tuple((name, site.parts.tidy, seconds) for name, seconds in SECONDS.items())
    Timetable(site.parts.database, site.hands, jobs).run()
    assert set(added) == set(SECONDS)
    for name, how in added.items():
        assert how["coalesce"], name
        assert how["max_instances"] == 1
        assert how["misfire_grace_time"] is None
        assert 0 < how["jitter"] <= MOST_JITTER
        assert how["seconds"] == SECONDS[name]


def test_a_job_that_takes_its_time_holds_up_no_other(site: Site) -> None:
    """More jobs than the library has threads of its own: all of them run at once."""
    together, ended = Barrier(15, timeout=20), SimpleQueue[int]()

    def waits(_now: datetime) -> int:
        ended.put(together.wait())
        return 0

    timetable = Timetable(
        site.parts.database,
        lambda: datetime.now(UTC),
        tuple((f"job-{number}", waits, 3600) for number in range(together.parties)),
    )
    running: SimpleQueue[BlockingScheduler] = SimpleQueue()
    start = BlockingScheduler.start

    def start_and_tell(self: BlockingScheduler) -> None:
        running.put(self)
        start(self)

    with patch.object(BlockingScheduler, "start", start_and_tell):
        thread = Thread(target=timetable.run)
        thread.start()
        scheduler = running.get(timeout=20)
        try:
            places = [ended.get(timeout=30) for _ in range(together.parties)]
        finally:
            scheduler.shutdown()
            thread.join(timeout=20)
    assert sorted(places) == list(range(together.parties))


def test_the_command_runs_every_job_of_the_timetable(site: Site) -> None:
    assert set(_work(site.parts)) == set(SECONDS)


def test_tidying_deletes_old_drafts_and_copies_but_no_report(site: Site) -> None:
    Draft(site.parts.database).save(VisitorSecret.new(), worry_answers(), site.hands())
    site.send()
    site.hands.move(hours=11)
    fresh = VisitorSecret.new()
    Draft(site.parts.database).save(fresh, worry_answers(), site.hands())
    site.parts.tidy(site.hands.move(hours=2))
    with site.parts.database.read() as connection:
        assert list(connection.scalars(select(DraftRow.id))) == [fresh.draft_id]
        assert connection.scalar(select(ReceiptRow.sealed_copy)) is None
        assert connection.scalar(select(ReportRow.id)) is not None


@contextmanager
def scheduling(waits: Mapping[str, timedelta]) -> Iterator[Scheduling]:
    """A scheduler of jobs of a minute that are put into the queue; the clock stands at TUESDAY."""
    ran: SimpleQueue[str] = SimpleQueue()
    scheduler = BackgroundScheduler(timezone="UTC")
    for name, wait in waits.items():
        at = TUESDAY + wait
        scheduler.add_job(ran.put, "interval", [name], id=name, seconds=60, next_run_time=at)
    with travel(TUESDAY) as clock:
        scheduler.start()
        try:
            yield scheduler, clock, ran
        finally:
            scheduler.shutdown()


def test_a_job_that_would_wait_longer_than_its_interval_runs_at_once_and_no_other() -> None:
    soon = timedelta(minutes=1)
    with scheduling({"soon": soon, "late": timedelta(minutes=61)}) as (scheduler, _, ran):
        hasten(scheduler, TUESDAY)
        assert ran.get(timeout=20) == "late"
        assert scheduler.get_job("soon").next_run_time == TUESDAY + soon


def test_a_scheduler_that_fell_asleep_by_a_wrong_clock_is_woken_for_what_is_due() -> None:
    with scheduling({"job": timedelta(0)}) as (scheduler, clock, ran):
        assert ran.get(timeout=20) == "job"
        clock.shift(timedelta(minutes=1))
        hasten(scheduler, TUESDAY + timedelta(minutes=1))
        assert ran.get(timeout=20) == "job"


@pytest.mark.sqlite
def test_after_tidying_what_was_erased_is_in_no_file_of_the_database(site: Site) -> None:
    database, drafts, secret = site.parts.database, Draft(site.parts.database), VisitorSecret.new()
    sealed = drafts.save(secret, worry_answers(), site.hands())
    drafts.erase(secret)
    path = Path(make_url(database.url).database or "")
    files = list(path.parent.glob(f"{path.name}*"))

    def holding() -> list[Path]:
        return [file for file in files if sealed[-1000:] in file.read_bytes()]

    assert holding() == [path.with_name(f"{path.name}-wal")]
    site.parts.tidy(site.hands())
    assert holding() == []
