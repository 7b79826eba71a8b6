"""The rule sets that an editor keeps: what is in force, what comes, what was, what is drafted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from intake.services.rule_drafts import Drafts, Editor, SetNotYours
from intake.store import rules
from intake.store.columns import AnyRow
from routing_rules.book import VOCABULARY
from routing_rules.document import Document


@dataclass(frozen=True)
class KeptSet:
    """A set with its publications, the last to be in force first, and its open drafts.

    ``document``: as it was published last. ``current``: in force now. ``later``: not yet, and not
    withdrawn. ``past``: the others.
    """

    layer: str
    document: Document
    current: AnyRow | None
    later: Sequence[AnyRow]
    past: Sequence[AnyRow]
    drafts: Sequence[AnyRow]


@dataclass(frozen=True)
class RuleSets:
    """Looks up the sets of an editor."""

    drafts: Drafts

    def __call__(self, editor: Editor, now: datetime) -> list[KeptSet]:
        """Every set that the editor may write."""
        drafts = self.drafts.drafts(editor)
        found = []
        for document in self.drafts.layers(editor):
            layer = document.id or VOCABULARY
            with self.drafts.database.read() as connection:
                rows = rules.publications(connection, layer)
            valid = [row for row in rows if row.withdrawn_at is None]
            current = next((row for row in valid if row.in_force_at <= now), None)
            later = [row for row in valid if row.in_force_at > now]
            past = [row for row in rows if row is not current and row not in later]
            own = [row for row in drafts if row.layer == layer]
            found.append(KeptSet(layer, document, current, later, past, own))
        return found

    def publication(self, editor: Editor, publication_id: UUID) -> AnyRow:
        """A publication of a set of the editor's. Raises SetNotYours."""
        with self.drafts.database.read() as connection:
            row = rules.publication(connection, publication_id)
        if row is None:
            raise SetNotYours
        self.drafts.layer(editor, self.drafts.rulebook(), row.layer)
        return row
