"""Keep the content of a report although it has had its time, and let it go again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from intake.domain.deadline import local_date
from intake.domain.people import Permission
from intake.domain.row_id import new_id
from intake.domain.trail import KEPT_YEARS, Action
from intake.services.leave_line import leave_line
from intake.services.line_detail import detail
from intake.services.open_content import text_of
from intake.services.read import Read, ReferralNotYours, ReferralWithdrawn
from intake.services.record import MoveNotOpen, ReasonMissing
from intake.services.respond import DayImpossible, Respond
from intake.services.retain import Going, Retain
from intake.services.sign_in import Visit
from intake.store import recusals, retention
from intake.store.columns import AnyRow
from intake.store.database import Database
from intake.vault.keyring import PrivateKey
from intake.vault.open import open_for
from intake.vault.seal import seal_for

REASON = "reason of a hold"


class DayTooFar(Exception):
    """The last day is later than a hold may be known to last. ``latest``: the last one possible."""

    def __init__(self, latest: date) -> None:
        super().__init__(latest.isoformat())
        self.latest = latest


@dataclass(frozen=True)
class Held:
    """A hold that stands. ``own``: put at this agency, which alone reads why and releases it."""

    id: UUID
    own: bool
    by: str
    at: datetime
    last_day: date | None
    reason: str


@dataclass(frozen=True)
class Hold:
    """By the unit's head. While any hold stands, nothing of the report is deleted."""

    database: Database
    read: Read
    respond: Respond
    retain: Retain

    def going(self, visit: Visit, now: datetime, days: int) -> list[Going]:
        """What goes until so many days from now at the agencies whose head this person is, by day;
        of each report their own referrals.
        """
        agencies = visit.person.agencies(Permission.HOLD_CONTENT)
        with self.database.read() as connection:
            shut = recusals.shut_to(connection, visit.person.id)
        found = []
        for each in self.retain.preview(now, days, agencies):
            own = [r for r in each.referrals if r.agency_id in agencies and r.id not in shut]
            if own:
                found.append(Going(each.report_id, each.on, own, each.held, each.held_until))
        return found

    def holds(self, visit: Visit, referral_id: UUID, now: datetime) -> tuple[AnyRow, list[Held]]:
        """The referral, and the holds on its report. Raises ReferralNotYours, KeyNotGranted."""
        row = self._place(visit, referral_id, now)
        with self.database.read() as connection:
            rows = retention.holds(connection, row.report_id, local_date(now))
        try:
            key = self.read.agency_key(visit, row)
        except ReferralWithdrawn:
            return row, [_held(each, row, {}) for each in rows]
        keys = {key.key_id: key}
        for each in rows:
            if each.agency_id == row.agency_id and each.agency_key_id not in keys:
                keys |= self.read.granted(visit, each.agency_key_id)
        return row, [_held(each, row, keys) for each in rows]

    def put(
        self, visit: Visit, referral_id: UUID, reason: str, last_day: date | None, now: datetime
    ) -> None:
        """Raises ReferralNotYours, ReasonMissing, DayImpossible for a day that is over, DayTooFar,
        MoveNotOpen where the content has been deleted.
        """
        row = self._place(visit, referral_id, now)
        if not reason:
            raise ReasonMissing
        if last_day is not None and last_day < local_date(now):
            raise DayImpossible
        if last_day is not None and last_day > (latest := _latest(local_date(now))):
            raise DayTooFar(latest)
        key, hold_id = self.respond.key_of(row, now), new_id(now)
        values: dict[str, Any] = {
            "id": hold_id,
            "report_id": row.report_id,
            "referral_id": row.id,
            "put_by": visit.person.id,
            "put_at": now,
            "last_day": last_day,
            "agency_key_id": key.key_id,
            "sealed_reason": seal_for(key, reason.encode(), REASON, hold_id.bytes),
        }
        until = last_day.isoformat() if last_day else None
        sealed = detail(key, Action.HOLD_CONTENT, row.id, {"reason": reason})
        with self.database.write() as connection:
            if not retention.put_hold(connection, values):
                raise MoveNotOpen
            leave_line(connection, visit, row, Action.HOLD_CONTENT, now, purpose=until, **sealed)

    def release(
        self, visit: Visit, referral_id: UUID, hold_id: UUID, reason: str, now: datetime
    ) -> None:
        """Raises ReferralNotYours also for another agency's hold, ReasonMissing, MoveNotOpen."""
        row, holds = self.holds(visit, referral_id, now)
        if not any(each.id == hold_id and each.own for each in holds):
            self.read.refuse(visit, row, now)
            raise ReferralNotYours
        if not reason:
            raise ReasonMissing
        key = self.respond.key_of(row, now)
        sealed = detail(key, Action.RELEASE_CONTENT, row.id, {"reason": reason})
        with self.database.write() as connection:
            if not retention.release_hold(connection, hold_id, visit.person.id, now):
                raise MoveNotOpen
            leave_line(connection, visit, row, Action.RELEASE_CONTENT, now, **sealed)

    def _place(self, visit: Visit, referral_id: UUID, now: datetime) -> AnyRow:
        row = self.read.entitled(visit, referral_id, now)
        if row.agency_id not in visit.person.agencies(Permission.HOLD_CONTENT):
            self.read.refuse(visit, row, now)
            raise ReferralNotYours
        return row


def _latest(today: date) -> date:
    """Twelve years on, or the day before where there is no such day."""
    try:
        return today.replace(year=today.year + KEPT_YEARS)
    except ValueError:  # 29 February
        return today.replace(year=today.year + KEPT_YEARS, day=28)


def _held(each: AnyRow, row: AnyRow, keys: Mapping[str, PrivateKey]) -> Held:
    own = each.agency_id == row.agency_id
    reason, key = "", keys.get(each.agency_key_id)
    if own and key and each.sealed_reason:
        reason = text_of(open_for(key, each.sealed_reason, REASON, each.id.bytes))
    return Held(each.id, own, each.person_name, each.put_at, each.last_day, reason)
