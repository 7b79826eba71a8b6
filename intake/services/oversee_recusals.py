"""Disqualifications as a supervisor sees and lifts them: who, by whom and when, never why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from intake.domain.directory import Directory
from intake.domain.people import Permission, Person, Role
from intake.domain.trail import Action
from intake.services.oversee import own_agencies
from intake.services.sign_in import Visit
from intake.store import people, recusals, trail
from intake.store.columns import AnyRow
from intake.store.database import Database

MOST = 200


class RecusalNotYours(Exception):
    """None of an agency of this person's own controllers, lifted meanwhile, or of a report that
    they are shut out of themselves.
    """


@dataclass(frozen=True)
class OverseeRecusals:
    """So that a head who was named is not shut out for good."""

    database: Database
    directory: Directory

    def __call__(self, person: Person, only: UUID | None = None) -> Sequence[AnyRow]:
        """Those that stand at one's own controllers' agencies, the newest first, at most MOST; none
        of reports that one is shut out of. ``only``: this one alone.
        """
        own = own_agencies(self.directory, person, Permission.OVERSEE_RECUSALS)
        with self.database.read() as connection:
            shut = recusals.shut_to(connection, person.id)
            return recusals.standing(connection, own, MOST, shut, only)

    def one(self, person: Person, recusal_id: UUID) -> AnyRow:
        """Raises RecusalNotYours."""
        found = self(person, recusal_id)
        if not found:
            raise RecusalNotYours
        return found[0]

    def lift(self, visit: Visit, recusal_id: UUID, now: datetime) -> None:
        """Let somebody in again. Raises RecusalNotYours."""
        row = self.one(visit.person, recusal_id)
        with self.database.write() as connection:
            if not recusals.lift(connection, recusal_id, visit.person.id, now):
                raise RecusalNotYours
            trail.write_line(
                connection,
                at=now,
                action=Action.LIFT_RECUSAL,
                person_id=visit.person.id,
                role=Role.SUPERVISOR,
                agency_id=row.agency_id,
                referral_id=row.referral_id,
                purpose=people.sign_in_name(connection, row.person_id),
            )
