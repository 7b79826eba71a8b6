"""Count open deadlines anew when the calendar has changed; nothing is changed by that alone."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from intake.domain.calendar import PROVISIONAL, Calendar, CalendarTooShort
from intake.domain.chase import Chasing
from intake.domain.clock import Clock, Kind, Rule
from intake.domain.counting import count
from intake.domain.deadline import local_date
from intake.domain.kept_calendar import as_plain, from_plain, whole_version
from intake.domain.row_id import least_id
from intake.store import recounts
from intake.store.columns import AnyRow
from intake.store.database import Database

BATCH = 1000
MOST_A_RUN = 50_000
SETTLED = timedelta(minutes=10)
"""What was written less long ago may still wait to be committed: the next runs look at it."""
LONGEST = timedelta(days=800)
"""No deadline runs longer, an extended one of a year neither."""
MOST_DAYS_TOLD = 20
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recount:
    """The look at deadlines that were counted with another calendar, once under each calendar."""

    database: Database
    clocks: Mapping[str, Clock]
    calendar: Calendar
    chasing: Chasing

    def __call__(self, now: datetime) -> int:
        """Propose what would be another day; how many deadlines were looked at.

        It goes on where the last run ended, by the deadlines' ids, which grow with time: what was
        looked at under the present calendar is not read again.
        """
        self._keep_calendars(now)
        after = self._begin(now)
        up_to = least_id(now - SETTLED)
        looked = 0
        while after < up_to and looked < MOST_A_RUN:
            with self.database.read() as connection:
                rows = recounts.counted_otherwise(
                    connection, self.calendar.version, after, up_to, now, BATCH
                )
            found = [proposal for row in rows if (proposal := self._propose(row, now))]
            reached = rows[-1].id if len(rows) == BATCH else up_to
            with self.database.write() as connection:
                if not recounts.looked_up_to(
                    connection, self.calendar.version, after, reached, now
                ):
                    break  # another process goes on with it
                recounts.propose(connection, found)
            after = reached
            looked += len(rows)
        return looked

    def _keep_calendars(self, now: datetime) -> None:
        """So that it can be said later which days have changed, and how a deadline was counted."""
        codes = dict.fromkeys([self.calendar.country, *(c.calendar for c in self.clocks.values())])
        for calendar in map(self.calendar.of, codes):
            with self.database.read() as connection:
                if recounts.kept_calendar(connection, calendar.version) is not None:
                    continue
            try:
                with self.database.write() as connection:
                    recounts.keep_calendar(connection, calendar.version, as_plain(calendar), now)
            except IntegrityError:
                continue  # another process has kept it

    def _begin(self, now: datetime) -> UUID:
        with self.database.read() as connection:
            seen = recounts.look(connection)
        if seen is not None and seen.calendar_version == self.calendar.version:
            found: UUID = seen.after
            return found
        first = least_id(now - LONGEST)
        try:
            with self.database.write() as connection:
                recounts.look_anew(connection, self.calendar.version, first, now)
        except IntegrityError:  # another process begins it in this moment, and goes on with it
            return least_id(now)
        log.info("open deadlines are counted anew: the calendar has changed")
        return first

    def _propose(self, row: AnyRow, now: datetime) -> dict[str, Any] | None:
        """What the deadline would be, if that is another day or no longer provisional."""
        clock = self.clocks.get(row.clock)
        if clock is None:
            return None
        clock = clock.as_counted(row.rule)
        counted = count(
            clock,
            row.started_at,
            self.calendar,
            self.chasing,
            today=row.today,
            municipality=row.municipality,
        )
        made = counted.certificate
        was_provisional = row.calendar_version.startswith(PROVISIONAL)
        if made.provisional and not was_provisional:
            return None  # a calendar that knows less than the last one did
        days = (made.due, made.due_extended, made.due_at)
        if days == (row.due_on, row.due_extended_on, row.due_at) and (
            made.provisional == was_provisional
        ):
            return None
        return {
            "deadline_id": row.id,
            "found_with": self.calendar.version,
            "was_due_at": row.due_at,
            "due_on": made.due,
            "due_extended_on": made.due_extended,
            "due_at": made.due_at,
            "calendar_version": made.calendar,
            "steps": counted.steps,
            "differs": self._differs(row, made.rule, max(made.due_extended, row.due_extended_on)),
            "found_at": now,
        }

    def _differs(self, row: AnyRow, rule: Rule, last: date) -> list[dict[str, Any]] | None:
        """The days that are off in one of the two calendars alone; None without the earlier one."""
        version = whole_version(row.calendar_version)
        present = self.calendar.of(rule.calendar)
        if version == present.version:
            return []  # it was provisional
        with self.database.read() as connection:
            content = recounts.kept_calendar(connection, version)
        if content is None:
            return None
        before = from_plain(version, content)
        days = _changed(before, present, rule, row, last)
        return [found for _, found in zip(range(MOST_DAYS_TOLD), days, strict=False)]


def _changed(
    before: Calendar, present: Calendar, rule: Rule, row: AnyRow, last: date
) -> Iterator[dict[str, Any]]:
    day = local_date(row.started_at)
    while day < last:
        day += timedelta(days=1)
        was, now = (_off(calendar, rule, day, row.municipality) for calendar in (before, present))
        if (was is None) != (now is None):
            name = now or was
            yield {"date": day.isoformat(), "counts": now is None, "name": dict(name or {})}


def _off(
    calendar: Calendar, rule: Rule, day: date, municipality: str | None
) -> Mapping[str, str] | None:
    """What the day is called if it does not count."""
    try:
        if rule.kind is Kind.SCHOOL_DAYS:
            off = calendar.why_no_school(day, municipality)
        else:
            off = calendar.why_not(day)
    except CalendarTooShort:
        return None
    return off.name if off else None
