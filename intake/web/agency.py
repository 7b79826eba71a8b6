"""The agency's door: its inbox, its referrals and what it records on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, abort, redirect, request, url_for
from flask_login import current_user

from intake.domain.clock import Clock
from intake.domain.deadline import local_date
from intake.domain.directory import Agency, Directory
from intake.domain.message import Message, mark
from intake.domain.people import Permission
from intake.domain.referral import ASSESSING, MOVES, OPEN, Move, State
from intake.domain.report import reports_offence
from intake.services.read import KeyNotGranted, Read, ReferralNotYours
from intake.services.respond import (
    Entry,
    MoveNotOpen,
    NoDeskTakesIt,
    Offered,
    ReasonMissing,
    Respond,
    day_possible,
)
from intake.services.sign_in import Visit
from intake.web import case
from intake.web.due import SOON, due
from intake.web.forms.base import PageForm, token_key
from intake.web.forms.moves import FORMS, REASON_MISSING, WORDS
from intake.web.guards import Entrance, Refusal
from intake.web.page import Clock as Now
from intake.web.page import reader_language, render
from intake.web.paging import Asked
from intake.web.words import STATES, length

_OPEN = tuple(state for state in State if state in OPEN)
SHOWN: Mapping[str, tuple[State, ...]] = {
    "open": _OPEN,
    "late": _OPEN,
    "soon": _OPEN,
    "closed": tuple(state for state in State if state not in OPEN),
    "all": tuple(State),
}
MOVED_ON = mark(
    "This cannot be recorded now: the report has been handled further meanwhile, or the matter "
    "has been recorded already. Look at the report before you go on."
)
NOT_YET = mark("This can be recorded once the report has been taken up.")
NOT_FOR_YOU = mark("This agency cannot record this on this report.")
NO_DESK = mark(
    "The report cannot be returned now: no other desk can take it. It stays with your agency."
)
DAY_WRONG = mark("Give a day from the arrival (%(arrived)s) to today.")


@dataclass(frozen=True)
class _Agency:
    read: Read
    respond: Respond
    directory: Directory
    clocks: Mapping[str, Clock]
    refuse: Refusal
    door_secret: bytes
    now: Now

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
        rows, pages = asked.page(found)
        return render(
            "agency/inbox.html",
            asked=asked,
            rows=[
                (row, due(row.due_at, now) if row.due_at else None, STATES[row.state])
                for row in rows
            ],
            pages=pages,
            pressure=self.read.pressure(visit, now, now + SOON, agency=asked.agency),
            agencies=[self.directory.agency(agency) for agency in sorted(own)],
            directory=self.directory,
        )

    def referral(self, visit: Visit, referral_id: UUID) -> Response:
        """One referral: the trail line is committed before anything is shown."""
        now = self.now()
        opened = self.read(visit, referral_id, now)
        moves: tuple[Move, ...] = ()
        if opened.referral.agency_id in visit.person.agencies(Permission.MOVE_REFERRALS):
            concern = opened.sections.get("concern")
            moves = self.respond.moves_for(
                opened.referral,
                opened.deadlines,
                opened.moves,
                concern is not None and reports_offence(concern),
            )
        language = reader_language()
        shown = case.Case(language, self.directory, self.clocks, now)
        return render(
            "agency/referral.html",
            back_href=url_for("agency.inbox"),
            **shown.context(opened, moves),
            recorded=_recorded(request.args.get("recorded", "")),
            button_form=self._form(visit, Move.ACCEPT, None),
        )

    def move(self, visit: Visit, referral_id: UUID, move: str) -> Any:
        """Ask what a move needs, and record it."""
        if move not in tuple(Move):
            abort(404)
        named, now = Move(move), self.now()
        offered = self.respond.offered(visit, referral_id, now)
        form = self._form(visit, named, request.form if request.method == "POST" else None)
        if named not in offered.moves:
            return self._not_open(named, offered, form, self._why_not(named, offered))
        if request.method == "GET":
            if MOVES[named].asks_day:
                form["happened_on"].data = local_date(now)
            return self._page(named, offered, form, 200)
        valid = form.validate()
        if not (_day_holds(offered, form, now) and valid):
            return self._page(named, offered, form, 422)
        try:
            self.respond(visit, referral_id, _entry(named, form), now)
        except NoDeskTakesIt:
            return self._not_open(named, offered, form, NO_DESK)
        except MoveNotOpen:
            return self._not_open(named, offered, form, MOVED_ON)
        except ReasonMissing:
            form["reason"].errors = [form.say(Message(REASON_MISSING))]
        else:
            back = url_for("agency.referral", referral_id=referral_id, recorded=named.value)
            return redirect(back, 303)
        return self._page(named, offered, form, 422)

    def certificate(self, visit: Visit, referral_id: UUID, clock: str) -> Response:
        """How one deadline was counted, day by day."""
        offered = self.respond.offered(visit, referral_id, self.now())
        row = next((d for d in offered.deadlines if d.clock == clock), None)
        if row is None or clock not in self.clocks:
            abort(404)
        counted = self.respond.refer.certify(
            clock, row.started_at, today=row.today, municipality=row.municipality
        )
        return render(
            "agency/certificate.html",
            referral=offered.referral,
            back_href=url_for("agency.referral", referral_id=referral_id),
            stored=row,
            counted=counted,
            length=length(reader_language(), counted.rule),
            runs=case.runs(counted, reader_language().code),
            due=due(row.due_at, self.now()),
        )

    def key_missing(self, _error: KeyNotGranted) -> Response:
        """A member of the agency to whom nobody has granted its key."""
        self.refuse(current_user.visit, "agency.key_missing")
        return render("agency/key_missing.html", 403)

    def not_yours(self, _error: ReferralNotYours) -> Response:
        """The service has left the trail line."""
        return render("errors/404.html", 404)

    def _form(self, visit: Visit, move: Move, typed: Any) -> PageForm:
        key = token_key(self.door_secret, visit.secret.csrf_key)
        return FORMS[move](typed, language=reader_language(), token_key=key)

    def _taker(self, move: Move, offered: Offered) -> Agency | None:
        if move is not Move.RETURN or move not in offered.moves:
            return None
        return self.respond.taker(offered.referral, offered.deadlines, self.now())

    def _why_not(self, move: Move, offered: Offered) -> str:
        rule, state = MOVES[move], State(offered.referral.state)
        kind = self.directory.agency(offered.referral.agency_id).kind
        barred = kind in rule.not_kinds or (rule.kinds is not None and kind not in rule.kinds)
        clocks = {deadline.clock for deadline in offered.deadlines}
        barred |= move in ASSESSING and ASSESSING[move] not in clocks
        if barred or (move is Move.RETURN and state in rule.states):
            return NOT_FOR_YOU
        return NOT_YET if state is State.SENT and state not in rule.states else MOVED_ON

    def _not_open(self, move: Move, offered: Offered, form: PageForm, why: str) -> Response:
        form.form_errors.append(form.say(Message(why)))
        return self._page(move, offered, form, 409)

    def _page(self, move: Move, offered: Offered, form: PageForm, status: int) -> Response:
        language = reader_language()
        unmet = [
            case.clock_title(language, self.clocks, d.clock)
            for d in offered.deadlines
            if d.met_at is None
        ]
        return render(
            "agency/move.html",
            status,
            move=move,
            words=WORDS[move],
            taker=self._taker(move, offered),
            form=form,
            referral=offered.referral,
            back_href=url_for("agency.referral", referral_id=offered.referral.id),
            open=move in offered.moves and status != 409,
            unmet=unmet if move is Move.CLOSE and move in offered.moves else [],
            asks_reason=MOVES[move].asks_reason or (move is Move.CLOSE and bool(unmet)),
        )


def _day_holds(offered: Offered, form: PageForm, now: datetime) -> bool:
    """Whether the day that was given may be; the form says so where it may not."""
    day = form["happened_on"].data if "happened_on" in form else None
    if day is None or day_possible(offered.referral.arrived_at, day, now):
        return True
    arrived = {"arrived": local_date(offered.referral.arrived_at)}
    form["happened_on"].errors = [form.say(Message(DAY_WRONG, arrived))]
    return False


def _entry(move: Move, form: PageForm) -> Entry:
    typed = {field.name: field for field in form}
    return Entry(
        move,
        reason=typed["reason"].cleaned.strip() if "reason" in typed else "",
        happened_on=typed["happened_on"].data if "happened_on" in typed else None,
        choice=typed["choice"].cleaned if "choice" in typed else None,
    )


def _recorded(name: str) -> str:
    return WORDS[Move(name)].done if name in tuple(Move) else ""


def make_blueprint(
    *,
    read: Read,
    respond: Respond,
    directory: Directory,
    clocks: Mapping[str, Clock],
    refuse: Refusal,
    door_secret: bytes,
    now: Now,
) -> Blueprint:
    """The door's routes."""
    blueprint = Blueprint("agency", __name__)
    entrance = Entrance(blueprint, refuse)
    agency = _Agency(read, respond, directory, clocks, refuse, door_secret, now)
    reading, moving = Permission.READ_REFERRALS, Permission.MOVE_REFERRALS
    one = "/referrals/<uuid:referral_id>"
    entrance.route("/inbox", reading)(agency.inbox)
    entrance.route(one, reading)(agency.referral)
    entrance.route(f"{one}/deadlines/<clock>", reading)(agency.certificate)
    entrance.route(f"{one}/<move>", moving, ("GET", "POST"))(agency.move)
    blueprint.register_error_handler(KeyNotGranted, agency.key_missing)
    blueprint.register_error_handler(ReferralNotYours, agency.not_yours)
    return blueprint
