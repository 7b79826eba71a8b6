"""The certificate of a stored deadline: counted with the calendar that it was counted with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from intake.domain.calendar import Calendar
from intake.domain.clock import Clock
from intake.domain.counting import certify_anyhow
from intake.domain.deadline import Certificate
from intake.domain.kept_calendar import from_plain, whole_version
from intake.store import deadline_changes, recounts
from intake.store.columns import AnyRow
from intake.store.database import Database


@dataclass(frozen=True)
class Certified:
    """``counted``: every day. ``present``: whether by the present calendar.

    ``agrees``: whether that count gives the days that are stored; without the calendar of then it
    may not. ``changes``: what supervisors changed, oldest first.
    """

    counted: Certificate
    present: bool
    agrees: bool
    changes: tuple[AnyRow, ...]


@dataclass(frozen=True)
class Certify:
    """Certificates of the agency's own deadlines."""

    database: Database
    clocks: Mapping[str, Clock]
    calendar: Calendar

    def __call__(self, row: AnyRow) -> Certified | None:
        """The certificate of a deadline's row; None of a clock that no rule describes any more."""
        clock = self.clocks.get(row.clock)
        if clock is None:
            return None
        clock = clock.as_counted(row.rule)
        calendar = self._calendar_of_then(row, clock)
        counted = certify_anyhow(
            clock,
            row.started_at,
            calendar or self.calendar,
            today=row.today,
            municipality=row.municipality,
        )
        with self.database.read() as connection:
            changes = tuple(deadline_changes.changes(connection, [row.id]))
        present = self.calendar.of(counted.rule.calendar).version
        return Certified(
            counted,
            present=whole_version(counted.calendar) == present,
            agrees=(counted.due, counted.due_extended) == (row.due_on, row.due_extended_on),
            changes=changes,
        )

    def _calendar_of_then(self, row: AnyRow, clock: Clock) -> Calendar | None:
        """As it was kept; None where it is the present one, or was not kept."""
        version = whole_version(row.calendar_version)
        if version == self.calendar.of(clock.calendar).version:
            return None
        with self.database.read() as connection:
            content = recounts.kept_calendar(connection, version)
        return from_plain(version, content) if content is not None else None
