"""Send a letter again that the post would not take; by who watches the deadlines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from intake.domain.directory import Directory
from intake.domain.people import Permission, Role
from intake.domain.trail import Action
from intake.services.gather import about
from intake.services.sign_in import Visit
from intake.store import outbox, recusals, trail
from intake.store.database import Database


class LetterNotYours(Exception):
    """There is no such letter about this person's own controllers' agencies, or it tells only of
    reports that they are shut out of.
    """


@dataclass(frozen=True)
class TryAgain:
    """A dead letter's second life, with a line in the trail for each of its reminders that
    concerns one's own.
    """

    database: Database
    directory: Directory

    def __call__(self, visit: Visit, letter_id: UUID, now: datetime) -> None:
        """Let the letter wait for the post as if it were new; nothing happens if it does already.

        Raises LetterNotYours.
        """
        controllers = visit.person.controllers(Permission.WATCH_DEADLINES)
        with self.database.write() as connection:
            row = outbox.letter(connection, letter_id)
            told = about(row.params) if row else ()
            shut = recusals.shut_to(connection, visit.person.id)
            own = [
                one
                for one in told
                if self._controller(one["agency"]) in controllers
                and UUID(one["referral"]) not in shut
            ]
            if not own:
                raise LetterNotYours
            if outbox.revive_letter(connection, letter_id, now):
                lines = [
                    {
                        "person_id": visit.person.id,
                        "role": Role.SUPERVISOR,
                        "agency_id": one["agency"],
                        "referral_id": UUID(one["referral"]),
                        "purpose": one["clock"],
                    }
                    for one in own
                ]
                trail.write_lines(connection, at=now, action=Action.TRY_AGAIN, about=lines)

    def _controller(self, agency_id: str) -> str | None:
        agency = self.directory.agencies.get(agency_id)
        return agency.controller if agency else None
