"""Keep the list of deletions outside the database, so that it outlives the database's loss."""

from __future__ import annotations

import fcntl
import json
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from intake.services.settle import sync_folder
from intake.store import deletions
from intake.store.database import Database
from intake.store.deletions import Deletion, DeletionUnreadable

BATCH = 500
log = logging.getLogger(__name__)


class ListNotWritten(Exception):
    """The list's file cannot be written; the message says why."""


class ListUnreadable(Exception):
    """The list's file cannot be replayed; the message names the line."""


@dataclass(frozen=True)
class ListDeletions:
    """Appends what was erased or ended since the last time. A crash may list an entry twice.

    An entry that no restore could read is logged and left out: it must not keep the others out.
    """

    database: Database
    file: Path

    def __call__(self, now: datetime) -> int:
        """How many entries were added. Raises ListNotWritten."""
        added = 0
        while True:
            with self.database.read() as connection:
                entries = deletions.unlisted(connection, BATCH)
            if not entries:
                return added
            self._append([entry for entry in entries if _is_readable(entry)])
            with self.database.write() as connection:
                deletions.mark_listed(connection, [entry.id for entry in entries], now)
            added += len(entries)

    def _append(self, entries: Sequence[Deletion]) -> None:
        """On the disk when it returns. What a killed run left of a line becomes one of its own."""
        lines = "".join(json.dumps(entry.to_json()) + "\n" for entry in entries).encode()
        try:
            descriptor = os.open(self.file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(descriptor, "r+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                size = file.seek(0, os.SEEK_END)
                torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
                file.write(b"\n" + lines if torn else lines)
                file.flush()
                os.fsync(descriptor)
            if not size:
                sync_folder(self.file.parent)
        except OSError as error:
            raise ListNotWritten(
                f"The list of deletions {self.file} cannot be written: {error.strerror}"
            ) from None


def _is_readable(entry: Deletion) -> bool:
    if not entry.is_readable():
        log.error("deletion %s cannot be read: it is not listed", entry.id)
        return False
    return True


def read_list(file: Path) -> list[Deletion]:
    """The entries in their order. Raises ListUnreadable.

    A line that a killed run left unfinished is passed over: the next run wrote it whole.
    """
    try:
        *lines, _unfinished = file.read_bytes().split(b"\n")
    except OSError as error:
        raise ListUnreadable(f"{file} cannot be read: {error.strerror}") from None
    entries = []
    for number, line in enumerate(lines, 1):
        try:
            entries.append(Deletion.parse(json.loads(line)))
        except (ValueError, RecursionError):
            if not any(later.startswith(line) for later in lines[number:]):
                raise ListUnreadable(f"{file}, line {number}: it is not JSON") from None
        except DeletionUnreadable as why:
            raise ListUnreadable(f"{file}, line {number}: {why}") from None
    return entries
