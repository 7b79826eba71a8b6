"""Delete the content of reports that has had its time; tell beforehand what will go."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby, islice
from uuid import UUID

from intake.domain.deadline import local_date
from intake.domain.directory import Directory
from intake.domain.referral import State
from intake.domain.retention import Keeping, Part, content_goes_on
from intake.domain.trail import Action
from intake.store import retention, trail
from intake.store.columns import AnyRow
from intake.store.database import Database

BATCH = 200
"""Reports of one run; the next goes on with the rest."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Going:
    """A report whose content goes on a day, with its referrals (id, agency and reference of each).

    ``held_until``: that a hold keeps it, and its last day, if it has one.
    """

    report_id: UUID
    on: date
    referrals: Sequence[AnyRow]
    held: bool = False
    held_until: date | None = None


@dataclass(frozen=True)
class Retain:
    """``usual``: the figures of controllers that have none of their own in the directory."""

    database: Database
    directory: Directory
    usual: Keeping

    def __call__(self, now: datetime) -> int:
        """Delete what is due and not held, each report in a transaction of its own; how many.

        Run twice at once, or again after it was stopped, it deletes each of them once.
        """
        due = (going for going in self._going(now, local_date(now)) if not going.held)
        deleted = sum(self._delete(going.report_id, now) for going in islice(due, BATCH))
        if deleted:
            self.database.empty_log()
            log.info("the content of %d reports has had its time and is deleted", deleted)
        return deleted

    def preview(
        self, now: datetime, days: int, agencies: Collection[str] | None = None
    ) -> list[Going]:
        """What goes until so many days from now, by day; at these agencies, or anywhere."""
        until = local_date(now) + timedelta(days=days)
        return sorted(self._going(now, until, agencies), key=lambda going: going.on)

    def on(self, report_id: UUID) -> date | None:
        """The day from which nothing but a hold keeps one report; None while something does."""
        with self.database.read() as connection:
            rows = retention.parts(connection, [report_id])
        return content_goes_on([self._part(row) for row in rows])

    def _going(
        self, now: datetime, until: date, agencies: Collection[str] | None = None
    ) -> Iterator[Going]:
        """A page of reports at a time, by their ids; no transaction is open between two."""
        after: UUID | None = None
        received_before = now + (until - local_date(now)) - self._shortest()
        while True:
            with self.database.read() as connection:
                page = retention.with_content(connection, received_before, BATCH, after, agencies)
                rows = retention.parts(connection, page)
                held = retention.held(connection, page, local_date(now))
            for report_id, each in groupby(rows, key=lambda row: row.report_id):
                referrals = list(each)
                on = content_goes_on([self._part(row) for row in referrals])
                if on is not None and on <= until:
                    is_held = report_id in held
                    yield Going(report_id, on, referrals, is_held, held.get(report_id))
            if len(page) < BATCH:
                return
            after = page[-1]

    def _delete(self, report_id: UUID, now: datetime) -> bool:
        with self.database.write() as connection:
            rows = retention.parts(connection, [report_id], hold=True)
            on = content_goes_on([self._part(row) for row in rows])
            is_due = on is not None and on <= local_date(now)
            if not is_due or retention.held(connection, [report_id], local_date(now)):
                return False
            if not retention.delete_content(connection, report_id, now):
                return False
            about = [{"agency_id": row.agency_id, "referral_id": row.id} for row in rows]
            trail.write_lines(connection, at=now, action=Action.DELETE_CONTENT, about=about)
        return True

    def _part(self, row: AnyRow) -> Part:
        return Part(
            state=State(row.state),
            keeping=self._keeping(row.agency_id),
            recorded_at=row.recorded_at,
            reopened_at=row.reopened_at,
            last_step_at=max(row.moved_at, row.noted_at or row.moved_at),
            runs=bool(row.runs),
            unmet=bool(row.unmet),
        )

    def _shortest(self) -> timedelta:
        """For so long at least the content of every report is kept; a day less, for midnights."""
        figures = [self.usual.recorded, self.usual.closed]
        for each in self.directory.controllers.values():
            figures += [days for days in (each.keep_days, each.keep_closed_days) if days]
        return timedelta(days=min(figures) - 1)

    def _keeping(self, agency: str) -> Keeping:
        controller = self.directory.controllers[self.directory.agency(agency).controller]
        return Keeping(
            controller.keep_days or self.usual.recorded,
            controller.keep_closed_days or self.usual.closed,
        )
