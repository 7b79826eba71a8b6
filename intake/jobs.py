"""The timetable: service calls at their times, each run with a heartbeat, and nothing else."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Event, Thread

from apscheduler.schedulers.blocking import BlockingScheduler

from intake.store import chasing
from intake.store.database import Database

Job = Callable[[datetime], int]
CLOCK_SECONDS = 5
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Timetable:
    """Named jobs with their intervals in seconds."""

    database: Database
    now: Callable[[], datetime]
    jobs: tuple[tuple[str, Job, int], ...]

    def once(self) -> int:
        """Run every job once, in order; how many failed."""
        return sum(not self._run(name, job) for name, job, _ in self.jobs)

    def run(self) -> None:
        """Run until stopped, each job once at the start."""
        scheduler = BlockingScheduler(timezone="UTC")
        for name, job, seconds in self.jobs:
            scheduler.add_job(
                self._run,
                "interval",
                args=(name, job),
                id=name,
                seconds=seconds,
                jitter=min(seconds // 10, 5) or None,
                next_run_time=self.now(),
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
            )
        stopped = Event()
        Thread(target=self._mind_the_clock, args=(scheduler, stopped), daemon=True).start()
        try:
            scheduler.start()
        finally:
            stopped.set()

    def _mind_the_clock(self, scheduler: BlockingScheduler, stopped: Event) -> None:
        """Run every job now if the clock was set back: they would wait as long as it went back."""
        ahead = _ahead()
        while not stopped.wait(CLOCK_SECONDS):
            went_back, ahead = ahead - _ahead(), _ahead()
            if went_back > CLOCK_SECONDS:
                log.warning("the clock was set back by %d s: every job runs now", went_back)
                for job in scheduler.get_jobs():
                    job.modify(next_run_time=self.now())

    def _run(self, name: str, job: Job) -> bool:
        started_at = self.now()
        with self.database.write() as connection:
            heartbeat = chasing.begin_heartbeat(connection, name, started_at)
        try:
            count = job(started_at)
        except Exception:
            log.exception("job %s failed", name)
            count = None
        with self.database.write() as connection:
            chasing.end_heartbeat(connection, heartbeat, self.now(), count, count is None)
        return count is not None


def _ahead() -> float:
    """How far the clock is ahead of one that nobody sets, in seconds."""
    return time.time() - time.monotonic()
