"""Withdraw what was sent on by mistake, and what its receiver granted of it, while the receiver has
not taken it up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from intake.domain.clock import Clock
from intake.domain.referral import Move, State, former_state
from intake.domain.report import canonical
from intake.domain.section_request import RequestState
from intake.domain.trail import Action
from intake.services.ask_sections import place
from intake.services.read import Read
from intake.services.record import Entry, MoveNotOpen, Recording
from intake.services.respond import Respond, check
from intake.services.sign_in import Visit
from intake.store import moves, people, referrals, same_child, section_requests, trail
from intake.store.columns import AnyRow
from intake.store.database import Database
from intake.vault.seal import PublicKey, seal_for

OPENED, NEVER_OPENED = "opened there before", "never opened there"


@dataclass(frozen=True)
class Withdraw:
    """The receiver's wraps go with what it granted as the lead; the sender's referral stands as it
    did before.
    """

    database: Database
    clocks: Mapping[str, Clock]
    read: Read
    respond: Respond

    def __call__(self, visit: Visit, referral_id: UUID, entry: Entry, now: datetime) -> None:
        """``referral_id``: the sender's own. Both agencies can read the reason, and so can those
        that asked the receiver for further sections; none of these but the sender without a key
        that counts.

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
        told = self._told(sent, entry.reason)
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
            self._end_requests(connection, visit, row, sent, told, now)
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

    def _told(self, sent: AnyRow, reason: str) -> Mapping[tuple[UUID, str], bytes]:
        """By request and key, the reason sealed to who asked; of those whose key counts."""
        with self.database.read() as connection:
            found = [
                (asked.id, asked.asker_agency, people.agency_key(connection, asked.asker_key_id))
                for asked in section_requests.made_of(connection, sent.id)
            ]
        said = canonical({"reason": reason})
        return {
            (asked, key.id): seal_for(
                PublicKey(key.id, key.public_key), said, *place("answer", asked)
            )
            for asked, agency, key in found
            if key is not None and key.agency_id == agency
        }

    def _end_requests(
        self,
        connection: Connection,
        visit: Visit,
        row: AnyRow,
        sent: AnyRow,
        told: Mapping[tuple[UUID, str], bytes],
        now: datetime,
    ) -> None:
        """What the receiver granted is withdrawn, and what waits for it is refused."""
        for asked in section_requests.made_of(connection, sent.id, hold=True):
            said, by = told.get((asked.id, asked.asker_key_id)), visit.person.id
            if asked.state == RequestState.GRANTED:
                section_requests.withdraw(connection, asked, by, said, now)
                action = Action.WITHDRAW_SECTIONS
            else:
                answer = {"answered_by": by, "answered_at": now, "sealed_answer": said}
                refused = {"state": RequestState.REFUSED.value, **answer}
                section_requests.answer(connection, asked, refused)
                action = Action.REFUSE_SECTIONS
            trail.write_line(
                connection,
                at=now,
                action=action,
                person_id=by,
                role=visit.person.role_at(row.agency_id),
                agency_id=asked.asker_agency,
                referral_id=asked.asker_id,
            )
