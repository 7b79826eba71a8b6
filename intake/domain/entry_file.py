"""The two files that go to the keeper of the directory key and come back: JSON, told apart by
their first field. Nothing in the first is believed but its entries' texts.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from intake.domain.entry import EntryKind, EntryUnreadable, KeyEntry, RoleEntry

_REQUESTS = "ankkuri-directory-requests-1"
_SIGNED = "ankkuri-directory-signed-1"


class EntryFileUnreadable(Exception):
    """The file is not the one that was asked for; the message says so."""


@dataclass(frozen=True)
class Request:
    """An entry that waits for its signature. ``who``: whose role it is, by name and sign-in name;
    ``proposed_by``, ``confirmed_by``: who did, or nothing.
    """

    id: UUID
    body: str
    who: str
    proposed_by: str
    confirmed_by: str

    @property
    def said(self) -> RoleEntry | KeyEntry:
        """What would be signed. Raises EntryUnreadable."""
        return read_entry(self.body)


@dataclass(frozen=True)
class Signed:
    """An entry with its signature."""

    id: UUID
    body: str
    signature: bytes


def kind_of(said: RoleEntry | KeyEntry) -> EntryKind:
    """Of which kind an entry is."""
    return EntryKind.MEMBERSHIP if isinstance(said, RoleEntry) else EntryKind.AGENCY_KEY


def read_entry(body: str) -> RoleEntry | KeyEntry:
    """An entry of either kind. Raises EntryUnreadable."""
    try:
        return RoleEntry.parse(body)
    except EntryUnreadable:
        return KeyEntry.parse(body)


def requests_text(requests: Sequence[Request]) -> str:
    """The file for the keeper."""
    return _text(_REQUESTS, [asdict(one) | {"id": str(one.id)} for one in requests])


def read_requests(text: str) -> list[Request]:
    """What `requests_text` gave. Raises EntryFileUnreadable."""
    try:
        found = [Request(**one | {"id": UUID(one["id"])}) for one in _entries(text, _REQUESTS)]
        for one in found:
            read_entry(one.body)
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        raise EntryFileUnreadable("it holds no entries that wait for a signature") from None
    return found


def signed_text(signed: Sequence[Signed]) -> str:
    """The file that the keeper gives back."""
    return _text(
        _SIGNED,
        [{"id": str(s.id), "body": s.body, "signature": s.signature.hex()} for s in signed],
    )


def read_signed(text: str) -> list[Signed]:
    """What `signed_text` gave. Raises EntryFileUnreadable."""
    try:
        return [
            Signed(UUID(one["id"]), str(one["body"]), bytes.fromhex(one["signature"]))
            for one in _entries(text, _SIGNED)
        ]
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        raise EntryFileUnreadable("it holds no signed entries") from None


def _text(form: str, entries: list[dict[str, Any]]) -> str:
    return json.dumps({"format": form, "entries": entries}, ensure_ascii=False, indent=1) + "\n"


def _entries(text: str, form: str) -> list[Any]:
    content = json.loads(text)
    if content["format"] != form:
        raise ValueError("another file")
    return list(content["entries"])
