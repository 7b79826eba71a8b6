"""Count each day whether what was sent is stored, routed, and opened or being chased; raise the
alarm where it is not.

What Norway's portal lacked (2020-2023: receipts for reports that nobody had): a receipt here is
counted against the rows behind it, and every referral against somebody who looks at it.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from intake.domain.canary import Fault
from intake.domain.deadline import local_date, local_instant
from intake.domain.directory import Directory
from intake.domain.people import Person, Role
from intake.services.oversee import own_agencies
from intake.services.routes_tried import Tried, tried
from intake.services.tell_once import Telling, tell_once
from intake.store import reconciling, recusals
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
    """What is wrong at one controller's agencies: those whose counts differ, that have something
    lost, that an invented report did not reach; and what concerns everybody, that reports are not
    stored whole, or that invented ones were not taken at all.
    """

    differ: set[str] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)
    routes: set[str] = field(default_factory=set)
    whole: bool = False
    unsent: bool = False

    @property
    def telling(self) -> Telling:
        """The letter."""
        told: dict[str, object] = {
            "differ": sorted(self.differ),
            "lost": sorted(self.lost),
            "routes": sorted(self.routes),
            "whole": self.whole,
            "unsent": self.unsent,
        }
        return Telling(LETTER, told, [LETTER, *told.values()], READERS)


@dataclass(frozen=True)
class Shown:
    """What a supervisor may see: the days of the own agencies, the last day first, what is lost
    there, since when the reports of all agencies do not agree, and how the routes are: of what is
    wrong with them, or reached by none, the own agencies' part.
    """

    days: Sequence[AnyRow]
    lost: Sequence[AnyRow]
    whole_since: date | None
    checked_at: datetime | None
    routes: Tried


@dataclass(frozen=True)
class Reconcile:
    """Counts today and yesterday, and each day of SHOWN_FOR on which something differed, or that
    was never counted once it was over.
    """

    database: Database
    directory: Directory

    def __call__(self, now: datetime) -> int:
        """Count, keep the counts and raise what is wrong; how many days were counted."""
        today = local_date(now)
        with self.database.read() as connection:
            since = today - SHOWN_FOR
            agreed = {
                day
                for day, at in reconciling.agreed_days(connection, since).items()
                if local_date(at) > day
            }
            shown = {since + number * _DAY for number in range(SHOWN_FOR.days)}
            days = {today, today - _DAY} | (shown - agreed)
            counted = {day: count(connection, day) for day in sorted(days)}
            lost = reconciling.lost(connection)
            faulty = tried(connection, self.directory).faulty
        try:
            with self.database.write() as connection:
                for day, counts in counted.items():
                    reconciling.keep(connection, day, counts, now)
                reconciling.purge(connection, today - KEPT)
        except IntegrityError:
            log.info("another scheduler keeps the same counts")
        self._raise(counted.values(), lost, faulty, now)
        return len(counted)

    def _raise(
        self,
        counted: Iterable[Sequence[Counts]],
        lost: Sequence[AnyRow],
        faulty: Sequence[AnyRow],
        now: datetime,
    ) -> None:
        wrong = defaultdict[str, Wrong](Wrong)
        everybody = {agency.controller for agency in self.directory.agencies.values()}
        for one in (one for counts in counted for one in counts if one.differ):
            if one.agency_id == WHOLE:
                for controller in everybody:
                    wrong[controller].whole = True
            else:
                wrong[self.directory.agency(one.agency_id).controller].differ.add(one.agency_id)
        for row in lost:
            wrong[self.directory.agency(row.agency_id).controller].lost.add(row.agency_id)
        for row in faulty:
            for agency in row.agencies:
                if listed := self.directory.agencies.get(agency):  # it may have gone since
                    wrong[listed.controller].routes.add(agency)
            for controller in everybody if row.fault == Fault.NOT_SENT else ():
                wrong[controller].unsent = True
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
    if found.unsent:
        log.error("invented reports are not taken at all; %s is told", controller)
    for agency in sorted(found.routes):
        log.error("an invented report did not reach %s as it must", agency)
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
        """The counts of SHOWN_FOR; of what is lost nothing that the person is shut out of."""
        own, since = self.agencies(person), local_date(now) - SHOWN_FOR
        with self.database.read() as connection:
            days = reconciling.kept(connection, own, since)
            whole = reconciling.kept(connection, [WHOLE], since)
            shut = recusals.shut_to(connection, person.id)
            lost = [row for row in reconciling.lost(connection, own) if row.id not in shut]
            checked_at = reconciling.last_checked(connection)
            routes = tried(connection, self.directory)
        differing = [row.day for row in whole if reconciling.counts_of(row).differ]
        routes = replace(
            routes,
            faulty=[row for row in routes.faulty if not row.agencies or own & set(row.agencies)],
            unreached=[agency for agency in routes.unreached if agency in own],
        )
        return Shown(days, lost, min(differing, default=None), checked_at, routes)

    def agencies(self, person: Person) -> frozenset[str]:
        """The agencies of this person's own controllers."""
        return own_agencies(self.directory, person)
