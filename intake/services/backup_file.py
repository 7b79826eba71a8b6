"""What a backup's file holds: a head, the parts of the database row by row, the counts of each.

Lines of JSON in a sealed stream (`intake.vault.backup`): an object is the head or the end of a
part, an array is a row.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection

from intake.store.parts import AT_ONCE, Part, Tally
from intake.vault.backup import BackupKeyWrong, NotABackup, StreamSealer, open_stream
from intake.vault.envelope import EnvelopeDamaged, EnvelopeFromNewerVersion
from intake.vault.keyring import PrivateKey

_NEWER = "it is from a newer version of Ankkuri intake: restore it with that version"


class BackupDamaged(Exception):
    """The file is not whole, or not as it was written; the message is one line."""


class BackupUnusable(Exception):
    """The file cannot be used with this key or this version; the message says what to do."""


@dataclass(frozen=True)
class Head:
    """When the backup was made, of which schema, what it holds, and the key files by name."""

    revision: str
    made_at: datetime
    parts: tuple[Part, ...]
    keys: Mapping[str, bytes]

    def line(self) -> bytes:
        """The first line."""
        return _line(
            {
                "revision": self.revision,
                "made_at": self.made_at.isoformat(),
                "parts": [part.to_json() for part in self.parts],
                "keys": {name: b64encode(raw).decode("ascii") for name, raw in self.keys.items()},
            }
        )

    @classmethod
    def parse(cls, content: Mapping[str, Any]) -> Self:
        """What `line` wrote. Raises BackupUnusable."""
        try:
            return cls(
                content["revision"],
                datetime.fromisoformat(content["made_at"]),
                tuple(map(Part.parse, content["parts"])),
                {name: b64decode(text) for name, text in content["keys"].items()},
            )
        except (KeyError, TypeError, ValueError):
            raise BackupUnusable(_NEWER) from None


def write(sealer: StreamSealer, head: Head, connection: Connection) -> int:
    """Write everything in the order of the parts; how many rows there were."""
    rows = 0
    sealer.add(head.line())
    for part in head.parts:
        tally = Tally()
        for line in part.lines(connection):
            sealer.add(line + b"\n")
            tally.add(line)
        sealer.add(_line({"rows": tally.rows, "digest": tally.digest}))
        rows += tally.rows
    sealer.finish()
    return rows


@dataclass(frozen=True)
class BackupFile:
    """A backup and the private half of its key."""

    path: Path
    private: PrivateKey

    def head(self) -> Head:
        """The head alone. Raises BackupDamaged, BackupUnusable."""
        return self._begin(self._lines())

    def read(self, take: Callable[[Part, Sequence[bytes]], object]) -> tuple[Tally, ...]:
        """Give ``take`` the lines of each part, a few at a time; the tally of each part.

        Only the end proves that the backup is whole. Raises BackupDamaged, BackupUnusable.
        """
        lines = self._lines()
        tallies = tuple(_read_part(part, lines, take) for part in self._begin(lines).parts)
        if next(lines, None) is not None:
            raise BackupDamaged("The backup holds more than it should")
        return tallies

    def _begin(self, lines: Iterator[bytes]) -> Head:
        return Head.parse(_object(next(lines, b"")))

    def _lines(self) -> Iterator[bytes]:
        rest = b""
        try:
            with self.path.open("rb") as file:
                for chunk in open_stream(self.private, file):
                    *whole, rest = (rest + chunk).split(b"\n")
                    yield from whole
        except NotABackup:
            raise BackupUnusable(f"{self.path.name} is not a backup of Ankkuri intake") from None
        except BackupKeyWrong as wrong:
            raise BackupUnusable(
                f"{self.path.name} is sealed to the key {wrong}, but the one given is "
                f"{self.private.key_id}"
            ) from None
        except EnvelopeFromNewerVersion:
            raise BackupUnusable(f"{self.path.name}: {_NEWER}") from None
        except EnvelopeDamaged:
            raise BackupDamaged(f"{self.path.name} is damaged or cut short") from None
        except OSError as error:
            raise BackupUnusable(f"{self.path.name} cannot be read: {error.strerror}") from None
        if rest:
            raise BackupDamaged(f"{self.path.name} ends in mid-line")


def _read_part(
    part: Part, lines: Iterator[bytes], take: Callable[[Part, Sequence[bytes]], object]
) -> Tally:
    tally, batch = Tally(), list[bytes]()
    for line in lines:
        is_row = line.startswith(b"[")
        if is_row:
            tally.add(line)
            batch.append(line)
        if batch and (not is_row or len(batch) == AT_ONCE):
            take(part, batch)
            batch = []
        if not is_row:
            if _object(line) != {"rows": tally.rows, "digest": tally.digest}:
                raise BackupDamaged(f"The rows of {part.table} are not those that were counted")
            return tally
    raise BackupDamaged(f"The backup ends before the end of {part.table}")


def _object(line: bytes) -> dict[str, Any]:
    try:
        content = json.loads(line)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise BackupDamaged("The backup holds a line that cannot be read")
    return content


def _line(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
