"""What a reporter may know: per agency where the report is, never anything of its content."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from intake.domain.directory import Agency, Directory
from intake.domain.referral import Move, State
from intake.store import moves, notices, referrals, reports, retention
from intake.store.database import Database
from intake.vault.own import ReceiptCode


class CodeUnknown(Exception):
    """The code is well formed but belongs to no report."""


class Stage(StrEnum):
    """The status classes, in the order in which they come."""

    STORED = "stored"
    OPENED = "opened"
    HANDLED = "handled"
    MOVED = "moved"
    TAKEN_OVER = "taken_over"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"


@dataclass(frozen=True)
class AgencyStatus:
    """Where one agency is with the report; ``next_due`` is what it must do first, and by when.

    ``first``: whether the reporter sent it there, and not another agency since.
    """

    agency: Agency
    referral_id: UUID
    first: bool
    stage: Stage
    at: datetime
    opened_at: datetime | None
    moved_to: Agency | None
    response: str | None
    next_clock: str | None
    next_due: date | None


@dataclass(frozen=True)
class ReportStatus:
    """Where a whole report is."""

    received_at: datetime
    agencies: tuple[AgencyStatus, ...]
    notices: bool
    """Whether the reporter gets letters about news."""
    content_deleted_at: datetime | None = None


@dataclass(frozen=True)
class Status:
    """Status by code, or by report for the reporter's own receipt page."""

    database: Database
    directory: Directory

    def by_code(self, code: ReceiptCode) -> ReportStatus:
        """The status of the report that the code belongs to. Raises CodeUnknown."""
        with self.database.read() as connection:
            report = reports.report_found_by(connection, code.lookup_id)
        if report is None:
            raise CodeUnknown
        return self.of_report(report.id, report.received_at)

    def of_report(self, report_id: UUID, received_at: datetime) -> ReportStatus:
        """The status of a report, the lead agency first."""
        with self.database.read() as connection:
            rows = referrals.of_report(connection, report_id)
            made = moves.moves_of_report(connection, report_id)
            notified = notices.wanted(connection, report_id)
            deleted_at = retention.deleted_at(connection, report_id)
            due = {row.id: referrals.deadlines(connection, row.id) for row in rows}
        successors = {
            row.came_from: row.agency_id
            for row in rows
            if row.came_from and row.state != State.WITHDRAWN
        }
        taken_over = {m.referral_id for m in made if m.move == Move.TAKE_OVER}
        found = []
        for row in rows:
            stage = _stage(row.state, row.opened_at is not None, row.id in taken_over)
            response = next(
                (
                    m.choice
                    for m in reversed(made)
                    if m.referral_id == row.id and m.move == Move.RESPOND
                ),
                None,
            )
            successor = successors.get(row.id)
            open_deadlines = [d for d in due[row.id] if d.met_at is None]
            found.append(
                AgencyStatus(
                    agency=self.directory.agency(row.agency_id),
                    referral_id=row.id,
                    first=row.came_from is None,
                    stage=stage,
                    at=_since(stage, row.arrived_at, row.opened_at, row.moved_at),
                    opened_at=row.opened_at,
                    moved_to=self.directory.agency(successor) if successor else None,
                    response=response,
                    next_clock=open_deadlines[0].clock if open_deadlines else None,
                    next_due=open_deadlines[0].due_on if open_deadlines else None,
                )
            )
        return ReportStatus(received_at, tuple(found), notified, deleted_at)


def _stage(state: str, opened: bool, taken_over: bool) -> Stage:
    match State(state):
        case State.SENT | State.CANARY:
            return Stage.OPENED if opened else Stage.STORED
        case State.ACCEPTED:
            return Stage.HANDLED
        case State.RETURNED | State.HANDED_OVER:
            return Stage.TAKEN_OVER if taken_over else Stage.MOVED
        case State.WITHDRAWN:
            return Stage.WITHDRAWN
        case State.CLOSED:
            return Stage.CLOSED


def _since(
    stage: Stage, arrived_at: datetime, opened_at: datetime | None, moved_at: datetime
) -> datetime:
    match stage:
        case Stage.STORED:
            return arrived_at
        case Stage.OPENED:
            return opened_at or arrived_at
        case _:
            return moved_at
