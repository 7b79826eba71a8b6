"""The pages on which an agency asks for further parts of a report, and the lead answers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Response, redirect, request, url_for

from intake.domain.directory import Directory
from intake.domain.message import Message, mark
from intake.domain.section_request import RequestState
from intake.language import Language
from intake.services.answer_request import Answering, AnswerRequest, Given
from intake.services.ask_sections import (
    AlreadyAsked,
    Asking,
    AskSections,
    NoLeadToAsk,
    Request,
    Wanted,
)
from intake.services.record import MoveNotOpen
from intake.services.sign_in import Visit
from intake.store.columns import AnyRow
from intake.web import kept
from intake.web.forms.base import PageForm
from intake.web.forms.section_request import (
    GRANT,
    REFUSE,
    WITHDRAW,
    AskForm,
    GrantForm,
    RequestReasonForm,
)
from intake.web.forms.staff import StaffForms
from intake.web.hand_over import UNTOLD, tell
from intake.web.move import MOVED_ON
from intake.web.names import Names
from intake.web.page import Clock as Now
from intake.web.page import reader_language, render
from intake.web.timeline import basis
from intake.web.words import part

NO_LEAD = mark("No other agency leads this report now, so there is nobody to ask.")
ALREADY = mark("Your agency has asked already, and waits for the answer.")
STATES: dict[str, tuple[str, str]] = {
    RequestState.ASKED: ("new", mark("Waits for an answer")),
    RequestState.GRANTED: ("done", mark("Granted")),
    RequestState.REFUSED: ("closed", mark("Request refused")),
    RequestState.WITHDRAWN: ("closed", mark("Grant withdrawn")),
}
STEPS = {
    GRANT: RequestState.GRANTED,
    REFUSE: RequestState.REFUSED,
    WITHDRAW: RequestState.WITHDRAWN,
}
DONE: dict[str, str] = {
    f"request-{RequestState.ASKED}": mark("Further parts asked for"),
    f"request-{RequestState.GRANTED}": mark("The parts were granted"),
    f"request-{RequestState.REFUSED}": mark("Request refused"),
    f"request-{RequestState.WITHDRAWN}": mark("Grant withdrawn"),
}
"""What the report's page says after each step, by the word in its address."""


@dataclass(frozen=True)
class ShownRequest:
    """A request in one reader's words."""

    id: UUID
    own: bool
    agency: str
    kind: str
    state: str
    asked_at: str
    asked: str
    reason: str
    consent: str
    given: str
    basis: str
    answer: str
    may_answer: bool
    may_withdraw: bool


def shown(language: Language, names: Names, each: Request) -> ShownRequest:
    """``agency``: the other side; to the asker only the lead's role is told."""
    asked, answer = each.asked or {}, each.answer or {}
    kind, state = STATES[each.state]
    given = answer.get("sections", ()) if each.state is RequestState.GRANTED else ()
    return ShownRequest(
        id=each.row.id,
        own=each.own,
        agency="" if each.own else names(each.row.asker_agency),
        kind=kind,
        state=language.gettext(state),
        asked_at=language.date_and_time(each.row.asked_at),
        asked=_parts(language, asked.get("sections", ())),
        reason=asked.get("reason", ""),
        consent=asked.get("consent", ""),
        given=_parts(language, given),
        basis=basis(language, answer["basis"]) if given else "",
        answer=answer.get("reason", ""),
        may_answer=RequestState.GRANTED in each.moves,
        may_withdraw=RequestState.WITHDRAWN in each.moves,
    )


def _parts(language: Language, slots: Sequence[str]) -> str:
    return ", ".join(part(language, slot, slots) for slot in slots)


@dataclass(frozen=True)
class RequestPages:
    """Nothing of the report shows here."""

    ask: AskSections
    answer: AnswerRequest
    directory: Directory
    forms: StaffForms
    now: Now

    def ask_sections(self, visit: Visit, referral_id: UUID) -> Any:
        """Which parts, of whom, on which basis and why."""
        now = self.now()
        form = self.forms(AskForm, visit, request.form or None)
        row = self.ask.read.entitled(visit, referral_id, now)
        try:
            asking = self.ask.choices(visit, referral_id, now)
        except NoLeadToAsk:
            return self._closed(row, form, NO_LEAD)
        except AlreadyAsked:
            return self._closed(row, form, ALREADY)
        except MoveNotOpen:
            return self._closed(row, form, MOVED_ON)
        self._offer(form, asking, self._names(visit, asking.referral))
        if request.method == "GET":
            return self._ask_page(asking, form, 200)
        if not form.validate():
            return self._ask_page(asking, form, 422)
        wanted = Wanted(
            UUID(form["lead"].cleaned),
            form["way"].cleaned,
            tuple(form["sections"].cleaned),
            form["reason"].cleaned.strip(),
            form["consent"].cleaned.strip(),
        )
        try:
            self.ask(visit, referral_id, wanted, now)
        except UNTOLD as error:
            tell(form, error)
        except AlreadyAsked:
            return self._closed(row, form, ALREADY)
        except MoveNotOpen:
            return self._closed(row, form, MOVED_ON)
        else:
            return _done(referral_id, RequestState.ASKED)
        return self._ask_page(asking, form, 422)

    def section_request(self, visit: Visit, referral_id: UUID, request_id: UUID) -> Any:
        """The lead's page of one request: grant, refuse or withdraw."""
        now = self.now()
        row = self.ask.read.entitled(visit, referral_id, now)
        step = request.form.get("step", "")
        form = self.forms(GrantForm, visit, request.form if step == GRANT else None)
        why = self.forms(
            RequestReasonForm, visit, request.form if step in (REFUSE, WITHDRAW) else None
        )
        try:
            answering = self.answer.choices(visit, referral_id, request_id, now)
        except MoveNotOpen:
            return self._closed(row, form, MOVED_ON)
        self._offer_grant(form, answering)
        if request.method == "GET":
            return self._answer_page(visit, answering, form, why, 200)
        typed: PageForm = form if step == GRANT else why
        if not typed.validate():
            return self._answer_page(visit, answering, form, why, 422)
        try:
            self._do(step, visit, answering, form, why)
        except UNTOLD as error:
            tell(typed, error)
        except MoveNotOpen:
            return self._closed(row, form, MOVED_ON)
        else:
            return _done(referral_id, STEPS[step])
        return self._answer_page(visit, answering, form, why, 422)

    def _do(
        self, step: str, visit: Visit, answering: Answering, form: GrantForm, why: RequestReasonForm
    ) -> None:
        now, row, asked = self.now(), answering.referral, answering.request.row
        if step == GRANT:
            given = Given(
                form["way"].cleaned,
                tuple(form["sections"].cleaned),
                consent=form["consent"].cleaned.strip(),
            )
            self.answer.grant(visit, row.id, asked.id, given, now)
            return
        do = self.answer.withdraw if step == WITHDRAW else self.answer.refuse
        do(visit, row.id, asked.id, why["reason"].cleaned.strip(), now)

    def _ways(self, leads: Collection[str], asker: str) -> list[tuple[str, str]]:
        language = reader_language()
        found = {
            way.id: basis(language, vars(way.basis))
            for lead in leads
            for way in self.ask.ways(lead, asker, self.now())
        }
        return list(found.items())

    def _names(self, visit: Visit, row: AnyRow) -> Names:
        own = {row.agency_id} if self.ask.read.is_masked(visit, row) else None
        return Names(reader_language(), self.directory, own)

    def _offer(self, form: AskForm, asking: Asking, names: Names) -> None:
        language, leads = reader_language(), asking.leads
        form["lead"].choices = [(str(each.id), names(each.agency_id)) for each in leads]
        form["sections"].choices = [
            (slot, part(language, slot, asking.sections)) for slot in asking.sections
        ]
        form["way"].choices = self._ways(
            [each.agency_id for each in leads], asking.referral.agency_id
        )
        if request.method == "GET":
            form["lead"].data = str(leads[0].id)

    def _offer_grant(self, form: GrantForm, answering: Answering) -> None:
        language = reader_language()
        asked = answering.request.asked or {}
        form["sections"].choices = [
            (slot, part(language, slot, answering.sections)) for slot in answering.sections
        ]
        form["way"].choices = self._ways(
            [answering.referral.agency_id], answering.request.row.asker_agency
        )
        if request.method == "GET":
            wanted = asked.get("sections", ())
            form["sections"].data = [slot for slot in answering.sections if slot in wanted]
            form["way"].data = asked.get("way", "")
            form["consent"].data = asked.get("consent", "")

    def _ask_page(self, asking: Asking, form: AskForm, status: int) -> Response:
        return render(
            "agency/ask_sections.html",
            status,
            form=form,
            several=len(asking.leads) > 1,
            referral=asking.referral,
            back_href=url_for("agency.referral", referral_id=asking.referral.id),
        )

    def _answer_page(
        self,
        visit: Visit,
        answering: Answering,
        form: GrantForm,
        why: RequestReasonForm,
        status: int,
    ) -> Response:
        names = self._names(visit, answering.referral)
        return render(
            "agency/answer_request.html",
            status,
            form=form,
            why=why,
            each=shown(reader_language(), names, answering.request),
            referral=answering.referral,
            back_href=url_for("agency.referral", referral_id=answering.referral.id),
        )

    def _closed(self, row: AnyRow, form: Any, why: str) -> Response:
        form.form_errors.append(form.say(Message(why)))
        return render(
            "agency/request_closed.html",
            409,
            form=form,
            referral=row,
            back_href=url_for("agency.referral", referral_id=row.id),
            lost=kept.lost(request),
        )


def _done(referral_id: UUID, state: RequestState) -> Any:
    page = url_for("agency.referral", referral_id=referral_id, recorded=f"request-{state}")
    return redirect(page, 303)
