"""The page on which a supervisor gives an agency more time; no word about a child is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Response, redirect, request, url_for

from intake.domain.deadline_change import Reason
from intake.domain.message import Message, mark
from intake.services.extend import Extend, NotExtendable, Offer, Refused
from intake.services.sign_in import Visit
from intake.web.case import clock_title
from intake.web.deadline_words import REASONS, changed
from intake.web.due import due
from intake.web.forms.base import PageForm
from intake.web.forms.fields import OneOf
from intake.web.page import reader_language
from intake.web.supervisor.room import Room

REFUSED: Mapping[Refused, str] = {
    Refused.MET: mark("The deadline has ended already: it cannot be extended."),
    Refused.DUE: mark("The deadline has passed: it cannot be extended any more."),
    Refused.EXTENDED: mark("The deadline has been extended once: it cannot be extended again."),
    Refused.LAW: mark("The law sets this deadline: it cannot be extended."),
    Refused.CLOCK: mark("The rules do not let this deadline be extended."),
}
NOT_NOW = mark("The deadline has changed meanwhile. Look at it again.")


class ExtendForm(PageForm):
    """Why: one of a closed list."""

    reason = OneOf(
        mark("Why is more time given?"),
        tuple(REASONS.items()),
        missing=mark("Choose why more time is given."),
    )


@dataclass(frozen=True)
class ExtendPage:
    """Asks for a reason, and extends."""

    room: Room
    extend_service: Extend

    def extend(self, visit: Visit, deadline_id: UUID) -> Any:
        """What the deadline is, what it would be, and the question why."""
        form, now = self.room.form(visit, ExtendForm), self.room.now()
        offer = self.extend_service.offer(visit.person, deadline_id, now)
        if request.method == "GET":
            return self._page(form, offer, 200)
        if offer.refused:
            return self._page(form, offer, 409)
        if not form.validate():
            return self._page(form, offer, 422)
        try:
            self.extend_service(visit, deadline_id, Reason(form["reason"].cleaned), now)
        except NotExtendable:
            form.form_errors.append(form.say(Message(NOT_NOW)))
            return self._page(form, self.extend_service.offer(visit.person, deadline_id, now), 409)
        return redirect(url_for("supervisor.extend", deadline_id=deadline_id, done="y"), 303)

    def _page(self, form: ExtendForm, offer: Offer, status: int) -> Response:
        language, row = reader_language(), offer.row
        made = offer.counted.certificate if offer.counted else None
        return self.room.render(
            "supervisor/extend.html",
            status,
            form=form,
            reference=row.reference,
            agency=self.room.directory.agency(row.agency_id),
            title=clock_title(language, self.room.clocks, row.clock),
            due=due(row.due_at, self.room.now()),
            would_be=due(made.due_at, self.room.now()) if made else None,
            refused=language.gettext(REFUSED[offer.refused]) if offer.refused else "",
            changes=[changed(language, change) for change in offer.changes],
            back_href=url_for("supervisor.deadline", deadline_id=row.id),
            done="done" in request.args and offer.refused is Refused.EXTENDED,
        )
