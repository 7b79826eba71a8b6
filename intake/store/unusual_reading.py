"""Who opened what of late, with what tells whether it was their work."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, or_, select

from intake.domain.referral import DONE
from intake.domain.trail import Action
from intake.domain.unusual import Opening
from intake.store.people_tables import AgencyRow, PersonRow
from intake.store.tables import MoveRow, ReferralRow, TrailRow


def openings(
    connection: Connection,
    controllers: Collection[str],
    since: datetime,
    always_open: Collection[str],
) -> list[Opening]:
    """Every opening since then at these controllers' agencies; which are open day and night."""
    agencies = select(AgencyRow.id).where(AgencyRow.controller_id.in_(controllers))
    moved = (
        select(MoveRow.id)
        .where(MoveRow.referral_id == TrailRow.referral_id, MoveRow.person_id == TrailRow.person_id)
        .exists()
    )
    rows = connection.execute(
        select(
            TrailRow.person_id,
            PersonRow.name,
            TrailRow.role,
            TrailRow.agency_id,
            TrailRow.referral_id,
            TrailRow.at,
            or_(moved, ReferralRow.worker_id == TrailRow.person_id).label("own"),
            ReferralRow.state,
            ReferralRow.moved_at,
        )
        .join(PersonRow, PersonRow.id == TrailRow.person_id)
        .join(ReferralRow, ReferralRow.id == TrailRow.referral_id)
        .where(
            TrailRow.action == Action.OPEN, TrailRow.at >= since, TrailRow.agency_id.in_(agencies)
        )
        .order_by(TrailRow.at)
    )
    return [
        Opening(
            person_id=row.person_id,
            name=row.name,
            role=row.role or "",
            agency_id=row.agency_id,
            referral_id=row.referral_id,
            at=row.at,
            own=bool(row.own),
            closed_at=row.moved_at if row.state in DONE else None,
            always_open=row.agency_id in always_open,
        )
        for row in rows
    ]
