"""Send an invented report along every route each day, see that it arrives, and erase it again."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from intake.domain.answers import worry_of
from intake.domain.canary import Canary, Fault, canaries
from intake.domain.deadline import local_date
from intake.domain.directory import Directory
from intake.domain.report import Worry
from intake.domain.row_id import new_id
from intake.services.keys_that_open import KeysThatOpen
from intake.services.route import Plan, Route
from intake.services.routes_tried import MOST_TRIES
from intake.services.submit import Submit
from intake.store import canaries as store
from intake.store import people
from intake.store.columns import AnyRow
from intake.store.database import Database
from intake.vault.envelope import SLOTS
from intake.vault.own import VisitorSecret
from intake.vault.seal import PublicKey

TRY_AGAIN_AFTER = timedelta(minutes=10)
SWEPT_WITHIN = timedelta(minutes=10)
LOOKED_FOR = timedelta(days=1)
KEPT = timedelta(days=40)
_SECTIONS = len(SLOTS) - 1  # the reasons lie with each referral
_Wrong = tuple[Fault | None, Sequence[str]]
log = logging.getLogger(__name__)


class Everybody(KeysThatOpen):
    """As if every agency in use had somebody who can open: who a report is meant for."""

    def __init__(self, database: Database, directory: Directory, key: PublicKey) -> None:
        super().__init__(database)
        in_use = (agency.id for agency in directory.agencies.values() if agency.in_use)
        self.keys = dict.fromkeys(in_use, key)

    def __call__(self, _on: date, _stamp: bytes | None = None) -> Mapping[str, PublicKey]:
        """The same key for each: nothing is ever sealed to it."""
        return self.keys


@dataclass(frozen=True)
class TryRoutes:
    """Sends by the services of the reporter's door; what arrives is looked at over a connection of
    its own. Any number of schedulers share the routes of a day between them.
    """

    database: Database
    directory: Directory
    route: Route
    submit: Submit

    def __call__(self, now: datetime) -> int:
        """See to those that were sent before, then send what has not been sent today; how many."""
        return self._see_to(now) + self._send(now)

    def _send(self, now: datetime) -> int:
        today = local_date(now)
        with self.database.read() as connection:
            tried = store.latest(connection, today)
        sent = 0
        for canary in canaries(self.directory, today):
            if attempt := _next_attempt(tried.get(canary.route), now):
                sent += self._try(canary, attempt, now)
        return sent

    def _try(self, canary: Canary, attempt: int, now: datetime) -> bool:
        report_id = new_id(now)
        try:
            with self.database.write() as connection:
                begun = {"route": canary.route, "attempt": attempt, "begun_at": now}
                store.begin(connection, {"report_id": report_id, "day": local_date(now), **begun})
        except IntegrityError:
            return False  # another scheduler has
        worry = worry_of(canary.answers)
        at = canary.decided_at(now)
        try:
            meant = self._meant(worry, at)
            plan = self.route(worry, at)
            self.submit(
                VisitorSecret.new(), worry, dict(canary.answers), now, plan=plan, canary=report_id
            )
        except Exception:
            log.exception("the invented report %s was not sent", canary.route)
            self._note(report_id, fault=Fault.NOT_SENT)
            return False
        self._note(report_id, sent_at=now)
        (fault, agencies), reached = self._look(report_id, meant, plan, now)
        if fault:
            log.error("the route %s does not work: %s, %s", canary.route, fault, list(agencies))
            self._note(report_id, fault=fault, agencies=list(agencies), reached=reached)
        else:
            self._note(report_id, arrived_at=now, reached=reached)
        return True

    def _meant(self, worry: Worry, at: datetime) -> Plan:
        """Who would get it if every agency had somebody who can open."""
        keys = Everybody(self.database, self.directory, self.submit.replay_key)
        return replace(self.route, keys_that_open=keys)(worry, at)

    def _look(
        self, report_id: UUID, meant: Plan, plan: Plan, now: datetime
    ) -> tuple[_Wrong, list[str]]:
        """What is wrong with what was stored, and at which agencies; and whom it has reached."""
        with self.database.read() as connection:
            found = store.found(connection, report_id, _SECTIONS)
            in_use = people.agency_keys_that_open(connection, local_date(now))
        reached = sorted(found.keys)
        return _wrong(found, meant, plan, {a: row.id for a, row in in_use.items()}), reached

    def _see_to(self, now: datetime) -> int:
        with self.database.read() as connection:
            rows = store.not_erased(connection)
        done = 0
        for row in rows:
            try:
                done += self._follow(row, now)
            except Exception:
                log.exception("the invented report %s is not erased", row.route)
                self._note(row.report_id, fault=row.fault or Fault.NOT_ERASED)
        with self.database.write() as connection:
            store.purge(connection, local_date(now) - KEPT)
        return done

    def _follow(self, row: AnyRow, now: datetime) -> bool:
        """Erase one once the sweep has been by; what a killed run left at once. Whether it is."""
        age = now - (row.sent_at or row.begun_at)
        with self.database.read() as connection:
            is_there = store.is_there(connection, row.report_id)
            swept = store.is_chased(connection, row.report_id)
        if not is_there:  # not stored, or never will be; or erased, and not noted any more
            if age > LOOKED_FOR or row.sent_at:
                self._note(row.report_id, erased_at=now)
            return False
        left = row.sent_at is None and age > TRY_AGAIN_AFTER
        if row.sent_at and swept and row.chased_at is None:
            self._note(row.report_id, chased_at=now)
        elif row.sent_at and not swept and age > SWEPT_WITHIN and row.fault is None:
            log.error("the sweep has not been by the invented report %s", row.route)
            self._note(row.report_id, fault=Fault.NOT_CHASED, agencies=row.reached)
        if not (left or (row.sent_at and swept) or age > LOOKED_FOR):
            return False
        with self.database.write() as connection:
            erased = store.erase(connection, row.report_id)
            fault = {} if erased else {"fault": row.fault or Fault.NOT_ERASED}
            store.note(connection, row.report_id, **({"erased_at": now} if erased else fault))
        return erased

    def _note(self, report_id: UUID, **values: Any) -> None:
        with self.database.write() as connection:
            store.note(connection, report_id, **values)


def _next_attempt(last: AnyRow | None, now: datetime) -> int | None:
    """Which attempt a route is due for; None where it is not."""
    if last is None:
        return 1
    settled = last.arrived_at or (last.fault and last.fault != Fault.NOT_SENT)
    waits = now - last.begun_at < TRY_AGAIN_AFTER
    return None if settled or waits or last.attempt >= MOST_TRIES else int(last.attempt) + 1


def _wrong(found: store.Found, meant: Plan, plan: Plan, in_use: Mapping[str, str]) -> _Wrong:
    to = {share.agency.id: share for share in meant.shares}
    if not found.is_whole:
        return Fault.NOT_WHOLE, sorted(to)
    kinds = {recipient.kind for outcome in meant.outcomes for recipient in outcome.recipients}
    stand_ins = [a for a, share in to.items() if share.agency.kind not in kinds]
    if kinds - {share.agency.kind for share in to.values()}:
        return Fault.NO_DESK, stand_ins or sorted(to)
    got = {share.agency.id: share for share in plan.shares}
    if passed_over := sorted(to.keys() - got.keys()):
        return Fault.NOBODY_OPENS, passed_over
    if without := sorted(got.keys() - found.keys.keys()):
        return Fault.NO_REFERRAL, without
    if unsealed := sorted(a for a in got if found.keys[a] != in_use.get(a)):
        return Fault.NO_WRAP, unsealed
    if timeless := sorted(a for a, s in got.items() if found.deadlines[a] < len(s.clocks)):
        return Fault.NO_DEADLINE, timeless
    return None, ()
