"""How the jobs of the timetable have run of late, in all processes together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from intake.store import chasing, runs
from intake.store.columns import AnyRow
from intake.store.database import Database

LOOKED_BACK = timedelta(hours=24)


@dataclass(frozen=True)
class Runs:
    """One job: how often it is to run, and how it did.

    ``last``: the run that ended last (started_at, finished_at, handled, failed); ``good_at``: when
    one last ended well. ``ended`` and ``failures`` are of the last 24 hours, and so are those that
    have not ended: ``running`` since when, and ``broken_off`` those begun so long ago that their
    process was killed, or hangs.
    """

    job: str
    every: timedelta
    overdue: bool
    last: AnyRow | None
    good_at: datetime | None
    ended: int
    failures: int
    running: tuple[datetime, ...]
    broken_off: int


@dataclass(frozen=True)
class ShowJobs:
    """``seconds``: the timetable, how often each job runs. ``patience``: how old the last good run
    of a job that runs so often may be before something is wrong.
    """

    database: Database
    seconds: Mapping[str, int]
    patience: Callable[[int], timedelta]

    def __call__(self, now: datetime) -> list[Runs]:
        """Each job in the order of the timetable."""
        since = now - LOOKED_BACK
        with self.database.read() as connection:
            ended = runs.ended(connection, self.seconds, since)
            begun = runs.not_ended(connection, self.seconds, since)
            last = {job: runs.last_ended(connection, job) for job in self.seconds}
            good = {
                job: row.finished_at
                if row and not row.failed
                else chasing.last_run(connection, job)
                for job, row in last.items()
            }
        return [
            self._runs(
                job,
                last[job],
                good[job],
                ended.get(job, (0, 0)),
                [row.started_at for row in begun if row.job == job],
                now,
            )
            for job in self.seconds
        ]

    def _runs(
        self,
        job: str,
        last: AnyRow | None,
        good_at: datetime | None,
        ended: tuple[int, int],
        begun: list[datetime],
        now: datetime,
    ) -> Runs:
        seconds = self.seconds[job]
        longest = self.patience(seconds)
        running = tuple(at for at in begun if now - at <= longest)
        return Runs(
            job,
            timedelta(seconds=seconds),
            good_at is None or now - good_at > longest,
            last,
            good_at,
            *ended,
            running,
            len(begun) - len(running),
        )
