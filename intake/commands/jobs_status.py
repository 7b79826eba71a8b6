"""How the jobs have run of late, for a terminal or a watcher."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import config
from intake import jobs
from intake.parts import utc_now
from intake.services.show_jobs import Runs, ShowJobs
from intake.store.database import Database


def tell(*, as_json: bool) -> int:
    """Print each job; 0 if all is well, 1 if one is overdue."""
    database = Database(config.load().database)
    try:
        database.require_current()
        runs = ShowJobs(database, jobs.SECONDS, jobs.patience)(utc_now())
    finally:
        database.engine.dispose()
    well = not any(one.overdue for one in runs)
    print(json.dumps(_plain(runs, well), indent=2) if as_json else "\n".join(map(_line, runs)))
    return 0 if well else 1


def _plain(runs: Sequence[Runs], well: bool) -> dict[str, Any]:
    return {
        "well": well,
        "jobs": [
            {
                "job": one.job,
                "every_seconds": one.every.total_seconds(),
                "overdue": one.overdue,
                "last": one.last
                and {
                    "started_at": one.last.started_at.isoformat(),
                    "finished_at": one.last.finished_at.isoformat(),
                    "handled": one.last.handled,
                    "failed": one.last.failed,
                },
                "good_at": one.good_at and one.good_at.isoformat(),
                "within_24_hours": {
                    "ended": one.ended,
                    "failures": one.failures,
                    "broken_off": one.broken_off,
                },
                "running_since": [at.isoformat() for at in one.running],
            }
            for one in runs
        ],
    }


def _line(one: Runs) -> str:
    state = "OVERDUE" if one.overdue else "ok"
    every = f"every {one.every.total_seconds():.0f} s"
    good = f"last ended well {_at(one.good_at)}" if one.good_at else "has never ended well"
    counts = f"{one.ended} runs in 24 h, {one.failures} failed, {len(one.running)} running"
    return f"{one.job:<15} {state:<8} {every:<13} {good}; {counts}"


def _at(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
