"""What must be recorded today, agency by agency, with who is absent and whom to call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from intake.domain.calendar import Calendar
from intake.domain.deadline import local_date, local_instant
from intake.domain.directory import Agency, Directory
from intake.domain.people import Person
from intake.services.oversee import own_agencies
from intake.store import follow_up, recusals
from intake.store.columns import AnyRow
from intake.store.database import Database
from intake.store.lists import EVER

MOST = 200
"""Of what is late and of what is due today; whoever has more reads the list."""


@dataclass(frozen=True)
class AtAgency:
    """What waits at one agency. ``open``: whether somebody answers its telephone now."""

    agency: Agency
    open: bool
    late: Sequence[AnyRow]
    today: Sequence[AnyRow]
    absent: Sequence[AnyRow]


@dataclass(frozen=True)
class Today:
    """Agencies with something late or due today, those with most first, then the merely short of
    staff. ``more``: whether there is more than is shown.
    """

    agencies: Sequence[AtAgency]
    more: bool


@dataclass(frozen=True)
class DueToday:
    """The supervisor's morning page."""

    database: Database
    directory: Directory
    calendar: Calendar

    def __call__(self, person: Person, now: datetime) -> Today:
        """Of one's own controllers' agencies; a deadline that is over today counts as of today
        until its last moment. None of reports that the person is shut out of.
        """
        day = local_date(now)
        midnight = local_instant(day + timedelta(days=1), time())
        own = own_agencies(self.directory, person)
        with self.database.read() as connection:
            shut = recusals.shut_to(connection, person.id)
            late = follow_up.due_between(connection, own, EVER[0], now, MOST + 1, shut)
            today = follow_up.due_between(connection, own, now, midnight, MOST + 1, shut)
            absent = follow_up.absent_at(connection, own, day)
        working = self.calendar.is_working_day(day)
        found = [
            AtAgency(
                agency,
                agency.hours.open_at(now, working),
                [row for row in late[:MOST] if row.agency_id == agency.id],
                [row for row in today[:MOST] if row.agency_id == agency.id],
                [row for row in absent if row.agency_id == agency.id],
            )
            for agency in map(self.directory.agency, own)
        ]
        shown = [at for at in found if at.late or at.today or at.absent]
        shown.sort(key=lambda at: (-len(at.late), -len(at.today), at.agency.id))
        return Today(shown, max(len(late), len(today)) > MOST)
