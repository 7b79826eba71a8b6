"""Change the directory, entry by entry or as a whole: it holds afterwards, or nothing is kept."""

from __future__ import annotations

import copy
import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from intake.domain.deadline import local_date
from intake.domain.directory import Directory, Kind
from intake.domain.directory_file import DirectoryInvalid, directory_from, lasting_directory
from intake.domain.people import Administrator
from intake.domain.trail import Action
from intake.store import directory as store
from intake.store import staff, trail
from intake.store.database import Database

Entry = Mapping[str, Any]
Tables = Mapping[str, Any]
MOST_PURPOSE = 80
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
class Difference:
    """An entry that changes: its table, its id, which of its fields, and the agency it is about."""

    table: str
    id: str
    fields: tuple[str, ...]
    agency: str | None

    @property
    def line(self) -> str:
        """One line for a terminal."""
        return f"{self.table} {self.id}: {', '.join(self.fields)}"

    @property
    def purpose(self) -> str:
        """As the trail has it; its line names an agency beside it."""
        told = f"agency: {', '.join(self.fields)}" if self.table == "agency" else self.line
        return told if len(told) <= MOST_PURPOSE else told.partition(":")[0][:MOST_PURPOSE]


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

    def __call__(self, admin: Administrator, changes: Sequence[Change], now: datetime) -> None:
        """Make all the changes or none.

        Raises EntryNotYours, EntryChanged, and DirectoryInvalid if the directory would not hold
        today or on a later day on which it changes by itself.
        """
        today = local_date(now)
        with self.database.write() as connection:
            store.lock(connection)
            tables = store.tables(connection)
            before = Stored(tables, directory_from(tables, today))
            for change in changes:
                _refuse_others(admin, before, change)
            amended = _amended(tables, changes)
            after = Stored(amended, lasting_directory(amended, today))
            for change in changes:
                _refuse_reaching_out(admin, before, after, change)
                if change.entry is None:
                    store.remove(connection, change.table, change.id)
                else:
                    store.put(connection, change.table, change.entry)
            store.renew_stamp(connection)
            _trail(connection, admin, list(_differences(tables, amended)), now)

    def replace(self, admin: Administrator, tables: Tables, now: datetime) -> list[Difference]:
        """Put the tables of a file in the place of all that is stored; what differs.

        Raises DirectoryInvalid, also where an agency that has reports or members would be gone.
        """
        today = local_date(now)
        listed = lasting_directory(tables, today).agencies
        with self.database.write() as connection:
            store.lock(connection)
            refuse_missing(store.in_use_but_not(connection, listed, today))
            found = list(_differences(store.tables(connection), tables))
            store.replace(connection, tables)
            _trail(connection, admin, found, now)
        return found

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


def _differences(before: Tables, after: Tables) -> Iterator[Difference]:
    """Each entry that differs, in the order of the tables."""
    principals = {a["school"]: a["id"] for a in after.get("agency", ()) if "school" in a}
    for table in dict.fromkeys((*before, *after)):
        old, new = _by_id(before.get(table)), _by_id(after.get(table))
        for entry_id in dict.fromkeys((*old, *new)):
            one, other = old.get(entry_id, {}), new.get(entry_id, {})
            fields = [k for k in dict.fromkeys((*one, *other)) if one.get(k) != other.get(k)]
            if fields:
                what = ["added"] if not one else ["removed"] if not other else fields
                named = {"agency": entry_id, "school": principals.get(entry_id)}
                agency = named.get(table) or {**one, **other}.get("agency")
                yield Difference(table, entry_id, tuple(what), agency)


def _by_id(entries: Any) -> dict[str, Entry]:
    if isinstance(entries, list):
        return {entry["id"]: entry for entry in entries}
    return {} if entries is None else {"-": {"value": entries}}


def _trail(
    connection: Connection, admin: Administrator, found: Sequence[Difference], now: datetime
) -> None:
    about = [
        {
            "person_id": admin.id,
            "role": admin.role,
            "agency_id": difference.agency,
            "purpose": difference.purpose,
        }
        for difference in found
    ]
    if about:
        trail.write_lines(connection, at=now, action=Action.CHANGE_DIRECTORY, about=about)
