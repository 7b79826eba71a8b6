"""A site in which things have happened, and what its people see there."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from sqlalchemy import select

import config
from intake import upkeep
from intake.domain.referral import Move, State
from intake.jobs import Timetable
from intake.services.backup import Backup
from intake.services.backup_file import BackupFile
from intake.services.backup_key import make_backup_key, read_private_half
from intake.services.draft import Draft
from intake.services.record import Entry
from intake.services.sign_in import SignInRefused
from intake.services.status import Status
from intake.services.submit import Receipt
from intake.store.database import Database
from intake.store.schema import METADATA
from intake.vault.keyring import DeviceSecret
from intake.vault.own import VisitorSecret
from tests import databases
from tests.calendars import with_holiday
from tests.site import PASSPHRASE, Site, make_settings, worry_answers

_places: dict[Path, str] = {}
READERS = ("soc", "soc-head", "ank")


def live(site: Site) -> list[Receipt]:
    """Two worries: one taken up by social services, one returned by the Ankkuri team; letters sent
    and letters waiting; and something in each table that no backup holds.
    """
    first = site.send(worry_answers(reporter={"notice_address": "outi@ankkuri.invalid"}))
    second = site.send(
        worry_answers(
            worry={"categories": ["gang"], "primary": "gang", "child_role": "suspected"},
            consent={"child_consent": "given", "consent_to": ["ANK"]},
        )
    )
    now = site.hands.move(minutes=5)
    soc, ank = site.visit("soc"), site.visit("ank")
    for row in site.parts.read.inbox(soc, (State.SENT,)):
        site.parts.read(soc, row.id, now)
        site.parts.respond(soc, row.id, Entry(Move.RECORD_URGENCY, choice="not_urgent"), now)
    (row,) = site.parts.read.inbox(ank, (State.SENT,))
    site.parts.read(ank, row.id, now)
    site.parts.respond(ank, row.id, Entry(Move.RETURN, reason="Ei kuulu meille."), now)
    site.parts.chase(site.hands.move(days=8))
    site.parts.deliver(site.hands())
    site.parts.chase(site.hands.move(days=4))
    Draft(site.parts.database).save(VisitorSecret.new(), worry_answers(), site.hands())
    site.parts.alarm(site.hands())
    later = with_holiday(site.parts.settings.data, "2026-09-02")  # three months' last day
    replace(site.parts.recount, calendar=later)(site.hands())
    site.parts.factors.print_codes(soc, site.hands())
    today = site.hands()
    half = site.parts.sign_in.half(site.parts.sign_in("soc", PASSPHRASE, today), today)
    assert half is not None
    site.parts.second_step.by_code(half, site.code(), today, DeviceSecret.new())
    site.parts.sign_trail(site.hands())
    with suppress(SignInRefused):
        site.parts.sign_in("nobody", "not a passphrase", site.hands())
    Timetable(site.parts.database, site.hands, (("tidy", lambda _: 0, 600),)).once()
    return [first, second]


def seen(site: Site, receipts: list[Receipt]) -> dict[str, Any]:
    """What each reader sees of each referral, opened, and each reporter of the report."""
    found: dict[str, Any] = {}
    for name in READERS:
        visit = site.visit(name)
        for row in site.parts.read.inbox(visit, tuple(State)):
            found[f"{name} {row.reference}"] = asdict(site.parts.read(visit, row.id, site.hands()))
    assert {key.split()[0] for key in found} == set(READERS), "a reader has nothing to read"
    status = Status(site.parts.database, site.parts.directory)
    for receipt in receipts:
        found[receipt.code.text] = status.by_code(receipt.code)
    return found


def rows_of(database: Database) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table, in an order of their own."""
    with database.read() as connection:
        return {
            name: sorted((dict(row._mapping) for row in connection.execute(select(table))), key=str)
            for name, table in METADATA.tables.items()
        }


def key_pair(site: Site, folder: Path) -> Path:
    """A backup key for the site; its private half's file."""
    private = folder / "offline.key"
    make_backup_key(site.parts.settings.keys / config.BACKUP_PUBLIC, private)
    return private


def making(site: Site) -> Backup:
    """The making of backups of this site."""
    with upkeep.backup(site.parts.settings) as backup:
        lists = site.parts.list_deletions
        return replace(backup, database=site.parts.database, list_deletions=lists)


def empty_place(folder: Path) -> config.Settings:
    """Settings of a place where nothing is yet: no folder, and a database without a schema."""
    if folder not in _places:
        _places[folder] = databases.empty_address(folder)
    return make_settings(folder, database=_places[folder])


def told(settings: config.Settings) -> dict[str, str]:
    """The environment of a command that works there."""
    address = settings.database.replace("+psycopg", "")
    return {"ANKKURI_DATA": str(settings.data), "ANKKURI_DATABASE": address}


def opened(file: Path, private: Path) -> BackupFile:
    """A backup with its private half."""
    return BackupFile(file, read_private_half(private))
