"""gunicorn, serving the doors that the settings name.

The master process knows no database and holds no key. Each process that it forks makes its own
application, and is a writer of its own in the trail.
"""

from __future__ import annotations

import argparse
import logging
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from gunicorn import util
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.errors import HaltServer
from gunicorn.glogging import Logger
from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine, ParseException
from gunicorn.workers.gthread import ThreadWorker

import config
from intake import core_dumps, logs
from intake.loopback import Loopback

STAFF_THREADS = 24  # sign-ins take 20 of them at most: the others are left to reporters
REPORTER_THREADS = 4
FEWEST_THREADS = 21  # where staff sign in
STUCK_SECONDS = 60
UNUSABLE = 2
APPLICATION = "intake.app:from_environment()"
BARE = (
    "HTTP/1.1 {status} {reason}\r\nConnection: close\r\nContent-Length: {length}\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n"
    "Cache-Control: no-store\r\nContent-Security-Policy: default-src 'none'\r\n"
    "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n\r\n"
)
"""The answer to what is no request."""
TOO_LONG = (
    "Osoite on liian pitkä: haussa on liikaa tekstiä. Palaa takaisin ja lyhennä sitä.\n\n"
    "Adressen är för lång: sökningen har för mycket text. Gå tillbaka och korta av den.\n\n"
    "The address is too long: the search has too much text. Go back and shorten it.\n"
).encode()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How to serve: what ``ankkuri serve`` takes and hands on."""
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--unix", default="", metavar="PATH", help="a socket instead of a port")
    parser.add_argument("--processes", type=_number(1), default=2)
    parser.add_argument(
        "--threads",
        type=_number(1),
        help=f"per process; {STAFF_THREADS}, or {REPORTER_THREADS} for the reporter's door alone",
    )
    parser.add_argument(
        "--graceful-seconds",
        type=_number(1),
        default=30,
        help="how long a request may go on once told to stop",
    )
    parser.add_argument(
        "--recycle-after",
        type=_number(0),
        default=0,
        metavar="REQUESTS",
        help="renew a process after about so many; 0: never",
    )
    parser.add_argument("--quiet", action="store_true", help="no line for each request")
    parser.add_argument("--application", default=APPLICATION, help=argparse.SUPPRESS)


def refuse_unusable(chosen: argparse.Namespace, settings: config.Settings) -> None:
    """Raise SettingsUnusable where there are too few threads, or where the addresses to listen at
    cannot be used.
    """
    if chosen.threads and chosen.threads < FEWEST_THREADS and _lets_staff_in(settings):
        raise config.SettingsUnusable(
            f"--threads: {chosen.threads} is too few where staff sign in: {FEWEST_THREADS} or more"
        )
    if chosen.unix:
        config.refuse_taken_socket(Path(chosen.unix))
    else:
        config.refuse_taken_port(chosen.host, chosen.port)
    if settings.metrics:
        config.refuse_taken_port(*settings.metrics)


def usual_threads(settings: config.Settings) -> int:
    """Of a process that serves these doors."""
    return STAFF_THREADS if _lets_staff_in(settings) else REPORTER_THREADS


def command(chosen: argparse.Namespace) -> list[str]:
    """What runs this module as it was chosen."""
    bare = argparse.ArgumentParser()
    add_arguments(bare)
    arguments = []
    for name, usual in vars(bare.parse_args([])).items():
        option, value = f"--{name.replace('_', '-')}", getattr(chosen, name)
        if value != usual:
            arguments.append(option if value is True else f"{option}={value}")
    return [sys.executable, "-m", "intake.server", *arguments]


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to stop. 2, with one line, where that cannot be."""
    parser = argparse.ArgumentParser(prog="ankkuri serve")
    add_arguments(parser)
    chosen = parser.parse_args(arguments)
    core_dumps.forbid()
    try:
        settings = config.load()
        every = set(settings.doors) == set(config.DOORS)
        logs.install(settings.log, "all" if every else ",".join(settings.doors))
        if chosen.quiet:
            logging.getLogger("intake.request").setLevel(logging.WARNING)
        refuse_unusable(chosen, settings)
        figures = Figures(settings.metrics) if settings.metrics else None
        chosen.threads = chosen.threads or usual_threads(settings)
    except config.SettingsUnusable as unusable:
        return _refuse(str(unusable))
    doors = Doors(chosen, figures)
    try:
        doors.run()
    except (SystemExit, HaltServer) as stop:
        if os.getpid() != doors.master:
            raise  # a process of the server ends
        if isinstance(stop, HaltServer) or stop.code:
            return _refuse(doors.why() or "The server could not be started: see the log")
    return 0


class Doors(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """The application as gunicorn asks for it: options, hooks, and a load in each process."""

    def __init__(self, chosen: argparse.Namespace, figures: Figures | None) -> None:
        self._chosen = chosen
        self._figures = figures
        self._reads_why, self._writes_why = os.pipe()
        os.set_blocking(self._reads_why, False)
        self._why = ""
        self.master = os.getpid()
        super().__init__()

    def load_config(self) -> None:
        """Ours alone: no file and no variable of gunicorn's is read."""
        chosen = self._chosen
        host = f"[{chosen.host}]" if ":" in chosen.host else chosen.host
        options: dict[str, Any] = {
            "bind": f"unix:{chosen.unix}" if chosen.unix else f"{host}:{chosen.port}",
            "umask": 0o007,  # of the socket: the owner and the folder's group
            "workers": chosen.processes,
            "worker_class": Worker,
            "threads": chosen.threads,
            "timeout": STUCK_SECONDS,
            "graceful_timeout": chosen.graceful_seconds,
            "max_requests": chosen.recycle_after,
            "max_requests_jitter": chosen.recycle_after // 10,
            "limit_request_line": 2048,
            "limit_request_fields": 64,
            "control_socket_disable": True,
            "forwarded_allow_ips": "",
            "forwarder_headers": "",
            "secure_scheme_headers": {},
            "logger_class": Log,
            "loglevel": "warning",
            "proc_name": "ankkuri",
        }
        if self._figures:
            options |= self._figures.hooks()
        for name, value in options.items():
            self.cfg.set(name, value)
        Log.why = self.why

    def load(self) -> Any:
        """The application of one process; where it cannot be made, the master says why."""
        try:
            return util.import_app(self._chosen.application)
        except Exception as error:
            from intake.wiring import in_one_line

            os.write(self._writes_why, f"{in_one_line(error)}\n".encode())
            sys.exit(Arbiter.APP_LOAD_ERROR)

    def why(self) -> str:
        """The first line that a process has left before it gave up; for the master alone."""
        if not self._why and os.getpid() == self.master:
            try:
                self._why = os.read(self._reads_why, 4096).decode().partition("\n")[0]
            except BlockingIOError:
                return ""
        return self._why


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn's, but for a request that is none: its words are not logged, nor sent back."""

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        """Answer, and tell the kind of failure alone."""
        del req, addr
        body = b""
        if isinstance(exc, LimitRequestLine):
            status, reason, body = 414, "URI Too Long", TOO_LONG
        elif isinstance(exc, LimitRequestHeaders):
            status, reason = 431, "Request Header Fields Too Large"
        elif isinstance(exc, ParseException):
            status, reason = 400, "Bad Request"
        else:
            status, reason = 500, "Internal Server Error"
        tell = self.log.error if status == 500 else self.log.warning
        tell("a request was not understood", extra=logs.failure(exc))
        try:
            head = BARE.format(status=status, reason=reason, length=len(body))
            client.sendall(head.encode() + body)
        except OSError:
            self.log.debug("the caller has left")


class Log(Logger):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn's own words, through our one formatter."""

    why: Callable[[], str] = str

    def setup(self, cfg: Any) -> None:
        """Hand everything on to the root."""
        super().setup(cfg)
        self.error_log.handlers = []
        self.error_log.propagate = True

    def error(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """Silent where a process could not be started: why is said once, at the end."""
        if not type(self).why():
            super().error(msg, *args, **kwargs)


class Figures:
    """What all processes counted, added up by the master and served on this machine alone."""

    def __init__(self, address: tuple[str, int]) -> None:
        """Raises SettingsUnusable where the address or the folder cannot be used."""
        try:
            self._listener = Loopback(address, {"/metrics": self._added_up})
        except OSError as error:
            raise config.SettingsUnusable(
                f"ANKKURI_METRICS cannot be listened at: {error.strerror}"
            ) from None
        self.folder = _fresh_folder(address[1])
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(self.folder)

    def hooks(self) -> dict[str, Any]:
        """When gunicorn starts, forks, loses a process and ends."""
        from prometheus_client.multiprocess import mark_process_dead

        return {
            "when_ready": lambda _master: self._listener.serve(),
            "post_fork": lambda _master, _worker: self._listener.close(),
            "child_exit": lambda _master, worker: mark_process_dead(worker.pid, self.folder),
            "on_exit": lambda _master: shutil.rmtree(self.folder, ignore_errors=True),
        }

    def _added_up(self) -> tuple[int, str, bytes]:
        from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, generate_latest
        from prometheus_client.multiprocess import MultiProcessCollector

        registry = CollectorRegistry()
        MultiProcessCollector(registry, self.folder)
        return 200, CONTENT_TYPE_PLAIN_0_0_4, generate_latest(registry)


def _fresh_folder(port: int) -> Path:
    """An empty folder of our own; the port that we hold makes its name ours alone."""
    parent = Path(os.environ.get("RUNTIME_DIRECTORY") or tempfile.gettempdir())
    folder = parent / f"ankkuri-metrics-{os.geteuid()}-{port}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
            raise PermissionError
        for left in folder.iterdir():
            left.unlink()
    except OSError:
        raise config.SettingsUnusable(
            f"The metrics folder {folder} cannot be used: remove it, or name a folder of this "
            "user's own in RUNTIME_DIRECTORY"
        ) from None
    return folder


def _lets_staff_in(settings: config.Settings) -> bool:
    return bool(config.STAFF_DOORS & set(settings.doors))


def _number(least: int) -> Any:
    def read(text: str) -> int:
        number = int(text)
        if number < least:
            raise argparse.ArgumentTypeError(f"{number} is too few: {least} or more")
        return number

    read.__name__ = "number"
    return read


def _refuse(why: str) -> int:
    sys.stderr.write(f"ankkuri: {why}\n")
    return UNUSABLE


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(main())
