"""Show where a child with a protected address is, to one of those entitled, for a reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from intake.domain.masked import Need
from intake.domain.trail import Action
from intake.services.leave_line import leave_reading
from intake.services.line_detail import detail
from intake.services.read import Opened, Read, ReferralWithdrawn
from intake.services.record import ReasonMissing
from intake.services.respond import Respond
from intake.services.sign_in import Visit
from intake.store import referrals
from intake.store.database import Database


@dataclass(frozen=True)
class ShowProtected:
    """Nothing is remembered: who asks again says again why."""

    database: Database
    read: Read
    respond: Respond

    def __call__(
        self, visit: Visit, referral_id: UUID, need: Need, words: str, now: datetime
    ) -> Opened:
        """The referral, opened. The line with the reason, sealed to the agency, is committed first.

        Raises ReferralNotYours, KeyNotGranted, ReasonMissing where another need is not told,
        ReferralWithdrawn, without a line where nothing was there to show.
        """
        row = self.read.entitled(visit, referral_id, now)
        if need is Need.OTHER and not words:
            raise ReasonMissing
        self.read.agency_key(visit, row)  # refuses who has none before a line says that they saw it
        said = {"need": need.value, "words": words}
        sealed = detail(self.respond.key_of(row, now), Action.SHOW_PROTECTED, row.id, said)
        with self.database.write() as connection:
            if not referrals.hold_to_open(connection, row.id):
                raise ReferralWithdrawn
            leave_reading(connection, visit, row, Action.SHOW_PROTECTED, now, **sealed)
        opened = self.read(visit, referral_id, now)
        if not opened.sections:  # gone since the line was written
            raise ReferralWithdrawn
        return opened
