"""The certificate of a deadline on the command line."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import config
from intake.commands.command import InputUnusable, add_command
from intake.domain.calendar import load_calendar
from intake.domain.clock import Clock
from intake.domain.clock_file import read_clocks
from intake.domain.deadline import certify, local_date, parse_arrival
from intake.domain.directory_file import read_directory
from intake.domain.rule_tables import BESIDE
from intake.parts import utc_now
from routing_rules.book import load_book


def add(commands: Any) -> None:
    """Add this command."""
    deadline = add_command(commands, "deadline", _deadline, "print the certificate of a deadline")
    deadline.add_argument("clock", metavar="CLOCK")
    deadline.add_argument("arrival", metavar="ARRIVAL", help="2026-06-02 or 2026-06-02T10:42")
    deadline.add_argument("--today", action="store_true", help="as for an urgent report")
    deadline.add_argument("--clocks", type=Path, metavar="FILE", help="of other clocks than ours")
    deadline.add_argument("--municipality", help="whose school calendar counts")
    deadline.add_argument("--json", action="store_true")


def _deadline(chosen: argparse.Namespace) -> int:
    known = read_directory(config.DIRECTORY).municipalities
    if chosen.municipality and chosen.municipality not in known:
        raise InputUnusable(
            f"Unknown municipality {chosen.municipality!r}: choose of {', '.join(known)}"
        )
    clocks = _clocks(chosen.clocks)
    if chosen.clock not in clocks:
        raise InputUnusable(f"Unknown clock {chosen.clock!r}: choose of {', '.join(clocks)}")
    certificate = certify(
        clocks[chosen.clock],
        parse_arrival(chosen.arrival),
        load_calendar(config.load().calendar),
        today=chosen.today,
        municipality=chosen.municipality,
    ).to_json()
    if chosen.json:
        print(json.dumps(certificate, ensure_ascii=False, indent=2))
        return 0
    print(f"{certificate['clock']}: {certificate['law'] or 'a configured default'}")
    print(f"arrival {certificate['arrival']}")
    for day in certificate["days"]:  # type: ignore[attr-defined]  # a list in to_json
        name = day.get("name", {}).get("en", "")
        words = f"day {day['number']}" if "number" in day else day["why"]
        print(f"  {day['date']}  {words}{f' ({name})' if name else ''}")
    print(f"due {certificate['due']}; extended {certificate['due_extended']}")
    print(f"calendar: {certificate['calendar']}")
    return 0


def _clocks(file: Path | None) -> Mapping[str, Clock]:
    if file:
        return read_clocks(file)
    book = load_book(config.RULES, local_date(utc_now()), BESIDE)
    found: Mapping[str, Clock] = book.base.beside["clock"]
    return found
