"""What has happened to a referral at its agency, opened with the keys that the reader holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from intake.domain.contents import DISCLOSED, WRITTEN
from intake.domain.note import Written
from intake.domain.note import written as written_in
from intake.domain.referral import Move
from intake.services.open_content import content_of, text_of
from intake.services.open_detail import opened_detail
from intake.services.record import MOVE_REASON
from intake.store import deadline_changes, moves, notes, referrals, trail
from intake.store.columns import AnyRow
from intake.store.database import Database
from intake.vault.keyring import PrivateKey
from intake.vault.open import open_for

NOTE = "note on a referral"


@dataclass(frozen=True)
class History:
    """What has happened to a referral at its agency, with the texts that the reader's keys open.

    ``disclosed``: of a move that handed over, the basis, the sections and the consent. ``sender``:
    the agency from which it came, ``successors``: what it was sent on as. ``changes``: what
    supervisors changed of the deadlines. ``rights``: requests for access and correction, each with
    the reason for what came of it.
    """

    deadlines: Sequence[AnyRow]
    moves: Sequence[AnyRow]
    move_reasons: Mapping[UUID, str]
    disclosed: Mapping[UUID, Mapping[str, Any]]
    notes: Sequence[AnyRow]
    written: Mapping[UUID, Written]
    sender: str | None
    successors: Sequence[AnyRow]
    changes: Sequence[AnyRow]
    rights: Sequence[tuple[AnyRow, str]]


def history_of(
    database: Database,
    row: AnyRow,
    key: PrivateKey | None,
    granted: Callable[[str], dict[str, PrivateKey]],
) -> History:
    """What was recorded. ``key``: one of the agency's that is open already; ``granted`` gives
    another under its id, or nothing where the reader has none.
    """
    with database.read() as connection:
        made = moves.moves(connection, row.id)
        noted = notes.notes(connection, row.id)
        deadlines = referrals.deadlines(connection, row.id)
        asked = trail.rights(connection, row.id)
        sender, successors = moves.sender(connection, row), moves.successors(connection, row)
        changes = deadline_changes.changes(connection, [each.id for each in deadlines])
    keys = {key.key_id: key} if key else {}
    sealed_to = [
        *(each.agency_key_id for each in (*made, *noted)),
        *(x.detail_key_id for x in asked),
    ]
    for key_id in sealed_to:
        if key_id and key_id not in keys:
            keys |= granted(key_id)
    move_reasons, disclosed = _reasons(row, made, keys)
    written = {
        note.id: _written(row, note, keys[note.agency_key_id])
        for note in noted
        if note.agency_key_id in keys
    }
    rights = [(line, _reason_of(line, keys)) for line in asked]
    return History(
        deadlines,
        made,
        move_reasons,
        disclosed,
        noted,
        written,
        sender,
        successors,
        changes,
        rights,
    )


def _reasons(
    row: AnyRow, made: Sequence[AnyRow], keys: Mapping[str, PrivateKey]
) -> tuple[dict[UUID, str], dict[UUID, Mapping[str, Any]]]:
    """Of each move, why it was made; of those that handed over, what was disclosed."""
    reasons: dict[UUID, str] = {}
    disclosed: dict[UUID, Mapping[str, Any]] = {}
    for move in made:
        deleted = row.content_deleted_at and not move.sealed_reason
        if move.agency_key_id not in keys or deleted:
            continue
        place = (MOVE_REASON, row.id.bytes, move.id.bytes)
        plain = open_for(keys[move.agency_key_id], move.sealed_reason or b"", *place)
        if move.move == Move.HAND_OVER:
            disclosed[move.id] = content_of(plain, DISCLOSED)
            reasons[move.id] = disclosed[move.id]["reason"]
        else:
            reasons[move.id] = text_of(plain)
    return reasons, disclosed


def _written(row: AnyRow, note: AnyRow, key: PrivateKey) -> Written:
    place = note_place(row.id, note.id, note.person_id)
    return written_in(content_of(open_for(key, note.sealed_content, *place), WRITTEN))


def _reason_of(line: AnyRow, keys: Mapping[str, PrivateKey]) -> str:
    """Of a request for access or correction; "" where nothing opens it."""
    if line.detail_key_id not in keys:
        return ""
    reason: str = opened_detail(
        keys[line.detail_key_id], line.action, line.referral_id, line.sealed_detail
    ).get("reason", "")
    return reason


def note_place(referral_id: UUID, note_id: UUID, person_id: UUID) -> tuple[str | bytes, ...]:
    """What a note is sealed with: it opens only where it was written, as who wrote it."""
    return (NOTE, referral_id.bytes, note_id.bytes, person_id.bytes)
