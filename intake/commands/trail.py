"""The trail on the command line: ``trail verify | prove | check-proof | key``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import config
from intake.commands import progress
from intake.commands.command import InputUnusable, add_command
from intake.domain.checkpoint import origin_of
from intake.domain.trail import PROOF, Action
from intake.domain.trail_verdict import Verdict
from intake.parts import utc_now
from intake.services.checkpoint_file import CheckpointFile
from intake.services.leave_line import leave_operators_line
from intake.services.prove_line import LineNotProved, ProofUnreadable, ProveLine, check_proof
from intake.services.verify_trail import verify
from intake.store import checkpoints
from intake.store.database import Database
from intake.vault.seal import KeyUnusable
from intake.vault.signed_note import NoteKey


def add(commands: Any) -> None:
    """Add these commands."""
    trail = commands.add_parser("trail", help="prove the use log, or one line of it")
    verbs = trail.add_subparsers(required=True, metavar="VERB")
    whole = add_command(verbs, "verify", _verify, "find every change since the checkpoints")
    whole.add_argument(
        "--checkpoints", type=Path, metavar="FILE", help="as it was exported, or one of a letter"
    )
    whole.add_argument(
        "--restored",
        type=date.fromisoformat,
        action="append",
        default=[],
        metavar="DAY",
        help="a day on which you know that a backup was restored",
    )
    whole.add_argument("--json", action="store_true")
    one = add_command(verbs, "prove", _prove, "print the proof that a line is in the trail")
    one.add_argument("line", metavar="LINE_ID")
    check = add_command(verbs, "check-proof", _check_proof, "check a proof without a database")
    check.add_argument("proof", type=Path, metavar="FILE")
    key = add_command(verbs, "key", _key, "print the public key as other tools take it")
    for verb in (whole, check, key):
        verb.add_argument("--public-key", type=Path, metavar="FILE", help="by default trail.public")


def _verify(chosen: argparse.Namespace) -> int:
    settings = config.load()
    key = _public_key(chosen, settings)
    exported = _exported(chosen.checkpoints, settings.checkpoints)
    with _opened(settings) as database, database.read() as connection:
        show = progress.bar(checkpoints.count_numbers(connection), "Lines")
        verdict = verify(
            connection, key, exported, utc_now(), restored_on=chosen.restored, show=show
        )
    if chosen.json:
        print(json.dumps(_plain(verdict), indent=2))
    else:
        _tell(verdict)
    return 0 if verdict.holds else 1


def _plain(verdict: Verdict) -> dict[str, Any]:
    restored = [asdict(each) | {"day": str(each.day)} for each in verdict.restored]
    told = {"holds": verdict.holds, "unproved": verdict.unproved} | asdict(verdict)
    return told | {"restored": restored}


def _tell(verdict: Verdict) -> None:
    for fault in verdict.faults:
        print(fault.text)
    if verdict.more:
        print(f"and {verdict.more} more")
    for each in verdict.restored:
        lost = f"{each.lost} lines that were exported are lost" if each.lost else "no line is lost"
        print(f"restored on {each.day} after number {each.size}: {lost}")
    if verdict.expired:
        print(f"{verdict.expired} lines have had their time; their numbers still prove the others")
    print(
        f"{verdict.proved} lines proved by exported checkpoints, {verdict.unproved} later ones "
        f"unproved, {len(verdict.faults) + verdict.more} findings"
    )


def _prove(chosen: argparse.Namespace) -> int:
    try:
        line = UUID(chosen.line)
    except ValueError:
        raise InputUnusable(f"{chosen.line!r} is no id of a line") from None
    with _opened(config.load()) as database:
        leave_operators_line(database, Action.READ_TRAIL, PROOF, utc_now())
        try:
            proof = ProveLine(database)(line)
        except LineNotProved as why:
            print(why)
            return 1
    print(json.dumps(proof, ensure_ascii=False, indent=2))
    return 0


def _check_proof(chosen: argparse.Namespace) -> int:
    key = _public_key(chosen, config.load())
    try:
        proof = json.loads(chosen.proof.read_text("utf-8"))
        holds = check_proof(key, proof)
    except (OSError, ValueError, RecursionError, ProofUnreadable) as error:
        raise InputUnusable(f"{chosen.proof} cannot be read as a proof: {error}") from None
    print("the line is in the trail that was signed" if holds else "the proof does not hold")
    return 0 if holds else 1


def _key(chosen: argparse.Namespace) -> int:
    settings = config.load()
    key, epochs = _public_key(chosen, settings), []
    with _opened(settings) as database, database.read() as connection:
        epochs = [epoch.line_id for epoch in checkpoints.epochs(connection)]
    for epoch in [None, *epochs]:
        print(key.verifier(origin_of(epoch)))
    return 0


def _public_key(chosen: argparse.Namespace, settings: config.Settings) -> NoteKey:
    path = chosen.public_key or settings.keys / config.TRAIL_PUBLIC
    try:
        return NoteKey(bytes.fromhex(path.read_text("ascii").strip()))
    except OSError as error:
        raise InputUnusable(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, KeyUnusable):
        raise InputUnusable(f"{path} holds no public key of the trail") from None


def _exported(given: Path | None, usual: Path) -> CheckpointFile | None:
    path = given or usual
    try:
        return CheckpointFile(path)
    except FileNotFoundError:
        if given is None:
            return None
        raise InputUnusable(f"There is no file {path}") from None
    except OSError as error:
        raise InputUnusable(f"{path} cannot be read: {error.strerror}") from None


@contextmanager
def _opened(settings: config.Settings) -> Iterator[Database]:
    database = Database(settings.database)
    try:
        database.require_current()
        yield database
    finally:
        database.engine.dispose()
