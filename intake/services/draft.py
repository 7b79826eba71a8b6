"""Keep, find and erase a worry that is being typed. Only its visitor's cookie opens it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from intake.domain.report import canonical
from intake.store import drafts
from intake.store.database import Database
from intake.vault.envelope import EnvelopeDamaged
from intake.vault.own import VisitorSecret, open_draft, seal_draft

MAX_BYTES = 512 * 1024
Answers = dict[str, Any]


class DraftTooLarge(Exception):
    """More than a draft may hold."""


@dataclass(frozen=True)
class Draft:
    """The one worry of one visitor."""

    database: Database

    def load(self, secret: VisitorSecret) -> Answers:
        """What has been typed so far; nothing for a new or purged draft."""
        with self.database.read() as connection:
            sealed = drafts.sealed_answers(connection, secret.draft_id)
        if sealed is None:
            return {}
        try:
            answers: Answers = json.loads(open_draft(secret, sealed))
        except EnvelopeDamaged:
            return {}
        return answers

    def save(self, secret: VisitorSecret, answers: Answers, now: datetime) -> None:
        """Keep everything typed, valid or not. Raises DraftTooLarge."""
        content = canonical(answers)
        if len(content) > MAX_BYTES:
            raise DraftTooLarge
        sealed = seal_draft(secret, content)
        with self.database.write() as connection:
            drafts.put(connection, secret.draft_id, sealed, now)

    def erase(self, secret: VisitorSecret) -> None:
        """Erase now."""
        with self.database.write() as connection:
            drafts.erase(connection, secret.draft_id)
