"""Withdraw what was sent on by mistake, while its receiver has not taken it up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from intake.domain.clock import Clock
from intake.domain.referral import Move, State, former_state
from intake.services.read import Read
from intake.services.record import Entry, MoveNotOpen, Recording
from intake.services.respond import Respond, check
from intake.services.sign_in import Visit
from intake.store import moves, referrals, same_child
from intake.store.columns import AnyRow
from intake.store.database import Database

OPENED, NEVER_OPENED = "opened there before", "never opened there"


@dataclass(frozen=True)
class Withdraw:
    """The receiver's wraps go, and the sender's referral stands as it did before."""

    database: Database
    clocks: Mapping[str, Clock]
    read: Read
    respond: Respond

    def __call__(self, visit: Visit, referral_id: UUID, entry: Entry, now: datetime) -> None:
        """``referral_id``: the sender's own. Both agencies can read the reason, the receiver unless
        no key of it counts.

        Raises ReferralNotYours, KeyNotGranted, MoveNotOpen, ReasonMissing, NobodyCanOpen; nothing
        is kept then.
        """
        offered = self.respond.offered(visit, referral_id, now)
        check(offered, entry, now)
        row = offered.referral
        sent = self._sent(offered.successor)
        own = Recording.of(
            visit,
            row,
            entry,
            now,
            key=self.respond.key_of(row, now),
            to_state=former_state(offered.made),
            purpose=f"from {sent.agency_id}",
        )
        theirs = Recording.of(
            visit,
            sent,
            entry,
            now,
            key=self.respond.hand_on.key_for(sent, now),
            to_state=State.WITHDRAWN,
            acting_for=row.agency_id,
        )
        left_by = Move.RETURN if row.state == State.RETURNED else Move.HAND_OVER
        with self.database.write() as connection:
            if not referrals.hold_in(connection, {row.id: {row.state}, sent.id: {State.SENT}}):
                raise MoveNotOpen
            theirs.make(connection, self.clocks)  # first: from here on nobody opens it
            opened_at = moves.first_opening(connection, sent.id)
            if opened_at is not None:
                referrals.mark_opened(connection, sent.id, opened_at)
            theirs.say(connection, purpose=OPENED if opened_at else NEVER_OPENED)
            own.write(connection, self.clocks)
            moves.erase_wraps(connection, sent.id, now)
            same_child.erase(connection, [sent.id], now)
            moves.run_again(connection, row.id, left_by, now)

    def _sent(self, successor: AnyRow | None) -> AnyRow:
        """The receiver's referral. One that was withdrawn after the backup that the site was
        restored from has no wraps any more, and is withdrawn again.
        """
        if successor is None:
            raise MoveNotOpen
        with self.database.read() as connection:
            row = referrals.referral(connection, successor.id)
        if row is None or row.state != State.SENT:
            raise MoveNotOpen
        return row
