"""Show the trail to the auditor; looking at it leaves a line too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from intake.domain.people import Permission, Role
from intake.domain.trail import Action
from intake.services.sign_in import Visit
from intake.store import trail
from intake.store.columns import AnyRow
from intake.store.database import Database


@dataclass(frozen=True)
class Audit:
    """Reading of the trail."""

    database: Database

    def __call__(self, visit: Visit, now: datetime, limit: int = 200) -> list[AnyRow]:
        """The newest lines of the auditor's own controllers, after a line of this reading."""
        with self.database.write() as connection:
            trail.write_line(
                connection,
                at=now,
                action=Action.READ_TRAIL,
                person_id=visit.person.id,
                role=Role.AUDITOR,
                purpose="oversight of use",
            )
        with self.database.read() as connection:
            controllers = visit.person.controllers(Permission.READ_TRAIL)
            return list(trail.lines_of(connection, controllers, limit))
