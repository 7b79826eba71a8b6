"""Who is absent when, and who stands in."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, insert, or_, select
from sqlalchemy.orm import aliased

from intake.domain.people import Role
from intake.store.columns import AnyRow
from intake.store.deletions import put_for_good
from intake.store.people_tables import MembershipRow, PersonRow
from intake.store.reminder_tables import AbsenceRow

_STAND_IN = aliased(PersonRow)


def absences(connection: Connection, people: Collection[UUID], since: date) -> Sequence[AnyRow]:
    """These people's absences that have not ended before a day, with the names."""
    return connection.execute(
        select(
            AbsenceRow.id,
            AbsenceRow.person_id,
            AbsenceRow.first_day,
            AbsenceRow.last_day,
            PersonRow.name,
            _STAND_IN.name.label("stand_in"),
        )
        .join(PersonRow, PersonRow.id == AbsenceRow.person_id)
        .join(_STAND_IN, _STAND_IN.id == AbsenceRow.stand_in_id, isouter=True)
        .where(
            AbsenceRow.person_id.in_(people),
            AbsenceRow.withdrawn_at.is_(None),
            or_(AbsenceRow.last_day.is_(None), AbsenceRow.last_day >= since),
        )
        .order_by(AbsenceRow.first_day, AbsenceRow.recorded_at)
    ).all()


def supervisors_among(
    connection: Connection, people: Collection[UUID], on: date
) -> frozenset[UUID]:
    """Who of these people is a supervisor on a day."""
    found = select(MembershipRow.person_id).where(
        MembershipRow.person_id.in_(people),
        MembershipRow.role == Role.SUPERVISOR.value,
        MembershipRow.valid_from <= on,
        or_(MembershipRow.valid_to.is_(None), MembershipRow.valid_to >= on),
    )
    return frozenset(connection.scalars(found))


def absence(connection: Connection, absence_id: UUID) -> AnyRow | None:
    """One, whether it holds or has been withdrawn."""
    return connection.execute(
        select(AbsenceRow.__table__).where(AbsenceRow.id == absence_id)
    ).first()


def newest(connection: Connection, person_id: UUID) -> AnyRow | None:
    """The one of a person's that was recorded last and has not been withdrawn."""
    return connection.execute(
        select(AbsenceRow.__table__)
        .where(AbsenceRow.person_id == person_id, AbsenceRow.withdrawn_at.is_(None))
        .order_by(AbsenceRow.recorded_at.desc(), AbsenceRow.id.desc())
        .limit(1)
    ).first()


def add_absence(connection: Connection, values: dict[str, Any]) -> None:
    """Record one."""
    connection.execute(insert(AbsenceRow).values(**values))


def withdraw_absence(connection: Connection, absence_id: UUID, at: datetime) -> bool:
    """Let one hold no more; no restore brings it back. False if it did not hold any more."""
    this = AbsenceRow.id == absence_id, AbsenceRow.withdrawn_at.is_(None)
    return put_for_good(connection, AbsenceRow.withdrawn_at, at, *this, at=at) == 1
