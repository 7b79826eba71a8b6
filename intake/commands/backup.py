"""Backups on the command line: ``backup-key``, ``backup``, ``restore``."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any

import config
from intake import upkeep
from intake.commands.command import InputUnusable, add_command
from intake.parts import utc_now

if TYPE_CHECKING:
    from intake.services.backup_file import BackupFile
    from intake.services.restore import Restore
    from intake.store.deletions import Deletion


def add(commands: Any) -> None:
    """Add these commands."""
    key = add_command(commands, "backup-key", _key, "make the key pair that backups are sealed to")
    key.add_argument(
        "private", type=Path, metavar="FILE", help="for the private half, to be taken offline"
    )
    backup = add_command(
        commands, "backup", _backup, "write everything that is needed to serve again to one file"
    )
    backup.add_argument("--to", type=Path, required=True, metavar="FOLDER", help="on another disk")
    backup.add_argument(
        "--expire", type=_days, metavar="DAYS", help="then delete older backups there"
    )
    backup.add_argument("--without-keys", action="store_true", help="leave the key files out")
    backup.add_argument("--json", action="store_true")
    restore = add_command(
        commands, "restore", _restore, "bring a backup back into an empty database"
    )
    restore.add_argument("file", type=Path, metavar="FILE")
    restore.add_argument(
        "--key", type=Path, required=True, metavar="PRIVATE", help="the file of the private half"
    )
    restore.add_argument(
        "--deletions",
        type=Path,
        action="append",
        metavar="LIST",
        help="what was erased since, not to come back; one file for each machine that had one",
    )
    restore.add_argument(
        "--without-deletions", action="store_true", help="the list is lost: let it come back"
    )
    restore.add_argument(
        "--without-keys", action="store_true", help="keep the key files that are here"
    )
    restore.add_argument(
        "--verify", action="store_true", help="only say whether the backup is whole"
    )
    restore.add_argument("--json", action="store_true")


def _days(text: str) -> int:
    days = int(text)
    if days < 1:
        raise argparse.ArgumentTypeError("a backup is kept for a day at least")
    return days


def _key(chosen: argparse.Namespace) -> int:
    from intake.services.backup_key import BackupKeyExists, make_backup_key

    settings = config.load()
    file = chosen.private.absolute()
    for folder in (settings.keys, settings.data):
        if file.resolve().is_relative_to(folder.resolve()):
            raise InputUnusable(f"The private half must not lie in {folder}: name another place")
    if not settings.keys.is_dir():
        raise InputUnusable("There is no key folder yet: run `ankkuri init`")
    config.refuse_open_keys(settings.keys)
    try:
        key_id = make_backup_key(settings.keys / config.BACKUP_PUBLIC, file)
    except BackupKeyExists as error:
        raise InputUnusable(str(error)) from None
    except OSError as error:
        raise InputUnusable(f"{error.filename} cannot be written: {error.strerror}") from None
    print(f"Backups are sealed to key {key_id} from now on.")
    print(f"Take {file} offline now, in two copies apart: without it no backup can be restored,")
    print("and who has it and a backup has everything. Then erase it here.")
    return 0


def _backup(chosen: argparse.Namespace) -> int:
    from intake.services.backup import BackupNotWritten
    from intake.services.list_deletions import ListNotWritten

    settings = config.load()
    now, folder = utc_now(), chosen.to.absolute()
    try:
        with upkeep.backup(settings) as backup:
            made = backup(folder, now, with_keys=not chosen.without_keys)
        expired = backup.expire(folder, now, chosen.expire) if chosen.expire else []
    except (BackupNotWritten, ListNotWritten) as error:
        raise InputUnusable(str(error)) from None
    except OSError as error:
        raise InputUnusable(f"{error.filename}: {error.strerror}") from None
    if chosen.json:
        said = {"file": str(made.file), "rows": made.rows, "bytes": made.size, "expired": expired}
        print(json.dumps(said | {"keys": made.keys, "not_keys": made.not_keys}))
    else:
        print(f"Backed up {made.rows} rows to {made.file} ({made.size} bytes)")
        print(f"Key files in it: {', '.join(made.keys) or 'none'}")
        for name in expired:
            print(f"Deleted {name}")
    if made.not_keys:
        _warn(f"not in the backup: {', '.join(made.not_keys)} of the key folder")
    for file in backup.private_half_in((settings.keys, settings.data, folder)):
        _warn(f"{file} opens every backup: take it offline, and erase it here")
    if settings.deletions.is_relative_to(settings.data):
        _warn("the list of deletions would be lost with the data: set ANKKURI_DELETIONS elsewhere")
    return 0


def _restore(chosen: argparse.Namespace) -> int:
    from intake.services.backup_file import BackupDamaged, BackupFile, BackupUnusable
    from intake.services.backup_key import BackupKeyUnreadable, read_private_half
    from intake.services.list_deletions import ListUnreadable
    from intake.services.restore import RestoreRefused

    settings = config.load()
    try:
        file = BackupFile(chosen.file, read_private_half(chosen.key))
        listed = None if chosen.verify else _listed(chosen)
        with upkeep.restore(settings) as restore:
            if chosen.verify:
                return _verify(restore, file, chosen.json)
            restored = restore(file, listed, utc_now(), with_keys=not chosen.without_keys)
    except (
        BackupDamaged,
        BackupUnusable,
        BackupKeyUnreadable,
        ListUnreadable,
        RestoreRefused,
    ) as error:
        raise InputUnusable(str(error)) from None
    made_at = restored.made_at.astimezone(UTC)
    if chosen.json:
        print(json.dumps(asdict(restored) | {"made_at": made_at.isoformat()}))
    else:
        print(f"Restored {restored.rows} rows as they were on {made_at:%d.%m.%Y at %H:%M} UTC.")
        print("Reports sent after that are not there; their reporters' codes find nothing.")
        print("Reminders of the time since then come again.")
        print(f"Erased or ended again, by the list of deletions: {restored.deleted}")
        print(f"Key files: {', '.join(restored.keys) or 'none'}")
        print(
            f"Letters that waited then and wait now: {restored.letters_waiting} "
            "(one sent since goes out once more, under the same Message-ID)"
        )
    if listed is None:
        _warn("what was erased, and who left or lost a key since then, is back: look after it")
    for entry in restored.unfit:
        _warn(f"deletion {entry} of the list does not fit the backup's rows, and was passed over")
    if restored.altered_lines:
        _warn(f"{restored.altered_lines} lines of the trail had been altered before the backup")
    for name in _missing_keys(settings):
        _warn(f"key file {name} is not here: bring it from its own backup before serving")
    return 0


def _verify(restore: Restore, file: BackupFile, as_json: bool) -> int:
    from intake.services.backup_file import BackupDamaged

    try:
        head, rows = restore.verify(file)
    except BackupDamaged as error:
        print(json.dumps({"holds": False, "why": str(error)}) if as_json else error)
        return 1
    made_at = head.made_at.astimezone(UTC)
    if as_json:
        print(json.dumps({"holds": True, "rows": rows, "made_at": made_at.isoformat()}))
    else:
        print(f"The backup of {made_at:%d.%m.%Y at %H:%M} UTC is whole: {rows} rows")
        print(f"Key files in it: {', '.join(head.keys) or 'none'}")
    return 0


def _listed(chosen: argparse.Namespace) -> list[Deletion] | None:
    """What the lists hold; None if there are none on purpose."""
    from intake.services.list_deletions import read_list

    if bool(chosen.deletions) == chosen.without_deletions:
        raise InputUnusable(
            "What was erased since the backup would come back: name the list with --deletions, "
            "or, only if it is lost, say --without-deletions"
        )
    if chosen.without_deletions:
        return None
    return [entry for file in chosen.deletions for entry in read_list(file)]


def _missing_keys(settings: config.Settings) -> list[str]:
    needed = (*config.SECRETS.values(), config.REPLAY_PUBLIC)
    return [name for name in needed if not (settings.keys / name).exists()]


def _warn(text: str) -> None:
    print(f"ankkuri: {text}", file=sys.stderr)
