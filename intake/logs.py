"""The one way to log: a line of text or of JSON each, with nothing in it that somebody typed.

A failure is told by its kind and its place. Its own words may repeat what it failed on, so they
are written nowhere, whoever logs it.
"""

from __future__ import annotations

import errno
import json
import logging
import re
import sys
import threading
import traceback
import warnings
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

REQUEST: ContextVar[str] = ContextVar("request", default="")
"""The number of the request that is being answered; empty outside of one."""

CODES = ("sqlite_errorname", "sqlstate", "smtp_code")  # by which drivers name a failure
MOST_PLACES = 16
_HOME = Path(__file__).parent.parent
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_QUIET = ("alembic", "apscheduler", "gunicorn", "sqlalchemy")
log = logging.getLogger(__name__)


def kind(error: BaseException) -> str:
    """What sort of failure it is, and of which it came: ``LetterNotTaken from OSError ENOSPC``."""
    codes = [str(code) for name in CODES if (code := getattr(error, name, None))]
    if isinstance(error, OSError) and error.errno:
        codes.append(errno.errorcode.get(error.errno, ""))
    said = " ".join([type(error).__name__, *codes])
    return f"{said} from {kind(error.__cause__)}" if error.__cause__ else said


def places(error: BaseException) -> list[str]:
    """Where it was raised, the innermost last: file, line and function."""
    frames = traceback.StackSummary.extract(
        traceback.walk_tb(error.__traceback__), lookup_lines=False
    )
    return [f"{_short(f.filename)}:{f.lineno} {f.name}" for f in frames[-MOST_PLACES:]]


def failure(error: BaseException) -> dict[str, Any]:
    """For ``extra``: the failure as the formatter tells it."""
    return {"told": {"error": kind(error), "place": places(error)}}


class Line(logging.Formatter):
    """One record in one line. ``told`` in a record is a mapping of further fields."""

    def __init__(self, form: str, door: str) -> None:
        super().__init__()
        self.form = form
        self.door = door

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        told = dict(getattr(record, "told", {}))
        if record.exc_info and record.exc_info[1]:
            told |= failure(record.exc_info[1])["told"]
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        message = _message(record)
        if self.form == "json":
            line = {
                "time": at.replace("+00:00", "Z"),
                "level": record.levelname.lower(),
                "logger": record.name,
                "message": message,
                "door": self.door,
                "process": record.process,
                "request": REQUEST.get() or None,
                **told,
            }
            return json.dumps(line, ensure_ascii=False, default=str)
        words = [at.replace("+00:00", "Z"), record.levelname, f"{record.name}:", message]
        words += [f"{name}={_flat(value)}" for name, value in told.items()]
        if number := REQUEST.get():
            words.append(f"[{number}]")
        return _CONTROL.sub(" ", " ".join(words))


def install(form: str, door: str, stream: TextIO | None = None) -> None:
    """Let every logger of this process write such lines, and nothing else write of failures.

    ``form``: ``json`` or ``text``. ``door``: what this process is.
    """
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Line(form, door))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    for library in _QUIET:
        logging.getLogger(library).setLevel(logging.WARNING)
    logging.raiseExceptions = False  # else a record that cannot be written is printed whole
    sys.excepthook = _failed
    sys.unraisablehook = lambda unraisable: _told("in passing", unraisable.exc_value)
    threading.excepthook = lambda of: _told("in a thread", of.exc_value)
    warnings.showwarning = _warned


def _message(record: logging.LogRecord) -> str:
    """The record's words; a failure among its arguments by its kind."""
    if isinstance(record.msg, BaseException):
        return kind(record.msg)
    given = record.args
    try:
        if isinstance(given, tuple):
            given = tuple(map(_argument, given))
        elif given:
            given = {name: _argument(value) for name, value in given.items()}
        return str(record.msg) % given if given else str(record.msg)
    except (TypeError, ValueError, KeyError):
        return str(record.msg)


def _argument(value: object) -> object:
    return kind(value) if isinstance(value, BaseException) else value


def _flat(value: object) -> str:
    return " > ".join(map(str, value)) if isinstance(value, list) else str(value)


def _short(path: str) -> str:
    """A file's path from the project or from its package on."""
    _, of_a_package, rest = path.rpartition("site-packages/")
    if of_a_package:
        return rest
    try:
        return str(Path(path).relative_to(_HOME))
    except ValueError:
        return Path(path).name


def _failed(sort: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if isinstance(error, KeyboardInterrupt):
        sys.__excepthook__(sort, error, trace)
        return
    _told("and this process ends", error)


def _told(where: str, error: BaseException | None) -> None:
    if error is not None and not isinstance(error, SystemExit):
        log.error("a failure %s", where, extra=failure(error))


def _warned(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    del message, file, line  # the words of a library about a value of ours
    log.warning("%s at %s:%d", category.__name__, _short(filename), lineno)
