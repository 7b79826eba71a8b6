"""Make a place ready to serve: key files, schema, directory. Running it again changes nothing."""

from __future__ import annotations

import os
import secrets
import tomllib
from collections.abc import Iterable
from pathlib import Path

from intake.domain.directory_file import directory_from
from intake.store import directory
from intake.store.database import Database
from intake.vault.keyring import new_key_pair


def make_secrets(keys: Path, names: Iterable[str]) -> list[str]:
    """Write each missing secret as 32 random bytes; the names of those made."""
    keys.mkdir(parents=True, exist_ok=True, mode=0o700)
    return [name for name in names if _write_new(keys / name, secrets.token_bytes(32))]


def make_replay_keys(keys: Path, private: str, public: str, key_id: str) -> None:
    """Write the key pair to which facts are sealed, unless it is there."""
    pair = new_key_pair(key_id)
    if _write_new(keys / private, pair.raw):
        (keys / public).unlink(missing_ok=True)
        _write_new(keys / public, pair.public().raw)


def load_directory(database: Database, path: Path) -> None:
    """Check a directory file and store it. Raises DirectoryInvalid; nothing is stored then."""
    tables = tomllib.loads(path.read_text("utf-8"))
    directory_from(tables)
    with database.write() as connection:
        directory.replace(connection, tables)


def _write_new(path: Path, content: bytes) -> bool:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w") as file:
        file.write(content.hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
    return True
