"""Give an agency more time, once, where the clock allows it; by who watches the deadlines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from intake.domain.calendar import Calendar
from intake.domain.chase import Chasing
from intake.domain.clock import Clock, Rule
from intake.domain.counting import Counted, carried_on, count
from intake.domain.deadline_change import Change, Reason
from intake.domain.directory import Directory
from intake.domain.people import Permission, Person, Role
from intake.domain.row_id import new_id
from intake.domain.trail import Action
from intake.services.follow_up import own_deadline
from intake.services.sign_in import Visit
from intake.store import deadline_changes, recounts, trail
from intake.store.columns import AnyRow
from intake.store.database import Database


class Refused(StrEnum):
    """Why a deadline is not to be extended."""

    MET = "met"
    DUE = "due"
    EXTENDED = "extended"
    LAW = "law"
    CLOCK = "clock"


class NotExtendable(Exception):
    """The deadline is not to be extended, or not any more."""


@dataclass(frozen=True)
class Offer:
    """A deadline, and what it would be; ``refused``: why it is not to be. ``changes``: so far."""

    row: AnyRow
    counted: Counted | None
    rule: Rule | None
    refused: Refused | None
    changes: tuple[AnyRow, ...]


@dataclass(frozen=True)
class Extend:
    """One extension: the deadline counted anew from its old start, with its change and its line."""

    database: Database
    directory: Directory
    clocks: Mapping[str, Clock]
    calendar: Calendar
    chasing: Chasing

    def offer(self, person: Person, deadline_id: UUID, now: datetime) -> Offer:
        """What may be done about a deadline now. Raises DeadlineNotYours."""
        with self.database.read() as connection:
            return self._offer(connection, person, deadline_id, now)

    def __call__(self, visit: Visit, deadline_id: UUID, reason: Reason, now: datetime) -> None:
        """Extend it: chased from the next step on, what was done stays done.

        Raises DeadlineNotYours; NotExtendable, with nothing changed.
        """
        try:
            with self.database.write() as connection:
                self._extend(connection, visit, deadline_id, reason, now)
        except IntegrityError:
            raise NotExtendable from None  # somebody else has extended it meanwhile

    def _extend(
        self,
        connection: Connection,
        visit: Visit,
        deadline_id: UUID,
        reason: Reason,
        now: datetime,
    ) -> None:
        offer = self._offer(connection, visit.person, deadline_id, now, claim=True)
        row, counted = offer.row, offer.counted
        if offer.refused or counted is None:
            raise NotExtendable
        done = deadline_changes.steps_done(connection, [row.id]).get(row.id, ())
        steps, next_at = carried_on(counted.steps, row.steps, done, row.next_chase_at, now)
        made = counted.certificate
        values = {
            "rule": str(made.rule),
            "due_on": made.due,
            "due_extended_on": made.due_extended,
            "due_at": made.due_at,
            "calendar_version": made.calendar,
            "steps": steps,
            "next_chase_at": next_at,
        }
        if not deadline_changes.change(
            connection, row.id, row.due_at, row.calendar_version, values, now
        ):
            raise NotExtendable
        deadline_changes.record(
            connection,
            [
                {
                    "id": new_id(now),
                    "deadline_id": row.id,
                    "kind": Change.EXTENDED.value,
                    "made_at": now,
                    "person_id": visit.person.id,
                    "reason": reason.value,
                    "was_due_at": row.due_at,
                    "due_at": made.due_at,
                    "was_calendar": row.calendar_version,
                    "calendar": made.calendar,
                }
            ],
        )
        recounts.forget(connection, [row.id])
        trail.write_line(
            connection,
            at=now,
            action=Action.EXTEND,
            person_id=visit.person.id,
            role=Role.SUPERVISOR,
            agency_id=row.agency_id,
            referral_id=row.referral_id,
            purpose=f"{row.clock}: {row.due_on} {made.due} {reason.value}",
        )

    def _offer(
        self,
        connection: Connection,
        person: Person,
        deadline_id: UUID,
        now: datetime,
        *,
        claim: bool = False,
    ) -> Offer:
        row = deadline_changes.deadline(connection, deadline_id, claim=claim)
        row = own_deadline(connection, self.directory, person, row, Permission.CHANGE_DEADLINES)
        changes = tuple(deadline_changes.changes(connection, [row.id]))
        clock = self.clocks.get(row.clock)
        rule = self._longer(row, clock)
        refused = _refused(row, clock, rule, changes, now)
        if refused or clock is None or rule is None:
            return Offer(row, None, None, refused or Refused.CLOCK, changes)
        counted = count(
            clock.as_counted(str(rule)),
            row.started_at,
            self.calendar,
            self.chasing,
            today=row.today,
            municipality=row.municipality,
        )
        if counted.certificate.due_at <= row.due_at:  # another calendar, with fewer days off
            return Offer(row, None, None, Refused.CLOCK, changes)
        return Offer(row, counted, rule, None, changes)

    def _longer(self, row: AnyRow, clock: Clock | None) -> Rule | None:
        if clock is None or (row.today and clock.today):
            return None
        return clock.longer(Rule.read(row.rule) if row.rule else clock.rule)


def _refused(
    row: AnyRow,
    clock: Clock | None,
    rule: Rule | None,
    changes: tuple[AnyRow, ...],
    now: datetime,
) -> Refused | None:
    if any(change.kind == Change.EXTENDED for change in changes):
        return Refused.EXTENDED
    if row.met_at is not None:
        return Refused.MET
    if row.due_at <= now:
        return Refused.DUE
    if clock is not None and clock.law:
        return Refused.LAW
    return None if rule else Refused.CLOCK
