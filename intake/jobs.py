"""The timetable: service calls at their times, each run with a heartbeat, and nothing else."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event, Thread

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.blocking import BlockingScheduler
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from intake import metrics
from intake.loopback import TEXT, Answer, Loopback
from intake.services.take_stock import Stock
from intake.store import chasing
from intake.store.database import Database

Job = Callable[[datetime], int]
CLOCK_SECONDS = 5
MOST_JITTER = 5
SECONDS: Mapping[str, int] = {
    "chase": 30,
    "notify": 10,
    "deliver": 10,
    "tidy": 600,
    "retain": 3600,  # what is due by days; a run deletes so many at most
    "openers": 300,
    "entries": 300,
    "half_year": 900,  # its letters are written in the morning
    "workers": 300,
    "watch": 60,
    "try_routes": 300,
    "reconcile": 600,
    "recount": 300,
    "sign_trail": 60,
    "list_deletions": 60,  # as much of what was erased can come back after a fire
}
"""How often each job runs."""
LEAST_PATIENCE = timedelta(minutes=2)
log = logging.getLogger(__name__)


def patience(seconds: int) -> timedelta:
    """How old the last good run of a job may be before something is wrong."""
    return max(timedelta(seconds=3 * seconds), LEAST_PATIENCE)


@dataclass(frozen=True)
class Timetable:
    """Named jobs with their intervals in seconds."""

    database: Database
    now: Callable[[], datetime]
    jobs: tuple[tuple[str, Job, int], ...]
    _ended_well: dict[str, datetime] = field(default_factory=dict, init=False)

    def once(self) -> int:
        """Run every job once, in order; how many failed."""
        return sum(not self._run(name, job) for name, job, _ in self.jobs)

    def run(self) -> None:
        """Run until stopped, each job once at the start."""
        # A thread for each job: one that takes its time holds up no other.
        threads = ThreadPoolExecutor(len(self.jobs))
        scheduler = BlockingScheduler(timezone="UTC", executors={"default": threads})
        for name, job, seconds in self.jobs:
            scheduler.add_job(
                self._run,
                "interval",
                args=(name, job),
                id=name,
                seconds=seconds,
                jitter=min(seconds // 10, MOST_JITTER) or None,
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
        while not stopped.wait(CLOCK_SECONDS):
            if scheduler.running:
                hasten(scheduler, self.now())

    def tell(self, address: tuple[str, int], take_stock: Callable[[datetime], Stock]) -> None:
        """Answer a watcher at a loopback address. Raises OSError where nothing can listen there."""
        metrics.REGISTRY.register(metrics.StockCollector(take_stock, self.now))
        Loopback(
            address,
            {
                "/metrics": _figures,
                "/healthz": lambda: (200, TEXT, b"alive\n"),
                "/readyz": self.ready,
            },
        ).serve()

    def ready(self) -> Answer:
        """Whether every job has ended well of late."""
        now = self.now()
        late = [
            name
            for name, _, seconds in self.jobs
            if (at := self._ended_well.get(name)) is None or now - at > patience(seconds)
        ]
        if late:
            return 503, TEXT, f"not ready: {', '.join(late)} not run of late\n".encode()
        return 200, TEXT, b"ready\n"

    def _run(self, name: str, job: Job) -> bool:
        began = time.monotonic()
        count = None
        try:
            count = self._with_heartbeat(name, job)
        except Exception:  # a run that left no heartbeat is none, and holds up no other job
            log.exception("job %s could not leave its heartbeat", name)
        finally:
            metrics.JOB_SECONDS.labels(name).observe(time.monotonic() - began)
        metrics.JOB_RUNS.labels(name, "failed" if count is None else "well").inc()
        if count is None:
            return False
        metrics.HANDLED.labels(name).inc(count)
        self._ended_well[name] = self.now()
        return True

    def _with_heartbeat(self, name: str, job: Job) -> int | None:
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
        return count


def hasten(scheduler: BlockingScheduler, now: datetime) -> None:
    """Run now what would wait longer than its interval, and whatever is due: the clock was set.

    The scheduler counts how long it sleeps once, by the clock as it then was.
    """
    longer = timedelta(seconds=MOST_JITTER + CLOCK_SECONDS)
    for job in scheduler.get_jobs():
        if job.next_run_time > now + job.trigger.interval + longer:
            log.warning("the clock was set back: %s runs now, not at %s", job.id, job.next_run_time)
            job.modify(next_run_time=now)
    scheduler.wakeup()


def _figures() -> Answer:
    return 200, CONTENT_TYPE_PLAIN_0_0_4, generate_latest(metrics.REGISTRY)
