"""Leave a line of a report that its reader prints, as their browser tells."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from intake.domain.referral import State
from intake.domain.trail import HANDLING, Action
from intake.services.leave_line import leave_reading
from intake.services.read import Read
from intake.services.sign_in import Visit
from intake.store.database import Database


@dataclass(frozen=True)
class NotePrint:
    """Nothing opens by it: what is printed was opened before, with a line of its own."""

    database: Database
    read: Read

    def __call__(self, visit: Visit, referral_id: UUID, now: datetime) -> None:
        """Raises ReferralNotYours."""
        row = self.read.entitled(visit, referral_id, now)
        is_gone = row.state == State.WITHDRAWN or row.content_deleted_at
        with self.database.write() as connection:
            only = () if is_gone else None
            leave_reading(connection, visit, row, Action.PRINT, now, HANDLING, only=only)
