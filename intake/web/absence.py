"""Absences: one's own, and those of a unit's members by its head."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, abort, redirect, request, url_for

from intake.domain.deadline import local_date
from intake.domain.message import Message, mark
from intake.domain.people import Permission
from intake.services.absence import AbsenceNotYours, Absences, Shown, StandInUnfit
from intake.services.sign_in import Visit
from intake.web.forms.absence import AbsenceForm
from intake.web.forms.base import PageForm
from intake.web.forms.staff import StaffForms
from intake.web.guards import Entrance, Refusal
from intake.web.page import Clock, render

UNFIT = mark("That person has no role at the same agency any more. Choose another.")


@dataclass(frozen=True)
class _AbsencePages:
    absences: Absences
    forms: StaffForms
    refuse: Refusal
    now: Clock

    def absence(self, visit: Visit) -> Any:
        """One's own absences, and a new one."""
        return self._page_of(visit, None)

    def of_member(self, visit: Visit, member_id: UUID) -> Any:
        """Those of a member of one's unit."""
        return self._page_of(visit, member_id)

    def withdraw(self, visit: Visit, absence_id: UUID) -> Any:
        """Take one back."""
        if not self.forms(PageForm, visit, request.form).validate():
            return self._page(visit, self._shown(visit, None), 422)
        self._own(visit, lambda: self.absences.withdraw(visit, absence_id, self.now()))
        return redirect(url_for("absence.absence", withdrawn="y"), 303)

    def _page_of(self, visit: Visit, member: UUID | None) -> Any:
        shown = self._shown(visit, member)
        if request.method == "GET":
            return self._page(visit, shown)
        form = self._form(visit, shown, request.form)
        if not form.validate():
            return self._page(visit, shown, 422, form)
        try:
            self._own(visit, lambda: self.absences.record(visit, form.away, self.now(), member))
        except StandInUnfit:
            form.stand_in.errors = [form.say(Message(UNFIT))]
            return self._page(visit, shown, 422, form)
        return redirect(url_for("absence.absence", recorded="y"), 303)

    def _shown(self, visit: Visit, member: UUID | None) -> Shown:
        found: list[Shown] = []
        self._own(visit, lambda: found.append(self.absences(visit, self.now(), member)))
        return found[0]

    def _own(self, visit: Visit, do: Callable[[], None]) -> None:
        """404 and a line in the trail where it is somebody else's."""
        try:
            do()
        except AbsenceNotYours:
            self.refuse(visit, request.endpoint or "")
            abort(404)

    def _form(self, visit: Visit, shown: Shown, typed: Any = None) -> AbsenceForm:
        form = self.forms(AbsenceForm, visit, typed)
        form.bind(shown.stand_ins, local_date(self.now()))
        return form

    def _page(
        self, visit: Visit, shown: Shown, status: int = 200, form: AbsenceForm | None = None
    ) -> Response:
        is_self = shown.person.id == visit.person.id
        return render(
            "account/absence.html",
            status,
            form=form or self._form(visit, shown),
            is_self=is_self,
            person=shown.person,
            absences=shown.absences,
            members=shown.members if is_self else {},
            of_members=shown.of_members if is_self else (),
            today=local_date(self.now()),
            recorded="recorded" in request.args,
            withdrawn="withdrawn" in request.args,
            back_href="" if is_self else url_for("absence.absence"),
        )


def make_blueprint(
    *, absences: Absences, refuse: Refusal, door_secret: bytes, now: Clock
) -> Blueprint:
    """The routes."""
    blueprint = Blueprint("absence", __name__)
    entrance = Entrance(blueprint, refuse)
    pages = _AbsencePages(absences, StaffForms(door_secret), refuse, now)
    anybody = Permission.SIGNED_IN
    entrance.route("/absence", anybody, ("GET", "POST"))(pages.absence)
    entrance.route("/absence/of/<uuid:member_id>", anybody, ("GET", "POST"))(pages.of_member)
    entrance.route("/absence/<uuid:absence_id>/withdraw", anybody, ("POST",))(pages.withdraw)
    return blueprint
