"""The proof that one line is in the trail that was signed; it is checked without a database."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from intake.domain.merkle import Tree, inclusion, is_included, leaf_hash
from intake.domain.trail import canonical_digest
from intake.services.checkpoint_file import checkpoint_in, read_note
from intake.store import checkpoints, trail_pass
from intake.store.database import Database
from intake.vault.signed_note import NoteKey

FORM = "ankkuri-trail-proof-1"


class LineNotProved(Exception):
    """The line cannot be proved; the message says why."""


class ProofUnreadable(Exception):
    """A file is no proof; the message says why."""


@dataclass(frozen=True)
class ProveLine:
    """Makes proofs from the leaves as they are stored, up to the last checkpoint."""

    database: Database

    def __call__(self, line_id: UUID) -> dict[str, Any]:
        """The proof as JSON has it. Raises LineNotProved."""
        with self.database.read() as connection:
            found = trail_pass.lines_of(connection, [line_id])
            if not found:
                raise LineNotProved(f"There is no line {line_id}")
            number = checkpoints.number_of(connection, line_id)
            last = checkpoints.last_checkpoint(connection)
            if number is None or last is None or last.size < number:
                raise LineNotProved("No checkpoint has been signed since: try in a minute")

            def root(first: int, end: int) -> bytes:
                return Tree.of(checkpoints.leaves(connection, first + 1, end)).root()

            path = inclusion(number - 1, last.size, root)
        signed = checkpoint_in(last.note)
        leaf = leaf_hash(found[0].digest())
        if signed is None or not is_included(leaf, number - 1, last.size, path, signed.root):
            raise LineNotProved("The trail is not what was signed: see `ankkuri trail verify`")
        return {
            "form": FORM,
            "entry": found[0].canonical().decode(),
            "index": number - 1,
            "path": [b64encode(node).decode("ascii") for node in path],
            "checkpoint": last.note,
        }


def check_proof(key: NoteKey, proof: Any) -> bool:
    """Whether a proof leads from its entry to what was signed. Raises ProofUnreadable."""
    if not isinstance(proof, Mapping) or proof.get("form") != FORM:
        raise ProofUnreadable(f"It is no proof of the form {FORM}")
    try:
        entry, index = proof["entry"].encode(), int(proof["index"])
        path = [b64decode(node, validate=True) for node in proof["path"]]
        note = str(proof["checkpoint"])
    except (AttributeError, KeyError, TypeError, ValueError):
        raise ProofUnreadable("It lacks a part, or one cannot be read") from None
    checkpoint = read_note(key, note)
    if checkpoint is None:
        return False
    leaf = leaf_hash(canonical_digest(entry))
    return is_included(leaf, index, checkpoint.size, path, checkpoint.root)
