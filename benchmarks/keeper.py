"""A directory key of the measured sites' own, and its signature under what they hold."""

from __future__ import annotations

from dataclasses import replace

import config
from intake.parts import Parts
from intake.services.settle import write_new
from intake.services.sign_entries import sign_what_waits
from intake.store.proposals import propose_what_lacks
from intake.vault.directory_signing import DirectorySigningKey

KEY = DirectorySigningKey(b"the keeper of the measured sites")
PINNED = {"ANKKURI_DIRECTORY_KEY": KEY.public().fingerprint}


def pinned(settings: config.Settings) -> config.Settings:
    """The settings of a site that was laid out, with the key."""
    public = KEY.public()
    write_new(settings.keys / config.DIRECTORY_PUBLIC, public.raw)
    return replace(settings, directory_key=public.fingerprint)


def sign_all(parts: Parts) -> None:
    """Sign every role and key."""
    with parts.database.write() as connection:
        propose_what_lacks(connection, parts.now())
    sign_what_waits(parts.database, KEY, parts.now())
