"""What was typed on a page whose session had ended, or that asks for a fresh factor, carried over
to the same person.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Request

MOST_FIELDS = 120
MOST_CHARACTERS = 310_000  # a set of rules, with the other fields of its page
OWNER = "kept_of"
_PREFIX = "kept."
_NEVER = frozenset(
    {"csrf_token", "passphrase", "again", "code", "my_passphrase", "new_passphrase", "new_again"}
)
_OWN = frozenset({"printed_code", "factor_code", "factor_passkey", OWNER})
"""Of the pages that keep it."""


@dataclass(frozen=True)
class Kept:
    """Fields of a form, by name. ``owner`` says whose they are: nobody else gets them back."""

    fields: tuple[tuple[str, str], ...]
    owner: str

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """What the sign-in page's form holds of them."""
        return [(OWNER, self.owner), *((_PREFIX + name, value) for name, value in self.fields)]


def typed(form: MultiDict[str, str], owner: str) -> Kept | None:
    """What a page posted, but for passphrases; None for a button alone, or for more than a page
    of ours has.
    """
    return _within(owner, ((n, v) for n, v in form.items(multi=True) if n not in _NEVER | _OWN))


def carried(form: MultiDict[str, str]) -> Kept | None:
    """What the sign-in page held."""
    fields = (
        (name.removeprefix(_PREFIX), value)
        for name, value in form.items(multi=True)
        if name.startswith(_PREFIX)
    )
    return _within(form.get(OWNER, ""), fields)


def lost(posted: Request) -> list[str]:
    """The words that a page of ours posted to where nothing takes them, to be copied by who typed
    them; no passphrase.
    """
    if posted.method != "POST" or posted.headers.get("Sec-Fetch-Site") != "same-origin":
        return []
    found = typed(posted.form, "")
    return [text for _, text in found.fields if len(text.split()) > 1] if found else []


def owner_of(door_secret: bytes, person_id: UUID) -> str:
    """The mark of what this person typed: only this door can make it."""
    return hmac.new(door_secret, b"ankkuri kept " + person_id.bytes, hashlib.sha256).hexdigest()


def _within(owner: str, fields: Iterable[tuple[str, str]]) -> Kept | None:
    found = tuple(islice(fields, MOST_FIELDS + 1))
    size = sum(len(name) + len(value) for name, value in found)
    if not 0 < len(found) <= MOST_FIELDS or size > MOST_CHARACTERS:
        return None
    return Kept(found, owner)
