"""The directory: ``directory show | check | import | export | schools | openers``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import config
from intake import wiring
from intake.commands import second_person
from intake.commands.command import InputUnusable, add_command
from intake.commands.naming import NAMED, operator
from intake.commands.signed_in import signed_in
from intake.domain.deadline import local_date
from intake.domain.directory_file import DirectoryInvalid, lasting_directory, read_tables
from intake.domain.directory_toml import written
from intake.domain.people import Administrator
from intake.language import Language
from intake.parts import Parts, utc_now


def add(commands: Any) -> None:
    """Add these commands."""
    directory = commands.add_parser("directory", help="agencies, schools, agreements, lines")
    verbs = directory.add_subparsers(required=True, metavar="VERB")
    show = add_command(verbs, "show", _show, "agencies, and how many members can open at each")
    check = add_command(verbs, "check", _check, "whether a file holds as a directory")
    check.add_argument("file", type=Path, metavar="FILE")
    brought = add_command(verbs, "import", _import, "put a file in the place of all that is there")
    brought.add_argument("file", type=Path, metavar="FILE")
    export = add_command(verbs, "export", _export, "write the directory as a file")
    export.add_argument("file", type=Path, nargs="?", metavar="FILE")
    schools = add_command(
        verbs,
        "schools",
        _schools,
        "what a register of schools would change; with --apply, change it",
    )
    schools.add_argument("file", type=Path, metavar="FILE")
    schools.add_argument("--apply", action="store_true", help="change the directory so")
    schools.add_argument(
        "--close-absent", action="store_true", help="also close, from today, what the file lacks"
    )
    openers = add_command(
        verbs, "openers", _openers, "whether somebody can open in every municipality"
    )
    second_person.add(verbs)
    for verb in (show, check, brought, schools, openers):
        verb.add_argument("--json", action="store_true")
    for verb in (brought, schools):
        verb.add_argument(
            "--by",
            action="append",
            default=[],
            metavar=NAMED,
            help="an administrator who signs in here: a second person for agencies that come or "
            "get more",
        )


def _show(chosen: argparse.Namespace) -> int:
    parts = wiring.build(config.load())
    openers = parts.openers(local_date(parts.now()))
    agencies = [
        {
            "id": agency.id,
            "kind": agency.kind.value,
            "desk": agency.desk.value,
            "controller": agency.controller,
            "phone": agency.phone,
            "in_use": agency.in_use,
            "openers": openers.get(agency.id, 0),
        }
        for agency in parts.directory.agencies.values()
    ]
    if chosen.json:
        print(json.dumps(agencies, indent=2))
        return 0
    for agency in agencies:
        state = f"{agency['openers']} can open" if agency["in_use"] else "out of use"
        print(f"{agency['id']:<32} {agency['kind']} {agency['desk']:<8} {state}")
    print(f"{len(agencies)} agencies, {len(parts.directory.schools)} schools")
    return 0


def _check(chosen: argparse.Namespace) -> int:
    tables = read_tables(chosen.file)
    problems: list[str] = []
    try:
        lasting_directory(tables, local_date(utc_now()))
    except DirectoryInvalid as invalid:
        problems = invalid.problems
    if chosen.json:
        print(json.dumps({"holds": not problems, "problems": problems}, indent=2))
    else:
        print("\n".join(problems) or f"{chosen.file} holds")
    return 1 if problems else 0


def _import(chosen: argparse.Namespace) -> int:
    parts = wiring.build(config.load())
    tables = read_tables(chosen.file)
    with _beside(parts, chosen.by) as beside:
        found = parts.amend.replace(operator(parts), tables, parts.now(), beside)
    if chosen.json:
        print(json.dumps([{"entry": [one.table, one.id], "fields": one.fields} for one in found]))
        return 0
    for one in found:
        print(one.line)
    print(f"{len(found)} changes; running processes see them within a second")
    return 0


def _export(chosen: argparse.Namespace) -> int:
    parts = wiring.build(config.load())
    text = written(parts.amend.stored(local_date(parts.now())).tables)
    if chosen.file is None:
        print(text, end="")
        return 0
    try:
        with chosen.file.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise InputUnusable(f"{chosen.file} cannot be written: {error.strerror}") from None
    return 0


def _schools(chosen: argparse.Namespace) -> int:
    from intake.services.register import RegisterUnreadable, changes_of, compare, text_of

    parts = wiring.build(config.load())
    by, today = operator(parts), local_date(parts.now())
    stored = parts.amend.stored(today)
    try:
        found = compare(text_of(chosen.file.read_bytes()), stored, by.controllers)
    except OSError as error:
        raise InputUnusable(f"{chosen.file} cannot be read: {error.strerror}") from None
    except RegisterUnreadable as unreadable:
        first, *others = map(Language("en").message, unreadable.problems)
        more = f" ({len(others)} more)" if others else ""
        raise InputUnusable(f"{chosen.file}: {first}{more}") from None
    closes = found.absent if chosen.close_absent else []
    told: dict[str, list[str]] = {
        "add": [one.name["fi"] for one in found.added],
        "change": [one.entry["id"] for one in found.changed if one.entry],
        "close": [entry["id"] for entry in closes],
        "absent": [entry["id"] for entry in found.absent if not closes],
    }
    if chosen.apply:
        day = today if closes else None
        changes = list(changes_of(found, stored, parts.amend.new_ids(), day))
        with _beside(parts, chosen.by) as beside:
            parts.amend(by, changes, parts.now(), beside)
    if chosen.json:
        print(
            json.dumps(
                {"applied": chosen.apply, "same": found.same, **told}, ensure_ascii=False, indent=2
            )
        )
        return 0
    for what, schools in told.items():
        for school in schools:
            print(f"{what:<7} {school}")
    print(
        f"{found.same} as they are; "
        + ("changed" if chosen.apply else "nothing changed yet: add --apply")
    )
    return 0


@contextmanager
def _beside(parts: Parts, names: Sequence[str]) -> Iterator[list[Administrator]]:
    """Who signs in beside the operator. Raises InputUnusable, also where it takes others."""
    from intake.services.second_person import SecondPersonNeeded

    with ExitStack() as sessions:
        visits = [sessions.enter_context(signed_in(parts, name)) for name in names]
        try:
            yield [visit.person.as_administrator() for visit in visits]
        except SecondPersonNeeded as needed:
            raise InputUnusable(str(needed)) from None


def _openers(chosen: argparse.Namespace) -> int:
    from intake.services.desks import Desks

    parts = wiring.build(config.load())
    desks = Desks(parts.directory, parts.rules.beside["standby"])
    today = local_date(parts.now())
    rows = list(parts.openers.by_municipality(parts.directory, desks, today))
    gaps = [row for row in rows if row.is_gap]
    if chosen.json:
        found = [
            {
                "municipality": row.municipality.id,
                "kind": row.kind.value,
                "agency": row.agency.id,
                "openers": row.openers,
                "taker": row.taker.id if row.taker else None,
                "standby": row.standby.id if row.standby else None,
            }
            for row in rows
        ]
        print(json.dumps({"holds": not gaps, "places": found}, indent=2))
        return 1 if gaps else 0
    for row in gaps:
        taker = row.taker.id if row.taker else "nobody"
        print(
            f"{row.municipality.id}: nobody can open at {row.agency.id}; {taker} gets its reports"
        )
    print(f"{len(rows)} places, {len(gaps)} without anyone who can open")
    return 1 if gaps else 0
