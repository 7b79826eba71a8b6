"""Remind counties' supervisors of the half-year statistics, until somebody records the report."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from intake.domain.calendar import Calendar
from intake.domain.deadline import local_date
from intake.domain.directory import Directory, Kind
from intake.domain.half_year import STEPS, Period, steps_due, written_at
from intake.domain.people import Role
from intake.store import half_years, outbox, people
from intake.store.database import Database

LETTER = "half_year"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RemindHalfYear:
    """Each reminder of a county and a period is written once, however many schedulers there are."""

    database: Database
    directory: Directory
    calendar: Calendar

    def __call__(self, now: datetime) -> int:
        """Write what has come and is not written; how many reminders that were."""
        running = Period.of(local_date(now))  # a reminder may come before its period has ended
        return sum(
            self._remind(county, period, now)
            for period in (running.before, running)
            for county in self._counties()
        )

    def _counties(self) -> list[str]:
        """Those whose social services get reports here."""
        counties = dict.fromkeys(county.controller for county in self.directory.counties.values())
        listed = self.directory.agencies.values()
        with_desks = {a.controller for a in listed if a.kind is Kind.SOC and a.in_use}
        return [county for county in counties if county in with_desks]

    def _remind(self, county: str, period: Period, now: datetime) -> int:
        due = steps_due(period, self.calendar, now)
        if not due or not self._left(county, period, due):
            return 0
        today = local_date(now)
        try:
            with self.database.write() as connection:
                written = half_years.steps_written(connection, county, period)
                steps = [step for step in due if step not in written]
                if not steps or half_years.is_reported(connection, county, period):
                    return 0
                readers = people.officers(connection, county, Role.SUPERVISOR, today)
                half_years.add_steps(
                    connection,
                    [
                        {
                            "controller_id": county,
                            "period": str(period),
                            "step": step,
                            "written_at": now,
                            "letters": len(readers) if step == steps[-1] else 0,
                        }
                        for step in steps
                    ],
                )
                outbox.put_letters(
                    connection,
                    [self._letter(reader, county, period, steps[-1], now) for reader in readers],
                )
        except half_years.WrittenBefore:  # what is left is for the next run
            return 0
        if not readers:
            log.error("%s has no supervisor to remind of the half-year %s", county, period)
        return len(steps)

    def _left(self, county: str, period: Period, due: Sequence[str]) -> bool:
        """Whether there is anything to write; asked without keeping writers waiting."""
        with self.database.read() as connection:
            written = half_years.steps_written(connection, county, period)
            return not written.issuperset(due) and not half_years.is_reported(
                connection, county, period
            )

    def _letter(
        self, reader: UUID, county: str, period: Period, step: str, now: datetime
    ) -> dict[str, Any]:
        later = list(STEPS)[list(STEPS).index(step) + 1 :]
        next_at = written_at(period, later[0], self.calendar).isoformat() if later else None
        params = {
            "county": county,
            "period": str(period),
            "late": local_date(now) > period.report_by,
            "next_at": next_at,
        }
        return outbox.new_letter(LETTER, now, params, person_id=reader)
