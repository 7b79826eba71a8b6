"""Writing and reading the trail."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, cast
from uuid import uuid4

from sqlalchemy import Connection, Table, and_, bindparam, func, or_, select

from intake.domain.row_id import new_id
from intake.domain.trail import Action, TrailLine
from intake.store.columns import AnyRow
from intake.store.people_tables import AgencyRow, MembershipRow, PersonRow
from intake.store.prepared import PreparedInsert
from intake.store.tables import ReferralRow, TrailRow

_AT_ONCE = 500  # lines in memory
_TABLE = cast(Table, TrailRow.__table__)
_LAST = select(func.max(_TABLE.c.sequence)).where(_TABLE.c.writer == bindparam("writer"))
_ADD = PreparedInsert(_TABLE)


def write_line(connection: Connection, *, at: datetime, action: str, **about: Any) -> None:
    """Add a line in the caller's transaction; ``about``: the other fields of ``TrailLine``."""
    write_lines(connection, at=at, action=action, about=[about])


def write_lines(
    connection: Connection, *, at: datetime, action: str, about: Sequence[Mapping[str, Any]]
) -> None:
    """Add one line for each of ``about``, numbered after the writer's last one.

    A writer is a connection of the pool: it makes one transaction at a time, so no number is drawn
    twice and none is left out.
    """
    writer = connection.info.setdefault("trail writer", uuid4())
    last = connection.scalar(_LAST, {"writer": writer}) or 0
    lines = [
        TrailLine(
            id=new_id(at), writer=writer, sequence=last + number, at=at, action=action, **fields
        )
        for number, fields in enumerate(about, 1)
    ]
    _ADD(connection, [{**vars(line), "digest": line.digest()} for line in lines])


def lines_of(connection: Connection, controllers: Collection[str], limit: int) -> Sequence[AnyRow]:
    """The newest lines of the trail that concern these controllers, newest first.

    Those of their agencies, those without an agency by people with a role there, now or once, and
    what operators have done to people on the command line; a restore concerns all.
    With the person's name and the referral's reference.
    """
    agencies = select(AgencyRow.id).where(AgencyRow.controller_id.in_(controllers))
    theirs = select(MembershipRow.person_id).where(
        or_(MembershipRow.controller_id.in_(controllers), MembershipRow.agency_id.in_(agencies))
    )
    return connection.execute(
        select(
            TrailRow.at,
            TrailRow.action,
            TrailRow.role,
            TrailRow.agency_id,
            TrailRow.purpose,
            TrailRow.basis,
            PersonRow.name,
            ReferralRow.reference,
        )
        .join(PersonRow, PersonRow.id == TrailRow.person_id, isouter=True)
        .join(ReferralRow, ReferralRow.id == TrailRow.referral_id, isouter=True)
        .where(
            or_(
                TrailRow.agency_id.in_(agencies),
                and_(TrailRow.agency_id.is_(None), TrailRow.person_id.in_(theirs)),
                and_(
                    TrailRow.agency_id.is_(None),
                    TrailRow.person_id.is_(None),
                    TrailRow.purpose.is_not(None),
                ),
                TrailRow.action == Action.RESTORE,
            )
        )
        .order_by(TrailRow.at.desc(), TrailRow.sequence.desc())
        .limit(limit)
    ).all()


def count_altered(connection: Connection) -> int:
    """How many lines are not those that their digests stand for."""
    lines = connection.execute(select(_TABLE), execution_options={"yield_per": _AT_ONCE})
    return sum(_line(row).digest() != row.digest for row in lines)


def _line(row: AnyRow) -> TrailLine:
    return TrailLine(**{field.name: row._mapping[field.name] for field in fields(TrailLine)})
