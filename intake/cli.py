"""The ``ankkuri`` command. Exit status: 0 holds or done, 1 the answer is no, 2 unusable input."""

from __future__ import annotations

import argparse
import os
import select
import sys
from collections.abc import Sequence
from functools import cache

from intake import core_dumps, logs, wiring
from intake.commands import (
    backup,
    deadline,
    directory,
    doctor,
    grant,
    keys,
    people,
    retention,
    rules,
    site,
    trail,
)
from intake.commands.command import InputUnusable, Run
from intake.domain.calendar import CalendarTooShort
from intake.domain.clock import ClockInvalid
from intake.domain.deadline import ArrivalUnreadable
from routing_rules.vocabulary import FactsInvalid

UNUSABLE = (
    *wiring.UNUSABLE,
    InputUnusable,
    FactsInvalid,
    ArrivalUnreadable,
    CalendarTooShort,
    ClockInvalid,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    core_dumps.forbid()
    os.umask(0o077)  # what it and the processes it starts write is the owner's alone
    given = sys.argv[1:] if arguments is None else arguments
    if not all(map(_is_text, given)):
        print("ankkuri: An argument is no text in UTF-8: write it otherwise", file=sys.stderr)
        return 2
    chosen = _parser().parse_args(given)
    logs.install("text", "command")
    run: Run = chosen.run
    status = 2
    try:
        status = run(chosen)
        sys.stdout.flush()
        return status
    except BrokenPipeError as error:
        if not _unread():
            print(f"ankkuri: {wiring.in_one_line(error)}", file=sys.stderr)
        return status
    except UNUSABLE as error:
        print(f"ankkuri: {_first_line(str(error))}", file=sys.stderr)
    except Exception as error:
        if isinstance(error, OSError) and error.filename:
            print(f"ankkuri: {_first_line(f'{error.strerror}: {error.filename}')}", file=sys.stderr)
            return 2
        print(f"ankkuri: {wiring.in_one_line(error)}", file=sys.stderr)
    return 2


@cache
def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ankkuri", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    rooms = (
        *(site, doctor, people, grant, keys, directory, backup, retention, rules, deadline),
        trail,
    )
    for room in rooms:
        room.add(commands)
    return parser


def _is_text(argument: str) -> bool:
    """Whether it can be printed, stored and looked for; bytes that are no UTF-8 cannot."""
    try:
        argument.encode()
    except UnicodeEncodeError:
        return False
    return True


def _first_line(said: str) -> str:
    """The first with anything in it, whatever was typed into it."""
    return next(filter(None, map(str.strip, said.splitlines())), "What was given cannot be used")


def _unread() -> bool:
    """Whether the reader of what is said has gone, as ``head`` does; the rest is then dropped."""
    said, looked = sys.stdout.fileno(), select.poll()
    looked.register(said, 0)
    gone = bool(looked.poll(0))
    if gone:
        os.dup2(os.open(os.devnull, os.O_WRONLY), said)
    return gone


if __name__ == "__main__":
    sys.exit(main())
