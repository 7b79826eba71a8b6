"""Record what an agency does with a referral: the table of moves, made true."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from intake.domain.clock import Clock
from intake.domain.deadline import local_date
from intake.domain.directory import Agency, Directory
from intake.domain.people import Permission
from intake.domain.referral import MOVES, Move, Response, State, Urgency, is_news, moves_open
from intake.domain.report import reports_offence, type_once_moved
from intake.domain.row_id import new_id
from intake.services.read import MOVE_REASON, Read
from intake.services.refer import Refer, Referred
from intake.services.route import Route
from intake.services.sign_in import Visit
from intake.store import notices, referrals, reports, trail
from intake.store.columns import AnyRow
from intake.store.database import Database
from intake.vault.keyring import PrivateKey
from intake.vault.open import open_section
from intake.vault.seal import seal_for

_ANKKURI = "ankkuri_meeting"
_OWN_CLOCKS = frozenset({"accept", "urgency", _ANKKURI})


class MoveNotOpen(Exception):
    """The referral has moved on, or this kind of agency may not make this move."""


class NoDeskTakesIt(MoveNotOpen):
    """Every desk that could take a return holds the report already, or nobody there can open."""


class ReasonMissing(Exception):
    """This move needs a reason."""


class DayImpossible(Exception):
    """The day is missing, in the future or before the arrival."""


class ChoiceUnknown(Exception):
    """The move needs one of its choices."""


@dataclass(frozen=True)
class Entry:
    """What a worker tells with a move."""

    move: Move
    reason: str = ""
    happened_on: date | None = None
    choice: str | None = None


@dataclass(frozen=True)
class Offered:
    """A referral, its deadlines and the moves open to one person now; nothing of its content."""

    referral: AnyRow
    deadlines: Sequence[AnyRow]
    moves: tuple[Move, ...]
    key: PrivateKey


@dataclass(frozen=True)
class Respond:
    """Recording of moves; only a recorded move meets a clock, never an opening."""

    database: Database
    directory: Directory
    clocks: Mapping[str, Clock]
    read: Read
    route: Route
    refer: Refer

    def moves_for(
        self,
        row: AnyRow,
        deadlines: Collection[AnyRow],
        made: Collection[AnyRow],
        reported_offence: bool,
    ) -> tuple[Move, ...]:
        """The moves open to the referral's agency now."""
        return moves_open(
            State(row.state),
            self.directory.agency(row.agency_id).kind,
            reported_offence=reported_offence,
            open_clocks={d.clock for d in deadlines if d.met_at is None},
            done={Move(m.move) for m in made},
        )

    def offered(self, visit: Visit, referral_id: UUID, now: datetime) -> Offered:
        """What may be recorded now. Raises ReferralNotYours, KeyNotGranted."""
        row = self.read.entitled(visit, referral_id, now)
        key = self.read.agency_key(visit, row)
        with self.database.read() as connection:
            deadlines = referrals.deadlines(connection, row.id)
            made = referrals.moves(connection, row.id)
        may = row.agency_id in visit.person.agencies(Permission.MOVE_REFERRALS)
        moves = self.moves_for(row, deadlines, made, self._reports_offence(row, key)) if may else ()
        return Offered(row, deadlines, moves, key)

    def __call__(self, visit: Visit, referral_id: UUID, entry: Entry, now: datetime) -> None:
        """Record a move in one transaction with its deadlines, its trail line and what follows.

        Raises ReferralNotYours, KeyNotGranted, MoveNotOpen, ReasonMissing, DayImpossible,
        ChoiceUnknown; nothing is kept then.
        """
        offered = self.offered(visit, referral_id, now)
        row, deadlines = offered.referral, offered.deadlines
        _check(offered, entry, now)
        referred = self._return(row, offered.key, deadlines, entry, now)
        move_id = new_id(now)
        rule = MOVES[entry.move]
        wrapped_to = self.route.key_of(self.directory.agency(row.agency_id), now)
        values = {
            "id": move_id,
            "referral_id": row.id,
            "move": entry.move.value,
            "person_id": visit.person.id,
            "made_at": now,
            "happened_on": entry.happened_on,
            "choice": entry.choice,
            "agency_key_id": wrapped_to.key_id if entry.reason else None,
            "sealed_reason": seal_for(
                wrapped_to, entry.reason.encode(), MOVE_REASON, row.id.bytes, move_id.bytes
            )
            if entry.reason
            else None,
        }
        met = {c.id for c in self.clocks.values() if entry.move.value in c.met_by}
        with self.database.write() as connection:
            if not referrals.record_move(
                connection,
                values,
                from_state=row.state,
                to_state=rule.leads_to.value if rule.leads_to else None,
                worker_id=visit.person.id if entry.move is Move.ACCEPT else None,
            ):
                raise MoveNotOpen
            referrals.meet_deadlines(
                connection,
                row.id,
                None if entry.move in (Move.CLOSE, Move.RETURN) else met,
                at=now,
                happened_on=entry.happened_on,
                move=entry.move.value,
            )
            if is_news(entry.move):
                notices.note_news(connection, row.report_id, now)
            if referred is not None:
                reports.add_referrals(
                    connection, referred.referrals, referred.wraps, referred.deadlines
                )
            trail.write_line(
                connection,
                at=now,
                action=f"move:{entry.move.value}",
                person_id=visit.person.id,
                role=visit.person.role_at(row.agency_id),
                agency_id=row.agency_id,
                referral_id=row.id,
                basis="434/2003 §21" if referred else None,
            )

    def _reports_offence(self, row: AnyRow, key: PrivateKey) -> bool:
        """Read of the concern; a referral without that section is taken to report none."""
        keys = self.read.section_keys(row, key)
        if "concern" not in keys:
            return False
        with self.database.read() as connection:
            sealed = reports.sections(connection, row.report_id)
        concern = open_section(keys["concern"], row.report_id, "concern", sealed["concern"])
        return reports_offence(json.loads(concern))

    def taker(self, row: AnyRow, deadlines: Collection[AnyRow], now: datetime) -> Agency | None:
        """The desk that gets what the referral's agency returns; None where no desk could."""
        with self.database.read() as connection:
            held = {r.agency_id for r in referrals.of_report(connection, row.report_id)}
        agency = self.directory.agency(row.agency_id)
        desks = self.route.standbys_for(agency, now, today=_is_urgent(deadlines))
        return next((desk for desk in desks if desk.id not in held), None)

    def _bases_after_return(self, agency: Agency, target: Agency, bases: list[Any]) -> list[Any]:
        """A desk of another kind gets it as the one that stands by, on that basis alone."""
        same = target.kind is agency.kind
        return bases if same else [self.route.rules.standby[agency.kind].basis]

    def _return(
        self,
        row: AnyRow,
        key: PrivateKey,
        deadlines: Collection[AnyRow],
        entry: Entry,
        now: datetime,
    ) -> Referred | None:
        """The standby desk's new referral for what is returned; statutory starts stay.

        Raises NoDeskTakesIt rather than return a report to nobody.
        """
        if entry.move is not Move.RETURN:
            return None
        agency = self.directory.agency(row.agency_id)
        target = self.taker(row, deadlines, now)
        if target is None:
            raise NoDeskTakesIt
        keys = self.read.section_keys(row, key)
        reasons: dict[str, Any] = json.loads(
            open_section(keys["reasons"], row.report_id, "reasons", row.sealed_reasons)
        )
        kind, why = type_once_moved(reasons["report_type"], reasons["type_reason"], target.kind)
        referred = Referred()
        referral_id = self.refer.add(
            referred,
            report_id=row.report_id,
            agency=target,
            key=self.route.key_of(target, now),
            keys=keys.only(slot for slot in keys if slot != "reasons"),
            reasons=reasons
            | {"report_type": kind, "type_reason": why}
            | {"bases": self._bases_after_return(agency, target, reasons["bases"])}
            | {"returned": {"by": agency.id, "reason": entry.reason}},
            lead=row.is_lead,
            came_from=row.id,
            standby=None,
            now=now,
        )
        started = _clocks_after_return(agency, target, deadlines, now)
        school_at = next((d.municipality for d in deadlines if d.municipality), None)
        self.refer.start_clocks(
            referred,
            referral_id,
            target,
            started,
            today=_is_urgent(deadlines),
            municipality=school_at,
            now=now,
        )
        return referred


def day_possible(arrived_at: datetime, day: date | None, now: datetime) -> bool:
    """Whether something on a report can have happened on that day: not before it came."""
    return day is not None and local_date(arrived_at) <= day <= local_date(now)


def _check(offered: Offered, entry: Entry, now: datetime) -> None:
    if entry.move not in offered.moves:
        raise MoveNotOpen
    rule = MOVES[entry.move]
    unmet = any(d.met_at is None for d in offered.deadlines)
    if (rule.asks_reason or (entry.move is Move.CLOSE and unmet)) and not entry.reason:
        raise ReasonMissing
    arrived_at = offered.referral.arrived_at
    if rule.asks_day and not day_possible(arrived_at, entry.happened_on, now):
        raise DayImpossible
    choices: dict[Move, tuple[str, ...]] = {
        Move.RESPOND: tuple(Response),
        Move.RECORD_URGENCY: tuple(Urgency),
    }
    if entry.move in choices and entry.choice not in choices[entry.move]:
        raise ChoiceUnknown


def _is_urgent(deadlines: Collection[AnyRow]) -> bool:
    return any(deadline.today for deadline in deadlines)


def _clocks_after_return(
    agency: Agency, target: Agency, deadlines: Collection[AnyRow], now: datetime
) -> dict[str, datetime]:
    """The target's own clocks from now; the statutory ones from where they always ran."""
    started = {"accept": now}
    if target.kind == "SOC":
        started["urgency"] = now
    if target.kind == agency.kind:
        started |= {
            d.clock: d.started_at
            for d in deadlines
            if d.met_at is None and d.clock not in _OWN_CLOCKS
        }
    return started
