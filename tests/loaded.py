"""Our commands as processes of their own that need not load the program first, which is most of
the work of a short one: each is forked from a process that has loaded it and does nothing else.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import pkgutil
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from shutil import rmtree
from subprocess import CompletedProcess
from tempfile import mkdtemp

import intake

PROGRAMS = ("intake.cli", "intake.server")
ALL = (
    name
    for _, name, _ in pkgutil.walk_packages(intake.__path__, "intake.")
    if not name.startswith("intake.store.migrations.")
)
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([*PROGRAMS, *ALL, "holidays.countries"])


class Command:
    """One of PROGRAMS that has begun, in a process group of its own."""

    def __init__(self, program: str, *arguments: str, environ: Mapping[str, str]) -> None:
        self._said = Path(mkdtemp(prefix="ankkuri-said-"))
        self._arguments = arguments
        self._process = _FORKS.Process(
            target=_run, args=(program, arguments, {**os.environ, **environ}, self._said)
        )
        self._process.start()

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._process.pid
        return self._process.pid

    def has_ended(self) -> bool:
        """Whether it has."""
        return self._process.exitcode is not None

    def kill(self) -> None:
        """kill -9, the whole group."""
        for kill in (os.killpg, os.kill):  # it may have no group yet
            with suppress(ProcessLookupError):
                kill(self.pid, signal.SIGKILL)

    def end(self, seconds: float = 60) -> CompletedProcess[str]:
        """How it has ended, and what it said."""
        self._process.join(seconds)
        status = self._process.exitcode
        if status is None:
            self.kill()
            raise AssertionError(f"{self._arguments} did not end")
        files = (self._said / name for name in ("out", "err"))
        out, err = (file.read_text("utf-8") if file.exists() else "" for file in files)
        rmtree(self._said)
        return CompletedProcess(self._arguments, status, out, err)


def ankkuri(*arguments: str, **environ: str) -> CompletedProcess[str]:
    """``ankkuri`` with these arguments, run to its end."""
    return Command("intake.cli", *arguments, environ=environ).end()


def _run(program: str, arguments: tuple[str, ...], environ: dict[str, str], said: Path) -> None:
    os.setsid()
    os.environ.clear()
    os.environ.update(environ)
    for number, name in ((1, "out"), (2, "err")):
        file = os.open(said / name, os.O_WRONLY | os.O_CREAT, 0o600)
        os.dup2(file, number)
    sys.exit(importlib.import_module(program).main(arguments))
