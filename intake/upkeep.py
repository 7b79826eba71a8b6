"""A site is laid out, backed up and restored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from config import (
    BACKUP_PUBLIC,
    DIRECTORY,
    REPLAY_PRIVATE,
    REPLAY_PUBLIC,
    SECRETS,
    TRAIL_PRIVATE,
    TRAIL_PUBLIC,
    Settings,
    SettingsUnusable,
    read_secret,
    refuse_open_keys,
)
from intake.parts import REPLAY_KEY_ID
from intake.store import privileges
from intake.store.database import Database
from intake.vault.seal import KeyUnusable

if TYPE_CHECKING:
    from intake.services.backup import Backup
    from intake.services.restore import Restore


@dataclass(frozen=True)
class LaidOut:
    """What laying out a place has made, and which roles PostgreSQL has not got."""

    secrets: list[str]
    roles_missing: list[str]


def lay_out(settings: Settings, directory: Path | None = None) -> LaidOut:
    """Make key files, schema, directory and the rights of the doors' roles, where missing.

    ``directory``: the file of the first directory, by default the shipped one. Raises
    DatabaseNotReady, KeyFileLost, SettingsUnusable and DirectoryInvalid.
    """
    from intake.services import settle

    database = Database(settings.database)
    try:
        database.refuse_half_restored()
        database.refuse_newer()
        database.upgrade()
        secrets, replay = SECRETS.values(), (REPLAY_PRIVATE, REPLAY_PUBLIC)
        settle.refuse_lost_keys(database, settings.keys, secrets, replay)
        made = settle.make_secrets(settings.keys, secrets)
        settle.make_replay_keys(settings.keys, *replay, REPLAY_KEY_ID)
        settle.refuse_lost_signer(database, settings.keys, TRAIL_PRIVATE, TRAIL_PUBLIC)
        settle.make_trail_keys(settings.keys, TRAIL_PRIVATE, TRAIL_PUBLIC)
        refuse_open_keys(settings.keys)
        stored = settle.first_directory(database, directory or DIRECTORY)
        settle.first_rules(database, settings.rules, datetime.now(UTC))
        if directory and not stored:
            raise SettingsUnusable(
                "The database has a directory already: use `ankkuri directory import FILE`"
            )
        with database.write() as connection:
            missing = privileges.renew(connection)
    finally:
        database.engine.dispose()
    return LaidOut(made, missing)


@contextmanager
def backup(settings: Settings) -> Iterator[Backup]:
    """Making of backups. Raises SettingsUnusable, also without a backup key, DatabaseNotReady."""
    from intake.services.backup import Backup
    from intake.services.list_deletions import ListDeletions
    from intake.vault.backup import backup_public

    if not (settings.keys / BACKUP_PUBLIC).exists():
        raise SettingsUnusable("There is no backup key: make one with `ankkuri backup-key FILE`")
    try:
        to = backup_public(read_secret(settings.keys, BACKUP_PUBLIC))
    except KeyUnusable:
        raise SettingsUnusable(f"Key file {BACKUP_PUBLIC} holds no backup key") from None
    database = Database(settings.database)
    try:
        database.require_current()
        lists = ListDeletions(database, settings.deletions)
        yield Backup(database, settings.keys, to, lists)
    finally:
        database.engine.dispose()


@contextmanager
def restore(settings: Settings) -> Iterator[Restore]:
    """Restoring of backups. Raises SettingsUnusable."""
    from intake.services.restore import Restore

    refuse_open_keys(settings.keys)
    database = Database(settings.database)
    try:
        replay = (REPLAY_PRIVATE, REPLAY_PUBLIC)
        yield Restore(database, settings.keys, replay, REPLAY_KEY_ID, settings.rules)
    finally:
        database.engine.dispose()
