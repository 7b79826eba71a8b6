"""What the keeper of the directory key signs: an agency's public key, and a person's role.

An entry's body is JSON that never varies. A row of the database counts only as far as an entry
says the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any, Self, TypeVar
from uuid import UUID

LONGEST = timedelta(days=400)
"""A role's entry counts for so long at most; then it is signed again."""
RENEWED_BEFORE = timedelta(days=60)
WARNED_BEFORE = timedelta(days=30)
_FORMAT = "ankkuri-directory-1"
_Read = dict[str, Callable[[str], Any]]
_Entry = TypeVar("_Entry", bound="KeyEntry | RoleEntry")


class EntryKind(StrEnum):
    """What an entry is about."""

    AGENCY_KEY = "agency_key"
    MEMBERSHIP = "membership"


class EntryUnreadable(ValueError):
    """The text is no entry's body."""


@dataclass(frozen=True)
class KeyEntry:
    """An agency's public key.

    ``public_key``: its SHA-256 in hexadecimal; ``number``: greater than those of the agency's keys
    before it. Entries of before there were numbers say none, which is 0.
    """

    key: str
    agency: str
    agency_kind: str
    controller: str
    public_key: str
    number: int = 0

    def body(self) -> str:
        """As it is signed."""
        told = asdict(self)
        if not self.number:
            del told["number"]
        return _canonical(EntryKind.AGENCY_KEY, told)

    @classmethod
    def parse(cls, body: str) -> Self:
        """What `body` gave. Raises EntryUnreadable."""
        return _parsed(cls, body, EntryKind.AGENCY_KEY, {"number": int})

    def covers(self, live: KeyEntry) -> bool:
        """Whether a key as it stands is the one that was signed.

        ``live``: the key as the database has it, which knows no numbers.
        """
        return replace(self, number=0) == replace(live, number=0)


@dataclass(frozen=True)
class RoleEntry:
    """A role of a person who holds this key.

    ``person_key``: the SHA-256 of the person's public key in hexadecimal; ``until``: the last day
    on which the entry counts.
    """

    membership: UUID
    person: UUID
    person_key: str
    role: str
    agency: str | None
    controller: str | None
    valid_from: date
    valid_to: date | None
    until: date

    def body(self) -> str:
        """As it is signed."""
        return _canonical(EntryKind.MEMBERSHIP, asdict(self))

    @classmethod
    def parse(cls, body: str) -> Self:
        """What `body` gave. Raises EntryUnreadable."""
        read: _Read = {"membership": UUID, "person": UUID, "until": date.fromisoformat}
        read |= {"valid_from": date.fromisoformat, "valid_to": _day_or_none}
        return _parsed(cls, body, EntryKind.MEMBERSHIP, read)

    def covers(self, live: RoleEntry) -> bool:
        """Whether a role as it stands is the one that was signed; it may end earlier, not later.

        ``live``: the role as the database has it; its ``until`` is not looked at.
        """
        if self.valid_to is not None and (live.valid_to is None or live.valid_to > self.valid_to):
            return False
        return _fixed(self) == _fixed(live)


def key_entries(bodies: Iterable[str]) -> list[KeyEntry]:
    """Those of the texts that are entries of keys."""
    found = []
    for body in bodies:
        with suppress(EntryUnreadable):
            found.append(KeyEntry.parse(body))
    return found


def fingerprint(public_key: bytes) -> str:
    """As entries and settings name a public key: its SHA-256 in hexadecimal."""
    return sha256(public_key).hexdigest()


def last_day(valid_from: date, valid_to: date | None, today: date) -> date:
    """The last day on which a role's entry that is made today shall count."""
    longest = max(valid_from, today) + LONGEST
    return longest if valid_to is None else min(valid_to, longest)


def _fixed(entry: RoleEntry) -> tuple[Any, ...]:
    return (
        entry.membership,
        entry.person,
        entry.person_key,
        entry.role,
        entry.agency,
        entry.controller,
        entry.valid_from,
    )


def _canonical(kind: EntryKind, fields: dict[str, Any]) -> str:
    told = {name: value if value is None else str(value) for name, value in sorted(fields.items())}
    return json.dumps({"format": _FORMAT, "kind": kind, **told}, separators=(",", ":"))


def _parsed(cls: type[_Entry], body: str, kind: EntryKind, read: _Read) -> _Entry:
    try:
        fields = json.loads(body)
        if (fields.pop("format"), fields.pop("kind")) != (_FORMAT, kind):
            raise EntryUnreadable("another format or kind")
        told = {name: read[name](text) if name in read else text for name, text in fields.items()}
        entry = cls(**told)
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        raise EntryUnreadable("not an entry") from None
    if entry.body() != body:
        raise EntryUnreadable("written otherwise")
    return entry


def _day_or_none(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
