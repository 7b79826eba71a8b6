"""What supervisors plan by: how old open reports are, what comes due, how long agencies take."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from intake.domain.ageing import arrived_since
from intake.domain.calendar import Calendar
from intake.domain.directory import Agency, Directory
from intake.domain.forecast import DayAhead, day_of, days_ahead, end_of
from intake.domain.people import Person
from intake.domain.timing import Times, What, months_until
from intake.services.oversee import own_agencies
from intake.store import counts, timing
from intake.store.columns import AnyRow
from intake.store.database import Database

MONTHS = 12
Timed = Mapping[What, Times]


@dataclass(frozen=True)
class Ages:
    """How many referrals an agency has open, by the classes of ``ageing.CLASSES``."""

    agency: Agency
    open: tuple[int, ...]


@dataclass(frozen=True)
class Ahead:
    """How many deadlines of each clock are late, and how many run out on each day to come."""

    late: Mapping[str, int]
    days: Sequence[tuple[DayAhead, Mapping[str, int]]]


@dataclass(frozen=True)
class Taken:
    """How long was taken in the last months: by agency, and by month (YYYY-MM), oldest first."""

    agencies: Sequence[tuple[Agency, Timed]]
    months: Sequence[tuple[str, Timed]]


@dataclass(frozen=True)
class Survey:
    """Counts of one's own controllers' agencies: exact, and never of content or persons."""

    database: Database
    directory: Directory
    calendar: Calendar

    def own(self, person: Person) -> frozenset[str]:
        """The agencies that all of this is about."""
        return own_agencies(self.directory, person)

    def ages(self, person: Person, now: datetime) -> list[Ages]:
        """Of every agency that has any open, those with the oldest first."""
        own = self.own(person)
        with self.database.read() as connection:
            rows = counts.by_age(connection, own, arrived_since(now))
        ages = [
            Ages(
                self.directory.agency(name),
                tuple(older - younger for younger, older in pairwise((0, *since, open_))),
            )
            for name, open_, *since in rows
        ]
        return sorted(ages, key=lambda of: (*(-count for count in reversed(of.open)), of.agency.id))

    def ahead(self, person: Person, now: datetime, agency: str | None = None) -> Ahead:
        """Until the 20th working day, of all agencies or one."""
        days = days_ahead(now, self.calendar)
        late: dict[str, int] = defaultdict(int)
        due: dict[object, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for row in self.due(person, now, days, agency):
            at_once = late if row.due_at is None else due[day_of(row.due_at)]
            at_once[row.clock] += row.due
        return Ahead(late, [(day, due.get(day.date, {})) for day in days])

    def due(
        self, person: Person, now: datetime, days: list[DayAhead], agency: str | None = None
    ) -> Sequence[AnyRow]:
        """``due`` deadlines by agency, clock and instant, until the end of these days."""
        with self.database.read() as connection:
            return counts.due(connection, self._asked(person, agency), now, end_of(days))

    def taken(self, person: Person, now: datetime, agency: str | None = None) -> Taken:
        """In the last twelve months, this one included, of all agencies; of one by month alone."""
        asked, months = self._asked(person, agency), months_until(now, MONTHS)
        with self.database.read() as connection:
            of_agencies = timing.by_agency(connection, asked, months) if agency is None else ()
            of_months = timing.by_month(connection, asked, months)
        by_agency, by_month = _timed(of_agencies), _timed(of_months)
        listed = [(self.directory.agency(name), timed) for (name,), timed in by_agency.items()]
        listed.sort(key=lambda of: (-of[1][What.ACCEPT].count, of[0].id))
        nothing = {what: Times.of({}) for what in What}
        return Taken(listed, [(month, by_month.get((month,), nothing)) for month in months])

    def taken_by_month(self, person: Person, now: datetime) -> Mapping[tuple[str, ...], Timed]:
        """The same by agency and month together, where anything was counted."""
        own, months = self.own(person), months_until(now, MONTHS)
        with self.database.read() as connection:
            rows = timing.by_agency_and_month(connection, own, months)
        return _timed(rows)

    def _asked(self, person: Person, agency: str | None) -> frozenset[str]:
        own = self.own(person)
        return own if agency is None else own & {agency}


def _timed(rows: Sequence[AnyRow]) -> dict[tuple[str, ...], Timed]:
    """Read of rows whose last columns are what, bucket and count, by what comes before."""
    counted: dict[tuple[str, ...], dict[int, int]] = defaultdict(dict)
    for *name, bucket, referrals in rows:
        counted[tuple(name)][bucket] = referrals
    return {
        name: {what: Times.of(counted.get((*name, what), {})) for what in What}
        for name in {of[:-1] for of in counted}
    }
