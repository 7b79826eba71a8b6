"""Assessments counted for the half-year statistics, in indexes alone; what was reported of them.

Of county social services' agencies, those that are no longer listed among them, by controller.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    bindparam,
    case,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.exc import IntegrityError

from intake.domain.deadline import local_date
from intake.domain.directory import Kind
from intake.domain.half_year import CLOCKS, Period
from intake.store.columns import AnyRow, Instant
from intake.store.half_year_tables import HalfYearReportRow, HalfYearStepRow
from intake.store.people_tables import AgencyRow, PersonRow
from intake.store.tables import HALF_YEAR_MET, DeadlineRow

_CONTROLLERS: BindParameter[list[str]] = bindparam("controllers", expanding=True)
_STARTS, _ENDS = bindparam("starts", type_=Instant), bindparam("ends", type_=Instant)
_BY_CLOCK = (AgencyRow.controller_id, DeadlineRow.clock)


def _counting(*columns: Any) -> Any:
    """Of these clocks at these controllers' social services."""
    return (
        select(*_BY_CLOCK, *columns, func.count().label("number"))
        .join(AgencyRow, AgencyRow.id == DeadlineRow.agency_id)
        .where(
            AgencyRow.kind == Kind.SOC.value,
            AgencyRow.controller_id.in_(_CONTROLLERS),
            DeadlineRow.clock.in_(sorted(CLOCKS)),
        )
        .group_by(*_BY_CLOCK, *columns)
    )


_IN_TIME: ColumnElement[int] = case(
    (DeadlineRow.met_on <= DeadlineRow.due_on, 0),
    (DeadlineRow.met_on <= DeadlineRow.due_extended_on, 1),
    else_=2,
).label("how_late")
_MET_ON = _counting(DeadlineRow.met_by, _IN_TIME).where(
    text(HALF_YEAR_MET),
    DeadlineRow.met_on.between(bindparam("first"), bindparam("last")),
)
_ASSESSED = DeadlineRow.met_by.in_([move.value for move in CLOCKS.values()])
_WHEN = {
    name: case((_ASSESSED, getattr(DeadlineRow, name))).label(name)
    for name in ("met_at", "due_on", "due_extended_on")
}
"""Told for each assessment; whatever else ended a clock is only counted."""
_MET_AT = _counting(DeadlineRow.met_by, *_WHEN.values()).where(
    text(HALF_YEAR_MET),
    DeadlineRow.met_on.is_(None),
    DeadlineRow.met_at >= _STARTS,
    DeadlineRow.met_at < _ENDS,
)
_NOT_MET = _counting().where(
    DeadlineRow.met_at.is_(None), DeadlineRow.due_at > _STARTS, DeadlineRow.due_at <= _ENDS
)


class WrittenBefore(Exception):
    """Somebody else has written a row of this name at the same moment."""


@dataclass(frozen=True)
class Met:
    """How many deadlines of a controller's clock a move met, and how late.

    ``how_late``: 0 in time, 1 by the day to which the last one may be moved, 2 after it.
    """

    controller: str
    clock: str
    met_by: str
    how_late: int
    count: int


def met(connection: Connection, controllers: Collection[str], period: Period) -> Iterator[Met]:
    """Deadlines met on a day of the period: the one that was told, else that of the record."""
    whose = {"controllers": sorted(controllers)}
    days = {"first": period.first, "last": period.last}
    for row in connection.execute(_MET_ON, whose | days):
        yield Met(row.controller_id, row.clock, row.met_by, row.how_late, row.number)
    instants = {"starts": period.starts_at, "ends": period.ends_at}
    for row in connection.execute(_MET_AT, whose | instants):
        yield Met(row.controller_id, row.clock, row.met_by, _how_late(row), row.number)


def _how_late(row: AnyRow) -> int:
    if row.met_at is None:
        return 0
    day = local_date(row.met_at)
    return 0 if day <= row.due_on else 1 if day <= row.due_extended_on else 2


def not_met(
    connection: Connection, controllers: Collection[str], period: Period, now: datetime
) -> dict[tuple[str, str], int]:
    """Deadlines that ran out in the period and are still running, by controller and clock."""
    asked = {
        "controllers": sorted(controllers),
        "starts": period.starts_at,
        "ends": min(period.ends_at, now),
    }
    rows = connection.execute(_NOT_MET, asked)
    return {(row.controller_id, row.clock): row.number for row in rows}


def last_report(connection: Connection, controller_id: str, period: Period) -> AnyRow | None:
    """What was said last of a controller's report: its number, on which day it was made (None: it
    was not), who said so and when; None if nobody ever has.
    """
    return connection.execute(
        select(
            HalfYearReportRow.number,
            HalfYearReportRow.reported_on,
            HalfYearReportRow.recorded_at,
            PersonRow.name,
        )
        .join(PersonRow, PersonRow.id == HalfYearReportRow.person_id)
        .where(
            HalfYearReportRow.controller_id == controller_id,
            HalfYearReportRow.period == str(period),
        )
        .order_by(HalfYearReportRow.number.desc())
        .limit(1)
    ).first()


def is_reported(connection: Connection, controller_id: str, period: Period) -> bool:
    """Whether a controller's figures were reported, and nobody has taken that back."""
    last = connection.execute(
        select(HalfYearReportRow.reported_on)
        .where(
            HalfYearReportRow.controller_id == controller_id,
            HalfYearReportRow.period == str(period),
        )
        .order_by(HalfYearReportRow.number.desc())
        .limit(1)
    ).scalar()
    return last is not None


def add_report(connection: Connection, values: dict[str, Any]) -> None:
    """Note that figures were reported, or that they were not. Raises WrittenBefore."""
    try:
        connection.execute(insert(HalfYearReportRow).values(**values))
    except IntegrityError as error:
        raise WrittenBefore from error


def steps_written(connection: Connection, controller_id: str, period: Period) -> frozenset[str]:
    """The reminders that a controller has had of a period."""
    written = select(HalfYearStepRow.step).where(
        HalfYearStepRow.controller_id == controller_id, HalfYearStepRow.period == str(period)
    )
    return frozenset(connection.scalars(written))


def add_steps(connection: Connection, steps: Sequence[dict[str, Any]]) -> None:
    """Note that reminders are written. Raises WrittenBefore."""
    try:
        connection.execute(insert(HalfYearStepRow), steps)
    except IntegrityError as error:
        raise WrittenBefore from error
