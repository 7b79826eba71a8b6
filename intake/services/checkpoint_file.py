"""The file of checkpoints outside the database, one signed note after another."""

from __future__ import annotations

import fcntl
import heapq
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from intake.domain.checkpoint import Checkpoint, CheckpointUnreadable
from intake.services.settle import sync_folder
from intake.vault.signed_note import NoteForged, NoteKey

_DASH = "— ".encode()
_TAIL = 4096  # bytes: more than two notes
_TORN = "\n\ufffd"  # how what is torn may end
_SIGNATURE = 92  # characters
_MOST_RUNS = 100


class CheckpointsNotExported(Exception):
    """The file of checkpoints cannot be written; the message says why."""


@dataclass(frozen=True)
class Exported:
    """A note of the file, from the line on which it begins; its size if it looks like one of ours:
    who signed it is another question.
    """

    line: int
    note: str
    size: int | None


def read_note(key: NoteKey, note: str) -> Checkpoint | None:
    """What a note says; None unless it was signed with the key."""
    try:
        name, text = key.read(note)
        checkpoint = Checkpoint.parse(text)
    except (NoteForged, CheckpointUnreadable):
        return None
    return checkpoint if name == checkpoint.origin else None


def append(path: Path, notes: Iterable[str]) -> int:
    """Add notes to the file; on the disk when it returns. How many there were.

    What a killed run left of a note stays, and the note comes again after it. Raises
    CheckpointsNotExported.
    """
    count = 0
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            size = file.seek(0, os.SEEK_END)
            if size and os.pread(descriptor, 2, max(size - 2, 0)) != b"\n\n":
                file.write(b"\n\n")
            for note in notes:
                file.write(note.encode() + b"\n")
                count += 1
            file.flush()
            os.fsync(descriptor)
        if not size:
            sync_folder(path.parent)
    except OSError as error:
        raise CheckpointsNotExported(
            f"The file of checkpoints {path} cannot be written: {error.strerror}"
        ) from None
    return count


def last_note(path: Path) -> str | None:
    """The last whole note of the file; None where there is none. Raises CheckpointsNotExported."""
    try:
        with path.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(end - _TAIL, 0))
            found = [note for _, note in _pieces(file)]
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CheckpointsNotExported(
            f"The file of checkpoints {path} cannot be read: {error.strerror}"
        ) from None
    return _whole(found[-1]) if found else None


class CheckpointFile:
    """A file of notes for reading: in the order of their sizes, however often these began anew."""

    def __init__(self, path: Path) -> None:
        """Look through the file. Raises OSError.

        ``unreadable``: the lines at which something else than a note begins.
        """
        self.path = path
        self.count = 0
        self.largest = 0
        self.unreadable: list[int] = []
        self._runs: list[tuple[int, int]] = []  # the first note of each, and how many there are
        last = 0
        for at, each in enumerate(_notes_of(path)):
            if each.size is None:
                self.unreadable.append(each.line)
                continue
            if not self._runs or each.size < last:
                self._runs.append((at, 0))
            last = each.size
            self.count += 1
            self.largest = max(self.largest, last)
            self._runs[-1] = self._runs[-1][0], at + 1

    def __iter__(self) -> Iterator[Exported]:
        """The readable notes, by size."""
        if len(self._runs) > _MOST_RUNS:
            found = (each for each in _notes_of(self.path) if each.size is not None)
            return iter(sorted(found, key=_by_size))
        runs = (
            (each for each in islice(_notes_of(self.path), *run) if each.size is not None)
            for run in self._runs
        )
        return heapq.merge(*runs, key=_by_size)


def _by_size(each: Exported) -> int:
    return each.size or 0


def _notes_of(path: Path) -> Iterator[Exported]:
    """What a killed run left of a note is passed over: the note comes again after it."""
    held: Exported | None = None
    with path.open("rb") as file:
        for line, piece in _pieces(file):
            note = _whole(piece)
            if held and not note.startswith(held.note.rstrip(_TORN)):
                yield held
            size = _size(note)
            held = Exported(line, note, None) if size is None else None
            if size is not None:
                yield Exported(line, note, size)
    if held:
        yield held


def _whole(piece: bytes) -> str:
    """The note of a piece of the file, without what is left of itself before it."""
    note = piece.decode("utf-8", "replace")
    at = 0
    while (at := note.find("\n\n", at + 1)) >= 0:
        torn, whole = note[:at].rstrip(_TORN), note[at:].lstrip("\n")
        if _size(whole) is not None and whole.startswith(torn):
            return whole
    return note


def checkpoint_in(note: str) -> Checkpoint | None:
    """What a note says, whoever signed it; None unless it looks like a whole one of ours."""
    text, blank, last = note.rpartition("\n\n")
    _, _, signature = last.removesuffix("\n").rpartition(" ")
    if not blank or len(signature) != _SIGNATURE or not last.endswith("\n"):
        return None
    try:
        return Checkpoint.parse(text + "\n")
    except CheckpointUnreadable:
        return None


def _size(note: str) -> int | None:
    checkpoint = checkpoint_in(note)
    return checkpoint.size if checkpoint else None


def _pieces(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """What ends with a signature's line, with the number of the line on which it begins."""
    gathered: list[bytes] = []
    first = 1
    for number, line in enumerate(file, 1):
        if not gathered:
            if line == b"\n":
                continue
            first = number
        gathered.append(line)
        if line.startswith(_DASH) and line.endswith(b"\n"):
            yield first, b"".join(gathered)
            gathered = []
    last = b"".join(gathered) + b"\n"  # as it comes out of a letter; else it was torn
    if _size(_whole(last)) is not None:
        yield first, last
