"""What a desk that stands by may take over: referrals whose agency stays silent."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from uuid import UUID

from sqlalchemy import Connection, bindparam, exists, select, text

from intake.store.columns import AnyRow
from intake.store.tables import SENT_LEAD, ChaseRow, DeadlineRow, ReferralRow, WrapRow

BATCH = 20
_STANDBY = WrapRow.purpose == "standby"
_UNANSWERED = (
    select(ReferralRow.id)
    .join(WrapRow, WrapRow.referral_id == ReferralRow.id)
    .where(text(SENT_LEAD), _STANDBY, WrapRow.agency_id.in_(bindparam("desks", expanding=True)))
)
_OF_ALL = (
    select(DeadlineRow.id)
    .where(
        DeadlineRow.met_at.is_(None),
        DeadlineRow.referral_id.in_(_UNANSWERED),
        exists().where(ChaseRow.deadline_id == DeadlineRow.id),
    )
    .order_by(DeadlineRow.due_at, DeadlineRow.id)
)
_OF_ONE = _OF_ALL.where(DeadlineRow.referral_id == bindparam("referral"))
_CHASED = (
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
    .where(DeadlineRow.id.in_(bindparam("deadlines", expanding=True)), _STANDBY)
    .order_by(DeadlineRow.due_at, DeadlineRow.id, ChaseRow.chased_at)
)


def chased(
    connection: Connection, agencies: Collection[str], referral_id: UUID | None = None
) -> Iterator[AnyRow]:
    """Each chase step recorded on a deadline that nothing has met yet, of leads that nobody has
    taken up and for which one of these agencies stands by; the longest late first.

    With the agency that stands by, and the deadline's steps, which say what a step allows. Read a
    few deadlines at a time, for whoever asks seldom wants all.
    """
    asked = {"desks": sorted(agencies), "referral": referral_id}
    late = connection.scalars(_OF_ALL if referral_id is None else _OF_ONE, asked).all()
    for first in range(0, len(late), BATCH):
        yield from connection.execute(_CHASED, {"deadlines": late[first : first + BATCH]})
