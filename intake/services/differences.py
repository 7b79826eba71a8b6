"""What differs between two states of the directory, and the lines of the trail that tell it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from sqlalchemy import Connection

from intake.domain.people import Administrator
from intake.domain.trail import Action
from intake.domain.widening import widened
from intake.store import trail

Entry = Mapping[str, Any]
Tables = Mapping[str, Any]
MOST_PURPOSE = 80


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
        return _cut(f"agency: {', '.join(self.fields)}" if self.table == "agency" else self.line)


def _cut(told: str) -> str:
    """As far as a line of the trail has room, or what the fields are of."""
    return told if len(told) <= MOST_PURPOSE else told.partition(":")[0][:MOST_PURPOSE]


@dataclass(frozen=True)
class Amended:
    """The tables of the directory before and after a change, and the day on which it is made."""

    before: Tables
    after: Tables
    on: date

    @cached_property
    def differences(self) -> list[Difference]:
        """Each entry that differs, in the order of the tables."""
        return list(_differences(self.before, self.after))

    @cached_property
    def more(self) -> Mapping[str, str]:
        """The agencies that come or get more, each with its controller."""
        ids = widened(self.before, self.after, self.on)
        return {a["id"]: a["controller"] for a in self.after.get("agency", ()) if a["id"] in ids}

    @property
    def of_more(self) -> list[Difference]:
        """Those of the agencies that come or get more, but for one whose own entry stays."""
        return [one for one in self.differences if one.table == "agency" and one.id in self.more]


def _differences(before: Tables, after: Tables) -> Iterator[Difference]:
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


def write_lines(
    connection: Connection,
    admin: Administrator,
    action: Action,
    found: Sequence[Difference],
    now: datetime,
    *,
    to_come: Collection[str] = (),
) -> None:
    """A line of each. ``to_come``: agencies that are not there yet: their names stand in the words
    of a line that is no agency's, which the auditors of whoever wrote it read.
    """
    about = [
        {
            "person_id": admin.id,
            "role": admin.role,
            "agency_id": None if one.agency in to_come else one.agency,
            "purpose": _cut(one.line) if one.agency in to_come else one.purpose,
        }
        for one in found
    ]
    if about:
        trail.write_lines(connection, at=now, action=action, about=about)
