"""Change deadlines to what the present calendar makes of them: on a supervisor's word alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from intake.domain.calendar import Calendar
from intake.domain.counting import carried_on
from intake.domain.deadline_change import CALENDAR, Change
from intake.domain.directory import Directory
from intake.domain.people import Permission, Person, Role
from intake.domain.row_id import new_id
from intake.domain.trail import Action
from intake.services.oversee import own_agencies
from intake.services.sign_in import Visit
from intake.store import deadline_changes, recounts, recusals, trail
from intake.store.columns import AnyRow
from intake.store.database import Database

BATCH = 500
MOST_AT_ONCE = 2000
"""Of a larger group the rest waits for the next word: a page is not to be waited for long."""


class NothingToRecount(Exception):
    """There is no such proposal for this person's own controllers' agencies, or none any more."""


@dataclass(frozen=True)
class Proposed:
    """One page of proposals, and how many there are of each clock of each agency."""

    rows: Sequence[AnyRow]
    groups: Sequence[AnyRow]


@dataclass(frozen=True)
class AcceptRecount:
    """What a supervisor sees and says of the proposals."""

    database: Database
    directory: Directory
    calendar: Calendar

    def proposed(
        self, person: Person, now: datetime, limit: int, after: UUID | None = None
    ) -> Proposed:
        """The proposals for the agencies of one's own controllers."""
        own = own_agencies(self.directory, person)
        version = self.calendar.version
        with self.database.read() as connection:
            shut = recusals.shut_to(connection, person.id)
            rows = recounts.proposals(connection, own, version, now, limit, after=after, shut=shut)
            return Proposed(rows, recounts.groups(connection, own, version, now))

    def one(self, visit: Visit, deadline_id: UUID, now: datetime) -> None:
        """Change one deadline. Raises NothingToRecount."""
        own = own_agencies(self.directory, visit.person, Permission.CHANGE_DEADLINES)
        with self.database.write() as connection:
            rows = recounts.proposals(
                connection,
                own,
                self.calendar.version,
                now,
                1,
                only=deadline_id,
                shut=recusals.shut_to(connection, visit.person.id),
                claim=True,
            )
            if self._change(connection, visit, rows, now) != 1:
                raise NothingToRecount

    def group(self, visit: Visit, agency: str, clock: str, now: datetime) -> int:
        """Change those of one clock at one agency, up to MOST_AT_ONCE; how many were changed.

        Raises NothingToRecount.
        """
        own = own_agencies(self.directory, visit.person, Permission.CHANGE_DEADLINES) & {agency}
        changed, after = 0, None
        while changed < MOST_AT_ONCE:
            with self.database.write() as connection:
                rows = recounts.proposals(
                    connection,
                    own,
                    self.calendar.version,
                    now,
                    BATCH,
                    clock=clock,
                    after=after,
                    shut=recusals.shut_to(connection, visit.person.id),
                    claim=True,
                )
                changed += self._change(connection, visit, rows, now)
            if len(rows) < BATCH:
                break
            after = rows[-1].deadline_id
        if not changed:
            raise NothingToRecount
        return changed

    def _change(
        self, connection: Connection, visit: Visit, rows: Sequence[AnyRow], now: datetime
    ) -> int:
        """Each deadline with its change and its line, and the proposal gone."""
        done = deadline_changes.steps_done(connection, [row.deadline_id for row in rows])
        changed = []
        for row in rows:
            steps, next_at = carried_on(
                row.steps,
                row.was_steps,
                done.get(row.deadline_id, ()),
                row.next_chase_at,
                now,
            )
            values = {
                "due_on": row.due_on,
                "due_extended_on": row.due_extended_on,
                "due_at": row.due_at,
                "calendar_version": row.calendar_version,
                "steps": steps,
                "next_chase_at": next_at,
            }
            if deadline_changes.change(
                connection, row.deadline_id, row.was_due_at, row.was_calendar, values, now
            ):
                changed.append(row)
        if not changed:
            return 0
        deadline_changes.record(connection, [_change(visit, row, now) for row in changed])
        recounts.forget(connection, [row.deadline_id for row in changed])
        trail.write_lines(
            connection,
            at=now,
            action=Action.RECOUNT,
            about=[
                {
                    "person_id": visit.person.id,
                    "role": Role.SUPERVISOR,
                    "agency_id": row.agency_id,
                    "referral_id": row.referral_id,
                    "purpose": f"{row.clock}: {row.was_due_on} {row.due_on}",
                }
                for row in changed
            ],
        )
        return len(changed)


def _change(visit: Visit, row: AnyRow, now: datetime) -> dict[str, object]:
    return {
        "id": new_id(now),
        "deadline_id": row.deadline_id,
        "kind": Change.RECOUNTED.value,
        "made_at": now,
        "person_id": visit.person.id,
        "reason": CALENDAR,
        "was_due_at": row.was_due_at,
        "due_at": row.due_at,
        "was_calendar": row.was_calendar,
        "calendar": row.calendar_version,
    }
