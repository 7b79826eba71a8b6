"""Writing and reading the trail."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Connection, Select, and_, delete, func, or_, select

from intake.domain.row_id import new_id
from intake.domain.trail import Action, TrailLine
from intake.store.columns import AnyRow
from intake.store.many import insert_many
from intake.store.people_tables import AgencyRow, MembershipRow, PersonRow
from intake.store.tables import ReferralRow, TrailRow
from intake.store.trail_tables import TrailNumberRow

_AT_ONCE = 500  # lines in memory
_NUMBERED = "lines of the trail"  # in the connection's memory


def write_line(connection: Connection, *, at: datetime, action: str, **about: Any) -> UUID:
    """Add a line in the caller's transaction; ``about``: the other fields of ``TrailLine``.

    Its id.
    """
    written = lines(connection, at=at, action=action, about=[about])
    insert_many(connection, TrailRow, written)
    line_id: UUID = written[0]["id"]
    return line_id


def write_lines(
    connection: Connection, *, at: datetime, action: str, about: Sequence[Mapping[str, Any]]
) -> None:
    """Add one line for each of ``about`` in the caller's transaction."""
    insert_many(connection, TrailRow, lines(connection, at=at, action=action, about=about))


def lines(
    connection: Connection, *, at: datetime, action: str, about: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Rows to be inserted in the caller's transaction: a line for each of ``about``.

    They are numbered after the writer's last one. A writer is a connection of the pool until a
    transaction of it fails: it makes one at a time, and a number that may not have been kept is
    forgotten with its writer. So no number is drawn twice and none is left out.
    """
    writer, last = connection.info.get(_NUMBERED) or (uuid4(), 0)
    made = [
        TrailLine(
            id=new_id(at), writer=writer, sequence=last + number, at=at, action=action, **others
        )
        for number, others in enumerate(about, 1)
    ]
    connection.info[_NUMBERED] = writer, last + len(made)
    return [{**vars(line), "digest": line.digest()} for line in made]


@dataclass(frozen=True)
class Wanted:
    """Which lines: of whose name has this in it, an agency, an action, from when to when."""

    person: str = ""
    agency: str = ""
    action: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """For a statement that joins persons to lines."""
        found: list[ColumnElement[bool]] = []
        if self.person:
            found.append(func.lower(PersonRow.name).contains(self.person.lower(), autoescape=True))
        if self.agency:
            found.append(or_(TrailRow.agency_id == self.agency, TrailRow.recipient == self.agency))
        if self.action:
            found.append(TrailRow.action == self.action)
        if self.since:
            found.append(TrailRow.at >= self.since)
        if self.until:
            found.append(TrailRow.at < self.until)
        return found


EVERY = Wanted()


def lines_of(
    connection: Connection,
    controllers: Collection[str],
    limit: int,
    shut: Collection[UUID],
    wanted: Wanted = EVERY,
    offset: int = 0,
) -> Sequence[AnyRow]:
    """The newest lines of the trail that concern these controllers, newest first; none of referrals
    that are ``shut`` to the reader.

    Those of their agencies, those without an agency by people with a role there, now or once, and
    what operators have done to people on the command line; a restore concerns all. Not those of
    canaries, which nobody sent.
    With the person's name and the referral's reference.
    """
    agencies = select(AgencyRow.id).where(AgencyRow.controller_id.in_(controllers))
    theirs = select(MembershipRow.person_id).where(
        or_(MembershipRow.controller_id.in_(controllers), MembershipRow.agency_id.in_(agencies))
    )
    return connection.execute(
        _told()
        .where(
            TrailRow.action != Action.CANARY,
            or_(TrailRow.referral_id.is_(None), TrailRow.referral_id.not_in(shut)),
            or_(
                TrailRow.agency_id.in_(agencies),
                and_(TrailRow.agency_id.is_(None), TrailRow.person_id.in_(theirs)),
                and_(
                    TrailRow.agency_id.is_(None),
                    TrailRow.person_id.is_(None),
                    TrailRow.purpose.is_not(None),
                ),
                TrailRow.action == Action.RESTORE,
            ),
            *wanted.conditions(),
        )
        .order_by(TrailRow.at.desc(), TrailRow.sequence.desc(), TrailRow.id)
        .limit(limit)
        .offset(offset)
    ).all()


def lines_by(
    connection: Connection, person_id: UUID, limit: int, offset: int = 0
) -> Sequence[AnyRow]:
    """The newest lines of a person, with the referrals' references."""
    asked = _told().where(TrailRow.person_id == person_id)
    newest = asked.order_by(TrailRow.at.desc(), TrailRow.sequence.desc(), TrailRow.id)
    return connection.execute(newest.limit(limit).offset(offset)).all()


def lines_about(
    connection: Connection, referrals: Collection[UUID], agencies: Collection[str]
) -> Sequence[AnyRow]:
    """All lines of these referrals at these agencies, oldest first."""
    asked = _told(
        TrailRow.id, TrailRow.referral_id, TrailRow.detail_key_id, TrailRow.sealed_detail
    ).where(TrailRow.referral_id.in_(referrals), TrailRow.agency_id.in_(agencies))
    return connection.execute(asked.order_by(TrailRow.at, TrailRow.sequence)).all()


def rights(connection: Connection, referral_id: UUID) -> Sequence[AnyRow]:
    """Requests for access and correction that were recorded on a referral, oldest first."""
    asked = _told(
        TrailRow.id, TrailRow.referral_id, TrailRow.detail_key_id, TrailRow.sealed_detail
    ).where(
        TrailRow.referral_id == referral_id, TrailRow.action.in_((Action.ACCESS, Action.RECTIFY))
    )
    return connection.execute(asked.order_by(TrailRow.at, TrailRow.sequence)).all()


def extract(
    connection: Connection,
    references: Collection[str],
    controllers: Collection[str],
    shut: Collection[UUID],
) -> tuple[Sequence[AnyRow], Sequence[AnyRow]]:
    """Every referral (id, reference, agency_id) of the reports that these references name, and the
    lines about them, oldest first: of these controllers' agencies alone, and without any sealed
    detail. None of referrals that are ``shut`` to the reader.
    """
    agencies = select(AgencyRow.id).where(AgencyRow.controller_id.in_(controllers))
    named = select(ReferralRow.report_id).where(
        ReferralRow.reference.in_(references), ReferralRow.agency_id.in_(agencies)
    )
    own = connection.execute(
        select(ReferralRow.id, ReferralRow.reference, ReferralRow.agency_id)
        .where(
            ReferralRow.report_id.in_(named),
            ReferralRow.agency_id.in_(agencies),
            ReferralRow.id.not_in(shut),
        )
        .order_by(ReferralRow.arrived_at, ReferralRow.reference)
    ).all()
    asked = _told().where(TrailRow.referral_id.in_([row.id for row in own]))
    lines = connection.execute(asked.order_by(TrailRow.at, TrailRow.sequence)).all()
    return own, lines


def _told(*more: Any) -> Select[Any]:
    return (
        select(
            TrailRow.at,
            TrailRow.action,
            TrailRow.role,
            TrailRow.agency_id,
            TrailRow.purpose,
            TrailRow.basis,
            TrailRow.recipient,
            PersonRow.name,
            ReferralRow.reference,
            *more,
        )
        .join(PersonRow, PersonRow.id == TrailRow.person_id, isouter=True)
        .join(ReferralRow, ReferralRow.id == TrailRow.referral_id, isouter=True)
    )


def expire(connection: Connection, before: datetime, up_to: int) -> int:
    """Erase lines of before with a number up to ``up_to``: their leaves stay. How many.

    No list of deletions needs them: what a restore brings back has had its time then too.
    """
    if connection.dialect.name == "postgresql":
        return connection.scalar(select(func.expire_trail(before, up_to))) or 0
    signed = select(TrailNumberRow.number).where(
        TrailNumberRow.line_id == TrailRow.id, TrailNumberRow.number <= up_to
    )
    old = delete(TrailRow).where(TrailRow.at < before, signed.exists())
    return connection.execute(old).rowcount


def acts_of(
    connection: Connection, person_id: UUID, actions: Collection[Action], limit: int
) -> Sequence[AnyRow]:
    """When a person, or somebody under their name, last did any of these; the newest first."""
    return connection.execute(
        select(TrailRow.at, TrailRow.action)
        .where(TrailRow.person_id == person_id, TrailRow.action.in_(actions))
        .order_by(TrailRow.at.desc(), TrailRow.action)
        .limit(limit)
    ).all()


def count_of_person(
    connection: Connection, action: Action, person_id: UUID | None, since: datetime
) -> int:
    """How often a person has done something since then."""
    lines = select(func.count()).select_from(TrailRow)
    own = TrailRow.action == action, TrailRow.person_id == person_id
    return connection.scalar(lines.where(TrailRow.at >= since, *own)) or 0


def count_altered(connection: Connection) -> int:
    """How many lines are not those that their digests stand for."""
    every = select(TrailRow.__table__)
    rows = connection.execute(every, execution_options={"yield_per": _AT_ONCE})
    return sum(_line(row).digest() != row.digest for row in rows)


def _line(row: AnyRow) -> TrailLine:
    return TrailLine(**{field.name: row._mapping[field.name] for field in fields(TrailLine)})
