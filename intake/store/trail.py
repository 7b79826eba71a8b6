"""Writing and reading the trail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Connection, func, insert, select

from intake.domain.trail import TrailLine
from intake.store.columns import AnyRow
from intake.store.people_tables import PersonRow
from intake.store.tables import ReferralRow, TrailRow

_WRITER = uuid4()


def write_line(
    connection: Connection,
    *,
    at: datetime,
    action: str,
    person_id: UUID | None = None,
    role: str | None = None,
    agency_id: str | None = None,
    referral_id: UUID | None = None,
    purpose: str | None = None,
    basis: str | None = None,
) -> TrailLine:
    """Add a line in the caller's transaction, numbered after this process's last one."""
    last = connection.scalar(select(func.max(TrailRow.sequence)).where(TrailRow.writer == _WRITER))
    line = TrailLine(
        id=uuid4(),
        writer=_WRITER,
        sequence=1 if last is None else last + 1,
        at=at,
        action=action,
        person_id=person_id,
        role=role,
        agency_id=agency_id,
        referral_id=referral_id,
        purpose=purpose,
        basis=basis,
    )
    connection.execute(insert(TrailRow).values(**asdict(line), digest=line.digest()))
    return line


def latest(connection: Connection, limit: int) -> Sequence[AnyRow]:
    """The newest lines with the person's name and the referral's reference, newest first."""
    return connection.execute(
        select(
            TrailRow.at,
            TrailRow.action,
            TrailRow.role,
            TrailRow.agency_id,
            TrailRow.purpose,
            PersonRow.name,
            ReferralRow.reference,
        )
        .join(PersonRow, PersonRow.id == TrailRow.person_id, isouter=True)
        .join(ReferralRow, ReferralRow.id == TrailRow.referral_id, isouter=True)
        .order_by(TrailRow.at.desc(), TrailRow.sequence.desc())
        .limit(limit)
    ).all()
