"""Who writes rules, and the lines that this leaves in the trail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from intake.domain.people import Role
from intake.domain.trail import Action
from intake.store import trail

MOST_PURPOSE, MOST_BASIS = 80, 160


@dataclass(frozen=True)
class Editor:
    """Who writes rules, for which controllers. ``id`` is None for operators on the command line:
    together they count as one person, who may write every set, and new ones.
    """

    id: UUID | None
    controllers: frozenset[str] = frozenset()

    def leave_line(
        self, connection: Connection, action: Action, layer: str, said: str, now: datetime
    ) -> None:
        """A line of what was done to a set, and what is to be said of it: its digest first."""
        trail.write_line(
            connection,
            at=now,
            action=action,
            person_id=self.id,
            role=Role.RULE_EDITOR if self.id else None,
            purpose=layer[:MOST_PURPOSE],
            basis=said[:MOST_BASIS],
        )
