"""What waits for a second person, or for the keeper of the directory key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import redirect, request, url_for

from intake.domain.directory import Directory
from intake.domain.entry import KeyEntry
from intake.domain.message import mark
from intake.domain.people import Membership, Role
from intake.services.check_entries import CheckEntries
from intake.services.confirm_entries import (
    ConfirmEntries,
    ConfirmRefused,
    NotYoursToSign,
    WaitingEntry,
)
from intake.services.sign_in import Visit
from intake.web.admin.people import told
from intake.web.admin.room import Room
from intake.web.forms.people import ButtonForm, ConfirmEntryForm
from intake.web.page import reader_language, render

DONE = {
    "confirmed": mark("Confirmed. It waits for the signature now."),
    "made": mark("Confirmed. The change is in use at once."),
    "left": mark("Refused. Nothing was changed."),
    "refused": mark("Refused. The role has ended, or the key is out of use."),
}


@dataclass(frozen=True)
class Entries:
    """The views."""

    room: Room
    confirm: ConfirmEntries
    check: CheckEntries

    def entries(self, visit: Visit) -> Any:
        """All at the administrator's own controllers, and what is refused there."""
        directory, own = self.room.stored().directory, visit.person.as_administrator().controllers
        found = [one for one in self.check.found(self.room.today()) if one.controller in own]
        return render(
            "people/entries.html",
            entries=[(one, *_told(directory, one)) for one in self._waiting(visit)],
            altered=[one.about for one in found if one.ends is None],
            ending=[one for one in found if one.ends],
            agencies=self.room.waiting(visit),
            done=DONE.get(request.args.get("done", "")),
        )

    def confirm_entry(self, visit: Visit, waiting_id: UUID) -> Any:
        """Type the words that the key's holder tells."""
        one = self._one(visit, waiting_id)
        if not one.needs_second or one.own:
            raise NotYoursToSign
        form = self.room.form(visit, ConfirmEntryForm)
        status = 200 if request.method == "GET" else 422
        if request.method == "POST" and form.validate():
            admin = visit.person.as_administrator()
            try:
                self.confirm(admin, waiting_id, form.words.cleaned, self.room.now())
            except ConfirmRefused as refused:
                form.words.errors = [form.say(refused.message)]
            else:
                return redirect(url_for("people.entries", done="confirmed"), 303)
        return self._page("people/entry_confirm.html", status, form, one)

    def refuse_entry(self, visit: Visit, waiting_id: UUID) -> Any:
        """Let it not be signed."""
        one = self._one(visit, waiting_id)
        form = self.room.form(visit, ButtonForm)
        status = 200 if request.method == "GET" else 422
        if request.method == "POST" and form.validate():
            try:
                self.confirm.refuse(visit.person.as_administrator(), waiting_id, self.room.now())
            except ConfirmRefused as refused:
                form.form_errors.append(form.say(refused.message))
            else:
                return redirect(url_for("people.entries", done="refused"), 303)
        return self._page("people/entry_refuse.html", status, form, one)

    def _waiting(self, visit: Visit) -> list[WaitingEntry]:
        return self.confirm.waiting(visit.person.as_administrator(), self.room.today())

    def _one(self, visit: Visit, waiting_id: UUID) -> WaitingEntry:
        for one in self._waiting(visit):
            if one.id == waiting_id:
                return one
        raise NotYoursToSign

    def _page(self, template: str, status: int, form: Any, one: WaitingEntry) -> Any:
        what, place = _told(self.room.stored().directory, one)
        return render(
            template,
            status,
            form=form,
            entry=one,
            what=what,
            place=place,
            back_href=url_for("people.entries"),
        )


def _told(directory: Directory, one: WaitingEntry) -> tuple[str, str]:
    """The role's name, nothing for a key; and the place."""
    said = one.said
    if isinstance(said, KeyEntry):
        return "", reader_language().text(directory.agency(said.agency).name)
    return told(directory, Membership(Role(said.role), said.agency, said.controller))
