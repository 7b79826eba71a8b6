"""What a desk that stands by may take over: referrals whose agency stays silent."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import Connection, select

from intake.domain.referral import State
from intake.store.columns import AnyRow
from intake.store.tables import ChaseRow, DeadlineRow, ReferralRow, WrapRow


def chased(
    connection: Connection, agencies: Collection[str], referral_id: UUID | None = None
) -> Sequence[AnyRow]:
    """Each chase step recorded on a deadline that nothing has met yet, of leads that nobody has
    taken up and for which one of these agencies stands by; the longest late first.

    With the wrap's agency and key, and the deadline's steps, which say what a step allows.
    """
    statement = (
        select(
            ReferralRow.id,
            ReferralRow.reference,
            ReferralRow.agency_id,
            ReferralRow.arrived_at,
            WrapRow.agency_id.label("desk_id"),
            DeadlineRow.clock,
            DeadlineRow.due_at,
            DeadlineRow.steps,
            ChaseRow.step,
            ChaseRow.chased_at,
        )
        .select_from(DeadlineRow)
        .join(ChaseRow, ChaseRow.deadline_id == DeadlineRow.id)
        .join(ReferralRow, ReferralRow.id == DeadlineRow.referral_id)
        .join(WrapRow, WrapRow.referral_id == ReferralRow.id)
        .where(
            DeadlineRow.met_at.is_(None),
            ReferralRow.state == State.SENT,
            ReferralRow.is_lead.is_(True),
            WrapRow.purpose == "standby",
            WrapRow.agency_id.in_(agencies),
        )
        .order_by(DeadlineRow.due_at, DeadlineRow.id, ChaseRow.chased_at)
    )
    if referral_id is not None:
        statement = statement.where(ReferralRow.id == referral_id)
    return connection.execute(statement).all()
