"""Ask the lead agency for further sections of a report, and read what has become of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from intake.domain.contents import ANSWERED, ASKED, GRANTED
from intake.domain.directory import Directory
from intake.domain.people import Permission
from intake.domain.referral import OPEN, State
from intake.domain.report import canonical, kinds_of
from intake.domain.row_id import new_id
from intake.domain.rule_tables import HandOver as Way
from intake.domain.section_request import FOLLOWS, RequestState, may_be_asked
from intake.domain.shape import Shape
from intake.domain.trail import Action
from intake.services.desks import NobodyCanOpen
from intake.services.hand_over import BasisUnfit, ConsentMissing, HandOver, SectionsUnfit
from intake.services.leave_line import leave_line
from intake.services.open_content import content_of
from intake.services.read import Read, ReferralNotYours, ReferralWithdrawn
from intake.services.record import MoveNotOpen, ReasonMissing
from intake.services.sign_in import Visit
from intake.store import recusals, referrals, section_requests
from intake.store.columns import AnyRow
from intake.store.database import Database
from intake.vault.keyring import PrivateKey
from intake.vault.open import open_for
from intake.vault.seal import PublicKey, SectionKeys, seal_for

REQUEST = "request for further sections"


class NoLeadToAsk(MoveNotOpen):
    """No other agency leads the report, or none that has it still."""


class AlreadyAsked(MoveNotOpen):
    """A request of this referral waits for its answer."""


@dataclass(frozen=True)
class Wanted:
    """What is asked for, of which lead referral, on which basis and why."""

    lead: UUID
    way: str
    sections: tuple[str, ...]
    reason: str
    consent: str = ""


@dataclass(frozen=True)
class Asking:
    """What one worker may choose from: the leads, and the slots that their agency lacks."""

    referral: AnyRow
    leads: Sequence[AnyRow]
    sections: tuple[str, ...]


@dataclass(frozen=True)
class Request:
    """A request as one side reads it. ``asked`` and ``answer`` are None where they do not open.

    ``own``: this side asked. ``moves``: what this side may make of it now.
    """

    row: AnyRow
    own: bool
    state: RequestState
    moves: frozenset[RequestState]
    asked: Mapping[str, Any] | None
    answer: Mapping[str, Any] | None


@dataclass(frozen=True)
class AskSections:
    """Only who has the report asks, and only what was sealed to both sides is stored."""

    database: Database
    directory: Directory
    read: Read
    hand_over: HandOver

    def choices(self, visit: Visit, referral_id: UUID, now: datetime) -> Asking:
        """Raises ReferralNotYours, KeyNotGranted, NoLeadToAsk; AlreadyAsked while a request waits,
        MoveNotOpen once it has moved on.
        """
        row, keys = self.opened(visit, referral_id, now)
        if State(row.state) not in OPEN:
            raise MoveNotOpen
        with self.database.read() as connection:
            leads = section_requests.leads(connection, row)
            waits = section_requests.waits(connection, row.id)
        if not leads:
            raise NoLeadToAsk
        if waits:
            raise AlreadyAsked
        return Asking(row, leads, may_be_asked([slot for slot in keys if slot != "reasons"]))

    def ways(self, lead: str, asker: str, now: datetime) -> list[Way]:
        """The bases in force on which the lead agency may disclose to the asker."""
        agency = self.directory.agency
        return self.hand_over.ways(agency(lead), agency(asker), now)

    def __call__(self, visit: Visit, referral_id: UUID, wanted: Wanted, now: datetime) -> UUID:
        """The request's id. Raises also BasisUnfit, SectionsUnfit, ConsentMissing, ReasonMissing,
        AlreadyAsked, NobodyCanOpen; nothing is kept then.
        """
        asking = self.choices(visit, referral_id, now)
        row = asking.referral
        lead = next((each for each in asking.leads if each.id == wanted.lead), None)
        if lead is None:
            raise NoLeadToAsk
        check(self.ways(lead.agency_id, row.agency_id, now), wanted.way, wanted.consent)
        if not wanted.sections or not set(wanted.sections) <= set(asking.sections):
            raise SectionsUnfit
        if not wanted.reason:
            raise ReasonMissing
        request_id = new_id(now)
        said = canonical(
            {
                "sections": wanted.sections,
                "way": wanted.way,
                "reason": wanted.reason,
                "consent": wanted.consent,
            }
        )
        to_lead, to_asker = self.key_of(lead, now), self.key_of(row, now)
        values = {
            "id": request_id,
            "asker_id": row.id,
            "lead_id": lead.id,
            "state": RequestState.ASKED.value,
            "asked_by": visit.person.id,
            "asked_at": now,
            "lead_key_id": to_lead.key_id,
            "asker_key_id": to_asker.key_id,
            "sealed_asked": seal_for(to_lead, said, *place("asked", request_id)),
            "sealed_own": seal_for(to_asker, said, *place("own", request_id)),
        }
        with self.database.write() as connection:
            if not referrals.hold_in(connection, {row.id: OPEN}):
                raise MoveNotOpen
            if not section_requests.add(connection, values):
                raise AlreadyAsked
            purpose = kinds_of(wanted.sections)
            leave_line(connection, visit, row, Action.ASK_SECTIONS, now, purpose=purpose)
        return request_id

    def requests(self, visit: Visit, row: AnyRow) -> list[Request]:
        """Those that this referral's agency made or was made, and what a former lead granted from
        whom it has the report; with what its key opens.
        """
        with self.database.read() as connection:
            rows = section_requests.of_referral(connection, row.id)
        if not rows:
            return []
        try:
            key = self.read.agency_key(visit, row)
        except ReferralWithdrawn:
            return [_as_read(each, row, {}) for each in rows]
        keys = {key.key_id: key}
        for each in rows:
            if (named := _key_id(each, row.id)) not in keys:
                keys |= self.read.granted(visit, named)
        return [_as_read(each, row, keys) for each in rows]

    def waiting(self, visit: Visit) -> Sequence[AnyRow]:
        """The referrals of this person's agencies of which a request waits for an answer."""
        agencies = visit.person.agencies(Permission.MOVE_REFERRALS)
        with self.database.read() as connection:
            shut = recusals.shut_to(connection, visit.person.id)
            return section_requests.waiting(connection, agencies, shut)

    def opened(self, visit: Visit, referral_id: UUID, now: datetime) -> tuple[AnyRow, SectionKeys]:
        """The referral and the keys of its sections. Raises MoveNotOpen where nothing opens."""
        row = self.read.entitled(visit, referral_id, now)
        if row.agency_id not in visit.person.agencies(Permission.MOVE_REFERRALS):
            raise ReferralNotYours
        try:
            return row, self.read.section_keys(visit, row, self.read.agency_key(visit, row))
        except ReferralWithdrawn:
            raise MoveNotOpen from None

    def key_of(self, row: AnyRow, now: datetime) -> PublicKey:
        """The key that a referral's own wrap is sealed to: who opens the one opens the other.

        Where it does not count, the agency's in use. Raises NobodyCanOpen.
        """
        found = self.hand_over.hand_on.key_for(row, now)
        if found is None:
            raise NobodyCanOpen(row.agency_id)
        return found

    def public_key(self, key_id: str, agency: str) -> PublicKey:
        """That a request is sealed to. Raises NobodyCanOpen where it is not as it was signed."""
        found = self.hand_over.hand_on.signed_key(key_id, agency)
        if found is None:
            raise NobodyCanOpen(agency)
        return found


def check(ways: Sequence[Way], way_id: str, consent: str) -> Way:
    """The way of this id. Raises BasisUnfit, ConsentMissing."""
    way = next((each for each in ways if each.id == way_id), None)
    if way is None:
        raise BasisUnfit
    if way.asks_consent and not consent:
        raise ConsentMissing
    return way


def place(what: str, request_id: UUID) -> tuple[str | bytes, ...]:
    """What a part of a request is sealed with."""
    return (REQUEST, what, request_id.bytes)


def _key_id(row: AnyRow, referral_id: UUID) -> str:
    """Of a request, the key to which this side's parts are sealed."""
    found: str = row.asker_key_id if row.asker_id == referral_id else row.lead_key_id
    return found


def _moves(row: AnyRow, referral: AnyRow) -> frozenset[RequestState]:
    """Who leads the report now answers while the asker has it open, and withdraws at any time."""
    if row.asker_id == referral.id or State(referral.state) not in section_requests.LEADING:
        return frozenset()
    moves = FOLLOWS[RequestState(row.state)]
    return moves if State(row.asker_state) in OPEN else moves & {RequestState.WITHDRAWN}


def _as_read(row: AnyRow, referral: AnyRow, keys: Mapping[str, PrivateKey]) -> Request:
    own, state = row.asker_id == referral.id, RequestState(row.state)
    asked, answer = ("own", "answer") if own else ("asked", "given")
    key = keys.get(_key_id(row, referral.id))

    def opened(name: str, shape: Shape) -> Mapping[str, Any] | None:
        sealed = getattr(row, f"sealed_{name}")
        if key is None or not sealed:
            return None
        plain = open_for(key, sealed, *place(name, row.id))
        found: dict[str, Any] = content_of(plain, shape)
        return found

    return Request(
        row,
        own,
        state,
        _moves(row, referral),
        opened(asked, ASKED),
        opened(answer, GRANTED if state is RequestState.GRANTED else ANSWERED),
    )
