"""How much is open, late and due soon, counted in indexes alone (SQLite reads deadlines too)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    Connection,
    bindparam,
    case,
    distinct,
    func,
    null,
    select,
)

from intake.domain.ageing import CLASSES
from intake.domain.referral import OPEN
from intake.store.columns import AnyRow, Instant
from intake.store.tables import DeadlineRow, ReferralRow

_AGENCIES: BindParameter[list[str]] = bindparam("agencies", expanding=True)
_NOW, _SOON = bindparam("now", type_=Instant), bindparam("soon", type_=Instant)
_RUNNING = DeadlineRow.met_at.is_(None)
_LATE, _BY_SOON = DeadlineRow.due_at <= _NOW, DeadlineRow.due_at <= _SOON
_SHUT: BindParameter[list[UUID]] = bindparam("shut", expanding=True)
_OPEN_ONES = (
    select(func.count())
    .select_from(ReferralRow)
    .where(ReferralRow.agency_id.in_(_AGENCIES), ReferralRow.state.in_(sorted(OPEN)))
)
_SOON_ONES = select(
    func.count(distinct(case((_LATE, DeadlineRow.referral_id)))).label("late"),
    func.count(distinct(DeadlineRow.referral_id)).label("late_or_soon"),
).where(DeadlineRow.agency_id.in_(_AGENCIES), _RUNNING, _BY_SOON)
_PRESSURE = _SOON_ONES.add_columns(_OPEN_ONES.scalar_subquery().label("open"))
_PRESSURE_BUT = _SOON_ONES.where(DeadlineRow.referral_id.not_in(_SHUT)).add_columns(
    _OPEN_ONES.where(ReferralRow.id.not_in(_SHUT)).scalar_subquery().label("open")
)
_RUNNING_ONES = (
    select(
        DeadlineRow.agency_id,
        DeadlineRow.clock,
        func.count().label("running"),
        func.count(case((_LATE, 1))).label("late"),
        func.count(case((_BY_SOON, 1))).label("late_or_soon"),
    )
    .where(DeadlineRow.agency_id.in_(_AGENCIES), _RUNNING)
    .group_by(DeadlineRow.agency_id, DeadlineRow.clock)
)
_DUE_AT = case((_LATE, null()), else_=DeadlineRow.due_at)
_DUE = (
    select(
        DeadlineRow.agency_id, DeadlineRow.clock, _DUE_AT.label("due_at"), func.count().label("due")
    )
    .where(
        DeadlineRow.agency_id.in_(_AGENCIES),
        _RUNNING,
        DeadlineRow.due_at <= bindparam("until", type_=Instant),
    )
    .group_by(DeadlineRow.agency_id, DeadlineRow.clock, _DUE_AT)
)
_SINCE = [f"since_{number}" for number in range(len(CLASSES) - 1)]
_BY_AGE = (
    select(
        ReferralRow.agency_id,
        func.count().label("open"),
        *(  # measured faster than one group for each class
            func.count().filter(ReferralRow.arrived_at >= bindparam(since, type_=Instant))
            for since in _SINCE
        ),
    )
    .where(ReferralRow.agency_id.in_(_AGENCIES), ReferralRow.state.in_(sorted(OPEN)))
    .group_by(ReferralRow.agency_id)
)


def pressure(
    connection: Connection,
    agencies: Collection[str],
    now: datetime,
    soon: datetime,
    shut: Collection[UUID],
) -> AnyRow:
    """How many referrals are ``open``, and of them ``late``, or ``late_or_soon`` with a deadline
    that runs out until ``soon``; but those that are ``shut``. Clocks run on open ones alone.
    """
    asked: dict[str, Any] = {"agencies": sorted(agencies), "now": now, "soon": soon}
    if shut:
        return connection.execute(_PRESSURE_BUT, asked | {"shut": list(shut)}).one()
    return connection.execute(_PRESSURE, asked).one()


def running(
    connection: Connection, agencies: Collection[str], now: datetime, soon: datetime
) -> Sequence[AnyRow]:
    """How many deadlines are ``running`` of each clock at each of these agencies that has any, and
    of them ``late`` or ``late_or_soon``.
    """
    asked = {"agencies": sorted(agencies), "now": now, "soon": soon}
    return connection.execute(_RUNNING_ONES, asked).all()


def due(
    connection: Connection, agencies: Collection[str], now: datetime, until: datetime
) -> Sequence[AnyRow]:
    """How many running deadlines are ``due`` at each instant until then, by agency and clock.

    ``due_at`` is None of all that are late by now.
    """
    asked = {"agencies": sorted(agencies), "now": now, "until": until}
    return connection.execute(_DUE, asked).all()


def by_age(
    connection: Connection, agencies: Collection[str], since: Sequence[datetime]
) -> Sequence[AnyRow]:
    """The agency, how many referrals it has open, and how many of them arrived since each instant.

    ``since``: as many as ``ageing.arrived_since`` gives.
    """
    begins = dict(zip(_SINCE, since, strict=True))
    return connection.execute(_BY_AGE, {"agencies": sorted(agencies), **begins}).all()
