"""One deadline: who was reminded, when and with what result, and what a supervisor can do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from flask import Response, redirect, request, url_for
from flask_login import current_user

from intake.domain.chase import DUTY_DESK
from intake.domain.message import Message, mark
from intake.domain.press import Press, lets_standby_in
from intake.domain.promised import step_at
from intake.language import Language
from intake.services.follow_up import DeadlineNotYours, Followed, FollowUp
from intake.services.press import (
    DeadlineEnded,
    NobodyToRemind,
    NoStandby,
    PressedToday,
    PressOn,
    may_stand_in,
)
from intake.services.sign_in import Visit
from intake.store.columns import AnyRow
from intake.web.case import clock_title
from intake.web.deadline_words import changed
from intake.web.due import due
from intake.web.forms.base import PageForm
from intake.web.forms.press import RemindForm
from intake.web.page import reader_language, render
from intake.web.supervisor.room import Room
from intake.web.words import CHASED_AS, STATES

WHY_NOT: dict[type[Exception], str] = {
    DeadlineEnded: mark("This has been recorded meanwhile: there is nothing to remind of."),
    PressedToday: mark("The same reader has been reminded of this by hand today already."),
    NobodyToRemind: mark("Nobody there can be written to. Call the agency."),
    NoStandby: mark(
        "This cannot be handed to the desk that stands by: the agency has taken it up, or no desk "
        "stands by for it."
    ),
}
DONE = {
    Press.REMIND: mark("The reminder is on its way."),
    Press.STANDBY: mark("The desk that stands by may take the report over now, and was told so."),
}
TOLD_TODAY = mark("The desk that stands by was told so today already.")
BY_HAND = mark("%(role)s, by the supervisor")
LET_IN = mark("%(role)s, let in by the supervisor")


@dataclass(frozen=True)
class OneDeadline:
    """Times, states and names of staff; never content."""

    room: Room
    follow_up: FollowUp
    press: PressOn

    def deadline(self, visit: Visit, deadline_id: UUID) -> Any:
        """The page."""
        return self._page(visit, deadline_id, self.room.form(visit, RemindForm))

    def remind(self, visit: Visit, deadline_id: UUID) -> Any:
        """A reminder that is asked for on it."""
        form = self.room.form(visit, RemindForm)
        if not form.validate():
            return self._page(visit, deadline_id, form, 422)
        return self._press(visit, deadline_id, form, Press.REMIND, form["to"].cleaned)

    def standby(self, visit: Visit, deadline_id: UUID) -> Any:
        """Ask whether the desk that stands by is to be let in now, and let it in."""
        form = self.room.form(visit, PageForm)
        if request.method == "GET":
            return self._ask(visit, deadline_id, form)
        if not form.validate():
            return self._ask(visit, deadline_id, form, 422)
        return self._press(visit, deadline_id, form, Press.STANDBY, DUTY_DESK)

    def not_yours(self, _error: DeadlineNotYours) -> Response:
        """Another controller's, or none: a line in the trail, and no word on which."""
        self.room.refuse(current_user.visit, request.endpoint or "")
        return render("errors/404.html", 404)

    def _press(self, visit: Visit, deadline_id: UUID, form: PageForm, press: Press, to: str) -> Any:
        try:
            self.press(visit, deadline_id, press, to, self.room.now())
        except tuple(WHY_NOT) as why_not:
            told = press is Press.STANDBY and isinstance(why_not, PressedToday)
            key = TOLD_TODAY if told else WHY_NOT[type(why_not)]
            form.form_errors.append(form.say(Message(key)))
            if press is Press.STANDBY:
                return self._ask(visit, deadline_id, form, 409)
            return self._page(visit, deadline_id, form, 409)
        back = url_for("supervisor.deadline", deadline_id=deadline_id, done=press.value)
        return redirect(back, 303)

    def _page(self, visit: Visit, deadline_id: UUID, form: PageForm, status: int = 200) -> Response:
        followed = self.follow_up(visit.person, deadline_id)
        row, language = followed.deadline, reader_language()
        kind, state = STATES[row.state]
        let_in = _let_in(followed)
        return self.room.render(
            "supervisor/deadline.html",
            status,
            form=form,
            **self._frame(row, language),
            row=row,
            state_kind=kind,
            state=language.gettext(state),
            next=self._next(row, language),
            chases=list(_chases(followed, language)),
            changes=[changed(language, change) for change in followed.changes],
            extends=self._may_extend(row),
            stands_in=may_stand_in(row),
            let_in=language.date_and_time(let_in) if let_in else "",
            done=_done(followed, language),
            back_href=url_for("supervisor.deadlines"),
        )

    def _ask(self, visit: Visit, deadline_id: UUID, form: PageForm, status: int = 200) -> Response:
        row, language = self.follow_up(visit.person, deadline_id).deadline, reader_language()
        desk = self.room.directory.agencies.get(row.standby_id)
        stands_in = may_stand_in(row)
        return self.room.render(
            "supervisor/standby.html",
            status,
            form=form,
            **self._frame(row, language),
            desk=desk,
            stands_in=stands_in,
            refused="" if stands_in or form.form_errors else language.gettext(WHY_NOT[NoStandby]),
            back_href=url_for("supervisor.deadline", deadline_id=deadline_id),
        )

    def _frame(self, row: AnyRow, language: Language) -> dict[str, Any]:
        return {
            "reference": row.reference,
            "agency": self.room.directory.agency(row.agency_id),
            "task": clock_title(language, self.room.clocks, row.clock),
            "due": due(row.due_at, self.room.now()),
        }

    def _may_extend(self, row: AnyRow) -> bool:
        """Whether the clock lets it be extended and it is not late; its page knows the rest."""
        clock = self.room.clocks.get(row.clock)
        running = row.met_at is None and row.due_at > self.room.now()
        return running and clock is not None and bool(clock.extend)

    def _next(self, row: AnyRow, language: Language) -> str:
        if row.met_at or row.next_chase_at is None:
            return language.gettext(mark("None"))
        to = step_at(row.steps, row.next_chase_at)["to"]
        return f"{language.date_and_time(row.next_chase_at)}: {language.gettext(CHASED_AS[to])}"


def _chases(followed: Followed, language: Language) -> Iterator[dict[str, Any]]:
    """Each chase in words: when, as what, to whom with what became of it, and with what result."""
    row, later = followed.deadline, None
    for told in followed.chases:
        chase = told[0]
        yield {
            "at": language.date_and_time(chase.chased_at),
            "to": _to(chase, language),
            "people": [_person(one, language) for one in told if one.name],
            "result": _result(row, chase, later, language),
        }
        later = chase


def _let_in(followed: Followed) -> datetime | None:
    """When a supervisor last let the desk that stands by in."""
    instants = (told[0].chased_at for told in followed.chases if lets_standby_in(told[0].step))
    return next(instants, None)


def _done(followed: Followed, language: Language) -> str:
    """What the supervisor has just done; nothing if the address only says so."""
    asked = request.args.get("done", "")
    if asked not in tuple(Press):
        return ""
    steps = (told[0].step for told in followed.chases)
    return language.gettext(DONE[Press(asked)]) if any(map(partial(_is_of, asked), steps)) else ""


def _is_of(press: str, step: str) -> bool:
    return step.startswith(f"{press}-")


def _to(chase: AnyRow, language: Language) -> str:
    role = language.gettext(CHASED_AS[chase.to_role])
    if lets_standby_in(chase.step):
        return language.message(Message(LET_IN, {"role": role}))
    if _is_of(Press.REMIND, chase.step):
        return language.message(Message(BY_HAND, {"role": role}))
    return role


def _person(one: AnyRow, language: Language) -> tuple[str, Sequence[str]]:
    """The name, and what is known of how the reminder reached them."""
    if one.sent_at:
        by_mail = language.gettext(mark("by mail %(at)s"), at=language.date_and_time(one.sent_at))
    elif one.dead_at:
        by_mail = language.gettext(mark("the post did not take the letter"))
    else:
        by_mail = language.gettext(mark("the letter waits"))
    if not one.seen_at:
        return one.name, [by_mail]
    seen_at = language.date_and_time(one.seen_at)
    return one.name, [by_mail, language.gettext(mark("seen on the page %(at)s"), at=seen_at)]


def _result(row: AnyRow, chase: AnyRow, later: AnyRow | None, language: Language) -> str:
    """What was recorded after it and before the next one."""
    if later is not None and later.chased_at > chase.chased_at:
        return language.gettext(mark("Nothing recorded before the next reminder"))
    if row.met_at is None:
        return language.gettext(mark("Nothing recorded yet"))
    return language.gettext(mark("Recorded %(at)s"), at=language.date_and_time(row.met_at))
