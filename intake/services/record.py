"""Record one move on one referral: the row, its deadlines and its trail line, or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from intake.domain.clock import Clock
from intake.domain.referral import OPEN, Move, State, is_news
from intake.domain.row_id import new_id
from intake.domain.timing import ENDED_BY, bucket_of, ended_by, month_of
from intake.services.sign_in import Visit
from intake.store import moves, notices, timing, trail
from intake.store.columns import AnyRow
from intake.vault.seal import PublicKey, seal_for

MOVE_REASON = "reason of a move"


class MoveNotOpen(Exception):
    """The referral has moved on, or this kind of agency may not make this move."""


class ReasonMissing(Exception):
    """This move needs a reason."""


@dataclass(frozen=True)
class Entry:
    """What a worker tells with a move."""

    move: Move
    reason: str = ""
    happened_on: date | None = None
    choice: str | None = None


@dataclass(frozen=True)
class Recording:
    """A move ready to be written: all that is slow is done before the transaction begins."""

    seen: AnyRow
    values: Mapping[str, Any]
    to_state: State | None
    line: Mapping[str, Any]

    @classmethod
    def of(
        cls,
        visit: Visit,
        seen: AnyRow,
        entry: Entry,
        now: datetime,
        *,
        key: PublicKey | None,
        to_state: State | None,
        acting_for: str | None = None,
        **line: str | None,
    ) -> Recording:
        """Seal the reason to ``key``, a key of the referral's agency; without one it is not kept
        here.

        ``seen``: the referral as it was when the move was found open. ``acting_for``: the agency
        of the person, if it is not the referral's own. ``line``: purpose, basis and recipient for
        the trail.
        """
        move_id = new_id(now)
        sealed = None
        if key is not None and entry.reason:
            place = MOVE_REASON, seen.id.bytes, move_id.bytes
            sealed = seal_for(key, entry.reason.encode(), *place)
        return cls(
            seen,
            {
                "id": move_id,
                "referral_id": seen.id,
                "move": entry.move.value,
                "person_id": visit.person.id,
                "made_at": now,
                "happened_on": entry.happened_on,
                "choice": entry.choice,
                "agency_key_id": key.key_id if key and sealed else None,
                "sealed_reason": sealed,
            },
            to_state,
            {
                "at": now,
                "action": f"move:{entry.move.value}",
                "person_id": visit.person.id,
                "role": visit.person.role_at(acting_for or seen.agency_id),
                "agency_id": seen.agency_id,
                "referral_id": seen.id,
                **line,
            },
        )

    def write(self, connection: Connection, clocks: Mapping[str, Clock]) -> None:
        """The move, its deadlines and its line. Raises MoveNotOpen, as ``make`` does."""
        self.make(connection, clocks)
        self.say(connection)

    def make(self, connection: Connection, clocks: Mapping[str, Clock]) -> None:
        """Raises MoveNotOpen, with nothing written, where something else was recorded meanwhile.

        A move that ends the agency's part stops every clock that runs; any other those it meets.
        """
        values, move = dict(self.values), self.values["move"]
        if not moves.record(
            connection,
            self.seen,
            values,
            to_state=self.to_state.value if self.to_state else None,
            worker_id=values["person_id"] if move == Move.ACCEPT else None,
        ):
            raise MoveNotOpen
        ends = self.to_state is not None and self.to_state not in OPEN
        moves.meet_deadlines(
            connection,
            self.seen.id,
            None if ends else {c.id for c in clocks.values() if move in c.met_by},
            at=values["made_at"],
            happened_on=values["happened_on"],
            move=move,
        )
        if is_news(Move(move)):
            notices.note_news(connection, self.seen.report_id, values["made_at"])
        self._time(connection)

    def _time(self, connection: Connection) -> None:
        """Count how long it took, if the move is the first of the referral to end that time.

        Of two at once only one comes here: the other found the time of the last move changed.
        """
        values, seen = self.values, self.seen
        what = ended_by(Move(values["move"]))
        if what and not moves.made_before(connection, seen.id, ENDED_BY[what], values["id"]):
            at = values["made_at"]
            took = bucket_of(at - seen.arrived_at)
            timing.count_referral(connection, seen.agency_id, month_of(at), what, took)

    def say(self, connection: Connection, **more: str) -> None:
        """The line in the trail; ``more`` of it is known only now."""
        trail.write_line(connection, **{**self.line, **more})
