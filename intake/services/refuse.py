"""Leave a line when somebody looks at a page, or tries one that is not theirs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from intake.domain.people import Role
from intake.domain.trail import Action
from intake.services.sign_in import Visit
from intake.store import referrals, trail
from intake.store.database import Database


@dataclass(frozen=True)
class Refuse:
    """Records a refusal, or a look, before it is shown."""

    database: Database
    now: Callable[[], datetime]

    def __call__(self, visit: Visit, what: str, action: Action = Action.REFUSED) -> None:
        """``what``: the name of the page, never what was in its address."""
        with self.database.write() as connection:
            trail.write_line(
                connection,
                at=self.now(),
                action=action,
                person_id=visit.person.id,
                purpose=f"page {what}",
            )

    def looked(
        self,
        visit: Visit,
        what: str,
        *,
        referral_id: UUID | None,
        deadline_id: UUID | None,
        agency: str | None,
    ) -> None:
        """``what``: the name of the page; of which referral, or of which agency's, if of one."""
        with self.database.write() as connection:
            place = referrals.place(connection, referral_id, deadline_id)
            at = place.agency_id if place else agency
            role = visit.person.role_at(at) if at else None
            if role is None and what.startswith("supervisor."):
                role = Role.SUPERVISOR
            trail.write_line(
                connection,
                at=self.now(),
                action=Action.LOOK,
                person_id=visit.person.id,
                role=role,
                agency_id=at,
                referral_id=place.id if place else None,
                purpose=f"page {what}",
            )
