"""The half-year statistics of one's own counties: shown, taken out, and recorded as reported."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from intake.domain.deadline import local_date
from intake.domain.directory import Controller, Directory
from intake.domain.half_year import CLOCKS, MOVED_ON, NO_ASSESSMENT, Kept, Period, may_be_reported
from intake.domain.people import Permission, Person, Role
from intake.domain.trail import Action, ReadingBasis
from intake.services.sign_in import Visit
from intake.store import half_years, trail
from intake.store.columns import AnyRow
from intake.store.database import Database

_PARTS = ("in_time", "moved", "later")


class CountyNotYours(Exception):
    """This person watches no such county's deadlines."""


class DayNotPossible(Exception):
    """A period's figures are reported after its end, and not in future."""


@dataclass(frozen=True)
class Figures:
    """What became of one clock's deadlines in a period.

    ``without``: ended by another move, without an assessment. ``moved_on``: another agency has the
    report, and counts it. ``waiting``: ran out in the period and is still not met.
    """

    kept: Kept
    without: Mapping[str, int]
    moved_on: int
    waiting: int


@dataclass(frozen=True)
class CountyFigures:
    """A county's statistics of a period, by clock.

    ``reported``: on which day (reported_on), who said so (name) and when (recorded_at).
    """

    county: Controller
    period: Period
    by_clock: Mapping[str, Figures]
    reported: AnyRow | None


@dataclass(frozen=True)
class HalfYear:
    """Figures of counties' social services, for whoever watches their deadlines."""

    database: Database
    directory: Directory

    def counties(self, person: Person) -> tuple[Controller, ...]:
        """This person's own counties, in the directory's order."""
        own = person.controllers(Permission.WATCH_DEADLINES)
        counties = dict.fromkeys(county.controller for county in self.directory.counties.values())
        return tuple(self.directory.controllers[one] for one in counties if one in own)

    def __call__(self, person: Person, county: str, period: Period, now: datetime) -> CountyFigures:
        """The exact figures. Raises CountyNotYours."""
        controller = self._own(person, county)
        with self.database.read() as connection:
            by_clock = self._figures(
                list(half_years.met(connection, [county], period)),
                half_years.not_met(connection, [county], period, now),
                county,
            )
            last = half_years.last_report(connection, county, period)
        return CountyFigures(
            controller, period, by_clock, last if last and last.reported_on else None
        )

    def take_out(self, visit: Visit, county: str, period: Period, now: datetime) -> CountyFigures:
        """The same, after a line in the trail. Raises CountyNotYours."""
        self._own(visit.person, county)
        with self.database.write() as connection:
            rests_on = ReadingBasis.TASK
            _say(connection, visit, Action.TAKE_OUT_HALF_YEAR, county, period, now, rests_on)
        return self(visit.person, county, period, now)

    def record(
        self, visit: Visit, county: str, period: Period, day: date | None, now: datetime
    ) -> None:
        """Note on which day the figures were reported to THL; None takes it back.

        Reminders stop with it, and go on without it. Raises CountyNotYours, DayNotPossible.
        """
        self._own(visit.person, county)
        if day is not None and not may_be_reported(period, day, local_date(now)):
            raise DayNotPossible
        try:
            self._record(visit, county, period, day, now)
        except half_years.WrittenBefore:  # then this is said after what the other has said
            self._record(visit, county, period, day, now)

    def _record(
        self, visit: Visit, county: str, period: Period, day: date | None, now: datetime
    ) -> None:
        with self.database.write() as connection:
            last = half_years.last_report(connection, county, period)
            if (last.reported_on if last else None) == day:
                return  # a page that was sent twice
            half_years.add_report(
                connection,
                {
                    "controller_id": county,
                    "period": str(period),
                    "number": last.number + 1 if last else 1,
                    "reported_on": day,
                    "person_id": visit.person.id,
                    "recorded_at": now,
                },
            )
            action = Action.REPORT_HALF_YEAR if day else Action.UNREPORT_HALF_YEAR
            _say(connection, visit, action, county, period, now)

    def _own(self, person: Person, county: str) -> Controller:
        for one in self.counties(person):
            if one.id == county:
                return one
        raise CountyNotYours

    @staticmethod
    def _figures(
        met: list[half_years.Met], waiting: Mapping[tuple[str, str], int], county: str
    ) -> dict[str, Figures]:
        found = {}
        for clock, assessed in CLOCKS.items():
            counts: dict[str, int] = defaultdict(int)
            kept: dict[str, int] = defaultdict(int)
            for row in met:
                if row.clock == clock and row.met_by == assessed:
                    kept[_PARTS[row.how_late]] += row.count
                elif row.clock == clock:
                    counts[row.met_by] += row.count
            found[clock] = Figures(
                Kept(**kept),
                {move: counts[move] for move in NO_ASSESSMENT},
                sum(counts[move] for move in MOVED_ON),
                waiting.get((county, clock), 0),
            )
        return found


def _say(
    connection: Connection,
    visit: Visit,
    action: Action,
    county: str,
    period: Period,
    now: datetime,
    basis: str | None = None,
) -> None:
    trail.write_line(
        connection,
        at=now,
        action=action,
        person_id=visit.person.id,
        role=Role.SUPERVISOR,
        purpose=f"{period} {county}",
        basis=basis,
    )
