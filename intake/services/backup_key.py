"""The key pair of backups: its public half stays, its private half goes where no server is."""

from __future__ import annotations

from pathlib import Path

from intake.services.settle import write_new
from intake.vault.backup import backup_private, new_backup_key
from intake.vault.keyring import PrivateKey
from intake.vault.seal import KeyUnusable


class BackupKeyExists(Exception):
    """There is a key of this name already, and nothing was written; the message says where."""


class BackupKeyUnreadable(Exception):
    """The file holds no private half of a backup key; the message is one line."""


def make_backup_key(public: Path, private: Path) -> str:
    """Write a fresh pair; its id. Raises BackupKeyExists, and OSError where it cannot write."""
    if public.exists():
        raise BackupKeyExists(
            f"{public} is there already, and backups are sealed to it: "
            "move it away first to begin with another key"
        )
    key = new_backup_key()
    if not write_new(private, key.raw):
        raise BackupKeyExists(f"{private} is there already: name a file that is not")
    write_new(public, key.public().raw)
    return key.key_id


def read_private_half(file: Path) -> PrivateKey:
    """The private half that a file holds. Raises BackupKeyUnreadable."""
    try:
        return backup_private(bytes.fromhex(file.read_text("ascii").strip()))
    except OSError as error:
        raise BackupKeyUnreadable(f"{file} cannot be read: {error.strerror}") from None
    except (KeyUnusable, ValueError):
        raise BackupKeyUnreadable(f"{file} holds no private half of a backup key") from None
