"""Leave a line when something sealed does not open: it was changed, or something is broken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from intake.domain.trail import Action
from intake.services.sign_in import Visit
from intake.store import referrals, trail
from intake.store.database import Database


@dataclass(frozen=True)
class TellDamage:
    """Records what one of staff met as they opened something."""

    database: Database

    def __call__(self, visit: Visit, page: str, referral_id: UUID | None, now: datetime) -> None:
        """``page``: the name of the page, never what was in its address; ``referral_id``: the
        referral that it is about, where it is about one.
        """
        with self.database.write() as connection:
            row = referrals.referral(connection, referral_id) if referral_id else None
            trail.write_line(
                connection,
                at=now,
                action=Action.DAMAGED,
                person_id=visit.person.id,
                role=visit.person.role_at(row.agency_id) if row else None,
                agency_id=row.agency_id if row else None,
                referral_id=row.id if row else None,
                purpose=f"page {page}",
            )
