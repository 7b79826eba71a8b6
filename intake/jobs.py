"""The timetable: service calls at their times, each run with a heartbeat, and nothing else."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from apscheduler.schedulers.blocking import BlockingScheduler

from intake.store import chasing
from intake.store.database import Database

Job = Callable[[datetime], int]
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
        scheduler.start()

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
