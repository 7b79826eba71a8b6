"""A move that one page asks and records: each of the table but those with pages of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response, abort, redirect, request, url_for

from intake.domain.clock import Clock
from intake.domain.deadline import local_date
from intake.domain.directory import Directory
from intake.domain.message import Message, mark
from intake.domain.referral import ASSESSING, MOVES, Move, State
from intake.services.hand_on import NoDeskTakesIt
from intake.services.record import Entry, MoveNotOpen, ReasonMissing
from intake.services.respond import Offered, Respond, day_possible
from intake.services.sign_in import Visit
from intake.services.withdraw import Withdraw
from intake.web import case
from intake.web.forms.base import PageForm
from intake.web.forms.moves import FORMS, REASON_MISSING, WORDS
from intake.web.forms.staff import StaffForms
from intake.web.names import Names
from intake.web.page import Clock as Now
from intake.web.page import reader_language, render

MOVED_ON = mark(
    "This cannot be recorded now: the report has been handled further meanwhile, or the matter "
    "has been recorded already. Look at the report before you go on."
)
NOT_YET = mark("This can be recorded once the report has been taken up.")
NOT_FOR_YOU = mark("This agency cannot record this on this report.")
ONLY_HEAD = mark("Only the unit’s head can record this.")
TAKEN_UP = mark(
    "What was sent cannot be withdrawn: the receiving agency has taken it up, or it was not your "
    "agency that sent it. Call the receiving agency."
)
NO_DESK = mark(
    "The report cannot be returned now: no other desk can take it. It stays with your agency."
)
DAY_WRONG = mark("Give a day from the arrival (%(arrived)s) to today.")


@dataclass(frozen=True)
class MovePage:
    """Asks what a move needs, and records it."""

    respond: Respond
    withdraw: Withdraw
    directory: Directory
    clocks: Mapping[str, Clock]
    forms: StaffForms
    now: Now

    def move(self, visit: Visit, referral_id: UUID, move: str) -> Any:
        """The page of one move."""
        if move not in {named.value for named in FORMS}:
            abort(404)
        named, now = Move(move), self.now()
        offered = self.respond.offered(visit, referral_id, now)
        typed = request.form if request.method == "POST" else None
        form = self.forms(FORMS[named], visit, typed)
        if named not in offered.moves:
            why = self._why_not(visit, named, offered)
            return self._not_open(visit, named, offered, form, why)
        if request.method == "GET":
            if MOVES[named].asks_day:
                form["happened_on"].data = local_date(now)
            return self._page(visit, named, offered, form, 200)
        valid = form.validate()
        if not (_day_holds(offered, form, now) and valid):
            return self._page(visit, named, offered, form, 422)
        record = self.withdraw if named is Move.WITHDRAW else self.respond
        try:
            record(visit, referral_id, _entry(named, form), now)
        except NoDeskTakesIt:
            return self._not_open(visit, named, offered, form, NO_DESK)
        except MoveNotOpen:
            return self._not_open(visit, named, offered, form, MOVED_ON)
        except ReasonMissing:
            form["reason"].errors = [form.say(Message(REASON_MISSING))]
        else:
            back = url_for("agency.referral", referral_id=referral_id, recorded=named.value)
            return redirect(back, 303)
        return self._page(visit, named, offered, form, 422)

    def _other(self, visit: Visit, move: Move, offered: Offered) -> str:
        """The desk that gets a return, or the agency from which a sending is withdrawn; or ""."""
        if move not in offered.moves:
            return ""
        row, other = offered.referral, None
        if move is Move.WITHDRAW and offered.successor:
            other = offered.successor.agency_id
        elif move is Move.RETURN:
            desk = self.respond.hand_on.desk_for_return(row, offered.deadlines, self.now())
            other = desk and desk.id
        if other is None:
            return ""
        own = {row.agency_id} if self.respond.read.is_masked(visit, row) else None
        return Names(reader_language(), self.directory, own)(other)

    def _why_not(self, visit: Visit, move: Move, offered: Offered) -> str:
        rule, state = MOVES[move], State(offered.referral.state)
        agency = offered.referral.agency_id
        kind = self.directory.agency(agency).kind
        barred = kind in rule.not_kinds or (rule.kinds is not None and kind not in rule.kinds)
        clocks = {deadline.clock for deadline in offered.deadlines}
        barred |= move in ASSESSING and ASSESSING[move] not in clocks
        if barred or (move is Move.RETURN and state in rule.states):
            return NOT_FOR_YOU
        if state in rule.states and rule.roles.isdisjoint(visit.person.roles_at(agency)):
            return ONLY_HEAD
        if state in rule.states and move is Move.WITHDRAW:
            return TAKEN_UP
        return NOT_YET if state is State.SENT and state not in rule.states else MOVED_ON

    def _not_open(
        self, visit: Visit, move: Move, offered: Offered, form: PageForm, why: str
    ) -> Response:
        form.form_errors.append(form.say(Message(why)))
        return self._page(visit, move, offered, form, 409)

    def _page(
        self, visit: Visit, move: Move, offered: Offered, form: PageForm, status: int
    ) -> Response:
        language = reader_language()
        unmet = [
            case.clock_title(language, self.clocks, d.clock)
            for d in offered.deadlines
            if d.met_at is None
        ]
        opened_at = offered.successor.opened_at if offered.successor else None
        return render(
            "agency/move.html",
            status,
            move=move,
            words=WORDS[move],
            other=self._other(visit, move, offered),
            opened_at=opened_at if move is Move.WITHDRAW else None,
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
