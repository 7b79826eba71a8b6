"""Send a letter again that the post would not take; by who watches the deadlines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from intake.domain.directory import Directory
from intake.domain.people import Permission, Role
from intake.domain.trail import Action
from intake.services.sign_in import Visit
from intake.store import outbox, trail
from intake.store.database import Database


class LetterNotYours(Exception):
    """There is no such letter about this person's own controllers' agencies."""


@dataclass(frozen=True)
class TryAgain:
    """A dead letter's second life, with a line in the trail."""

    database: Database
    directory: Directory

    def __call__(self, visit: Visit, letter_id: UUID, now: datetime) -> None:
        """Let the letter wait for the post as if it were new; nothing happens if it does already.

        Raises LetterNotYours.
        """
        controllers = visit.person.controllers(Permission.WATCH_DEADLINES)
        with self.database.write() as connection:
            row = outbox.letter(connection, letter_id)
            about = row.params if row else {}
            agency = self.directory.agencies.get(about.get("agency", ""))
            if agency is None or agency.controller not in controllers:
                raise LetterNotYours
            if outbox.revive_letter(connection, letter_id, now):
                trail.write_line(
                    connection,
                    at=now,
                    action=Action.TRY_AGAIN,
                    person_id=visit.person.id,
                    role=Role.SUPERVISOR,
                    agency_id=agency.id,
                    referral_id=UUID(about["referral"]),
                    purpose=about["clock"],
                )
