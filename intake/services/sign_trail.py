"""Number the trail's new lines, sign a checkpoint over all, and let it leave the machine."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from intake.domain.checkpoint import Checkpoint, note_hash
from intake.domain.deadline import local_date
from intake.domain.directory import Directory
from intake.domain.merkle import Tree, leaf_hash
from intake.domain.people import Role
from intake.services import checkpoint_file
from intake.services.checkpoint_file import read_note
from intake.store import checkpoints, outbox, people
from intake.store.columns import AnyRow
from intake.store.database import Database
from intake.vault.signed_note import NoteSigner

LETTER = "checkpoint"
BATCH = 2000  # lines in one transaction
LATE = timedelta(hours=1)  # a line is committed sooner after its instant, but for a clock set back
LOOK_THROUGH = timedelta(days=1)  # how often the whole trail is looked through for lines without
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SignTrail:
    """The one that signs: of any number of schedulers one at a time.

    Each transaction numbers what was committed so far and signs one checkpoint, or does nothing.
    ``file``: where the notes go outside the database.
    """

    database: Database
    directory: Directory
    signer: NoteSigner
    file: Path
    _looked: dict[str, datetime] = field(default_factory=dict, init=False, repr=False)

    def __call__(self, now: datetime) -> int:
        """Number, sign and export; how many lines got a number.

        Raises CheckpointsNotExported, when what was signed is kept and will be exported later.
        """
        since = first = self._since(now)
        count = 0
        while True:
            done = self._sign(since, now)
            count += len(done)
            if len(done) < BATCH:
                break
            since = done[-1].at
        if first is None:
            self._looked["at"] = now
        self.export()
        return count

    def export(self) -> int:
        """Bring the notes that are not there yet into the file; how many.

        Raises CheckpointsNotExported.
        """
        with self.database.read() as connection:
            after = _exported_to(connection, checkpoint_file.last_note(self.file))
            newest = checkpoints.last_checkpoint(connection)
            if newest is None or after >= newest.size:
                return 0
            notes = (row.note for row in checkpoints.checkpoints(connection, after))
            return checkpoint_file.append(self.file, notes)

    def _since(self, now: datetime) -> datetime | None:
        """From when on lines without a number are looked for; now and then everywhere."""
        looked = self._looked.get("at")
        if looked is None or not timedelta() <= now - looked < LOOK_THROUGH:
            return None
        with self.database.read() as connection:
            last = checkpoints.last_checkpoint(connection)
        return min(last.at, now) - LATE if last else None

    def _sign(self, since: datetime | None, now: datetime) -> Sequence[AnyRow]:
        with self.database.write() as connection:
            checkpoints.take_turn_to_sign(connection)
            lines = checkpoints.unnumbered(connection, since, BATCH)
            if not lines:
                return []
            last = checkpoints.last_checkpoint(connection)
            tree = self._tree(connection, last)
            leaves = [leaf_hash(line.digest) for line in lines]
            checkpoints.number(connection, [line.id for line in lines], leaves)
            for leaf in leaves:
                tree.add(leaf)
            epochs = checkpoints.epochs(connection)
            at = now.replace(microsecond=0)
            checkpoint = Checkpoint(
                size=tree.size,
                root=tree.root(),
                at=at,
                previous=note_hash(last.note) if last else None,
                epoch=epochs[-1].line_id if epochs else None,
            )
            note = self.signer.sign(checkpoint.origin, checkpoint.text())
            checkpoints.add_checkpoint(connection, tree, at, note)
            if last is None or local_date(last.at) < local_date(now):
                outbox.put_letters(connection, self._letters(connection, note, now))
            return lines

    def _tree(self, connection: Connection, last: AnyRow | None) -> Tree:
        """The tree over the numbers given. What was altered since is not mended: signing goes on,
        so that what comes is proved, and ``ankkuri trail verify`` tells of it.
        """
        size = checkpoints.last_number(connection)
        if last is None and size == 0:
            return Tree()
        if last is not None and last.size == size:
            signed = read_note(self.signer.public(), last.note)
            tree = tree_of(last)
            if tree and signed and tree.root() == signed.root:
                return tree
        log.error("the trail's last checkpoint was altered: see `ankkuri trail verify`")
        return Tree.of(checkpoints.leaves(connection, 1, size))

    def _letters(self, connection: Connection, note: str, now: datetime) -> list[dict[str, Any]]:
        """The day's first checkpoint to every auditor: a copy that no operator can take back."""
        today = local_date(now)
        readers = dict.fromkeys(
            reader
            for controller in self.directory.controllers
            for reader in people.officers(connection, controller, Role.AUDITOR, today)
        )
        return [
            outbox.new_letter(LETTER, now, {"note": note}, person_id=reader) for reader in readers
        ]


def tree_of(row: AnyRow) -> Tree | None:
    """The tree of a checkpoint; None where its peaks are not as many as its size has."""
    try:
        return Tree(row.size, checkpoints.peaks_of(row))
    except ValueError:
        return None


def _exported_to(connection: Connection, note: str | None) -> int:
    """Up to which size the checkpoints of here are in a file whose last note this is.

    After a restore the file may end with notes of numbers that are not here: what was signed since
    the restore follows them.
    """
    known = checkpoint_file.checkpoint_in(note) if note else None
    if known is None:
        return 0
    epochs = checkpoints.epochs(connection)
    if known.epoch == (epochs[-1].line_id if epochs else None):
        return known.size
    return epochs[-1].size if epochs else 0
