"""Chase what is overdue: each step recorded exactly once, its reminders in the same transaction."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from intake.domain.chase import DUTY_DESK, Chasing, Plan
from intake.domain.clock import Rule
from intake.domain.deadline import local_date
from intake.domain.directory import Directory
from intake.domain.promised import Entry, Taking, instant, look
from intake.domain.referral import State
from intake.domain.row_id import new_id
from intake.domain.trail import Action
from intake.services.gather import Gather
from intake.services.readers import Reader, Readers
from intake.services.remind import remind
from intake.store import chasing, reminders, trail
from intake.store.columns import AnyRow
from intake.store.database import Database

BATCH = 500
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Due:
    """A deadline whose next step has come: what is taken now, and what of its steps is left.

    ``changed``: the steps are not those that its row keeps.
    """

    row: AnyRow
    steps: Sequence[Entry]
    changed: bool
    taken: Sequence[Taking]
    next: Taking | None


@dataclass(frozen=True)
class Chase:
    """The sweep, and after it the gathering of what it has to tell into letters.

    It reads what is due, not what is open. ``chasing``: the steps of the rules in force.
    """

    database: Database
    directory: Directory
    chasing: Chasing

    def __call__(self, now: datetime) -> int:
        """Chase everything due now; how many steps were recorded.

        A deadline that cannot be chased is logged and left for the next sweep; it holds up no
        other.
        """
        recorded = self.sweep(now)
        Gather(self.database)(now)
        return recorded

    def sweep(self, now: datetime) -> int:
        """Record every step that has come, without gathering."""
        recorded = 0
        last: AnyRow | None = None
        while True:
            try:
                done, rows = self._batch(now, last)
            except Exception as error:
                log.warning("chasing one by one: a batch failed with %s", type(error).__name__)
                done, rows = self._singly(now, last)
            recorded += done
            if len(rows) < BATCH:
                return recorded
            last = rows[-1]

    def _batch(self, now: datetime, after: AnyRow | None) -> tuple[int, Sequence[AnyRow]]:
        with self.database.write() as connection:
            rows = chasing.due_for_chase(connection, now, BATCH, after)
            return self._chase(connection, rows, now), rows

    def _singly(self, now: datetime, after: AnyRow | None) -> tuple[int, Sequence[AnyRow]]:
        with self.database.read() as connection:
            rows = chasing.due_for_chase(connection, now, BATCH, after, claim=False)
        recorded = 0
        for row in rows:
            try:
                with self.database.write() as connection:
                    # Read again: it may have been met, or chased by another, since the list was.
                    if due := chasing.still_due(connection, row.id, now):
                        recorded += self._chase(connection, [due], now)
            except OperationalError:
                raise  # the database itself: the run has failed, and its heartbeat says so
            except Exception as error:
                log.error("chasing deadline %s failed: %s", row.id, type(error).__name__)
        return recorded, rows

    def _chase(self, connection: Connection, rows: Sequence[AnyRow], now: datetime) -> int:
        """Record every step that has come; how many, those of invented reports not among them."""
        for row in rows:
            if row.state == State.CANARY:
                chasing.record_canary(connection, row, now)
        rows = [row for row in rows if row.state != State.CANARY]
        if not rows:
            return 0
        done = reminders.recorded(connection, [row.id for row in rows])
        due = [self._due(row, done, now) for row in rows]
        readers = Readers.of(
            connection,
            self.directory,
            rows,
            local_date(now),
            duty_desk=any(taking.to == DUTY_DESK for each in due for taking in each.taken),
        )
        swept = reminders.Swept([], [], [], [], [])
        for each in due:
            _sweep(swept, each, readers, now)
        swept.write(connection)
        lines = [_line(each) for each in due if each.taken]
        trail.write_lines(connection, at=now, action=Action.CHASE, about=lines)
        return len(swept.chases)

    def _due(self, row: AnyRow, done: set[tuple[UUID, str]], now: datetime) -> _Due:
        steps, changed = self._still_promised(row, now)
        came, coming = look(steps, row.next_chase_at, now, self.chasing.calendar)
        # One that was taken by a clock ahead of ours is not taken again.
        came = [taking for taking in came if (row.id, taking.name) not in done]
        if not came and coming is None:
            log.warning("deadline %s (%s) has no step left to chase it by", row.id, row.clock)
        return _Due(row, steps, changed, came, coming)

    def _still_promised(self, row: AnyRow, now: datetime) -> tuple[Sequence[Entry], bool]:
        """The steps of a deadline, and whether they are others than its row keeps.

        They stay as they were promised, unless the rules in force have taken one of those to come
        away: then what comes is what the rules in force would have come from now on.
        """
        gone = {
            entry["step"]
            for entry in row.steps
            if not self.chasing.holds(entry["step"], row.clock)
            and (instant(entry) >= row.next_chase_at or entry.get("repeats"))
        }
        if not gone:
            return row.steps, False
        past = [
            {key: value for key, value in entry.items() if key != "repeats"}
            for entry in row.steps
            if entry["step"] in gone and instant(entry) < row.next_chase_at
        ]
        kept = [entry for entry in row.steps if entry["step"] not in gone]
        known = {entry["step"] for entry in row.steps}
        planned = self.chasing.without_end.around(
            _plan(row), row.clock, row.due_on, row.started_at, today=row.today
        )
        new = [
            step.entry
            for step in planned
            if step.step_id not in known and (step.at > now or step.repeats)
        ]
        return sorted([*past, *kept, *new], key=instant), True


def _plan(row: AnyRow) -> Plan:
    """The plan by which a deadline is chased: rows of before its rule was kept tell it by day."""
    if row.rule:
        return Plan.of(Rule.read(row.rule).kind)
    return Plan.SAME_DAY if row.due_on == local_date(row.started_at) else Plan.DAYS


def _sweep(swept: reminders.Swept, due: _Due, readers: Readers, now: datetime) -> None:
    """Add what is to be written of one deadline: one reminder to each reader however many steps."""
    row, same_day = due.row, _plan(due.row) is Plan.SAME_DAY
    told: dict[UUID, tuple[Reader, Taking, UUID]] = {}
    for taking in due.taken:
        chase_id, found = new_id(now), readers(row, taking.to)
        told |= {reader.person_id: (reader, taking, chase_id) for reader in found}
        swept.chases.append(
            {
                "id": chase_id,
                "deadline_id": row.id,
                "step": taking.name,
                "to_role": taking.to,
                "chased_at": now,
                "letters": len(found),
            }
        )
    for reader, taking, chase_id in told.values():
        remind(
            swept,
            row,
            reader,
            chase_id=chase_id,
            to=taking.to,
            number=taking.place,
            of=None if taking.again else len(due.steps),
            coming=due.next,
            urgent=same_day and not taking.again,  # what comes every day is no news any more
            may_take_over=reader.role == DUTY_DESK and _may_be_taken_over(due, now),
            now=now,
        )
    swept.deadlines.append({"id": row.id, "next_chase_at": due.next.at if due.next else None})
    if due.changed:
        swept.plans.append({"id": row.id, "steps": list(due.steps)})


def _may_be_taken_over(due: _Due, now: datetime) -> bool:
    """Whether the desk that stands by has been let in; which desk that is, it finds out itself."""
    allowed = any(entry["standby"] and instant(entry) <= now for entry in due.steps)
    return allowed and due.row.is_lead and due.row.state == State.SENT


def _line(due: _Due) -> Mapping[str, Any]:
    return {
        "agency_id": due.row.agency_id,
        "referral_id": due.row.referral_id,
        "purpose": f"{due.row.clock}: {due.taken[-1].name}",
    }
