"""Give a supervisor counts to take along: small numbers protected, after a line in the trail."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from intake.domain.directory import Agency
from intake.domain.forecast import day_of, days_ahead
from intake.domain.people import Role
from intake.domain.small_numbers import ShownTimes, shown, shown_times, stand_apart, together
from intake.domain.timing import What
from intake.domain.trail import Action, ReadingBasis
from intake.services.sign_in import Visit
from intake.services.survey import Survey
from intake.store import trail
from intake.store.database import Database


class Sheet(StrEnum):
    """The tables that can be taken along; the trail's line names them so."""

    PRESSING = "late and soon late"
    AGES = "open reports by age"
    TIMES = "times"
    AHEAD = "deadlines ahead"


@dataclass(frozen=True)
class Cell:
    """Deadlines of one clock at one agency that are late (no ``day``) or run out on a day; ``due``
    is None where it is hidden.
    """

    agency: Agency
    clock: str
    day: date | None
    due: int | None


@dataclass(frozen=True)
class Pressing:
    """Deadlines of one clock at one agency; None where hidden."""

    agency: Agency
    clock: str
    late: int | None
    soon: int | None


_Part = tuple[date | None, bool]
"""When a cell's deadlines run out (None: they have), and whether that is soon."""


@dataclass(frozen=True)
class Export:
    """Every number is one cell of agency, clock and day, or a sum of cells that are all shown.

    So no two of these tables of one moment tell more together than each. No totals are given.
    """

    database: Database
    survey: Survey

    def pressing(self, visit: Visit, now: datetime, soon: datetime) -> list[Pressing]:
        """What is late, and what is due until ``soon``, by agency and clock."""
        self._say(visit, Sheet.PRESSING, now)
        return [
            Pressing(
                self._agency(agency),
                clock,
                shown(parts.get((None, False), 0)),
                together(count for (_, is_soon), count in parts.items() if is_soon),
            )
            for (agency, clock), parts in sorted(self._cells(visit, now, soon).items())
        ]

    def ahead(self, visit: Visit, now: datetime, soon: datetime) -> list[Cell]:
        """What is late, and what runs out on each day to come, by agency and clock."""
        self._say(visit, Sheet.AHEAD, now)
        found: list[Cell] = []
        for (agency, clock), parts in sorted(self._cells(visit, now, soon).items()):
            days: dict[date | None, list[int]] = defaultdict(list)
            for (day, _), count in parts.items():
                days[day].append(count)
            found += [
                Cell(self._agency(agency), clock, day, together(counts))
                for day, counts in days.items()
            ]
        return sorted(found, key=lambda cell: (cell.day or date.min, cell.agency.id, cell.clock))

    def ages(
        self, visit: Visit, now: datetime, soon: datetime
    ) -> list[tuple[Agency, Sequence[int | None]]]:
        """Open referrals by age; all of an agency hidden that its deadlines would tell of."""
        self._say(visit, Sheet.AGES, now)
        clocks: dict[str, list[Iterable[int]]] = defaultdict(list)
        for (agency, _), parts in self._cells(visit, now, soon).items():
            clocks[agency].append(parts.values())
        return [
            (of.agency, [shown(count) for count in of.open])
            if stand_apart(of.open, clocks[of.agency.id])
            else (of.agency, [None] * len(of.open))
            for of in sorted(self.survey.ages(visit.person, now), key=lambda of: of.agency.id)
        ]

    def times(
        self, visit: Visit, now: datetime
    ) -> list[tuple[Agency, str, dict[What, ShownTimes]]]:
        """How long agencies took, by agency and month."""
        self._say(visit, Sheet.TIMES, now)
        return [
            (self._agency(agency), month, {what: shown_times(timed[what]) for what in What})
            for (agency, month), timed in sorted(
                self.survey.taken_by_month(visit.person, now).items()
            )
        ]

    def _cells(
        self, visit: Visit, now: datetime, soon: datetime
    ) -> dict[tuple[str, str], dict[_Part, int]]:
        """The cells that everything here is made of, by agency and clock."""
        days = days_ahead(now, self.survey.calendar)
        cells: dict[tuple[str, str], dict[_Part, int]] = defaultdict(lambda: defaultdict(int))
        for row in self.survey.due(visit.person, now, days):
            late = row.due_at is None
            part = (None, False) if late else (day_of(row.due_at), row.due_at <= soon)
            cells[row.agency_id, row.clock][part] += row.due
        return cells

    def _agency(self, agency: str) -> Agency:
        return self.survey.directory.agency(agency)

    def _say(self, visit: Visit, sheet: Sheet, now: datetime) -> None:
        """Nothing is taken along that no line tells of."""
        with self.database.write() as connection:
            trail.write_line(
                connection,
                at=now,
                action=Action.EXPORT,
                person_id=visit.person.id,
                role=Role.SUPERVISOR,
                purpose=sheet,
                basis=ReadingBasis.TASK,
            )
