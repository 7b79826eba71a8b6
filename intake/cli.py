"""The ``ankkuri`` command. Exit status: 0 holds or done, 1 the answer is no, 2 unusable input."""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import config
from intake import wiring
from intake.domain.calendar import CalendarTooShort, load_calendar
from intake.domain.chase import ChaseInvalid
from intake.domain.clock import Clock, ClockInvalid
from intake.domain.deadline import ArrivalUnreadable, certify, local_date, parse_arrival
from intake.domain.directory_file import DirectoryInvalid, read_directory
from intake.domain.school_year import SchoolCalendarInvalid
from intake.jobs import Timetable
from intake.language import CataloguesMissing
from intake.store.database import DatabaseNotReady
from routing_rules.canonical import plain
from routing_rules.cases import run_cases
from routing_rules.decide import decide
from routing_rules.load import load, load_checked
from routing_rules.verify import verify
from routing_rules.vocabulary import FactsInvalid, RulesInvalid

UNUSABLE = (
    config.SettingsUnusable,
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
CHASE_SECONDS, DELIVER_SECONDS, TIDY_SECONDS = 30, 10, 600


class InputUnusable(Exception):
    """What was given on the command line cannot be used; the message says what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    os.umask(0o077)  # what it and the processes it starts write is the owner's alone
    parser = _parser()
    chosen = parser.parse_args(arguments)
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    for library in ("apscheduler", "alembic"):
        logging.getLogger(library).setLevel(logging.WARNING)
    run: Callable[[argparse.Namespace], int] = chosen.run
    try:
        return run(chosen)
    except (InputUnusable, *UNUSABLE) as error:
        print(f"ankkuri: {str(error).splitlines()[0]}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ankkuri", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Callable[[argparse.Namespace], int], about: str) -> Any:
        added = commands.add_parser(name, help=about, description=about)
        added.set_defaults(run=run)
        return added

    init = command("init", _init, "make keys, schema and directory; safe to run again")
    init.add_argument("--directory", type=Path, default=config.DIRECTORY, metavar="FILE")
    serve = command("serve", _serve, "serve the doors that the settings name")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8000)
    serve.add_argument("--processes", type=int, default=2)
    jobs = command("jobs", _jobs, "chase, deliver and tidy on a timetable")
    jobs.add_argument("--once", action="store_true", help="run each job once and stop")
    demo = command("demo", _demo, "a site with invented people and worries, served until stopped")
    demo.add_argument("--port", type=int, default=8000)
    demo.add_argument("--only-make", action="store_true", help="make the data and stop")
    _rules_commands(commands)
    deadline = command("deadline", _deadline, "print the certificate of a deadline")
    deadline.add_argument("clock", metavar="CLOCK")
    deadline.add_argument("arrival", metavar="ARRIVAL", help="2026-06-02 or 2026-06-02T10:42")
    deadline.add_argument("--today", action="store_true", help="as for an urgent report")
    deadline.add_argument("--municipality", help="whose school calendar counts")
    deadline.add_argument("--json", action="store_true")
    people = command("people", _people, "add a person with roles; the passphrase is asked for")
    people.add_argument("sign_in_name", metavar="SIGN-IN-NAME")
    people.add_argument("--name", required=True)
    people.add_argument("--email", required=True)
    people.add_argument("--language", choices=("fi", "sv", "en"), default="fi")
    people.add_argument("--agency", action="append", default=[], metavar="ROLE:AGENCY")
    people.add_argument("--controller", action="append", default=[], metavar="ROLE:CONTROLLER")
    grant = command("grant", _grant, "give an agency's key to a colleague; by one who has it")
    grant.add_argument("agency", metavar="AGENCY")
    grant.add_argument("to", metavar="SIGN-IN-NAME")
    grant.add_argument("--by", required=True, metavar="SIGN-IN-NAME", help="who has the key")
    bench = command("bench", _bench, "measure; the figures are ratios within one run")
    bench.add_argument("what", choices=("submit",))
    bench.add_argument("--json", action="store_true")
    return parser


def _rules_commands(commands: Any) -> None:
    rules = commands.add_parser("rules", help="check and try routing rules")
    verbs = rules.add_subparsers(required=True, metavar="VERB")
    for name, run, about in (
        ("check", _rules_check, "whether the rules load and leave nobody without a recipient"),
        ("cases", _rules_cases, "whether the worked cases come out as they say"),
        ("decide", _rules_decide, "decide one set of facts"),
    ):
        verb = verbs.add_parser(name, help=about, description=about)
        verb.set_defaults(run=run)
        verb.add_argument("--json", action="store_true")
        if name == "decide":
            verb.add_argument("facts", type=Path, metavar="FACTS.json")
            verb.add_argument("--rules", type=Path, dest="ruleset")
        else:
            verb.add_argument("ruleset", type=Path, nargs="?")


def _init(chosen: argparse.Namespace) -> int:
    from intake.services.settle import KeyFileLost

    settings = config.load()
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
        settings.data.chmod(0o700)
    except OSError as error:
        raise InputUnusable(f"The data folder cannot be made private: {error}") from None
    try:
        made = wiring.lay_out(settings, chosen.directory, local_date(wiring.utc_now()))
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
    timetable = Timetable(
        parts.database,
        parts.now,
        (
            ("chase", parts.chase, CHASE_SECONDS),
            ("notify", parts.notify, DELIVER_SECONDS),
            ("deliver", parts.deliver, DELIVER_SECONDS),
            ("tidy", parts.tidy, TIDY_SECONDS),
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


def _ruleset_of(chosen: argparse.Namespace) -> Path:
    """The rule file that was named, else the one that would be served."""
    return chosen.ruleset or config.load().rules


def _rules_check(chosen: argparse.Namespace) -> int:
    ruleset = load(_ruleset_of(chosen))
    findings = verify(ruleset)
    if chosen.json:
        print(json.dumps({"holds": not findings, "findings": plain(findings)}, indent=2))
    else:
        for finding in findings:
            print(finding.line())
        print(f"{len(ruleset.rules)} rules, {len(findings)} findings, {ruleset.digest}")
    return 1 if findings else 0


def _rules_cases(chosen: argparse.Namespace) -> int:
    results = run_cases(load_checked(_ruleset_of(chosen)))
    failed = [result for result in results if not result.holds]
    if chosen.json:
        print(json.dumps({"holds": not failed, "cases": plain(results)}, indent=2))
    else:
        for result in failed:
            print("\n".join(result.problems))
        print(f"{len(results) - len(failed)} of {len(results)} cases hold")
    return 1 if failed else 0


def _rules_decide(chosen: argparse.Namespace) -> int:
    try:
        facts = json.loads(chosen.facts.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InputUnusable(f"{chosen.facts} cannot be read as JSON: {error}") from None
    if not isinstance(facts, dict):
        raise InputUnusable(f"{chosen.facts} must hold one JSON object of facts")
    outcome = decide(load_checked(_ruleset_of(chosen)), facts)
    if chosen.json:
        print(json.dumps(plain(outcome), ensure_ascii=False, indent=2))
        return 0
    print(f"lead: {outcome.lead or 'nobody'}")
    for recipient in outcome.recipients:
        print(f"  {recipient.kind} {recipient.desk}: {', '.join(recipient.rules)}")
    for withheld in outcome.withheld:
        print(f"  not {withheld.kind}: {withheld.rule}")
    for notice in outcome.notices:
        print(f"  notice: {notice}")
    return 0


def _deadline(chosen: argparse.Namespace) -> int:
    known = read_directory(config.DIRECTORY).municipalities
    if chosen.municipality and chosen.municipality not in known:
        raise InputUnusable(
            f"Unknown municipality {chosen.municipality!r}: choose of {', '.join(known)}"
        )
    clocks = {clock.id: clock for clock in map(Clock.parse, load(config.RULES).clocks)}
    if chosen.clock not in clocks:
        raise InputUnusable(f"Unknown clock {chosen.clock!r}: choose of {', '.join(clocks)}")
    certificate = certify(
        clocks[chosen.clock],
        parse_arrival(chosen.arrival),
        load_calendar(),
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


def _people(chosen: argparse.Namespace) -> int:
    import getpass

    from intake.domain.people import AGENCY_ROLES, Membership, Role
    from intake.services.enrol import (
        AgencyHasKey,
        Enrol,
        PassphraseTooShort,
        SignInNameTaken,
    )

    parts = wiring.build(config.load())

    def role(text: str, at_agency: bool) -> tuple[Role, str]:
        name, _, place = text.partition(":")
        allowed = [r for r in Role if (r in AGENCY_ROLES) == at_agency]
        if name not in allowed:
            raise InputUnusable(f"Unknown role {name!r}: choose of {', '.join(allowed)}")
        known = parts.directory.agencies if at_agency else parts.directory.controllers
        if place not in known:
            raise InputUnusable(f"Nothing is called {place!r} in the directory")
        return Role(name), place

    at_agencies = [role(text, True) for text in chosen.agency]
    at_controllers = [role(text, False) for text in chosen.controller]
    enrol = Enrol(parts.database, config.read_secret(parts.settings.keys, config.SECRETS["pepper"]))
    passphrase = getpass.getpass("Passphrase (15 characters or more): ")
    if passphrase != getpass.getpass("The same again: "):
        raise InputUnusable("The two passphrases differ: try again")
    memberships = (
        *(Membership(r, agency=place) for r, place in at_agencies),
        *(Membership(r, controller=place) for r, place in at_controllers),
    )
    try:
        person = enrol.person(
            chosen.sign_in_name,
            chosen.name,
            chosen.email,
            chosen.language,
            passphrase,
            memberships,
            parts.now(),
        )
    except PassphraseTooShort:
        raise InputUnusable("The passphrase is too short: use 15 characters or more") from None
    except SignInNameTaken:
        raise InputUnusable(f"{chosen.sign_in_name} is taken: choose another") from None
    for _, agency in at_agencies:
        try:
            enrol.first_key(agency, (person,), parts.now())
        except AgencyHasKey:
            print(f"{agency} has a key: a member of it gives it with `ankkuri grant`")
    print(f"Added {chosen.sign_in_name}")
    return 0


def _grant(chosen: argparse.Namespace) -> int:
    import getpass

    from intake.services.enrol import Enrol, GrantRefused
    from intake.services.sign_in import SignInRefused, SignInTooSoon

    parts = wiring.build(config.load())
    pepper = config.read_secret(parts.settings.keys, config.SECRETS["pepper"])
    passphrase = getpass.getpass(f"Passphrase of {chosen.by}: ")
    try:
        session = parts.sign_in(chosen.by, passphrase, parts.now())
        visit = parts.sign_in.resume(session, parts.now())
        if visit is None:
            raise SignInRefused
        try:
            enrol = Enrol(parts.database, pepper)
            enrol.grant(visit, chosen.agency, chosen.to, parts.now())
        finally:
            parts.sign_in.out(visit, parts.now())
    except SignInTooSoon as wait:
        raise InputUnusable(f"Too many attempts: wait {wait.seconds} seconds") from None
    except SignInRefused:
        raise InputUnusable("The sign-in name or the passphrase is wrong") from None
    except GrantRefused as refused:
        raise InputUnusable(str(refused)) from None
    print(f"{chosen.to} can open {chosen.agency}")
    return 0


def _bench(chosen: argparse.Namespace) -> int:
    from benchmarks import submit

    return submit.run(as_json=chosen.json)


if __name__ == "__main__":
    sys.exit(main())
