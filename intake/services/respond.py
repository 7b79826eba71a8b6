"""Record what an agency does with a referral of its own: the table of moves, made true."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from intake.domain.clock import Clock
from intake.domain.deadline import local_date
from intake.domain.directory import Agency, Directory
from intake.domain.people import Permission
from intake.domain.referral import MOVES, Move, State, moves_open
from intake.domain.report import reports_offence, type_once_moved
from intake.services.desks import NobodyCanOpen
from intake.services.hand_on import HandOn, NoDeskTakesIt, Sent, live, without_way
from intake.services.read import Read, ReferralWithdrawn, reasons
from intake.services.record import Entry, MoveNotOpen, ReasonMissing, Recording
from intake.services.sign_in import Visit
from intake.store import moves, referrals
from intake.store.columns import AnyRow
from intake.store.database import Database
from intake.vault.keyring import PrivateKey
from intake.vault.seal import PublicKey

TRANSFER = "434/2003 §21"
_ELSEWHERE = frozenset({Move.HAND_OVER, Move.WITHDRAW, Move.TAKE_OVER})


class DayImpossible(Exception):
    """The day is missing, in the future or before the arrival."""


class ChoiceUnknown(Exception):
    """The move needs one of its choices."""


@dataclass(frozen=True)
class Offered:
    """A referral, its deadlines and the moves open to one person now; nothing of its content.

    ``key``: the agency's; None of a referral that was withdrawn. ``successor``: what it was sent
    on as, if that was not withdrawn.
    """

    referral: AnyRow
    deadlines: Sequence[AnyRow]
    made: frozenset[Move]
    moves: tuple[Move, ...]
    key: PrivateKey | None
    successor: AnyRow | None
    reported_offence: bool


@dataclass(frozen=True)
class Respond:
    """Recording of moves; only a recorded move meets a clock, never an opening.

    Handing over, withdrawing and taking over have services of their own.
    """

    database: Database
    directory: Directory
    clocks: Mapping[str, Clock]
    read: Read
    hand_on: HandOn

    def moves_for(
        self,
        visit: Visit,
        row: AnyRow,
        *,
        deadlines: Collection[AnyRow],
        made: Collection[Move],
        successor: AnyRow | None,
        reported_offence: bool,
    ) -> tuple[Move, ...]:
        """The moves open to this person now."""
        if row.agency_id not in visit.person.agencies(Permission.MOVE_REFERRALS):
            return ()
        return moves_open(
            State(row.state),
            self.directory.agency(row.agency_id).kind,
            roles=visit.person.roles_at(row.agency_id),
            reported_offence=reported_offence,
            open_clocks={d.clock for d in deadlines if d.met_at is None},
            done=made,
            successor=State(successor.state) if successor else None,
        )

    def offered(self, visit: Visit, referral_id: UUID, now: datetime) -> Offered:
        """What may be recorded now. Raises ReferralNotYours, KeyNotGranted."""
        row = self.read.entitled(visit, referral_id, now)
        try:
            key = None if row.state == State.WITHDRAWN else self.read.agency_key(visit, row)
            offence = key is not None and self._reports_offence(visit, row, key)
        except ReferralWithdrawn:  # since the row was read, or since the backup it came from
            key, offence = None, False
        with self.database.read() as connection:
            deadlines = referrals.deadlines(connection, row.id)
            made = frozenset(Move(m.move) for m in moves.moves(connection, row.id))
            successor = live(moves.successors(connection, row))
        if key is None:
            return Offered(row, deadlines, made, (), None, successor, offence)
        found = self.moves_for(
            visit,
            row,
            deadlines=deadlines,
            made=made,
            successor=successor,
            reported_offence=offence,
        )
        return Offered(row, deadlines, made, found, key, successor, offence)

    def __call__(self, visit: Visit, referral_id: UUID, entry: Entry, now: datetime) -> None:
        """Record a move in one transaction with its deadlines, its trail line and what follows.

        Raises ReferralNotYours, KeyNotGranted, MoveNotOpen, ReasonMissing, DayImpossible,
        ChoiceUnknown, NobodyCanOpen; nothing is kept then.
        """
        offered = self.offered(visit, referral_id, now)
        row = offered.referral
        if entry.move in _ELSEWHERE:
            raise MoveNotOpen
        check(offered, entry, now)
        sent = self._return(visit, offered, entry, now) if entry.move is Move.RETURN else None
        recording = Recording.of(
            visit,
            row,
            entry,
            now,
            key=self.key_of(row, now) if entry.reason else None,
            to_state=MOVES[entry.move].leads_to,
            basis=sent.basis if sent else None,
            recipient=sent.recipient if sent else None,
        )
        with self.database.write() as connection:
            recording.write(connection, self.clocks)
            if entry.move is Move.REOPEN:
                moves.run_again(connection, row.id, Move.CLOSE, now)
            if sent is not None:
                sent.write(connection, visit, row.agency_id, now)

    def key_of(self, row: AnyRow, now: datetime) -> PublicKey:
        """The key to which reasons and notes of the referral's agency are sealed: the one in use,
        and where that does not count the one that its wrap is sealed to.

        Raises NobodyCanOpen where neither is as it was signed.
        """
        found = self.hand_on.key_in_use(row.agency_id, now)
        found = found or self.hand_on.key_of_wrap(row.id, row.agency_id)
        if found is None:
            raise NobodyCanOpen(row.agency_id)
        return found

    def _reports_offence(self, visit: Visit, row: AnyRow, key: PrivateKey) -> bool:
        """Read of the concern; a referral without that section is taken to report none."""
        keys = self.read.section_keys(visit, row, key)
        concern = self.read.sections(row, keys, {"concern"}).get("concern")
        return concern is not None and reports_offence(concern)

    def _return(self, visit: Visit, offered: Offered, entry: Entry, now: datetime) -> Sent:
        """The standby desk's new referral for what is returned; statutory starts stay.

        Raises NoDeskTakesIt rather than return a report to nobody.
        """
        row = offered.referral
        target = self.hand_on.desk_for_return(row, offered.deadlines, now)
        if target is None or offered.key is None:
            raise NoDeskTakesIt
        keys = self.read.section_keys(visit, row, offered.key)
        told = reasons(row, keys)
        kind, why = type_once_moved(told["report_type"], told["type_reason"], target.kind)
        came = {"by": row.agency_id, "reason": entry.reason}
        return self.hand_on.successor(
            row,
            offered.deadlines,
            target=target,
            key=self.hand_on.route.key_of(target, now),
            keys=keys,
            reasons=without_way(told)
            | {"report_type": kind, "type_reason": why, "returned": came}
            | {"bases": self._bases_after_return(row, target, told["bases"])},
            basis=TRANSFER,
            now=now,
        )

    def _bases_after_return(self, row: AnyRow, target: Agency, bases: list[Any]) -> list[Any]:
        """A desk of another kind gets it as the one that stands by, on that basis alone."""
        agency = self.directory.agency(row.agency_id)
        if target.kind is agency.kind:
            return bases
        return [self.hand_on.route.rules.beside["standby"][agency.kind].basis]


def day_possible(arrived_at: datetime, day: date | None, now: datetime) -> bool:
    """Whether something on a report can have happened on that day: not before it came."""
    return day is not None and local_date(arrived_at) <= day <= local_date(now)


def check(offered: Offered, entry: Entry, now: datetime) -> None:
    """Raises MoveNotOpen, ReasonMissing, DayImpossible or ChoiceUnknown."""
    if entry.move not in offered.moves:
        raise MoveNotOpen
    rule = MOVES[entry.move]
    unmet = any(d.met_at is None for d in offered.deadlines)
    if (rule.asks_reason or (entry.move is Move.CLOSE and unmet)) and not entry.reason:
        raise ReasonMissing
    arrived_at = offered.referral.arrived_at
    if rule.asks_day and not day_possible(arrived_at, entry.happened_on, now):
        raise DayImpossible
    if rule.choices and entry.choice not in rule.choices:
        raise ChoiceUnknown
