"""Chase what is overdue: each step recorded exactly once, its letters in the same transaction."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from intake.domain.deadline import local_date
from intake.domain.directory import Directory
from intake.domain.people import UPWARD, Role
from intake.domain.referral import State
from intake.domain.row_id import new_id
from intake.domain.trail import Action
from intake.store import chasing, outbox, people, trail
from intake.store.columns import AnyRow
from intake.store.database import Database

BATCH = 500
LETTER = "chase"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Chase:
    """The sweep. It reads what is due, not what is open."""

    database: Database
    directory: Directory

    def __call__(self, now: datetime) -> int:
        """Chase everything due now; how many steps were recorded.

        A deadline that cannot be chased is logged and left for the next sweep; it holds up no
        other.
        """
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
            return sum(self._chase(connection, row, now) for row in rows), rows

    def _singly(self, now: datetime, after: AnyRow | None) -> tuple[int, Sequence[AnyRow]]:
        with self.database.read() as connection:
            rows = chasing.due_for_chase(connection, now, BATCH, after, claim=False)
        recorded = 0
        for row in rows:
            try:
                with self.database.write() as connection:
                    # Read again: it may have been met, or chased by another, since the list was.
                    if due := chasing.still_due(connection, row.id, now):
                        recorded += self._chase(connection, due, now)
            except OperationalError:
                raise  # the database itself: the run has failed, and its heartbeat says so
            except Exception as error:
                log.error("chasing deadline %s failed: %s", row.id, type(error).__name__)
        return recorded, rows

    def _chase(self, connection: Connection, row: AnyRow, now: datetime) -> int:
        """Record every step that has come; one letter to each reader however many steps."""
        if row.state == State.CANARY:  # this sweep is all that is to be seen
            return chasing.record_canary(connection, row, now)
        due = [s for s in row.steps if _at(s) <= now and _at(s) >= row.next_chase_at]
        later = [s for s in row.steps if _at(s) > now]
        readers: dict[UUID, Mapping[str, Any]] = {}
        recorded = []
        for step in due:
            role, found = self._readers(connection, row, step["to"], now)
            readers |= {reader: {**step, "reader": role} for reader in found}
            recorded.append(
                {
                    "id": new_id(now),
                    "deadline_id": row.id,
                    "step": step["step"],
                    "to_role": step["to"],
                    "chased_at": now,
                    "letters": len(found),
                }
            )
        chasing.record_chase(connection, recorded, _at(later[0]) if later else None)
        outbox.put_letters(
            connection,
            [
                {
                    "id": new_id(now),
                    "person_id": reader,
                    "letter": LETTER,
                    "params": self._params(row, step, later, now),
                    "created_at": now,
                    "next_attempt_at": now,
                    "attempts": 0,
                }
                for reader, step in readers.items()
            ],
        )
        trail.write_line(
            connection,
            at=now,
            action=Action.CHASE,
            agency_id=row.agency_id,
            referral_id=row.referral_id,
            purpose=f"{row.clock}: {recorded[-1]['step']}",
        )
        return len(recorded)

    def _params(
        self,
        row: AnyRow,
        step: Mapping[str, Any],
        later: Sequence[Mapping[str, Any]],
        now: datetime,
    ) -> dict[str, Any]:
        names = [s["step"] for s in row.steps]
        return {
            "reference": row.reference,
            "referral": str(row.referral_id),
            "agency": row.agency_id,
            "clock": row.clock,
            "due_on": row.due_on.isoformat(),
            "late": row.due_at <= now,
            "number": names.index(step["step"]) + 1,
            "of": len(names),
            "to": step["to"],
            "reader": step["reader"],
            "next_to": later[0]["to"] if later else None,
            "next_at": later[0]["at"] if later else None,
        }

    def _readers(
        self, connection: Connection, row: AnyRow, to: str, now: datetime
    ) -> tuple[Role, Sequence[UUID]]:
        """Who is written to: the role asked, else the next up that somebody holds, else down."""
        today = local_date(now)
        start = UPWARD.index(Role(to))
        for role in UPWARD[start:] + UPWARD[:start][::-1]:
            if role is Role.SUPERVISOR:
                controller = self.directory.agency(row.agency_id).controller
                found = people.officers(connection, controller, role, today)
            else:
                found = people.members(connection, row.agency_id, role, today)
                if role is Role.WORKER and row.worker_id in found:
                    found = [row.worker_id]
            if found:
                return role, found
        log.error("nobody to chase at %s: no worker, deputy, head or supervisor", row.agency_id)
        return Role(to), []


def _at(step: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(step["at"])
