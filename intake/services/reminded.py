"""A person's own reminders, as the pages show them; to see one stops nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from uuid import UUID

from intake.services.sign_in import Visit
from intake.store import reminders
from intake.store.columns import AnyRow
from intake.store.database import Database


@dataclass(frozen=True)
class Reminded:
    """Of deadlines that still run; what has been recorded is reminded of no more."""

    database: Database

    def __call__(
        self, visit: Visit, now: datetime, first: int, most: int
    ) -> tuple[Sequence[AnyRow], bool]:
        """The newest of each deadline, the newest first, so many from number ``first`` on, as they
        were before this look at them; and whether there are more. The look marks them and those
        before them seen.
        """
        person = visit.person.id
        with self.database.read() as connection:
            of_deadlines: dict[UUID, list[UUID]] = {}
            for row in reminders.running_of_person(connection, person):
                of_deadlines.setdefault(row.deadline_id, []).append(row.id)
            found = list(of_deadlines.values())
            shown = found[first : first + most]
            rows = reminders.of_person(connection, person, [ids[0] for ids in shown])
            unseen = reminders.unseen(connection, person)
        if unseen and shown:
            with self.database.write() as connection:
                reminders.mark_seen(connection, person, list(chain.from_iterable(shown)), now)
        return rows, len(found) > first + most

    def unseen(self, visit: Visit) -> int:
        """How many there are that the person has not seen; `MOST_COUNTED` stands for more."""
        with self.database.read() as connection:
            return reminders.unseen(connection, visit.person.id)
