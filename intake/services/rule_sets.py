"""The rule sets of an editor: what is in force, what comes, what was, what is drafted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from intake.services.rule_drafts import Drafts, SetNotYours
from intake.services.rule_editor import Editor
from intake.store import rules
from intake.store.columns import AnyRow
from routing_rules.book import VOCABULARY
from routing_rules.document import Document


@dataclass(frozen=True)
class KeptSet:
    """A set with its publications, the last to be in force first, and its open drafts.

    ``document``: as it was published last, None of a set that is only proposed. ``writable``: by
    the reader. ``current``: in force now. ``later``: not yet, and not withdrawn. ``past``: the
    others.
    """

    layer: str
    document: Document | None
    writable: bool
    current: AnyRow | None
    later: Sequence[AnyRow]
    past: Sequence[AnyRow]
    drafts: Sequence[AnyRow]


@dataclass(frozen=True)
class RuleSets:
    """Looks up the sets of an editor."""

    drafts: Drafts

    def __call__(self, editor: Editor, now: datetime) -> list[KeptSet]:
        """Every set that the editor may write or publish, and new ones that are proposed."""
        drafts = self.drafts.drafts(editor)
        kept = {document.id or VOCABULARY: document for document in self.drafts.layers(editor)}
        layers = dict.fromkeys((*kept, *(row.layer for row in drafts)))
        found = []
        for layer in layers:
            with self.drafts.database.read() as connection:
                rows = rules.publications(connection, layer)
            valid = [row for row in rows if row.withdrawn_at is None]
            current = next((row for row in valid if row.in_force_at <= now), None)
            later = [row for row in valid if row.in_force_at > now]
            past = [row for row in rows if row is not current and row not in later]
            own = [row for row in drafts if row.layer == layer]
            writable = self.drafts.may_write(editor, layer)
            found.append(KeptSet(layer, kept.get(layer), writable, current, later, past, own))
        return sorted(found, key=lambda each: not each.writable)

    def publication(self, editor: Editor, publication_id: UUID) -> AnyRow:
        """A publication of a set of the editor's. Raises SetNotYours."""
        with self.drafts.database.read() as connection:
            row = rules.publication(connection, publication_id)
        if row is None:
            raise SetNotYours
        if not self.drafts.may_publish(editor, row.layer):
            raise SetNotYours
        return row
