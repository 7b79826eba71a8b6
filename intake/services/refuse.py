"""Leave a line when somebody looks at a page, or tries one that is not theirs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from intake.domain.people import Permission, Role
from intake.domain.trail import PAGE, Action, ReadingBasis
from intake.services.sign_in import Visit
from intake.store import referrals, trail
from intake.store.columns import AnyRow
from intake.store.database import Database
from intake.store.disclosed import disclosed


@dataclass(frozen=True)
class Refuse:
    """Records a refusal, or a look, before it is shown."""

    database: Database
    now: Callable[[], datetime]

    def __call__(
        self,
        visit: Visit,
        what: str,
        action: Action = Action.REFUSED,
        *,
        referral_id: UUID | None = None,
        deadline_id: UUID | None = None,
        why: str = PAGE,
    ) -> None:
        """``what``: the name of the page, never what was in its address but for the referral, if
        there is such a one; ``why``: PAGE or TOKEN.
        """
        with self.database.write() as connection:
            place = referrals.place(connection, referral_id, deadline_id)
            trail.write_line(
                connection,
                at=self.now(),
                action=action,
                person_id=visit.person.id,
                role=_role(visit, place),
                agency_id=place.agency_id if place else None,
                referral_id=place.id if place else None,
                purpose=f"{why} {what}",
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
            has = _has(visit, what, place)
            trail.write_line(
                connection,
                at=self.now(),
                action=Action.LOOK,
                person_id=visit.person.id,
                role=role,
                agency_id=at,
                referral_id=place.id if place else None,
                purpose=f"page {what}",
                basis=disclosed(connection, has.id).basis if has else ReadingBasis.TASK,
            )


def _has(visit: Visit, what: str, place: AnyRow | None) -> AnyRow | None:
    """The referral that the person looked at as one of those who have it; neither who watches its
    deadlines nor who stands by has the report.
    """
    own = visit.person.agencies(Permission.READ_REFERRALS)
    is_own = place is not None and what.startswith("agency.") and place.agency_id in own
    return place if is_own else None


def _role(visit: Visit, place: AnyRow | None) -> Role | None:
    """At the referral's agency or its controller; without a referral the only role that the person
    has.
    """
    if place is None:
        roles = {each.role for each in visit.person.memberships}
        return roles.pop() if len(roles) == 1 else None
    there = (each.role for each in visit.person.memberships if each.controller == place.controller)
    return visit.person.role_at(place.agency_id) or next(there, None)
