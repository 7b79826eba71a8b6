"""Sending worries and moving them on, for the tests of moves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select

from intake.domain.people import Membership, Role
from intake.services.enrol import Enrol
from intake.services.hand_over import Told
from intake.services.sign_in import Visit
from intake.store import people
from intake.store.columns import AnyRow
from intake.store.database import Database
from intake.store.tables import DeadlineRow, ReferralRow, TrailRow
from tests.site import Site, worry_answers

WHY = "Perhe on muuttanut."


def gang(**pages: dict[str, Any]) -> dict[str, Any]:
    """A worry that the Ankkuri team leads by consent, without a need of protection."""
    return worry_answers(
        worry={"categories": ["gang"], "primary": "gang", "child_role": "suspected"},
        protection={"may_need_protection": "no"},
        consent={"child_consent": "given", "consent_to": ["ANK"]},
        **pages,
    )


def man(site: Site, agency: str) -> None:
    """Let the duty worker open one more agency."""
    enrol = Enrol(site.parts.database, b"p" * 32)
    with site.parts.database.write() as connection:
        people.add_membership(
            connection,
            site.people["duty"],
            Membership(Role.WORKER, agency),
            site.hands(),
        )
    enrol.first_key(agency, (site.people["duty"],), site.hands())


def hand_over(
    site: Site,
    visit: Visit,
    referral: UUID,
    to: str,
    way: str,
    sections: Sequence[str] | None = None,
    consent: str = "",
) -> UUID:
    """Hand over, with all sections unless some are named; the new referral."""
    now = site.hands()
    held = site.parts.hand_over.choices(visit, referral, now).sections
    told = Told(to, way, tuple(held if sections is None else sections), WHY, consent)
    return site.parts.hand_over(visit, referral, told, now)


@dataclass(frozen=True)
class _Late:
    database: Database
    before: Callable[[], object]

    def read(self) -> AbstractContextManager[Connection]:
        return self.database.read()

    def write(self) -> AbstractContextManager[Connection]:
        self.before()
        return self.database.write()


def overtaken(service: Any, what: Callable[[], object]) -> Any:
    """The same service, whose writing something else overtakes once it has read."""
    return replace(service, database=_Late(service.database, what))


def silence(site: Site, **by: float) -> None:
    """Let time pass with a chaser that runs."""
    site.parts.chase(site.hands.move(**by))


def tell(site: Site) -> None:
    """Let the reminders that can wait be gathered into letters."""
    site.parts.chase(site.hands.move(minutes=2))


def row_of(site: Site, referral: UUID) -> AnyRow:
    """A referral as it is stored."""
    with site.parts.database.read() as connection:
        return connection.execute(
            select(ReferralRow.__table__).where(ReferralRow.id == referral)
        ).one()


def at(site: Site, agency: str) -> AnyRow:
    """The newest referral of an agency."""
    with site.parts.database.read() as connection:
        return connection.execute(
            select(ReferralRow.__table__)
            .where(ReferralRow.agency_id == agency)
            .order_by(ReferralRow.arrived_at.desc(), ReferralRow.id.desc())
        ).first()  # type: ignore[return-value]  # there is one


def clocks(site: Site, referral: UUID) -> dict[str, AnyRow]:
    """The deadlines of a referral by clock."""
    with site.parts.database.read() as connection:
        rows = connection.execute(
            select(DeadlineRow.__table__).where(DeadlineRow.referral_id == referral)
        )
        return {row.clock: row for row in rows}


def lines(site: Site, action: str) -> Sequence[AnyRow]:
    """The trail's lines of an action, in their order."""
    with site.parts.database.read() as connection:
        return connection.execute(
            select(TrailRow.__table__).where(TrailRow.action == action).order_by(TrailRow.sequence)
        ).all()
