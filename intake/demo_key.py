"""The demo's own directory key, which lies where no real one may: beside what it signs."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import config
from intake.demo_data import read_demo
from intake.domain.entry import fingerprint
from intake.services.settle import write_new
from intake.services.sign_entries import RequestSignatures, sign_what_waits
from intake.store.database import Database
from intake.vault.directory_signing import (
    DirectorySigningKey,
    lock_directory_key,
    unlock_directory_key,
)
from intake.vault.passphrase import PRODUCTION, Cost

PRIVATE = "directory.key"


def pinned(settings: config.Settings, cost: Cost = PRODUCTION) -> config.Settings:
    """The settings with the demo's key, which is made if there is none."""
    public = settings.keys / config.DIRECTORY_PUBLIC
    if not public.exists():
        key = DirectorySigningKey.new()
        locked = lock_directory_key(key, read_demo()["passphrase"], cost=cost)
        write_new(settings.data / PRIVATE, locked)
        write_new(public, key.public().raw)
    return replace(settings, directory_key=pin(settings.keys))


def pin(keys: Path) -> str:
    """The fingerprint of the public half in a key folder; nothing while there is none."""
    public = keys / config.DIRECTORY_PUBLIC
    return fingerprint(config.read_secret(keys, public.name)) if public.exists() else ""


def sign_all(settings: config.Settings, database: Database, now: datetime) -> int:
    """Sign all that waits, and anew what runs out; how many."""
    locked = bytes.fromhex((settings.data / PRIVATE).read_text("ascii").strip())
    key = unlock_directory_key(locked, read_demo()["passphrase"])
    RequestSignatures(database)(now)
    return sign_what_waits(database, key, now)
