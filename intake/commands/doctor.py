"""``ankkuri doctor``: what is missing, and what to do about it."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.engine import make_url

import config
from intake import jobs, wiring
from intake.commands.command import add_command
from intake.doctor import (
    agencies,
    checkpoints,
    database,
    entries,
    files,
    keys,
    places,
    rules,
    running,
)
from intake.doctor.finding import Check, Finding, Level, Said, examine, fine_unless
from intake.domain.calendar import load_calendar
from intake.domain.deadline import local_date
from intake.domain.directory import Directory
from intake.domain.directory_file import DirectoryInvalid
from intake.domain.rule_tables import Standby
from intake.domain.school_year import SchoolCalendarInvalid
from intake.live import stored_directory
from intake.parts import REPLAY_KEY_ID, Now, utc_now
from intake.sender import sender_of
from intake.services.check_entries import CheckEntries
from intake.services.rulebook import stored_rulebook
from intake.services.take_stock import TakeStock
from intake.store import people, proposals
from intake.store.database import Database

SEALING = {"reporter", "agency"}
"""The doors that send reports, and so need the replay key's public half."""
LOOPBACK = ("127.0.0.1", "::1", "localhost")


def add(commands: Any) -> None:
    """Add this command."""
    doctor = add_command(commands, "doctor", _doctor, "say what is missing, and what to do")
    doctor.add_argument("--json", action="store_true")
    doctor.add_argument(
        "--no-doors", action="store_true", help="for the jobs' user or the database's owner"
    )


def _doctor(chosen: argparse.Namespace) -> int:
    settings = config.load()
    if chosen.no_doors:
        settings = replace(settings, doors=())
    findings = examination(settings, utc_now)
    holds = all(finding.level is not Level.FAIL for finding in findings)
    if chosen.json:
        print(json.dumps({"holds": holds, "findings": [vars(f) for f in findings]}, indent=2))
    else:
        for finding in findings:
            print(f"{finding.level:<5} {finding.check:<12} {finding.text}")
    return 0 if holds else 1


def examination(settings: config.Settings, now: Now) -> list[Finding]:
    """All checks. Without a database, or a directory in it, those that need one are left out."""
    opened = Database(settings.database)
    try:
        findings = examine(_without_database(settings, opened, now))
        if _failed(findings, "database"):
            return findings
        if _failed(findings, "directory key"):
            return findings + examine(_of_database(settings, opened, now))
        opened.believe(wiring.signed_of(settings))
        findings += examine(_of_database(settings, opened, now))
        if _failed(findings, "directory"):
            return findings
        return findings + examine(_of_directory(settings, opened, now()))
    finally:
        opened.engine.dispose()


def _without_database(settings: config.Settings, opened: Database, now: Now) -> dict[str, Check]:
    today, folder = local_date(now()), settings.keys
    staff, reporter = config.SECRETS["staff"], config.SECRETS["reporter"]
    private, public = config.REPLAY_PRIVATE, config.REPLAY_PUBLIC
    serves_staff = bool(set(settings.doors) & config.STAFF_DOORS)
    needed = [reporter] if "reporter" in settings.doors else []
    others: list[str] = []
    if serves_staff:
        needed += [staff, config.SECRETS["pepper"]]
    elif settings.doors:
        others += [staff, config.SECRETS["pepper"], private, config.TRAIL_PRIVATE]
    seals = SEALING & set(settings.doors)
    place = make_url(settings.database).database or ""
    folders = {settings.data, Path(place).parent} if Path(place).is_absolute() else {settings.data}
    return {
        "settings": partial(_settings, settings),
        "keys": partial(keys.key_files, folder, needed, [public] if seals else []),
        "replay key": partial(keys.replay_pair, folder, private, public, REPLAY_KEY_ID),
        "other doors": partial(keys.other_doors, folder, others),
        "directory key": partial(_directory_key, settings),
        "file modes": partial(files.modes, settings.data),
        "disk space": partial(files.space, sorted(folders)),
        "disk clock": partial(files.clock, settings.data, now),
        "time zone": places.zone,
        "languages": places.languages,
        "calendars": partial(_calendars, settings.calendar, today),
        "database": partial(database.schema, opened),
    }


def _of_database(settings: config.Settings, opened: Database, now: Now) -> dict[str, Check]:
    kept = partial(stored_rulebook, opened)
    return {
        "durability": partial(database.durability, opened),
        "clocks": partial(database.clocks, opened, now),
        "trail": partial(database.trail, opened, now),
        "checkpoints": lambda: checkpoints.signed_and_exported(
            opened,
            settings.checkpoints,
            settings.data,
            now(),
            in_earnest=_is_far(settings) and settings.banner != "demo",
        ),
        "rules": partial(rules.rules, kept, now(), local_date(now())),
        "legal bases": partial(rules.bases, kept, now(), local_date(now())),
        "directory": partial(_directory_holds, opened, local_date(now())),
    }


def _of_directory(settings: config.Settings, opened: Database, now: datetime) -> dict[str, Check]:
    today = local_date(now)
    directory = _directory(opened, today)
    stock = cache(lambda: TakeStock(opened, directory)(now))
    patience = {job: jobs.patience(seconds) for job, seconds in jobs.SECONDS.items()}

    def waiting() -> list[datetime]:
        with opened.read() as connection:
            return [row.proposed_at for row in proposals.waiting(connection, today)]

    @cache
    def openers() -> Mapping[str, int]:
        with opened.read() as connection:
            return people.openers(connection, today)

    return {
        "reachable": lambda: agencies.openable(directory, _standby(opened, now), openers(), today),
        "openers": lambda: agencies.openers_enough(directory, openers()),
        "entries": lambda: entries.entries(CheckEntries(opened).found(today), waiting(), now),
        "agreements": partial(agencies.agreements, directory, today),
        "mail": lambda: running.mail(settings.mail, sender_of(settings)),
        "letters": lambda: running.letters(stock()),
        "jobs": lambda: running.jobs(stock(), patience, now),
        "reconciliation": lambda: running.reconciled(stock()),
    }


def _standby(opened: Database, now: datetime) -> Mapping[str, Standby]:
    rulebook = stored_rulebook(opened)
    return rulebook.at(now).base.beside["standby"] if rulebook else {}


def _is_far(settings: config.Settings) -> bool:
    """Whether others' browsers come to it."""
    return urlsplit(settings.base_url).hostname not in LOOPBACK


def _settings(settings: config.Settings) -> list[Said]:
    far = _is_far(settings)
    problems: list[Said] = []
    if far and settings.base_url.startswith("http://"):
        problems.append((Level.FAIL, "ANKKURI_BASE_URL is http: reports would travel open"))
    if far and not settings.secure_cookies:
        problems.append((Level.FAIL, "ANKKURI_SECURE_COOKIES is no: cookies would travel open"))
    if far and settings.banner == "demo":
        problems.append((Level.WARN, "ANKKURI_BANNER is demo: pages say that all is invented"))
    return fine_unless(
        problems, f"doors {', '.join(settings.doors) or '(none)'} at {settings.base_url}"
    )


def _directory_key(settings: config.Settings) -> list[Said]:
    try:
        pinned = wiring.signed_of(settings).key.fingerprint
    except config.SettingsUnusable as error:
        return [(Level.FAIL, str(error))]
    return [(Level.OK, f"the key that the settings pin is here: {pinned[:16]}…")]


def _calendars(path: Path, today: date) -> list[Said]:
    try:
        return rules.calendars(load_calendar(path), today)
    except SchoolCalendarInvalid as error:
        return [(Level.FAIL, problem) for problem in error.problems]


def _directory_holds(opened: Database, today: date) -> list[Said]:
    try:
        directory = _directory(opened, today)
    except DirectoryInvalid as error:
        return [(Level.FAIL, problem) for problem in error.problems]
    return [(Level.OK, f"{len(directory.agencies)} agencies")]


def _directory(opened: Database, today: date) -> Directory:
    found = stored_directory(opened, today)
    if found is None:
        raise DirectoryInvalid(["there is no directory of agencies: run `ankkuri init`"])
    return found[0]


def _failed(findings: list[Finding], check: str) -> bool:
    return any(f.check == check and f.level is Level.FAIL for f in findings)
