"""Making and running a site: ``init``, ``serve``, ``jobs``, ``demo``, ``bench``."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import config
from intake import doors, jobs, logs, server, upkeep, wiring
from intake.commands import jobs_status
from intake.commands.command import InputUnusable, add_command
from intake.live import LiveParts
from intake.parts import Parts


def add(commands: Any) -> None:
    """Add these commands."""
    init = add_command(
        commands, "init", _init, "make keys, schema and directory; safe to run again"
    )
    init.add_argument("--directory", type=Path, metavar="FILE", help="of the first directory")
    serve = add_command(commands, "serve", _serve, "serve the doors that the settings name")
    server.add_arguments(serve)
    jobs = add_command(
        commands, "jobs", _jobs, "chase, deliver, tidy, watch who can open, on a timetable"
    )
    way = jobs.add_mutually_exclusive_group()
    way.add_argument("--once", action="store_true", help="run each job once and stop")
    way.add_argument("--status", action="store_true", help="tell how they have run, and run none")
    jobs.add_argument("--json", action="store_true", help="of the status")
    demo = add_command(
        commands, "demo", _demo, "a site with invented people and worries, served until stopped"
    )
    demo.add_argument("--port", type=int, default=8000)
    demo.add_argument("--only-make", action="store_true", help="make the data and stop")
    bench = add_command(commands, "bench", _bench, "measure; the figures are ratios within one run")
    bench.add_argument(
        "what", choices=("submit", "pages", "memory", "rules", "impact", "chase", "vault")
    )
    bench.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    bench.add_argument("--json", action="store_true")
    bench.add_argument(
        "--lines", type=int, help="vault: of the larger trail, ten times the smaller one"
    )


def _init(chosen: argparse.Namespace) -> int:
    from intake.services.settle import KeyFileLost

    settings = config.load()
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
        settings.data.chmod(0o700)
    except OSError as error:
        raise InputUnusable(f"The data folder cannot be made private: {error}") from None
    try:
        done = upkeep.lay_out(settings, chosen.directory)
    except KeyFileLost as error:
        raise InputUnusable(str(error)) from None
    made = f" (made {', '.join(done.secrets)})" if done.secrets else ""
    print(f"Ready in {settings.data}{made}")
    if not settings.directory_key:
        print("Nothing starts before there is a directory key: see docs/keys.md")
    if done.roles_missing:
        print(f"PostgreSQL has no role {', '.join(done.roles_missing)}: see docs/deploy.md")
    return 0


def _serve(chosen: argparse.Namespace) -> int:
    settings = config.load()
    doors.blueprints(wiring.build(settings))  # refuses here, in one line, not in a worker
    server.refuse_unusable(chosen, settings)
    command = server.command(chosen)
    os.execv(command[0], command)  # noqa: S606 # nosec B606 # no shell


def _do(live: LiveParts, name: str, now: datetime) -> int:
    return _work(live())[name](now)


def _work(parts: Parts) -> dict[str, jobs.Job]:
    return {
        "chase": parts.chase,
        "notify": parts.notify,
        "openers": parts.alarm,
        "entries": parts.check_entries,
        "workers": parts.dismiss.lapsed,
        "half_year": parts.remind_half_year,
        "recount": parts.recount,
        "tidy": parts.tidy,
        "retain": parts.retain,
        "reconcile": parts.reconcile,
        "try_routes": parts.try_routes,
        "watch": parts.watch,
        "sign_trail": parts.sign_trail,  # the lines of this run too
        "deliver": parts.deliver,  # what the others have written goes with the same run
        "list_deletions": parts.list_deletions,
    }


def _jobs(chosen: argparse.Namespace) -> int:
    if chosen.status:
        return jobs_status.tell(as_json=chosen.json)
    if chosen.json:
        raise InputUnusable("Give --json with --status: a run says nothing")
    settings = config.load()
    parts = wiring.build(settings)
    live = LiveParts(parts)
    logs.install(settings.log, "jobs")
    timetable = jobs.Timetable(
        parts.database,
        parts.now,
        tuple((name, partial(_do, live, name), jobs.SECONDS[name]) for name in _work(parts)),
    )
    if chosen.once:
        return 1 if timetable.once() else 0
    if settings.metrics:
        try:
            timetable.tell(settings.metrics, lambda now: live().take_stock(now))
        except OSError as error:
            raise InputUnusable(
                f"ANKKURI_METRICS cannot be listened at: {error.strerror}"
            ) from None
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with suppress(KeyboardInterrupt):
        timetable.run()
    return 0


def _demo(chosen: argparse.Namespace) -> int:
    from intake import demo

    return demo.run(chosen.port, only_make=chosen.only_make)


def _bench(chosen: argparse.Namespace) -> int:
    from benchmarks import chase, impact, memory, pages, rules, submit, vault

    runs: dict[str, Callable[..., int]] = {
        "submit": submit.run,
        "pages": pages.run,
        "memory": memory.run,
        "rules": rules.run,
        "impact": impact.run,
        "chase": chase.run,
        "vault": vault.run,
    }
    how: dict[str, Any] = {"database": chosen.database, "as_json": chosen.json}
    if chosen.lines is not None:
        if chosen.what != "vault" or chosen.lines < vault.LEAST_LINES:
            least = f"{vault.LEAST_LINES:,}"
            raise InputUnusable(f"Give --lines to `bench vault` alone, {least} or more")
        how["lines"] = chosen.lines
    return runs[chosen.what](**how)
