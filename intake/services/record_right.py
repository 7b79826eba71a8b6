"""Record that access to a report was asked for, or its correction, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from intake.domain.people import Permission
from intake.domain.rights import BASES, Outcome, RightBasis
from intake.domain.trail import Action
from intake.services.leave_line import leave_line
from intake.services.line_detail import detail
from intake.services.read import Read, ReferralNotYours
from intake.services.respond import Respond
from intake.services.sign_in import Visit
from intake.store.columns import AnyRow
from intake.store.database import Database


class BasisDoesNotFit(Exception):
    """A basis was given on which nobody decides about what was asked for."""


@dataclass(frozen=True)
class RecordRight:
    """The record is a line of the trail: it is proved with it, and nobody changes it afterwards."""

    database: Database
    read: Read
    respond: Respond

    def place(self, visit: Visit, referral_id: UUID, now: datetime) -> AnyRow:
        """The referral to record on. Raises ReferralNotYours, with a line in the trail."""
        row = self.read.entitled(visit, referral_id, now)
        if row.agency_id not in visit.person.agencies(Permission.MOVE_REFERRALS):
            raise ReferralNotYours
        return row

    def __call__(
        self,
        visit: Visit,
        referral_id: UUID,
        asked: Action,
        outcome: Outcome,
        basis: RightBasis,
        reason: str,
        now: datetime,
    ) -> None:
        """``reason`` is sealed to the agency's key. Raises ReferralNotYours, BasisDoesNotFit."""
        row = self.place(visit, referral_id, now)
        if basis not in BASES.get(asked, ()):
            raise BasisDoesNotFit
        key = self.respond.key_of(row, now)
        with self.database.write() as connection:
            sealed = detail(key, asked, row.id, {"reason": reason})
            leave_line(connection, visit, row, asked, now, purpose=outcome, basis=basis, **sealed)
