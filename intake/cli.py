"""The ``ankkuri`` command. Exit status: 0 holds or done, 1 the answer is no, 2 unusable input."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from intake import logs, wiring
from intake.commands import backup, deadline, directory, doctor, grant, people, rules, site
from intake.commands.command import InputUnusable, Run
from intake.domain.calendar import CalendarTooShort
from intake.domain.deadline import ArrivalUnreadable
from routing_rules.vocabulary import FactsInvalid

UNUSABLE = (
    *wiring.UNUSABLE,
    InputUnusable,
    FactsInvalid,
    ArrivalUnreadable,
    CalendarTooShort,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    os.umask(0o077)  # what it and the processes it starts write is the owner's alone
    parser = argparse.ArgumentParser(prog="ankkuri", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for room in (site, doctor, people, grant, directory, backup, rules, deadline):
        room.add(commands)
    chosen = parser.parse_args(arguments)
    logs.install("text", "command")
    run: Run = chosen.run
    try:
        return run(chosen)
    except UNUSABLE as error:
        print(f"ankkuri: {str(error).splitlines()[0]}", file=sys.stderr)
    except Exception as error:
        print(f"ankkuri: {wiring.in_one_line(error)}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
