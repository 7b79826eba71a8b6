"""Deadlines that the present calendar would count otherwise, changed on the supervisor's word."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from flask import Response, abort, redirect, request, url_for

from intake.domain.calendar import PROVISIONAL
from intake.domain.message import Message, mark
from intake.language import Language
from intake.services.accept_recount import AcceptRecount, NothingToRecount
from intake.services.sign_in import Visit
from intake.store.columns import AnyRow
from intake.web.case import clock_title
from intake.web.due import due
from intake.web.forms.base import PageForm
from intake.web.page import reader_language
from intake.web.paging import ROWS, Pages
from intake.web.supervisor.room import Room

COUNTS = mark("%(day)s (%(name)s): counts now")
COUNTS_NOT = mark("%(day)s (%(name)s): does not count any more")
PROVISIONAL_BEFORE = mark("The calendar did not reach far enough when it was counted")
NOT_KEPT = mark("The earlier calendar was not kept, so the days that differ are not known")


@dataclass(frozen=True)
class RecountPages:
    """What would change, and the word to change it."""

    room: Room
    accept_recount: AcceptRecount

    def recount(self, visit: Visit) -> Response:
        """The proposals for one's own controllers' agencies: old day, new day, and why."""
        return self._page(visit, self.room.form(visit, PageForm))

    def recount_one(self, visit: Visit, deadline_id: UUID) -> Any:
        """Change one deadline."""
        form = self.room.form(visit, PageForm)
        if not form.validate():
            return self._page(visit, form, 422)
        try:
            self.accept_recount.one(visit, deadline_id, self.room.now())
        except NothingToRecount:
            self.room.refuse(visit, "supervisor.recount_one")
            abort(404)
        return redirect(url_for("supervisor.recount", changed=1), 303)

    def recount_group(self, visit: Visit, agency_id: str, clock: str) -> Any:
        """Change all of one clock at one agency."""
        form = self.room.form(visit, PageForm)
        if not form.validate():
            return self._page(visit, form, 422)
        try:
            changed = self.accept_recount.group(visit, agency_id, clock, self.room.now())
        except NothingToRecount:
            self.room.refuse(visit, "supervisor.recount_group")
            abort(404)
        return redirect(url_for("supervisor.recount", changed=changed), 303)

    def _page(self, visit: Visit, form: PageForm, status: int = 200) -> Response:
        now, language, after = self.room.now(), reader_language(), _after()
        proposed = self.accept_recount.proposed(visit.person, now, ROWS + 1, after)
        shown = proposed.rows[:ROWS]
        following = ""
        if len(proposed.rows) > ROWS:
            following = url_for("supervisor.recount", after=shown[-1].deadline_id.hex)
        return self.room.render(
            "supervisor/recount.html",
            status,
            form=form,
            groups=[
                {
                    "agency": self.room.directory.agency(group.agency_id),
                    "clock": group.clock,
                    "title": clock_title(language, self.room.clocks, group.clock),
                    "number": group.number,
                }
                for group in proposed.groups
            ],
            rows=[self._row(language, row) for row in shown],
            pages=Pages(url_for("supervisor.recount") if after else "", following),
            changed=_changed(),
        )

    def _row(self, language: Language, row: AnyRow) -> dict[str, Any]:
        return {
            "id": row.deadline_id,
            "reference": row.reference,
            "agency": self.room.directory.agency(row.agency_id).name,
            "title": clock_title(language, self.room.clocks, row.clock),
            "was": due(row.was_due_at, row.was_due_at).by(language),
            "was_extended": _extended(language, row.was_due_on, row.was_due_extended_on),
            "now": due(row.due_at, row.due_at).by(language),
            "now_extended": _extended(language, row.due_on, row.due_extended_on),
            "why": list(_why(language, row)),
        }


def _why(language: Language, row: AnyRow) -> Iterator[str]:
    """The days that one of the two calendars alone counts."""
    if row.was_calendar.startswith(PROVISIONAL):
        yield language.gettext(PROVISIONAL_BEFORE)
    if row.differs is None:
        yield language.gettext(NOT_KEPT)
    for day in row.differs or ():
        params = {
            "day": language.date(date.fromisoformat(day["date"])),
            "name": language.text(day["name"]),
        }
        key = COUNTS if day["counts"] else COUNTS_NOT
        yield language.message(Message(key, params))


def _extended(language: Language, due_on: date, extended_on: date) -> str:
    return language.date(extended_on) if extended_on != due_on else ""


def _after() -> UUID | None:
    """The deadline after which the list goes on; what is none begins it."""
    try:
        return UUID(request.args.get("after", ""))
    except ValueError:
        return None


def _changed() -> int:
    text = request.args.get("changed", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 0
