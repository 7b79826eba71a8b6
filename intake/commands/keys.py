"""The directory key and its entries: ``keys directory-key | requests | sign | entries …``."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import config
from intake import wiring
from intake.commands import agency_keys
from intake.commands.command import InputUnusable, add_command
from intake.commands.naming import operator
from intake.domain.deadline import local_date
from intake.domain.entry import KeyEntry
from intake.domain.entry_file import (
    EntryFileUnreadable,
    Request,
    read_requests,
    read_signed,
    requests_text,
    signed_text,
)
from intake.vault.words import words_of

if TYPE_CHECKING:
    from intake.vault.directory_signing import DirectorySigningKey


def add(commands: Any) -> None:
    """Add these commands."""
    keys = commands.add_parser("keys", help="the directory key, and agencies' keys")
    verbs = keys.add_subparsers(required=True, metavar="VERB")
    agency_keys.add(verbs)
    made = add_command(verbs, "directory-key", _make, "make a directory key; do it offline")
    made.add_argument("file", type=Path, metavar="FILE", help="for the private half")
    wanted = add_command(verbs, "requests", _requests, "write what waits for a signature")
    wanted.add_argument("file", type=Path, metavar="FILE")
    wanted.add_argument(
        "--anew", action="store_true", help="also all that was signed, for another directory key"
    )
    signing = add_command(verbs, "sign", _sign, "sign entries with the directory key, offline")
    signing.add_argument("file", type=Path, metavar="FILE", help="what `keys requests` wrote")
    signing.add_argument("--key", type=Path, required=True, metavar="KEYFILE")
    signing.add_argument("--yes", action="store_true", help="sign all, without asking for each")
    entries = verbs.add_parser("entries", help="what is signed, and what waits for it")
    acts = entries.add_subparsers(required=True, metavar="VERB")
    listed = add_command(acts, "list", _list, "what waits, for whom or what")
    listed.add_argument("--json", action="store_true")
    confirm = add_command(acts, "confirm", _confirm, "be the second person for an entry")
    refuse = add_command(acts, "refuse", _refuse, "let an entry not be signed")
    for verb in (confirm, refuse):
        verb.add_argument("entry", metavar="ENTRY", help="as `keys entries list` names it")
    taken = add_command(acts, "import", _import, "take in what was signed")
    taken.add_argument("file", type=Path, metavar="FILE", help="what `keys sign` wrote")


def _make(chosen: argparse.Namespace) -> int:
    import getpass

    from intake.services.refuse_weak import WEAK, refuse_weak
    from intake.services.settle import write_new
    from intake.vault.directory_signing import DirectorySigningKey, lock_directory_key

    if not chosen.file.name:
        raise InputUnusable("Name a file for the private half")
    public = chosen.file.with_name(f"{chosen.file.name}.public")
    for file in (chosen.file, public):
        if file.exists():
            raise InputUnusable(f"{file} is there already: name another file")
    passphrase = getpass.getpass("Passphrase for the directory key (15 characters or more): ")
    if passphrase != getpass.getpass("The same again: "):
        raise InputUnusable("The two passphrases differ: try again")
    try:
        refuse_weak(passphrase)
    except WEAK:
        raise InputUnusable("The passphrase is too weak: use several different words") from None
    key = DirectorySigningKey.new()
    try:
        write_new(chosen.file, lock_directory_key(key, passphrase))
        write_new(public, key.public().raw)
    except OSError as error:
        raise InputUnusable(f"{error.filename} cannot be written: {error.strerror}") from None
    print(f"Keep {chosen.file} offline, in two copies apart, and never on a machine that serves.")
    print(f"Copy {public} as {config.DIRECTORY_PUBLIC} into every door's key folder, and set")
    print(f"ANKKURI_DIRECTORY_KEY={key.public().fingerprint}")
    return 0


def _requests(chosen: argparse.Namespace) -> int:
    from intake.services.sign_entries import HELD_BY_NOBODY, RequestSignatures

    parts = wiring.build(config.load())
    wanted, now = RequestSignatures(parts.database), parts.now()
    requests = wanted(now, anew=chosen.anew)
    _write(chosen.file, requests_text(requests))
    for agency in wanted.left_out(local_date(now)):
        print(f"Left out the new key of {agency}: {HELD_BY_NOBODY}")
    print(f"{len(requests)} entries wait for a signature: {chosen.file}")
    return 0


def _sign(chosen: argparse.Namespace) -> int:
    from intake.services.sign_entries import sign

    try:
        requests = read_requests(_read(chosen.file))
    except EntryFileUnreadable as error:
        raise InputUnusable(f"{chosen.file} cannot be used: {error}") from None
    key = _key(chosen.key)
    signed = sign(key, requests, _say if chosen.yes else _ask)
    file = chosen.file.with_name(f"{chosen.file.name}.signed")
    _write(file, signed_text(signed))
    print(f"Signed {len(signed)} of {len(requests)} entries: {file}")
    return 0


def _list(chosen: argparse.Namespace) -> int:
    parts = wiring.build(config.load())
    waiting = parts.confirm_entries.waiting(operator(parts), local_date(parts.now()))
    if chosen.json:
        shown = [
            {
                "id": str(one.id),
                "entry": json.loads(one.body),
                "words": one.words,
                "who": one.who,
                "waits_for": "a second person" if one.needs_second else "the signature",
            }
            for one in waiting
        ]
        print(json.dumps(shown, ensure_ascii=False, indent=2))
        return 0
    for one in waiting:
        why = "waits for a second person" if one.needs_second else "waits for the signature"
        print(f"{one.id} {one.what}: {why}")
    print(f"{len(waiting)} entries wait")
    return 0


def _confirm(chosen: argparse.Namespace) -> int:
    from intake.services.confirm_entries import ConfirmRefused

    parts = wiring.build(config.load())
    words = input("The eight words, as the key's holder told them: ")
    try:
        parts.confirm_entries(operator(parts), chosen.entry, words, parts.now())
    except ConfirmRefused as refused:
        raise InputUnusable(str(refused)) from None
    print("Confirmed: it waits for the signature")
    return 0


def _refuse(chosen: argparse.Namespace) -> int:
    from intake.services.confirm_entries import ConfirmRefused

    parts = wiring.build(config.load())
    try:
        parts.confirm_entries.refuse(operator(parts), chosen.entry, parts.now())
    except ConfirmRefused as refused:
        raise InputUnusable(str(refused)) from None
    print("Refused: the role has ended, or the key is out of use")
    return 0


def _import(chosen: argparse.Namespace) -> int:
    from intake.services.sign_entries import TakeSignatures

    settings = config.load()
    parts = wiring.build(settings)
    try:
        given = read_signed(_read(chosen.file))
    except EntryFileUnreadable as error:
        raise InputUnusable(f"{chosen.file} cannot be used: {error}") from None
    refused = TakeSignatures(parts.database, wiring.signed_of(settings))(given, parts.now())
    for one, why in refused:
        print(f"Refused {one.id}: {why}")
    print(f"Took in {len(given) - len(refused)} of {len(given)} signatures")
    return 1 if refused else 0


def _key(file: Path) -> DirectorySigningKey:
    import getpass

    from intake.vault.directory_signing import unlock_directory_key
    from intake.vault.envelope import EnvelopeDamaged
    from intake.vault.keyring import PassphraseWrong

    try:
        locked = bytes.fromhex(_read(file).strip())
        return unlock_directory_key(locked, getpass.getpass("Passphrase of the directory key: "))
    except PassphraseWrong:
        raise InputUnusable("The passphrase is wrong") from None
    except (EnvelopeDamaged, ValueError):
        raise InputUnusable(f"{file} is no directory key") from None


def _ask(request: Request) -> bool:
    _say(request)
    return input("Sign it? y/n ").strip().lower() == "y"


def _say(request: Request) -> bool:
    """Show an entry; the words and all but the names are read from what is signed itself."""
    said = request.said
    if isinstance(said, KeyEntry):
        number = f", its no. {said.number}" if said.number else ""
        print(f"The key of agency {said.agency} ({said.agency_kind}, {said.controller}){number}")
        words = words_of(said.public_key)
    else:
        last = said.valid_to or "no last day"
        print(f"{said.role} at {said.agency or said.controller} for {request.who}")
        print(f"  from {said.valid_from} to {last}; to be signed again after {said.until}")
        words = words_of(said.person_key)
    print(f"  words: {words}")
    print(f"  proposed by {request.proposed_by or 'the operator'}", end="")
    print(f", confirmed by {request.confirmed_by}" if request.confirmed_by else "")
    return True


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, ValueError):
        raise InputUnusable(f"{file} cannot be read") from None


def _write(file: Path, text: str) -> None:
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as opened:
            opened.write(text)
    except OSError as error:
        raise InputUnusable(f"{file} cannot be written: {error.strerror}") from None
