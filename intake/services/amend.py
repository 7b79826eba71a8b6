"""Change the directory, entry by entry or as a whole: it holds afterwards, or nothing is kept."""

from __future__ import annotations

import copy
import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from intake.domain.deadline import local_date
from intake.domain.directory import Directory, Kind
from intake.domain.directory_file import DirectoryInvalid, directory_from, lasting_directory
from intake.domain.people import Administrator
from intake.domain.trail import Action
from intake.services.differences import Amended, Difference, write_lines
from intake.services.second_person import propose, refuse_alone, tell_beside
from intake.store import directory as store
from intake.store import staff
from intake.store.database import Database

Entry = Mapping[str, Any]
Tables = Mapping[str, Any]
LONGEST_NAME = 36  # characters of a name in an id


class EntryChanged(Exception):
    """Somebody else has changed the entry, or added one of this name, since it was shown."""


class EntryNotYours(Exception):
    """There is no such entry, or it belongs to another controller."""


@dataclass(frozen=True)
class Change:
    """One entry of a table as it shall be; None to delete it.

    ``seen``: the digest of the entry that the change was made from, None for a new one.
    """

    table: str
    id: str
    entry: Entry | None
    seen: str | None = None


@dataclass(frozen=True)
class Stored:
    """The directory as it is stored: its tables, and the same as nouns of one day."""

    tables: Tables
    directory: Directory

    def entry(self, table: str, entry_id: str) -> Entry:
        """One entry. Raises EntryNotYours where there is none."""
        for entry in self.tables.get(table, ()):
            if entry["id"] == entry_id:
                return entry  # type: ignore[no-any-return]  # of parsed tables
        raise EntryNotYours(entry_id)


@dataclass(frozen=True)
class Amend:
    """Changing of the directory. Each change leaves a line that names the entry and its fields."""

    database: Database

    def stored(self, on: date) -> Stored:
        """The directory now, as it is on a day; read anew each time. Raises DirectoryInvalid."""
        with self.database.read() as connection:
            tables = store.tables(connection)
        return Stored(tables, directory_from(tables, on))

    def __call__(
        self,
        admin: Administrator,
        changes: Sequence[Change],
        now: datetime,
        beside: Collection[Administrator] = (),
    ) -> bool:
        """Make all the changes or none. Where they let an agency come or get more, those of an
        administrator wait for a second person: then the answer is False.

        ``beside``: administrators who are with an operator. Raises EntryNotYours, EntryChanged,
        DirectoryInvalid if the directory would not hold today or on a later day on which it changes
        by itself, SecondPersonNeeded where an operator is without those whom it takes; TooManyWait.
        """
        with self.database.write() as connection:
            store.lock(connection)
            amended = check(connection, admin, changes, local_date(now))
            if propose(connection, admin, [vars(one) for one in changes], amended, now):
                return False
            if admin.id is None:
                refuse_alone(connection, amended, beside)
            make(connection, admin, changes, amended, now)
            tell_beside(connection, amended, beside, now)
        return True

    def replace(
        self,
        admin: Administrator,
        tables: Tables,
        now: datetime,
        beside: Collection[Administrator] = (),
    ) -> list[Difference]:
        """Put the tables of an operator's file in the place of all that is stored; what differs.

        Raises DirectoryInvalid, also where an agency that has reports or members would be gone, and
        SecondPersonNeeded.
        """
        today = local_date(now)
        listed = lasting_directory(tables, today).agencies
        with self.database.write() as connection:
            store.lock(connection)
            refuse_missing(store.in_use_but_not(connection, listed, today))
            amended = Amended(store.tables(connection), tables, today)
            refuse_alone(connection, amended, beside)
            store.replace(connection, tables)
            write_lines(connection, admin, Action.CHANGE_DIRECTORY, amended.differences, now)
            tell_beside(connection, amended, beside, now)
        return amended.differences

    def unfinished(self, agency_id: str) -> int:
        """How many reports an agency has not finished with."""
        with self.database.read() as connection:
            return staff.open_referrals(connection, agency_id)

    def new_ids(self) -> Callable[[str, str], str]:
        """Makes ids that no entry has, each once, of a kind and a name: "school-tikkukivi"."""
        with self.database.read() as connection:
            taken = set(store.kinds(connection))
            for entries in store.tables(connection).values():
                if isinstance(entries, list):
                    taken |= {entry["id"] for entry in entries}

        def make(kind: str, name: str) -> str:
            wish = f"{kind}-{_plain(name)}".strip("-")
            number, found = 1, wish
            while found in taken:
                number += 1
                found = f"{wish}-{number}"
            taken.add(found)
            return found

        return make


def check(
    connection: Connection, admin: Administrator, changes: Sequence[Change], today: date
) -> Amended:
    """What the changes would make of the directory that is stored now. Raises EntryNotYours,
    EntryChanged and DirectoryInvalid.
    """
    tables = store.tables(connection)
    before = Stored(tables, directory_from(tables, today))
    for change in changes:
        _refuse_others(admin, before, change)
    amended = _amended(tables, changes)
    after = Stored(amended, lasting_directory(amended, today))
    for change in changes:
        _refuse_reaching_out(admin, before, after, change)
    return Amended(tables, amended, today)


def make(
    connection: Connection,
    admin: Administrator,
    changes: Sequence[Change],
    amended: Amended,
    now: datetime,
) -> None:
    """Store changes that were checked, with a line of each entry that differs."""
    for change in changes:
        if change.entry is None:
            store.remove(connection, change.table, change.id)
        else:
            store.put(connection, change.table, change.entry)
    store.renew_stamp(connection)
    write_lines(connection, admin, Action.CHANGE_DIRECTORY, amended.differences, now)


def _plain(name: str) -> str:
    """Small letters a to z, digits and hyphens."""
    split = unicodedata.normalize("NFKD", name.lower())
    letters = "".join(sign for sign in split if not unicodedata.combining(sign))
    return re.sub(r"[^a-z0-9]+", "-", letters).strip("-")[:LONGEST_NAME].strip("-")


def digest_of(entry: Entry) -> str:
    """What stands for an entry's state while it is being edited."""
    text = json.dumps(entry, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def owner_of(directory: Directory, table: str, entry: Entry) -> str | None:
    """The controller whose administrator may change an entry; None for what a file alone changes.

    A school is its municipality's, an agreement its team's, a telephone line its county's.
    """
    match table:
        case "agency":
            return str(entry["controller"])
        case "school":
            return directory.municipalities[entry["municipality"]].controller
        case "agreement":
            return directory.agency(entry["agency"]).controller
        case "phone_line":
            return directory.counties[entry["county"]].controller
    return None


def refuse_missing(agencies: Sequence[str]) -> None:
    """Raise DirectoryInvalid if the file lacks agencies that are needed."""
    if agencies:
        raise DirectoryInvalid(
            [
                f"The file lacks agency {agency}, which has reports or members: "
                "keep it in the file, with out_of_use_from"
                for agency in agencies
            ]
        )


def _refuse_others(admin: Administrator, before: Stored, change: Change) -> None:
    """An entry of another controller, or one that is not as it was seen."""
    try:
        current: Entry | None = before.entry(change.table, change.id)
    except EntryNotYours:
        current = None
    if current is None and change.seen is not None:
        raise EntryChanged(change.id)
    if current is None:
        return
    if owner_of(before.directory, change.table, current) not in admin.controllers:
        raise EntryNotYours(change.id)
    if change.seen != digest_of(current):
        raise EntryChanged(change.id)


def _refuse_reaching_out(
    admin: Administrator, before: Stored, after: Stored, change: Change
) -> None:
    """What would serve another controller's people, or answer in another's name."""
    if change.entry is None:
        return
    directory, entry = after.directory, change.entry
    owner = owner_of(directory, change.table, entry)
    if owner not in admin.controllers:
        raise EntryNotYours(change.id)
    if change.table == "phone_line" and directory.agency(entry["agency"]).controller != owner:
        raise EntryNotYours(change.id)
    if change.table != "agency" or owner is None:
        return
    known = before.directory.agencies.get(change.id)
    served = set(known.municipalities) if known else set()
    if not set(entry["municipalities"]) - served <= set(directory.area_of(owner)):
        raise EntryNotYours(change.id)
    kind = Kind(entry["kind"])
    if known and (kind, owner) != (known.kind, known.controller):
        raise EntryNotYours(change.id)
    if not known and kind not in directory.kinds_of(owner):
        raise EntryNotYours(change.id)


def _amended(tables: Tables, changes: Sequence[Change]) -> dict[str, Any]:
    amended = copy.deepcopy(dict(tables))
    for change in changes:
        entries = amended.setdefault(change.table, [])
        place = next((n for n, entry in enumerate(entries) if entry["id"] == change.id), None)
        if place is not None:
            entries[place : place + 1] = [] if change.entry is None else [dict(change.entry)]
        elif change.entry is not None:
            entries.append(dict(change.entry))
    return amended
