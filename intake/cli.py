"""The ``ankkuri`` command. Exit status: 0 holds or done, 1 the answer is no, 2 unusable input."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence

from config import SettingsUnusable
from intake.commands import deadline, directory, people, rules, site
from intake.commands.command import InputUnusable, Run
from intake.domain.calendar import CalendarTooShort
from intake.domain.chase import ChaseInvalid
from intake.domain.clock import ClockInvalid
from intake.domain.deadline import ArrivalUnreadable
from intake.domain.directory_file import DirectoryInvalid
from intake.domain.school_year import SchoolCalendarInvalid
from intake.language import CataloguesMissing
from intake.store.database import DatabaseNotReady
from routing_rules.vocabulary import FactsInvalid, RulesInvalid

UNUSABLE = (
    InputUnusable,
    SettingsUnusable,
    DatabaseNotReady,
    DirectoryInvalid,
    SchoolCalendarInvalid,
    RulesInvalid,
    FactsInvalid,
    ArrivalUnreadable,
    CalendarTooShort,
    ClockInvalid,
    ChaseInvalid,
    CataloguesMissing,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    os.umask(0o077)  # what it and the processes it starts write is the owner's alone
    parser = argparse.ArgumentParser(prog="ankkuri", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for room in (site, people, directory, rules, deadline):
        room.add(commands)
    chosen = parser.parse_args(arguments)
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    for library in ("apscheduler", "alembic"):
        logging.getLogger(library).setLevel(logging.WARNING)
    run: Run = chosen.run
    try:
        return run(chosen)
    except UNUSABLE as error:
        print(f"ankkuri: {str(error).splitlines()[0]}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
