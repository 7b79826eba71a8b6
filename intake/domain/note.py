"""What an agency writes on a referral for itself: a note, or a contact that it made or tried."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum
from typing import Any

from intake.domain.referral import OPEN, State


class Means(StrEnum):
    """How somebody was contacted."""

    PHONE = "phone"
    MEETING = "meeting"
    HOME_VISIT = "home_visit"
    MESSAGE = "message"
    LETTER = "letter"


@dataclass(frozen=True)
class Note:
    """A text."""

    text: str


@dataclass(frozen=True)
class Contact:
    """A contact. ``with_whom``: in the writer's words; ``at``: the time of day, if it is known."""

    on: date
    at: time | None
    means: Means
    with_whom: str
    reached: bool
    text: str = ""


Written = Note | Contact
STATES: Mapping[type[Written], frozenset[State]] = {
    Note: OPEN | {State.CLOSED},
    Contact: OPEN,
}
"""In which states each may be written."""


def entry(written: Written) -> dict[str, Any]:
    """What is sealed: plain values, with the kind."""
    if isinstance(written, Note):
        return {"kind": "note", "text": written.text}
    return {
        "kind": "contact",
        "on": written.on,
        "at": written.at.isoformat("minutes") if written.at else None,
        "means": written.means,
        "with_whom": written.with_whom,
        "reached": written.reached,
        "text": written.text,
    }


def written(plain: Mapping[str, Any]) -> Written:
    """Read what ``entry`` made, once it has been JSON."""
    if plain["kind"] == "note":
        return Note(plain["text"])
    return Contact(
        date.fromisoformat(plain["on"]),
        time.fromisoformat(plain["at"]) if plain["at"] else None,
        Means(plain["means"]),
        plain["with_whom"],
        plain["reached"],
        plain["text"],
    )
