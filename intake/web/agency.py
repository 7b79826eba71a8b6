"""The agency's door: its inbox, its referrals and what it records on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, abort, request, url_for
from flask_login import current_user

from intake.domain.calendar import PROVISIONAL
from intake.domain.clock import Clock
from intake.domain.directory import Directory
from intake.domain.masked import is_protected
from intake.domain.people import Permission
from intake.domain.referral import DONE, OPEN, Move, State
from intake.domain.report import reports_offence
from intake.domain.section_request import may_be_asked
from intake.services.answer_request import AnswerRequest
from intake.services.ask_sections import AskSections
from intake.services.certify import Certify
from intake.services.hand_on import live
from intake.services.hand_over import HandOver
from intake.services.hold import Hold
from intake.services.note_print import NotePrint
from intake.services.read import KeyNotGranted, Opened, Read, ReferralNotYours
from intake.services.record_right import RecordRight
from intake.services.recuse import Recuse
from intake.services.respond import Respond
from intake.services.show_protected import ShowProtected
from intake.services.sign_in import Visit
from intake.services.take_over import MOST_OFFERS, TakeOver
from intake.services.who_looked import WhoLooked
from intake.services.why_here import WhyHere
from intake.services.withdraw import Withdraw
from intake.services.write_note import WriteNote
from intake.web import case
from intake.web.audit import TrailWords
from intake.web.deadline_words import changed
from intake.web.due import SOON, due
from intake.web.forms.moves import WORDS, ButtonForm
from intake.web.forms.staff import StaffForms
from intake.web.guards import Entrance, Refusal
from intake.web.hand_over import HandOverPages
from intake.web.hold import HoldPages
from intake.web.move import MovePage
from intake.web.note import WRITTEN, NotePages
from intake.web.page import Clock as Now
from intake.web.page import reader_language, render
from intake.web.paging import Asked
from intake.web.recuse import RecusePages
from intake.web.section_requests import DONE as ANSWERED
from intake.web.section_requests import RequestPages
from intake.web.section_requests import shown as shown_request
from intake.web.show_protected import ShowProtectedPage
from intake.web.take_over import TakeOverPage, names_for, shown
from intake.web.who_looked import UseLogPages
from intake.web.why_here import Here
from intake.web.words import STATES, TAKEN_OVER, length
from routing_rules.rule import Basis

_OPEN = tuple(state for state in State if state in OPEN)
SHOWN: Mapping[str, tuple[State, ...]] = {
    "open": _OPEN,
    "late": _OPEN,
    "soon": _OPEN,
    "closed": tuple(state for state in State if state in DONE),
    "all": tuple(State),
}


@dataclass(frozen=True)
class _Agency:
    read: Read
    respond: Respond
    take_over: TakeOver
    directory: Directory
    clocks: Mapping[str, Clock]
    forms: StaffForms
    refuse: Refusal
    now: Now
    why_here: WhyHere
    certify: Certify
    ask: AskSections

    def inbox(self, visit: Visit) -> Response:
        """The referrals of one's agencies, the most pressing first; no content."""
        own, now = visit.person.agencies(Permission.READ_REFERRALS), self.now()
        asked = Asked.here(SHOWN, own)
        found = self.read.inbox(
            visit,
            SHOWN[asked.shown],
            asked.limit,
            agency=asked.agency,
            span=asked.span(now),
            after=asked.after,
        )
        rows, pages = asked.page(found, "agency.inbox")
        taken_over = self.read.taken_over(rows)
        offers = [] if asked.after else self.take_over.offers(visit)
        names = names_for(visit, self.directory)
        return render(
            "agency/inbox.html",
            asked=asked,
            rows=[
                (
                    row,
                    due(row.due_at, now) if row.due_at else None,
                    TAKEN_OVER if row.id in taken_over else STATES[row.state],
                )
                for row in rows
            ],
            pages=pages,
            pressure=self.read.pressure(visit, now, now + SOON, agency=asked.agency),
            offers=[shown(offer, self.clocks, names, now) for offer in offers],
            most_offers=MOST_OFFERS,
            requests=[] if asked.after else self.ask.waiting(visit),
            can_hold=visit.person.may(Permission.HOLD_CONTENT),
            agencies=[self.directory.agency(agency) for agency in sorted(own)],
            directory=self.directory,
        )

    def referral(self, visit: Visit, referral_id: UUID) -> Response:
        """One referral: the trail line is committed before anything is shown."""
        now = self.now()
        opened = self.read(visit, referral_id, now)
        shown_case = case.Case(reader_language(), self.directory, self.clocks, now)
        back_href = url_for("agency.inbox")
        if opened.referral.content_deleted_at:
            return render("agency/deleted.html", back_href=back_href, **shown_case.frame(opened))
        if opened.referral.state == State.WITHDRAWN:
            return render("agency/withdrawn.html", back_href=back_href, **shown_case.frame(opened))
        return self.show(visit, opened)

    def show(self, visit: Visit, opened: Opened, *, revealed: bool = False) -> Response:
        """The page of a referral that was opened; a protected place only if it is ``revealed``."""
        shown_case = case.Case(reader_language(), self.directory, self.clocks, self.now())
        told = opened if revealed else self._without_places(opened)
        names = shown_case.names(opened, revealed=revealed)
        concern = opened.sections.get("concern")
        moves = self.respond.moves_for(
            visit,
            opened.referral,
            deadlines=opened.deadlines,
            made={Move(row.move) for row in opened.moves},
            successor=live(opened.successors),
            reported_offence=concern is not None and reports_offence(concern),
        )
        return render(
            "agency/referral.html",
            back_href=url_for("agency.inbox"),
            **shown_case.context(told, moves, revealed=revealed),
            explained=self._explained(told),
            requests=[
                shown_request(reader_language(), names, each)
                for each in self.ask.requests(visit, opened.referral)
            ],
            can_hold=opened.referral.agency_id in visit.person.agencies(Permission.HOLD_CONTENT),
            can_ask=bool(moves) and opened.referral.state in OPEN and self._may_ask(opened),
            recorded=_recorded(request.args.get("recorded", "")),
            button_form=self.forms(ButtonForm, visit),
        )

    def _may_ask(self, opened: Opened) -> bool:
        """Whether there are parts that it lacks; that nobody leads it, the page says that asks."""
        return not opened.referral.is_lead and bool(may_be_asked(list(opened.sections)))

    def _without_places(self, opened: Opened) -> Opened:
        """With reasons that do not tell where a child lives, if that is protected."""
        if not is_protected(opened.sections):
            return opened
        agency = self.directory.agency(opened.referral.agency_id)
        return replace(opened, reasons=self.why_here.without_places(opened.reasons, agency))

    def _explained(self, opened: Opened) -> list[dict[str, Any]]:
        """Why it came, of each child, as far as this agency may know."""
        agency = self.directory.agency(opened.referral.agency_id)
        here = Here(reader_language(), opened.reasons)
        return [here(child) for child in self.why_here(opened.reasons, agency)]

    def certificate(self, visit: Visit, referral_id: UUID, clock: str) -> Response:
        """How one deadline was counted, day by day."""
        offered = self.respond.offered(visit, referral_id, self.now())
        row = next((d for d in offered.deadlines if d.clock == clock), None)
        certified = self.certify(row) if row is not None else None
        if row is None or certified is None:
            abort(404)
        language, counted = reader_language(), certified.counted
        return render(
            "agency/certificate.html",
            referral=offered.referral,
            back_href=url_for("agency.referral", referral_id=referral_id),
            stored=row,
            certified=certified,
            counted=counted,
            provisional=row.calendar_version.startswith(PROVISIONAL),
            changes=[changed(language, change) for change in certified.changes],
            length=length(language, counted.rule),
            runs=case.runs(counted, language.code),
            due=due(row.due_at, self.now()),
        )

    def key_missing(self, _error: KeyNotGranted) -> Response:
        """A member of the agency to whom nobody has granted its key."""
        asked = (request.view_args or {}).get("referral_id")
        self.refuse(current_user.visit, "agency.key_missing", referral_id=asked)
        return render("agency/key_missing.html", 403)

    def not_yours(self, _error: ReferralNotYours) -> Response:
        """The service has left the trail line."""
        return render("errors/404.html", 404)


def _recorded(name: str) -> str:
    done = {move.value: words.done for move, words in WORDS.items()} | WRITTEN | ANSWERED
    return done.get(name, "")


def make_blueprint(
    *,
    read: Read,
    respond: Respond,
    hand_over: HandOver,
    withdraw: Withdraw,
    take_over: TakeOver,
    write_note: WriteNote,
    show_protected: ShowProtected,
    recuse: Recuse,
    ask: AskSections,
    answer: AnswerRequest,
    hold: Hold,
    why_here: WhyHere,
    certify: Certify,
    who_looked: WhoLooked,
    record_right: RecordRight,
    note_print: NotePrint,
    directory: Directory,
    clocks: Mapping[str, Clock],
    bases: Mapping[str, Basis],
    refuse: Refusal,
    door_secret: bytes,
    now: Now,
) -> Blueprint:
    """The door's routes."""
    blueprint = Blueprint("agency", __name__)
    entrance = Entrance(blueprint, refuse)
    forms = StaffForms(door_secret)
    agency = _Agency(
        read, respond, take_over, directory, clocks, forms, refuse, now, why_here, certify, ask
    )
    handing = HandOverPages(hand_over, directory, clocks, forms, now)
    notes = NotePages(write_note, forms, now)
    taking = TakeOverPage(take_over, directory, clocks, forms, now)
    showing = ShowProtectedPage(show_protected, agency.show, forms, now)
    requesting = RequestPages(ask, answer, directory, forms, now)
    holding = HoldPages(hold, directory, forms, now)
    recusing = RecusePages(recuse, forms, now)
    moving = MovePage(respond, withdraw, directory, clocks, forms, now)
    words = TrailWords(directory, clocks, bases)
    log = UseLogPages(who_looked, record_right, note_print, words, forms, now)
    reads, moves = Permission.READ_REFERRALS, Permission.MOVE_REFERRALS
    one, both = "/referrals/<uuid:referral_id>", ("GET", "POST")
    entrance.route("/inbox", reads)(agency.inbox)
    entrance.route(one, reads)(agency.referral)
    entrance.route(f"{one}/deadlines/<clock>", reads)(agency.certificate)
    entrance.route(f"{one}/printed", reads, ("POST",))(log.printed)
    entrance.route(f"{one}/hand_over", moves)(handing.to_whom)
    handing_over = entrance.route(f"{one}/hand_over/<agency_id>", moves, both, fresh=True)
    handing_over(handing.what_and_why)
    entrance.route(f"{one}/take_over", moves, both)(taking.take_over)
    entrance.route(f"{one}/protected", reads, both)(showing.show_protected)
    recusals, lifts = f"{one}/recusal", Permission.LIFT_RECUSAL
    entrance.route(recusals, Permission.RECUSE, both)(recusing.recusal)
    entrance.route(f"{recusals}/colleague", Permission.RECUSE, both, fresh=True)(
        recusing.recuse_colleague
    )
    lifting = entrance.route(f"{recusals}/<uuid:recusal_id>", lifts, both, fresh=True)
    lifting(recusing.lift_recusal)
    entrance.route(f"{one}/parts", moves, both)(requesting.ask_sections)
    answering = entrance.route(f"{one}/parts/<uuid:request_id>", moves, both, fresh=True)
    answering(requesting.section_request)
    entrance.route("/going", Permission.HOLD_CONTENT)(holding.going)
    entrance.route(f"{one}/holds", Permission.HOLD_CONTENT, both)(holding.holds)
    one_hold = f"{one}/holds/<uuid:hold_id>"
    entrance.route(one_hold, Permission.HOLD_CONTENT, both)(holding.release)
    entrance.route(f"{one}/note", moves, both)(notes.note)
    entrance.route(f"{one}/contact", moves, both)(notes.contact)
    entrance.route("/account/log", reads)(log.own_log)
    entrance.route(f"{one}/lookers", reads)(log.who_looked)
    entrance.route(f"{one}/right", moves, both)(log.right)
    entrance.route(f"{one}/<move>", moves, both)(moving.move)
    blueprint.register_error_handler(KeyNotGranted, agency.key_missing)
    blueprint.register_error_handler(ReferralNotYours, agency.not_yours)
    return blueprint
