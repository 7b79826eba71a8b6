"""Times, states and counts for supervisors, coordinators and administrators; never content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from intake.domain.directory import Agency, Directory
from intake.domain.people import Permission, Person
from intake.store import chasing, directory, outbox, people, referrals
from intake.store.columns import AnyRow
from intake.store.database import Database

MOST = 2000
MOST_LETTERS = 100
DEAD_SHOWN_FOR = timedelta(days=30)
LONG_WAIT = timedelta(hours=1)


@dataclass(frozen=True)
class Watched:
    """The unmet deadlines of one agency, the latest first, with who was chased when."""

    agency: Agency
    deadlines: tuple[AnyRow, ...]
    chases: Mapping[UUID, tuple[AnyRow, ...]]

    def late(self, now: datetime) -> int:
        """How many are past their unextended day."""
        return sum(deadline.due_at <= now for deadline in self.deadlines)


@dataclass(frozen=True)
class Undelivered:
    """Letters that the post never took, the newest first, and how many have waited long for it."""

    dead: tuple[AnyRow, ...]
    waiting: int


@dataclass(frozen=True)
class Oversee:
    """The supervisor's and the coordinator's views."""

    database: Database
    directory: Directory

    def deadlines(self, person: Person) -> tuple[Watched, ...]:
        """By agency, those with the most pressing deadline first."""
        agencies = self._agencies(person)
        with self.database.read() as connection:
            rows = referrals.watched(connection, agencies, MOST)
            chases = referrals.chases(connection, [row.id for row in rows])
        by_deadline: dict[UUID, list[AnyRow]] = {}
        for chase in chases:
            by_deadline.setdefault(chase.deadline_id, []).append(chase)
        by_agency: dict[str, list[AnyRow]] = {}
        for row in rows:
            by_agency.setdefault(row.agency_id, []).append(row)
        return tuple(
            Watched(
                self.directory.agency(agency),
                tuple(deadlines),
                {d.id: tuple(by_deadline.get(d.id, ())) for d in deadlines},
            )
            for agency, deadlines in by_agency.items()
        )

    def undelivered(self, person: Person, now: datetime) -> Undelivered:
        """Reminders about one's own controllers' agencies that have not reached their readers."""
        agencies = self._agencies(person)
        with self.database.read() as connection:
            dead = outbox.dead_letters(connection, agencies, now - DEAD_SHOWN_FOR, MOST_LETTERS)
            waiting = outbox.waiting_letters(connection, agencies, now - LONG_WAIT)
        return Undelivered(tuple(dead), waiting)

    def _agencies(self, person: Person) -> list[str]:
        controllers = person.controllers(Permission.WATCH_DEADLINES)
        return [a.id for a in self.directory.agencies.values() if a.controller in controllers]

    def last_runs(self) -> Mapping[str, datetime]:
        """When each job last ended well."""
        with self.database.read() as connection:
            return {row.job: row.finished_at for row in chasing.last_runs(connection)}

    def picture(self) -> Mapping[str, Mapping[str, int]]:
        """Referrals by kind of agency and month (YYYY-MM): {month: {kind: count}}."""
        with self.database.read() as connection:
            rows = referrals.counts_by_agency_and_month(connection)
            kinds = directory.kinds(connection)
        months: dict[str, dict[str, int]] = {}
        for row in rows:
            kind = kinds[row.agency_id]  # also of an agency that is no longer listed
            month = months.setdefault(f"{row.year}-{row.month:02}", {})
            month[kind] = month.get(kind, 0) + row.referrals
        return months

    def openers(self, on: date) -> Mapping[str, int]:
        """How many members can open at each agency on a day; an agency without any is missing."""
        with self.database.read() as connection:
            return people.openers(connection, on)
