"""Grant or refuse the further sections that another agency asked for; withdraw what was granted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from intake.domain.referral import OPEN
from intake.domain.report import canonical, kinds_of
from intake.domain.section_request import RequestState, may_be_given
from intake.domain.trail import Action
from intake.services.ask_sections import AskSections, Request, check, place
from intake.services.hand_over import SectionsUnfit
from intake.services.read import ReferralNotYours
from intake.services.record import MoveNotOpen, ReasonMissing
from intake.services.sign_in import Visit
from intake.store import referrals, section_requests, trail
from intake.store.columns import AnyRow
from intake.store.database import Database
from intake.vault.seal import PublicKey, SectionKeys, seal_for, wrap


@dataclass(frozen=True)
class Given:
    """What the lead gives, on which basis."""

    way: str
    sections: tuple[str, ...]
    reason: str = ""
    consent: str = ""


@dataclass(frozen=True)
class Answering:
    """A request to the lead, or to a former one, and what it may give."""

    referral: AnyRow
    request: Request
    keys: SectionKeys
    sections: tuple[str, ...]


@dataclass(frozen=True)
class AnswerRequest:
    """Wraps the keys in the request of a signed-in holder; one transaction each."""

    database: Database
    ask: AskSections

    def choices(
        self, visit: Visit, referral_id: UUID, request_id: UUID, now: datetime
    ) -> Answering:
        """Raises ReferralNotYours also where there is no such request of this referral,
        KeyNotGranted, MoveNotOpen where nothing opens any more.
        """
        row, keys = self.ask.opened(visit, referral_id, now)
        found = {each.row.id: each for each in self.ask.requests(visit, row)}
        request = found.get(request_id)
        if request is None or request.own:
            self.ask.read.refuse(visit, row, now)
            raise ReferralNotYours
        asked = request.asked["sections"] if request.asked else ()
        return Answering(row, request, keys, may_be_given(asked, list(keys)))

    def grant(
        self, visit: Visit, referral_id: UUID, request_id: UUID, given: Given, now: datetime
    ) -> None:
        """Give the asker the keys of these sections. Raises MoveNotOpen, SectionsUnfit, BasisUnfit,
        ConsentMissing, NobodyCanOpen; nothing is kept then.
        """
        answering = self._open(visit, referral_id, request_id, RequestState.GRANTED, now)
        row, asked = answering.referral, answering.request.row
        way = check(self.ask.ways(row.agency_id, asked.asker_agency, now), given.way, given.consent)
        if not given.sections or not set(given.sections) <= set(answering.sections):
            raise SectionsUnfit
        key = self.ask.public_key(asked.asker_key_id, asked.asker_agency)
        said = canonical({**vars(given), "basis": way.basis})
        values = self._answer(visit, asked, RequestState.GRANTED, said, key, now) | {
            "sealed_keys": wrap(
                answering.keys.only(given.sections),
                report_id=row.report_id,
                referral_id=asked.asker_id,
                purpose="further",
                recipient=key,
            ),
        }
        with self.database.write() as connection:
            _hold(connection, answering, answers=True)
            if not section_requests.answer(connection, asked, values):
                raise MoveNotOpen
            basis = way.basis.law or way.basis.id
            self._line(
                connection,
                visit,
                answering,
                Action.GRANT_SECTIONS,
                now,
                purpose=kinds_of(given.sections),
                basis=basis,
            )

    def refuse(
        self, visit: Visit, referral_id: UUID, request_id: UUID, reason: str, now: datetime
    ) -> None:
        """With a reason that both sides read. Raises MoveNotOpen, ReasonMissing."""
        answering = self._open(visit, referral_id, request_id, RequestState.REFUSED, now)
        if not reason:
            raise ReasonMissing
        asked = answering.request.row
        said = canonical({"reason": reason})
        key = self.ask.public_key(asked.asker_key_id, asked.asker_agency)
        values = self._answer(visit, asked, RequestState.REFUSED, said, key, now)
        with self.database.write() as connection:
            _hold(connection, answering, answers=True)
            if not section_requests.answer(connection, asked, values):
                raise MoveNotOpen
            self._line(connection, visit, answering, Action.REFUSE_SECTIONS, now)

    def withdraw(
        self, visit: Visit, referral_id: UUID, request_id: UUID, reason: str, now: datetime
    ) -> None:
        """By the lead of today, also what a former lead granted. The asker opens it no more; what
        was read was read. Raises MoveNotOpen, ReasonMissing.
        """
        answering = self._open(visit, referral_id, request_id, RequestState.WITHDRAWN, now)
        if not reason:
            raise ReasonMissing
        asked = answering.request.row
        key = self.ask.public_key(asked.asker_key_id, asked.asker_agency)
        said = seal_for(key, canonical({"reason": reason}), *place("answer", asked.id))
        with self.database.write() as connection:
            _hold(connection, answering, answers=False)
            if not section_requests.withdraw(connection, asked, visit.person.id, said, now):
                raise MoveNotOpen
            self._line(connection, visit, answering, Action.WITHDRAW_SECTIONS, now)

    def _open(
        self, visit: Visit, referral_id: UUID, request_id: UUID, to: RequestState, now: datetime
    ) -> Answering:
        answering = self.choices(visit, referral_id, request_id, now)
        if to not in answering.request.moves:
            raise MoveNotOpen
        return answering

    def _answer(
        self,
        visit: Visit,
        asked: AnyRow,
        state: RequestState,
        said: bytes,
        to_asker: PublicKey,
        now: datetime,
    ) -> dict[str, Any]:
        to_lead = self.ask.public_key(asked.lead_key_id, asked.lead_agency)
        return {
            "state": state.value,
            "answered_by": visit.person.id,
            "answered_at": now,
            "sealed_answer": seal_for(to_asker, said, *place("answer", asked.id)),
            "sealed_given": seal_for(to_lead, said, *place("given", asked.id)),
        }

    def _line(
        self,
        connection: Connection,
        visit: Visit,
        answering: Answering,
        action: Action,
        now: datetime,
        **told: str,
    ) -> None:
        """At the asker's referral, as every disclosure."""
        trail.write_line(
            connection,
            at=now,
            action=action,
            person_id=visit.person.id,
            role=visit.person.role_at(answering.referral.agency_id),
            agency_id=answering.request.row.asker_agency,
            referral_id=answering.request.row.asker_id,
            **told,
        )


def _hold(connection: Connection, answering: Answering, *, answers: bool) -> None:
    """Raises MoveNotOpen where the lead, or of an answer the asker, has the report no more, or its
    content has been deleted.
    """
    states = {answering.referral.id: section_requests.LEADING}
    if answers:
        states[answering.request.row.asker_id] = OPEN
    if not referrals.hold_in(connection, states):
        raise MoveNotOpen
