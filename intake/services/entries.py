"""Believe of people's roles and of agencies' keys what the keeper of the directory key signed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlalchemy import Connection

from intake.domain.entry import EntryKind, EntryUnreadable, KeyEntry, RoleEntry
from intake.store import entries
from intake.store.columns import AnyRow
from intake.vault.directory_key import DirectoryKey

_Said = RoleEntry | KeyEntry
_READ: dict[EntryKind, Callable[[str], _Said]] = {
    EntryKind.MEMBERSHIP: RoleEntry.parse,
    EntryKind.AGENCY_KEY: KeyEntry.parse,
}
log = logging.getLogger(__name__)


@dataclass
class Entries:
    """Judges rows by their entries. What was once found signed stays known to this process, by the
    entry's id and its very words: a signature is checked once.
    """

    key: DirectoryKey
    _known: dict[tuple[UUID, str], _Said] = field(default_factory=dict, init=False)
    _told: set[str] = field(default_factory=set, init=False)

    def roles(
        self, connection: Connection, rows: Sequence[AnyRow], on: date | None
    ) -> list[AnyRow]:
        """Those that are as they were signed, with the person's key of today; ``on`` a day, if one
        is given, they have not run out either.
        """
        self._learn(connection, EntryKind.MEMBERSHIP, rows)
        good: dict[object, AnyRow] = {}
        bad: dict[UUID, AnyRow] = {}
        for row in rows:
            said = self._known.get((row.entry_id, row.entry_body))
            live = isinstance(said, RoleEntry) and entries.role_entry(row, said.until)
            if isinstance(said, RoleEntry) and live and said.covers(live):
                if on is None or on <= said.until:
                    good.setdefault(_place(row), row)
            elif row.entry_id is not None:
                bad[row.held_id] = row
        for held, row in bad.items():
            if _place(row) not in good:
                self._tell(f"a role of {row.held_by} ({held}) is not as it was signed: refused")
        return list(good.values())

    def keys(self, connection: Connection, rows: Sequence[AnyRow]) -> list[AnyRow]:
        """Those that are as they were signed. A key in use does not count either where one of a
        greater number has been in use: that one was taken away, and this one put back.
        """
        self._learn(connection, EntryKind.AGENCY_KEY, rows)
        good = {row.id: row for row in rows if self._is_as_signed(row)}
        for row in self._overtaken(connection, good.values()):
            del good[row.id]
        for row in rows:
            if row.entry_id is not None and row.id not in good:
                self._tell(
                    f"the key of agency {row.agency_id} is not as it was signed: "
                    "nothing is sealed to it"
                )
        return list(good.values())

    def numbers(
        self, connection: Connection, rows: Sequence[AnyRow]
    ) -> Mapping[str, Mapping[str, int]]:
        """By agency and key, the numbers that those of the rows say that are signed."""
        self._learn(connection, EntryKind.AGENCY_KEY, rows)
        found: dict[str, dict[str, int]] = {}
        for row in rows:
            said = self._known.get((row.entry_id, row.entry_body))
            if isinstance(said, KeyEntry):
                numbers = found.setdefault(said.agency, {})
                numbers[said.key] = max(numbers.get(said.key, 0), said.number)
        return found

    def says(self, kind: EntryKind, body: str, signature: bytes) -> bool:
        """Whether an entry is whole and signed with the directory key."""
        return self._read(kind, body, signature) is not None

    def _is_as_signed(self, row: AnyRow) -> bool:
        said = self._known.get((row.entry_id, row.entry_body))
        as_signed = isinstance(said, KeyEntry) and said.covers(entries.key_entry(row))
        return as_signed and entries.is_as_listed(row)

    def _overtaken(self, connection: Connection, rows: Iterable[AnyRow]) -> list[AnyRow]:
        in_use = [row for row in rows if row.activated_at and not row.retired_at]
        if not in_use:
            return []
        others = entries.of_keys_once_in_use(connection, {row.agency_id for row in in_use})
        numbers = self.numbers(connection, others)
        return [row for row in in_use if is_overtaken(row.id, numbers.get(row.agency_id, {}))]

    def _learn(self, connection: Connection, kind: EntryKind, rows: Iterable[AnyRow]) -> None:
        new = {
            row.entry_id: row.entry_body
            for row in rows
            if row.entry_id is not None and (row.entry_id, row.entry_body) not in self._known
        }
        if not new:
            return
        for entry_id, signature in entries.signatures(connection, new).items():
            said = self._read(kind, new[entry_id], signature)
            if said is not None:
                self._known[entry_id, new[entry_id]] = said

    def _read(self, kind: EntryKind, body: str, signature: bytes) -> _Said | None:
        if not self.key.has_signed(kind, body, signature):
            return None
        try:
            return _READ[kind](body)
        except EntryUnreadable:
            return None

    def _tell(self, what: str) -> None:
        """Log an error, once in this process."""
        if what not in self._told:
            self._told.add(what)
            log.error("%s", what)


def is_overtaken(key_id: str, numbers: Mapping[str, int]) -> bool:
    """Whether another key of the agency has a greater number; one that has none has 0."""
    return numbers.get(key_id, 0) < max(numbers.values(), default=0)


def _place(row: AnyRow) -> object:
    """A role, and whose agency's key it is read with where it is."""
    return row.held_id, getattr(row, "id", None)
