"""A person's own reminders, as the pages show them; to see one stops nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from intake.services.sign_in import Visit
from intake.store import reminders
from intake.store.columns import AnyRow
from intake.store.database import Database

MOST = 200


@dataclass(frozen=True)
class Reminded:
    """Of deadlines that still run; what has been recorded is reminded of no more."""

    database: Database

    def __call__(self, visit: Visit, now: datetime) -> Sequence[AnyRow]:
        """The newest of each deadline, the newest first, as they were before this look at them,
        which marks them and those before them seen.
        """
        with self.database.read() as connection:
            rows = reminders.of_person(connection, visit.person.id, MOST)
        if new := [row.id for row in rows if row.seen_at is None]:
            with self.database.write() as connection:
                reminders.mark_seen(connection, visit.person.id, new, now)
        newest: dict[UUID, AnyRow] = {}
        for row in rows:
            newest.setdefault(row.deadline_id, row)
        return list(newest.values())

    def unseen(self, visit: Visit) -> int:
        """How many there are that the person has not seen."""
        with self.database.read() as connection:
            return reminders.unseen(connection, visit.person.id)
