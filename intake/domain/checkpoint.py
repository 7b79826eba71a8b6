"""What is signed of the trail: how many lines there were, and the root of the tree over them.

The text is a checkpoint of the C2SP specification *tlog-checkpoint*, so that other tools read it:
origin, size and root, then two extension lines of ours.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self
from uuid import UUID

from intake.domain.merkle import HASH_SIZE

ORIGIN = "ankkuri-intake/trail"
_AT, _PREVIOUS = "at ", "previous "


class CheckpointUnreadable(Exception):
    """A text is no checkpoint of ours, to the byte."""


@dataclass(frozen=True)
class Checkpoint:
    """The first ``size`` numbered lines at an instant.

    ``previous``: what stands for the note before, None for the first. ``epoch``: the line of the
    restore since which numbers were given, None before any: after a restore the same numbers may
    be given to other lines, so it is another log to whoever compares checkpoints.
    """

    size: int
    root: bytes
    at: datetime
    previous: bytes | None = None
    epoch: UUID | None = None

    @property
    def origin(self) -> str:
        """The name of the log, and of the key that signs it."""
        return origin_of(self.epoch)

    def text(self) -> str:
        """What is signed."""
        at = self.at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        previous = _base64(self.previous) if self.previous else "none"
        lines = [self.origin, str(self.size), _base64(self.root), _AT + at, _PREVIOUS + previous]
        return "".join(f"{line}\n" for line in lines)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The checkpoint of a text. Raises CheckpointUnreadable for one that we would not write."""
        try:
            origin, size, root, at, previous, rest = text.split("\n")
            found = cls(
                size=int(size),
                root=b64decode(root, validate=True),
                at=datetime.fromisoformat(at.removeprefix(_AT)),
                previous=_hash_of(previous.removeprefix(_PREVIOUS)),
                epoch=_epoch_of(origin),
            )
            same = found.text() == text
        except ValueError:
            raise CheckpointUnreadable from None
        if rest or not same or found.size < 1 or len(found.root) != HASH_SIZE:
            raise CheckpointUnreadable
        return found


def origin_of(epoch: UUID | None) -> str:
    """The name of the log since a restore, or before any."""
    return f"{ORIGIN}/{epoch.hex}" if epoch else ORIGIN


def note_hash(note: str) -> bytes:
    """What stands for a signed note in the one after it."""
    return hashlib.sha256(note.encode()).digest()


def _hash_of(text: str) -> bytes | None:
    return None if text == "none" else b64decode(text, validate=True)


def _epoch_of(origin: str) -> UUID | None:
    return None if origin == ORIGIN else UUID(hex=origin.removeprefix(f"{ORIGIN}/"))


def _base64(value: bytes) -> str:
    return b64encode(value).decode("ascii")
