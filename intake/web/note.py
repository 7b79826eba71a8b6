"""Notes and contacts: written on pages of their own, shown among the steps of the referral."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import redirect, request, url_for

from intake.domain.deadline import local_date
from intake.domain.message import Message, mark
from intake.domain.note import STATES, Contact, Note, Written
from intake.domain.row_id import new_id
from intake.services.record import MoveNotOpen
from intake.services.respond import DayImpossible
from intake.services.sign_in import Visit
from intake.services.write_note import AlreadyWritten, SameAgain, WriteNote
from intake.store.columns import AnyRow
from intake.web.forms.base import PageForm
from intake.web.forms.note import CONTACT, NOTE, ContactForm, NoteForm
from intake.web.forms.staff import StaffForms
from intake.web.page import Clock as Now
from intake.web.page import reader_language, render

TITLES = {Note: NOTE, Contact: CONTACT}
WRITTEN = {"note": mark("Note saved"), "contact": mark("Contact recorded")}
NOT_HERE = mark(
    "This cannot be written now: the report is not with your agency any more, or its handling has "
    "ended."
)
DAY_WRONG = mark("Give a time from the day of arrival (%(arrived)s) to now.")
ALREADY = mark(
    "This page was saved once before, with other words. Save again to add these as an entry of "
    "their own."
)
SAME = mark(
    "You wrote the very same before (%(at)s): it is saved. Save again only if it is to stand there "
    "twice."
)


@dataclass(frozen=True)
class NotePages:
    """What an agency writes for itself; nothing of it is changed afterwards."""

    write: WriteNote
    forms: StaffForms
    now: Now

    def note(self, visit: Visit, referral_id: UUID) -> Any:
        """A note."""
        return self._write(visit, referral_id, Note, NoteForm)

    def contact(self, visit: Visit, referral_id: UUID) -> Any:
        """A contact that was made or tried."""
        return self._write(visit, referral_id, Contact, ContactForm)

    def _write(
        self,
        visit: Visit,
        referral_id: UUID,
        what: type[Written],
        kind: type[NoteForm] | type[ContactForm],
    ) -> Any:
        now = self.now()
        row = self.write.place(visit, referral_id, now)
        form = self.forms(kind, visit, request.form or None)
        if row.state not in STATES[what] or row.content_deleted_at:
            return self._not_here(row, what, form)
        if request.method == "GET":
            form["note_id"].data = str(new_id(now))
            if what is Contact:
                form["on"].data = local_date(now)
            return self._page(row, what, form, 200)
        note_id = form.id_made
        if not form.validate() or note_id is None:
            form["note_id"].data = str(note_id or new_id(now))
            if what is Contact and form["on"].data and form["on"].data > local_date(now):
                self._refuse_day(row, form)
            return self._page(row, what, form, 422)
        try:
            again = form["again"].data == "y"
            self.write(visit, referral_id, note_id, form.written, now, again=again)
        except DayImpossible:
            self._refuse_day(row, form)
        except AlreadyWritten:
            form["note_id"].data = str(new_id(now))
            form.form_errors.append(form.say(Message(ALREADY)))
        except SameAgain as same:
            form["again"].data = "y"
            form.form_errors.append(form.say(Message(SAME, {"at": same.at})))
        except MoveNotOpen:
            return self._not_here(row, what, form)
        else:
            back = url_for("agency.referral", referral_id=referral_id, recorded=_name(what))
            return redirect(back, 303)
        return self._page(row, what, form, 422)

    def _refuse_day(self, row: AnyRow, form: PageForm) -> None:
        arrived = {"arrived": local_date(row.arrived_at)}
        form["on"].errors = [form.say(Message(DAY_WRONG, arrived))]

    def _not_here(self, row: AnyRow, what: type[Written], form: PageForm) -> Any:
        form.form_errors.append(form.say(Message(NOT_HERE)))
        return self._page(row, what, form, 409)

    def _page(self, row: AnyRow, what: type[Written], form: PageForm, status: int) -> Any:
        return render(
            "agency/note.html",
            status,
            form=form,
            title=reader_language().gettext(TITLES[what]),
            contact=what is Contact,
            open=status != 409,
            referral=row,
            back_href=url_for("agency.referral", referral_id=row.id),
        )


def _name(what: type[Written]) -> str:
    return "contact" if what is Contact else "note"
