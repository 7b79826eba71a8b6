"""Making and running a site: ``init``, ``serve``, ``jobs``, ``demo``, ``bench``."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import config
from intake import wiring
from intake.commands.command import InputUnusable, add_command
from intake.jobs import Timetable
from intake.live import LiveParts

CHASE_SECONDS, DELIVER_SECONDS, TIDY_SECONDS, OPENERS_SECONDS = 30, 10, 600, 300


def add(commands: Any) -> None:
    """Add these commands."""
    init = add_command(
        commands, "init", _init, "make keys, schema and directory; safe to run again"
    )
    init.add_argument("--directory", type=Path, metavar="FILE", help="of the first directory")
    serve = add_command(commands, "serve", _serve, "serve the doors that the settings name")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8000)
    serve.add_argument("--processes", type=int, default=2)
    jobs = add_command(
        commands, "jobs", _jobs, "chase, deliver, tidy and watch who can open, on a timetable"
    )
    jobs.add_argument("--once", action="store_true", help="run each job once and stop")
    demo = add_command(
        commands, "demo", _demo, "a site with invented people and worries, served until stopped"
    )
    demo.add_argument("--port", type=int, default=8000)
    demo.add_argument("--only-make", action="store_true", help="make the data and stop")
    bench = add_command(commands, "bench", _bench, "measure; the figures are ratios within one run")
    bench.add_argument("what", choices=("submit",))
    bench.add_argument("--json", action="store_true")


def _init(chosen: argparse.Namespace) -> int:
    from intake.services.settle import KeyFileLost

    settings = config.load()
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
        settings.data.chmod(0o700)
    except OSError as error:
        raise InputUnusable(f"The data folder cannot be made private: {error}") from None
    try:
        made = wiring.lay_out(settings, chosen.directory)
    except KeyFileLost as error:
        raise InputUnusable(str(error)) from None
    print(f"Ready in {settings.data}" + (f" (made {', '.join(made)})" if made else ""))
    return 0


def _serve(chosen: argparse.Namespace) -> int:
    wiring.blueprints(wiring.build(config.load()))  # refuses here, in one line, not in a worker
    config.refuse_taken_port(chosen.host, chosen.port)
    command = [sys.executable, "-m", "gunicorn", *server_options(chosen.host, chosen.port)]
    os.execv(sys.executable, [*command, "--workers", str(chosen.processes)])  # noqa: S606 (no shell)


def server_options(host: str, port: int) -> list[str]:
    """How gunicorn serves one door or several; the number of processes is the caller's."""
    return [
        "intake.app:from_environment()",
        "--bind",
        f"{host}:{port}",
        "--worker-class",
        "gthread",
        "--threads",
        "4",
        "--no-control-socket",
        "--log-level",
        "warning",
    ]


def _jobs(chosen: argparse.Namespace) -> int:
    parts = wiring.build(config.load())
    live = LiveParts(parts)
    timetable = Timetable(
        parts.database,
        parts.now,
        (
            ("chase", lambda now: live().chase(now), CHASE_SECONDS),
            ("deliver", lambda now: live().deliver(now), DELIVER_SECONDS),
            ("tidy", lambda now: live().tidy(now), TIDY_SECONDS),
            ("openers", lambda now: live().alarm(now), OPENERS_SECONDS),
            ("workers", lambda now: live().dismiss.lapsed(now), OPENERS_SECONDS),
        ),
    )
    if chosen.once:
        return 1 if timetable.once() else 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with suppress(KeyboardInterrupt):
        timetable.run()
    return 0


def _demo(chosen: argparse.Namespace) -> int:
    from intake import demo

    return demo.run(chosen.port, only_make=chosen.only_make)


def _bench(chosen: argparse.Namespace) -> int:
    from benchmarks import submit

    return submit.run(as_json=chosen.json)
