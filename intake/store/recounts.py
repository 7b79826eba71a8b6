"""Deadlines that were counted with another calendar than the present one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, delete, func, insert, select, text, update

from intake.domain.canary import MET_BY
from intake.store.columns import AnyRow
from intake.store.recount_tables import (
    PROVISIONAL_OPEN,
    KeptCalendarRow,
    RecountLookRow,
    RecountRow,
)
from intake.store.tables import DeadlineRow, ReferralRow

_ONLY = 1


def provisional(connection: Connection, agencies: Collection[str]) -> int:
    """How many open deadlines of these agencies were counted beyond the calendar's reach."""
    found = (
        select(func.count())
        .select_from(DeadlineRow)
        .where(DeadlineRow.agency_id.in_(agencies), text(PROVISIONAL_OPEN))
    )
    return connection.scalar(found) or 0


def kept_calendar(connection: Connection, version: str) -> Mapping[str, Any] | None:
    """What is kept of a calendar; None where it was never kept."""
    return connection.scalar(
        select(KeptCalendarRow.content).where(KeptCalendarRow.version == version)
    )


def keep_calendar(
    connection: Connection, version: str, content: Mapping[str, Any], at: datetime
) -> None:
    """Keep a calendar that is not kept yet; IntegrityError where another has kept it meanwhile."""
    values = {"version": version, "content": content, "kept_at": at}
    connection.execute(insert(KeptCalendarRow).values(**values))


def look(connection: Connection) -> AnyRow | None:
    """Up to which deadline they were looked at, and under which version; None before the first."""
    return connection.execute(
        select(RecountLookRow.calendar_version, RecountLookRow.after).where(
            RecountLookRow.id == _ONLY
        )
    ).first()


def look_anew(connection: Connection, version: str, after: UUID, at: datetime) -> None:
    """Begin to look at them under another calendar; what was found under the last one goes."""
    connection.execute(delete(RecountRow))
    connection.execute(delete(RecountLookRow))
    values = {"id": _ONLY, "calendar_version": version, "after": after, "looked_at": at}
    connection.execute(insert(RecountLookRow).values(**values))


def looked_up_to(
    connection: Connection, version: str, before: UUID, after: UUID, at: datetime
) -> bool:
    """Note that all up to ``after`` were looked at; False where another job has gone on from
    ``before`` meanwhile.
    """
    changed = connection.execute(
        update(RecountLookRow)
        .where(
            RecountLookRow.id == _ONLY,
            RecountLookRow.calendar_version == version,
            RecountLookRow.after == before,
        )
        .values(after=after, looked_at=at)
    )
    return changed.rowcount == 1


def counted_otherwise(
    connection: Connection, version: str, after: UUID, up_to: UUID, now: datetime, limit: int
) -> Sequence[AnyRow]:
    """Deadlines made between two ids that are not due yet and were counted with another calendar,
    by id; those that were met too, as they may run again. Not those of canaries, which are erased.
    """
    return connection.execute(
        select(
            DeadlineRow.id,
            DeadlineRow.clock,
            DeadlineRow.started_at,
            DeadlineRow.today,
            DeadlineRow.rule,
            DeadlineRow.municipality,
            DeadlineRow.due_on,
            DeadlineRow.due_extended_on,
            DeadlineRow.due_at,
            DeadlineRow.calendar_version,
        )
        .where(
            DeadlineRow.id > after,
            DeadlineRow.id <= up_to,
            DeadlineRow.due_at > now,
            DeadlineRow.calendar_version != version,
            DeadlineRow.met_by.is_distinct_from(MET_BY),
        )
        .order_by(DeadlineRow.id)
        .limit(limit)
    ).all()


def propose(connection: Connection, found: Sequence[Mapping[str, Any]]) -> None:
    """Keep what was found for the supervisors."""
    if found:
        connection.execute(insert(RecountRow), list(found))


def _open(
    columns: Select[*tuple[Any, ...]], version: str, now: datetime
) -> Select[*tuple[Any, ...]]:
    """Of proposals of this version those that still hold: not met, not due, not changed since."""
    return (
        columns.join(DeadlineRow, DeadlineRow.id == RecountRow.deadline_id)
        .join(ReferralRow, ReferralRow.id == DeadlineRow.referral_id)
        .where(
            RecountRow.found_with == version,
            RecountRow.was_due_at == DeadlineRow.due_at,
            DeadlineRow.met_at.is_(None),
            DeadlineRow.due_at > now,
        )
    )


def groups(
    connection: Connection, agencies: Collection[str], version: str, now: datetime
) -> Sequence[AnyRow]:
    """How many proposals there are for each clock of each of these agencies."""
    counted = select(
        DeadlineRow.agency_id, DeadlineRow.clock, func.count().label("number")
    ).select_from(RecountRow)
    return connection.execute(
        _open(counted, version, now)
        .where(DeadlineRow.agency_id.in_(agencies))
        .group_by(DeadlineRow.agency_id, DeadlineRow.clock)
        .order_by(DeadlineRow.agency_id, DeadlineRow.clock)
    ).all()


def proposals(
    connection: Connection,
    agencies: Collection[str],
    version: str,
    now: datetime,
    limit: int,
    *,
    clock: str | None = None,
    after: UUID | None = None,
    only: UUID | None = None,
    shut: Collection[UUID],
    claim: bool = False,
) -> Sequence[AnyRow]:
    """Proposals for these agencies by the deadline's id, with what stands now; none of referrals
    that are ``shut`` to the reader.

    ``claim``: keep their deadlines from others until the transaction ends.
    """
    statement = _open(
        select(
            RecountRow.deadline_id,
            RecountRow.due_on,
            RecountRow.due_extended_on,
            RecountRow.due_at,
            RecountRow.calendar_version,
            RecountRow.steps,
            RecountRow.differs,
            DeadlineRow.agency_id,
            DeadlineRow.clock,
            DeadlineRow.referral_id,
            DeadlineRow.due_on.label("was_due_on"),
            DeadlineRow.due_extended_on.label("was_due_extended_on"),
            DeadlineRow.due_at.label("was_due_at"),
            DeadlineRow.calendar_version.label("was_calendar"),
            DeadlineRow.steps.label("was_steps"),
            DeadlineRow.next_chase_at,
            ReferralRow.reference,
        ).select_from(RecountRow),
        version,
        now,
    ).where(DeadlineRow.agency_id.in_(agencies))
    if shut:
        statement = statement.where(DeadlineRow.referral_id.not_in(shut))
    if clock is not None:
        statement = statement.where(DeadlineRow.clock == clock)
    if after is not None:
        statement = statement.where(RecountRow.deadline_id > after)
    if only is not None:
        statement = statement.where(RecountRow.deadline_id == only)
    statement = statement.order_by(RecountRow.deadline_id).limit(limit)
    if claim:
        statement = statement.with_for_update(of=DeadlineRow)
    return connection.execute(statement).all()


def forget(connection: Connection, deadlines: Collection[UUID]) -> None:
    """Take away proposals that have been decided on."""
    connection.execute(delete(RecountRow).where(RecountRow.deadline_id.in_(deadlines)))
