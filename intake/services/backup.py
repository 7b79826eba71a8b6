"""Back everything up that is needed to serve again, sealed to a key that is kept elsewhere."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from intake.domain.trail import Action
from intake.services.backup_file import Head, write
from intake.services.backup_key import BackupKeyUnreadable, read_private_half
from intake.services.leave_line import leave_operators_line
from intake.services.settle import sync_folder
from intake.store.database import Database
from intake.store.parts import parts_of, unknown_tables
from intake.store.schema import METADATA
from intake.vault.backup import MAGIC, StreamSealer
from intake.vault.seal import PublicKey

LARGEST_KEY_FILE = 64 * 1024
_TIME = "%Y%m%dT%H%M%SZ"
_NAMED = re.compile(r"ankkuri-(\d{8}T\d{6}Z)\.backup(\.partial)?")


class BackupNotWritten(Exception):
    """No backup was made; the message is one line that says why."""


@dataclass(frozen=True)
class Made:
    """A backup that is on the disk; which key files are in it, and which files there are not."""

    file: Path
    rows: int
    size: int
    keys: tuple[str, ...]
    not_keys: tuple[str, ...]


@dataclass(frozen=True)
class Backup:
    """Makes backups, and lets them expire. ``list_deletions`` brings the list up to date first."""

    database: Database
    keys: Path
    to: PublicKey
    list_deletions: Callable[[datetime], int]

    def __call__(self, folder: Path, now: datetime, *, with_keys: bool = True) -> Made:
        """One snapshot of the database and the key files as a file in ``folder``, whole or not
        there at all, after a line in the trail, which is in it. Raises BackupNotWritten,
        ListNotWritten.
        """
        if not folder.is_dir():
            raise BackupNotWritten(f"There is no folder {folder}: make it, or mount its disk")
        self.list_deletions(now)
        keys, others = self._key_files() if with_keys else ({}, ())
        head = Head(self.database.head(), now, parts_of(METADATA), keys)
        final = folder / f"ankkuri-{now.astimezone(UTC):{_TIME}}.backup"
        leave_operators_line(self.database, Action.BACK_UP, final.name, now)
        with _whole(final) as file, self.database.read() as connection:
            if unknown := unknown_tables(connection, METADATA):
                raise BackupNotWritten(f"Table {unknown[0]} of the database is not known here")
            rows = write(StreamSealer(self.to, file.write), head, connection)
        return Made(final, rows, final.stat().st_size, tuple(keys), others)

    def expire(self, folder: Path, now: datetime, days: int) -> list[str]:
        """Delete the backups in ``folder`` that are older, and what a killed one left there.

        Only files with a backup's name and beginning; the names of those deleted.
        """
        gone = []
        for file in sorted(folder.iterdir()):
            named = _NAMED.fullmatch(file.name)
            if named is None or not _is_ours(file, unfinished=bool(named[2])):
                continue
            with suppress(ValueError):  # a name that is no time is not ours
                made_at = datetime.strptime(named[1], _TIME).replace(tzinfo=UTC)
                if made_at < now - timedelta(days=1 if named[2] else days):
                    file.unlink()
                    gone.append(file.name)
        return gone

    def private_half_in(self, folders: Iterable[Path]) -> list[Path]:
        """Files in these folders that open every backup, and should not be on this machine."""
        there = (folder for folder in folders if folder.is_dir())
        return sorted({file for folder in there for file in folder.iterdir() if self._opens(file)})

    def _key_files(self) -> tuple[dict[str, bytes], tuple[str, ...]]:
        files = sorted(self.keys.iterdir())
        keys = [f for f in files if _is_small(f) and not self._opens(f)]
        return {f.name: f.read_bytes() for f in keys}, tuple(f.name for f in files if f not in keys)

    def _opens(self, file: Path) -> bool:
        try:
            return _is_small(file) and read_private_half(file).public() == self.to
        except BackupKeyUnreadable:
            return False


@contextmanager
def _whole(final: Path) -> Iterator[BinaryIO]:
    """A file beside ``final`` that becomes it, on the disk, if all goes well, else it is gone."""
    if final.exists():
        raise BackupNotWritten(f"{final.name} is there already: try again in a second")
    partial = final.with_name(final.name + ".partial")
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            partial.rename(final)
            sync_folder(final.parent)
        except BaseException:
            with suppress(FileNotFoundError):
                partial.unlink()
            raise
    except OSError as error:
        raise BackupNotWritten(f"{final} cannot be written: {error.strerror}") from None


def _is_ours(file: Path, *, unfinished: bool) -> bool:
    if file.is_symlink() or not file.is_file():
        return False
    with file.open("rb") as content:
        beginning = content.read(len(MAGIC))
    return beginning == MAGIC or (unfinished and MAGIC.startswith(beginning))


def _is_small(file: Path) -> bool:
    return file.is_file() and file.stat().st_size <= LARGEST_KEY_FILE
