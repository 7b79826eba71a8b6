"""Make a place ready to serve: key files, schema, directory. Running it again changes nothing."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from datetime import datetime, time
from pathlib import Path

from intake.domain.deadline import local_date, local_instant
from intake.domain.directory_file import directory_from, read_tables
from intake.domain.row_id import new_id
from intake.domain.rule_tables import BESIDE
from intake.services.prove import prove
from intake.store import checkpoints, directory, people, rules
from intake.store.database import Database
from intake.vault.keyring import PrivateKey, new_key_pair
from intake.vault.seal import KeyUnusable
from intake.vault.signed_note import NoteSigner, new_signer
from routing_rules.book import VOCABULARY, load_book
from routing_rules.vocabulary import RulesInvalid


class KeyFileLost(Exception):
    """A key file that nothing can replace is not there; the message says what to do."""

    def __init__(self, name: str, what: str) -> None:
        super().__init__(f"Key file {name} {what}: restore {name} from its backup")


def make_secrets(keys: Path, names: Iterable[str]) -> list[str]:
    """Write each missing secret as 32 random bytes; the names of those made."""
    keys.mkdir(parents=True, exist_ok=True, mode=0o700)
    return [name for name in names if write_new(keys / name, secrets.token_bytes(32))]


def make_replay_keys(keys: Path, private: str, public: str, key_id: str) -> None:
    """Write the key pair to which facts are sealed, or its public half from the private one.

    A public half alone stays as it is: the private one is kept elsewhere. Raises KeyFileLost.
    """
    if (keys / private).exists():
        try:
            pair = PrivateKey(key_id, bytes.fromhex((keys / private).read_text("ascii").strip()))
        except ValueError:
            raise KeyFileLost(private, "cannot be read") from None
    elif (keys / public).exists():
        return
    else:
        pair = new_key_pair(key_id)
        write_new(keys / private, pair.raw)
    write_new(keys / public, pair.public().raw)


def make_trail_keys(keys: Path, private: str, public: str) -> None:
    """Write the key pair that signs the trail, or its public half from the private one.

    A public half alone stays as it is: the private one is kept elsewhere. Raises KeyFileLost.
    """
    if (keys / private).exists():
        try:
            signer = NoteSigner(bytes.fromhex((keys / private).read_text("ascii").strip()))
        except (ValueError, KeyUnusable):
            raise KeyFileLost(private, "cannot be read") from None
    elif (keys / public).exists():
        return
    else:
        signer = new_signer()
        write_new(keys / private, signer.raw)
    write_new(keys / public, signer.public().raw)


def refuse_lost_keys(
    database: Database, keys: Path, names: Iterable[str], replay: tuple[str, str]
) -> None:
    """Raise KeyFileLost if people sign in here already and a key file of theirs is missing.

    New ones would lock them out. ``replay``: the private and the public half; one is enough.
    """
    with database.read() as connection:
        if not people.everyone(connection):
            return
    for name in names:
        if not (keys / name).exists():
            raise KeyFileLost(name, "is missing, but the database is in use")
    if not any((keys / name).exists() for name in replay):
        raise KeyFileLost(replay[0], "is missing, but the database is in use")


def refuse_lost_signer(database: Database, keys: Path, private: str, public: str) -> None:
    """Raise KeyFileLost if the trail was signed here and both halves of its key are missing.

    A new one would sign what nobody could tell from a forgery.
    """
    if (keys / private).exists() or (keys / public).exists():
        return
    with database.read() as connection:
        if checkpoints.last_checkpoint(connection):
            raise KeyFileLost(private, "is missing, but the trail was signed with it")


def first_directory(database: Database, path: Path) -> bool:
    """Check a directory file and store it, if the database has none yet; whether it was stored.

    A directory that is there stays: administrators change it. Raises DirectoryInvalid.
    """
    with database.write() as connection:
        directory.lock(connection)
        if directory.tables(connection):
            return False
        tables = read_tables(path)
        directory_from(tables)
        directory.replace(connection, tables)
        return True


def first_rules(database: Database, folder: Path, now: datetime) -> bool:
    """Prove the rule sets of a folder and put them in force from their first day, if the database
    has none yet; whether they were. Sets that are there stay: rule editors change them.

    Raises RulesInvalid.
    """
    with database.read() as connection:
        if rules.last_publication(connection):
            return False
    book = load_book(folder, local_date(now), BESIDE)
    proof = prove(book)
    if not proof.holds:
        raise RulesInvalid(f"{folder.name}: {flaw.message}" for flaw in proof.flaws)
    documents = {VOCABULARY: book.vocabulary, **book.documents}
    since = min(local_instant(document.validity[0], time()) for document in book.documents.values())
    with database.write() as connection:
        directory.lock(connection)  # of two who do this at once the second finds it done
        if rules.last_publication(connection):
            return False
        follows = None
        for layer, document in documents.items():
            rules.add_text(connection, document.digest, layer, document.text, now)
            publication = {
                "id": new_id(now),
                "follows": follows,
                "layer": layer,
                "digest": document.digest,
                "in_force_at": since,
                "proposed_at": now,
                "published_at": now,
                "proof": proof.summary,
            }
            rules.publish(connection, publication)
            follows = publication["id"]
    return True


def write_new(path: Path, content: bytes) -> bool:
    """Write a key file of the owner's alone, in hexadecimal; False if there is such a file."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w") as file:
        file.write(content.hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
    return True


def sync_folder(folder: Path) -> None:
    """Let the names in a folder be on the disk too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
