"""Count each day whether what was sent is stored, routed, and opened or being chased; raise the
alarm where it is not.

What Norway's portal lacked (2020-2023: receipts for reports that nobody had): a receipt here is
counted against the rows behind it, and every referral against somebody who looks at it.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from intake.domain.deadline import local_date, local_instant
from intake.domain.directory import Directory
from intake.domain.people import Permission, Person, Role
from intake.services.tell_once import Telling, tell_once
from intake.store import reconciling
from intake.store.columns import AnyRow
from intake.store.database import Database
from intake.store.reconciling import Counts
from intake.store.watch_tables import WHOLE
from intake.vault.envelope import SLOTS

LETTER = "reconciliation"
SHOWN_FOR = timedelta(days=30)
KEPT = timedelta(days=400)
READERS = (Role.SUPERVISOR, Role.ADMINISTRATOR)
_SECTIONS = len(SLOTS) - 1  # the reasons lie with each referral
_DAY = timedelta(days=1)
log = logging.getLogger(__name__)


@dataclass
class Wrong:
    """What is wrong at one controller's agencies."""

    differ: set[str] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)
    whole: bool = False

    @property
    def telling(self) -> Telling:
        """The letter."""
        told = {"differ": sorted(self.differ), "lost": sorted(self.lost), "whole": self.whole}
        return Telling(LETTER, told, [LETTER, *told.values()], READERS)


@dataclass(frozen=True)
class Shown:
    """What a supervisor may see: the days of the own agencies, the last day first, what is lost
    there, and whether the reports of all agencies agree.
    """

    days: Sequence[AnyRow]
    lost: Sequence[AnyRow]
    whole_since: date | None
    checked_at: datetime | None


@dataclass(frozen=True)
class Reconcile:
    """Counts today and yesterday, and each day of SHOWN_FOR on which something differed."""

    database: Database
    directory: Directory

    def __call__(self, now: datetime) -> int:
        """Count, keep the counts and raise what is wrong; how many days were counted."""
        today = local_date(now)
        with self.database.read() as connection:
            since = today - SHOWN_FOR
            days = {today, today - _DAY} | reconciling.differing_days(connection, since)
            counted = {day: count(connection, day) for day in sorted(days)}
            lost = reconciling.lost(connection)
        try:
            with self.database.write() as connection:
                for day, counts in counted.items():
                    reconciling.keep(connection, day, counts, now)
                reconciling.purge(connection, today - KEPT)
        except IntegrityError:
            log.info("another scheduler keeps the same counts")
        self._raise(counted.values(), lost, now)
        return len(counted)

    def _raise(
        self, counted: Iterable[Sequence[Counts]], lost: Sequence[AnyRow], now: datetime
    ) -> None:
        wrong = defaultdict[str, Wrong](Wrong)
        for one in (one for counts in counted for one in counts if one.differ):
            if one.agency_id == WHOLE:
                for agency in self.directory.agencies.values():
                    wrong[agency.controller].whole = True
            else:
                wrong[self.directory.agency(one.agency_id).controller].differ.add(one.agency_id)
        for row in lost:
            wrong[self.directory.agency(row.agency_id).controller].lost.add(row.agency_id)
        for controller, found in wrong.items():
            if tell_once(self.database, controller, found.telling, now):
                _log(controller, found, lost)


def count(connection: Connection, day: date) -> list[Counts]:
    """A day's counts: of all reports, and of each agency to which something came."""
    since, until = local_instant(day, time()), local_instant(day + _DAY, time())
    whole = reconciling.of_reports(connection, since, until, _SECTIONS)
    return [whole, *reconciling.of_agencies(connection, since, until, _SECTIONS).values()]


def _log(controller: str, found: Wrong, lost: Sequence[AnyRow]) -> None:
    if found.whole:
        log.error("what was sent does not agree with what is stored; %s is told", controller)
    for agency in sorted(found.differ):
        log.error("what was sent to %s is not all stored, routed and looked at", agency)
    for agency in sorted(found.lost):
        number = sum(row.agency_id == agency for row in lost)
        log.error("%d referrals at %s: never opened, and nothing chases them", number, agency)


@dataclass(frozen=True)
class ShowReconciliation:
    """The counts for those who watch deadlines: of their own controllers' agencies alone."""

    database: Database
    directory: Directory

    def __call__(self, person: Person, now: datetime) -> Shown:
        """The counts of SHOWN_FOR."""
        own, since = self.agencies(person), local_date(now) - SHOWN_FOR
        with self.database.read() as connection:
            days = reconciling.kept(connection, own, since)
            whole = reconciling.kept(connection, [WHOLE], since)
            lost = reconciling.lost(connection, own)
            checked_at = reconciling.last_checked(connection)
        differing = [row.day for row in whole if reconciling.counts_of(row).differ]
        return Shown(days, lost, min(differing, default=None), checked_at)

    def agencies(self, person: Person) -> frozenset[str]:
        """The agencies of this person's own controllers."""
        controllers = person.controllers(Permission.WATCH_DEADLINES)
        listed = self.directory.agencies.values()
        return frozenset(agency.id for agency in listed if agency.controller in controllers)
