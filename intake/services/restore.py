"""Bring a backup back into an empty database. Until all of it is in and checked, nobody serves."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from intake.domain.trail import Action
from intake.services.backup_file import BackupDamaged, BackupFile, BackupUnusable, Head
from intake.services.settle import first_rules, sync_folder
from intake.services.sign_entries import propose_what_outlived_its_entry
from intake.store import (
    checkpoints,
    deletions,
    outbox,
    privileges,
    recusals,
    reports,
    restoring,
    trail,
)
from intake.store.database import Database
from intake.store.deletions import Deletion
from intake.store.parts import Part, RowUnreadable, Tally
from intake.vault.envelope import EnvelopeDamaged
from intake.vault.keyring import PrivateKey
from intake.vault.open import open_facts
from routing_rules.vocabulary import RulesInvalid

KNOWN_FOR = timedelta(days=30)  # the database knows its own deletions longer than this
_DOES_NOT_FIT = (IntegrityError, DataError, OverflowError, UnicodeError)
log = logging.getLogger(__name__)


class RestoreRefused(Exception):
    """Nothing was restored, or not all of it; the message is one line that says what to do."""


@dataclass(frozen=True)
class Restored:
    """What came back."""

    made_at: datetime
    rows: int
    keys: tuple[str, ...]
    deleted: int
    unfit: tuple[str, ...]  # entries of the list that did not fit the backup's rows
    altered_lines: int
    letters_waiting: int


@dataclass(frozen=True)
class Restore:
    """Restores a database and the folder of key files; ``replay``: the private and the public one
    of those to which facts are sealed. ``first_rules``: the folder of the rule sets for a backup of
    before rule sets were kept.
    """

    database: Database
    keys: Path
    replay: tuple[str, str]
    replay_key_id: str
    first_rules: Path

    def verify(self, file: BackupFile) -> tuple[Head, int]:
        """Read all of a backup and store nothing; its head, and how many rows it holds.

        Raises BackupDamaged, BackupUnusable.
        """
        tallies = file.read(lambda *_: None)
        head = file.head()
        if not self.database.knows(head.revision):
            raise BackupUnusable(
                "The backup is from a newer version of Ankkuri intake: restore it with that version"
            )
        return head, sum(tally.rows for tally in tallies)

    def __call__(
        self,
        file: BackupFile,
        listed: Sequence[Deletion] | None,
        now: datetime,
        *,
        with_keys: bool = True,
    ) -> Restored:
        """Restore, and replay what was ``listed`` as erased or ended since (None: no list is left).

        Killed in the middle, it begins anew the next time. Raises BackupDamaged, BackupUnusable
        before anything is touched, and RestoreRefused.
        """
        head, rows = self.verify(file)
        keys = head.keys if with_keys else {}
        self._refuse_other_keys(keys)
        log.info("the backup is whole: %d rows of %s", rows, head.made_at.isoformat())
        try:
            self._begin(now)
            self.database.upgrade(head.revision)
            self._fill(file, head)
            log.info("all rows are in the database")
            self.database.upgrade()
            first_rules(self.database, self.first_rules, now)
            deleted, unfit = self._replay(listed or (), head, now)
            self._write_keys(keys)
            self._refuse_replay_key_that_does_not_fit()
            restored = self._restored(head, rows, tuple(keys), deleted, unfit)
            self._finish(head, listed is None, now)
        except RulesInvalid as error:
            raise RestoreRefused(
                "The backup is of before rules were kept, and the rules in their place do not "
                f"hold: {error.problems[0]}"
            ) from None
        except RowUnreadable as error:
            raise BackupDamaged(f"The backup holds an unreadable row of {error}") from None
        except SQLAlchemyError as error:
            words = str(getattr(error, "orig", None) or type(error).__name__).splitlines()[0]
            raise RestoreRefused(f"The database took not all of it: {words}") from None
        return restored

    def _begin(self, now: datetime) -> None:
        self.database.make_place()
        with self.database.write() as connection:
            again = restoring.is_marked(connection)
            if not again and not restoring.is_empty(connection):
                raise RestoreRefused(
                    "The database is not empty, and nothing is ever restored over something: "
                    "name a new one with ANKKURI_DATABASE, or move the old one away"
                )
            if not again:
                restoring.mark(connection, now)
        if again:
            log.info("an earlier restore was not finished: beginning anew")
            self.database.make_empty()

    def _fill(self, file: BackupFile, head: Head) -> None:
        """Every row in one transaction, then every row read back."""
        with self.database.write() as connection:
            for part in reversed(head.parts):
                part.empty(connection)

            def put(part: Part, lines: Sequence[bytes]) -> None:
                part.put(connection, lines)

            written = file.read(put)
        with self.database.read() as connection:
            found = tuple(Tally.of(part.lines(connection)) for part in head.parts)
        for part, was, tally in zip(head.parts, written, found, strict=True):
            if was != tally:
                raise RestoreRefused(f"What was read back of {part.table} is not what was stored")

    def _replay(
        self, listed: Sequence[Deletion], head: Head, now: datetime
    ) -> tuple[int, tuple[str, ...]]:
        """Erase, end and put in again what the backup did not know; of how many rows, and which
        entries the database does not take: they keep no other out.
        """
        with self.database.write() as connection:
            known = deletions.known(connection)
            since = {
                entry.id: entry
                for entry in listed
                if entry.id not in known and entry.at > head.made_at - KNOWN_FOR
            }
            entries = deletions.in_order(since.values())
            deletions.keep(connection, entries, now)
            done, unfit = 0, []
            for entry in entries:
                try:
                    with connection.begin_nested():
                        done += _again(connection, entry)
                except _DOES_NOT_FIT:
                    log.error("deletion %s (%s) does not fit: passed over", entry.id, entry.what)
                    unfit.append(f"{entry.id} ({entry.what})")
            return done, tuple(unfit)

    def _refuse_other_keys(self, keys: Mapping[str, bytes]) -> None:
        for name, content in keys.items():
            if name in ("", "..") or Path(name).name != name:
                raise BackupDamaged(f"The backup holds a key file of the name {name!r}")
            there = self.keys / name
            if there.exists() and there.read_bytes() != content:
                raise RestoreRefused(
                    f"{there} is another key than the backup's: move the key folder away, "
                    "or keep its keys with --without-keys"
                )

    def _write_keys(self, keys: Mapping[str, bytes]) -> None:
        if not keys:
            return
        self.keys.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name, content in keys.items():
            new = self.keys / f"{name}.restoring"
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as key:
                key.write(content)
                key.flush()
                os.fsync(key.fileno())
            new.rename(self.keys / name)
        sync_folder(self.keys)

    def _refuse_replay_key_that_does_not_fit(self) -> None:
        """The newest facts open, if their key is here: these key files belong to these rows."""
        private, public = (self.keys / name for name in self.replay)
        if not private.exists():
            return
        with self.database.read() as connection:
            row = reports.newest_facts(connection)
        try:
            key = PrivateKey(self.replay_key_id, bytes.fromhex(private.read_text("ascii")))
            fits = not public.exists() or public.read_text("ascii").strip() == (
                key.public().raw.hex()
            )
            if fits and row:
                open_facts(key, row.sealed_key, row.sealed_facts, row.facts_key_id, row.report_id)
        except (EnvelopeDamaged, ValueError):
            fits = False
        if not fits:
            raise RestoreRefused(
                f"{private.name} in the key folder does not fit what the backup holds: "
                "bring the key files of the same site"
            )

    def _finish(self, head: Head, without_list: bool, now: datetime) -> None:
        with self.database.write() as connection:
            line_id = trail.write_line(
                connection,
                at=now,
                action=Action.RESTORE,
                purpose=head.made_at.isoformat(),
                basis="without a list of deletions" if without_list else None,
            )
            checkpoints.begin_epoch(connection, line_id, now)
            propose_what_outlived_its_entry(connection, now)
            privileges.renew(connection)
            restoring.unmark(connection)
        self.database.empty_log()

    def _restored(
        self,
        head: Head,
        rows: int,
        keys: tuple[str, ...],
        deleted: int,
        unfit: tuple[str, ...],
    ) -> Restored:
        with self.database.read() as connection:
            altered = trail.count_altered(connection)
            waiting = outbox.count_waiting_letters(connection)
        return Restored(head.made_at, rows, keys, deleted, unfit, altered, waiting)


def _again(connection: Connection, entry: Deletion) -> int:
    """Erase, end or put in again; of how many rows."""
    if entry.is_row:
        return recusals.put_again(connection, entry.row())
    return entry.replay(connection)
