"""Grant or refuse the further sections that another agency asked for; withdraw what was granted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from intake.domain.referral import OPEN, State
from intake.domain.report import canonical
from intake.domain.section_request import FOLLOWS, RequestState, may_be_given
from intake.domain.trail import Action
from intake.services.ask_sections import AskSections, Request, check, kinds_of, place
from intake.services.desks import NobodyCanOpen
from intake.services.hand_over import SectionsUnfit
from intake.services.read import ReferralNotYours
from intake.services.record import MoveNotOpen, ReasonMissing
from intake.services.sign_in import Visit
from intake.store import people, section_requests, trail
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
    """A request to one of the lead's, and what it may give."""

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
        if State(asked.asker_state) not in OPEN:
            raise MoveNotOpen
        way = check(self.ask.ways(row.agency_id, asked.asker_agency, now), given.way, given.consent)
        if not given.sections or not set(given.sections) <= set(answering.sections):
            raise SectionsUnfit
        key = self._asked_by(asked)
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
        key = self._asked_by(asked)
        values = self._answer(visit, asked, RequestState.REFUSED, said, key, now)
        with self.database.write() as connection:
            if not section_requests.answer(connection, asked, values):
                raise MoveNotOpen
            self._line(connection, visit, answering, Action.REFUSE_SECTIONS, now)

    def withdraw(
        self, visit: Visit, referral_id: UUID, request_id: UUID, reason: str, now: datetime
    ) -> None:
        """The asker opens it no more; what was read was read. Raises MoveNotOpen, ReasonMissing."""
        answering = self._open(visit, referral_id, request_id, RequestState.WITHDRAWN, now)
        if not reason:
            raise ReasonMissing
        asked = answering.request.row
        key = self._asked_by(asked)
        said = seal_for(key, canonical({"reason": reason}), *place("answer", asked.id))
        with self.database.write() as connection:
            if not section_requests.withdraw(connection, asked, visit.person.id, said, now):
                raise MoveNotOpen
            self._line(connection, visit, answering, Action.WITHDRAW_SECTIONS, now)

    def _open(
        self, visit: Visit, referral_id: UUID, request_id: UUID, to: RequestState, now: datetime
    ) -> Answering:
        answering = self.choices(visit, referral_id, request_id, now)
        answers = to in (RequestState.GRANTED, RequestState.REFUSED)
        ended = answers and not answering.request.open  # the lead, or the asker, has it no more
        if ended or to not in FOLLOWS[answering.request.state]:
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
        to_lead = self._key(asked.lead_key_id, asked.lead_agency)
        return {
            "state": state.value,
            "answered_by": visit.person.id,
            "answered_at": now,
            "sealed_answer": seal_for(to_asker, said, *place("answer", asked.id)),
            "sealed_given": seal_for(to_lead, said, *place("given", asked.id)),
        }

    def _asked_by(self, asked: AnyRow) -> PublicKey:
        return self._key(asked.asker_key_id, asked.asker_agency)

    def _key(self, key_id: str, agency: str) -> PublicKey:
        """That the request is sealed to. Raises NobodyCanOpen where it is not as it was signed."""
        with self.database.read() as connection:
            key = people.agency_key(connection, key_id)
        if key is None or key.agency_id != agency:
            raise NobodyCanOpen(agency)
        return PublicKey(key.id, key.public_key)

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
