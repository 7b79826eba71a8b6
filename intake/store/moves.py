"""Moves on referrals: recorded, read, and what they do to deadlines and wraps."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, insert, select, update

from intake.domain.promised import next_chase
from intake.domain.referral import Move, State
from intake.domain.trail import Action
from intake.store.columns import AnyRow
from intake.store.deletions import blank, erase_rows
from intake.store.need_to_know_tables import SectionRequestRow
from intake.store.people_tables import PersonRow
from intake.store.tables import ChaseRow, DeadlineRow, MoveRow, ReferralRow, TrailRow, WrapRow


def moves(connection: Connection, referral_id: UUID) -> Sequence[AnyRow]:
    """What has been recorded on a referral, oldest first, with the persons' names."""
    return connection.execute(
        select(*MoveRow.__table__.c, PersonRow.name.label("person_name"))
        .join(PersonRow, PersonRow.id == MoveRow.person_id)
        .where(MoveRow.referral_id == referral_id)
        .order_by(MoveRow.made_at, MoveRow.id)
    ).all()


def moves_of_report(connection: Connection, report_id: UUID) -> Sequence[AnyRow]:
    """Which moves were made on each referral of a report: no person, no reason."""
    return connection.execute(
        select(MoveRow.referral_id, MoveRow.move, MoveRow.choice, MoveRow.made_at)
        .join(ReferralRow, ReferralRow.id == MoveRow.referral_id)
        .where(ReferralRow.report_id == report_id)
        .order_by(MoveRow.made_at, MoveRow.id)
    ).all()


def taken_over(connection: Connection, referrals: Collection[UUID]) -> frozenset[UUID]:
    """Those of these referrals that a standby desk has taken over."""
    return frozenset(
        connection.scalars(
            select(MoveRow.referral_id).where(
                MoveRow.referral_id.in_(referrals), MoveRow.move == Move.TAKE_OVER
            )
        )
    )


def record(
    connection: Connection,
    seen: AnyRow,
    values: dict[str, Any],
    *,
    to_state: str | None,
    worker_id: UUID | None,
) -> bool:
    """Add a move and change the referral; False if anything has moved on it since it was ``seen``,
    or its content has been deleted.

    One conditional UPDATE: of two who record at the same moment one finds the other's time.
    """
    change: dict[str, Any] = {"moved_at": values["made_at"]}
    if to_state is not None:
        change["state"] = to_state
    if worker_id is not None:
        change["worker_id"] = worker_id
    changed = connection.execute(
        update(ReferralRow)
        .where(
            ReferralRow.id == seen.id,
            ReferralRow.state == seen.state,
            ReferralRow.moved_at == seen.moved_at,
            ReferralRow.sealed_reasons != b"",  # nothing is recorded where the content is deleted
        )
        .values(**change)
    ).rowcount
    if changed != 1:
        return False
    connection.execute(insert(MoveRow).values(**values))
    return True


def made_before(
    connection: Connection, referral_id: UUID, these: Collection[Move], but: UUID
) -> bool:
    """Whether any of these moves was recorded on a referral, beside the one of this id."""
    found = select(MoveRow.id).where(
        MoveRow.referral_id == referral_id, MoveRow.move.in_(sorted(these)), MoveRow.id != but
    )
    return connection.execute(found.limit(1)).first() is not None


def meet_deadlines(
    connection: Connection,
    referral_id: UUID,
    clocks: Collection[str] | None,
    *,
    at: datetime,
    happened_on: date | None,
    move: str,
) -> int:
    """Stop these clocks (None: all) that still run; how many were met."""
    statement = update(DeadlineRow).where(
        DeadlineRow.referral_id == referral_id, DeadlineRow.met_at.is_(None)
    )
    if clocks is not None:
        statement = statement.where(DeadlineRow.clock.in_(clocks))
    return connection.execute(
        statement.values(met_at=at, met_on=happened_on, met_by=move, next_chase_at=None)
    ).rowcount


def run_again(connection: Connection, referral_id: UUID, ended_by: str, now: datetime) -> None:
    """Let the clocks that this move ended run as they did before; chased from the next step on.

    Start, days and steps stay as they were counted; what another move had met stays met. A step
    that was taken by a clock ahead of ``now`` is not taken again; once the last was, none is,
    unless it repeats.
    """
    ended = connection.execute(
        select(DeadlineRow.id, DeadlineRow.steps).where(
            DeadlineRow.referral_id == referral_id, DeadlineRow.met_by == ended_by
        )
    ).all()
    for row in ended:
        taken = select(ChaseRow.step).where(ChaseRow.deadline_id == row.id)
        done = set(connection.scalars(taken))
        connection.execute(
            update(DeadlineRow)
            .where(DeadlineRow.id == row.id)
            .values(
                met_at=None,
                met_on=None,
                met_by=None,
                next_chase_at=next_chase(row.steps, now, done),
            )
        )


def erase_wraps(connection: Connection, referral_id: UUID, at: datetime) -> None:
    """Delete every wrap of a referral for good: nobody can open its sections any more."""
    erase_rows(connection, WrapRow, WrapRow.referral_id == referral_id, at=at)
    granted = SectionRequestRow.asker_id == referral_id, SectionRequestRow.sealed_keys.is_not(None)
    blank(connection, SectionRequestRow.sealed_keys, *granted, at=at)


def first_opening(connection: Connection, referral_id: UUID) -> datetime | None:
    """When somebody first set about to open a referral, by the trail."""
    return connection.scalar(
        select(TrailRow.at)
        .where(TrailRow.referral_id == referral_id, TrailRow.action == Action.OPEN)
        .order_by(TrailRow.at)
        .limit(1)
    )


def successors(connection: Connection, referral: AnyRow) -> Sequence[AnyRow]:
    """What a referral was sent on as, oldest first; those that were withdrawn too."""
    return connection.execute(
        select(
            ReferralRow.id,
            ReferralRow.agency_id,
            ReferralRow.state,
            ReferralRow.arrived_at,
            ReferralRow.opened_at,
            ReferralRow.moved_at,
        )
        .where(ReferralRow.report_id == referral.report_id, ReferralRow.came_from == referral.id)
        .order_by(ReferralRow.arrived_at, ReferralRow.id)
    ).all()


def sender(connection: Connection, referral: AnyRow) -> str | None:
    """The agency from which a referral came; None where the reporter sent it."""
    return connection.scalar(
        select(ReferralRow.agency_id).where(ReferralRow.id == referral.came_from)
    )


def holders(connection: Connection, report_id: UUID, but: Collection[State]) -> set[str]:
    """The agencies with a referral of the report in any other state."""
    return set(
        connection.scalars(
            select(ReferralRow.agency_id).where(
                ReferralRow.report_id == report_id, ReferralRow.state.not_in(but)
            )
        )
    )
