"""Agencies that would come, or get more: confirmed by a second person, or refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import redirect, request, url_for

from intake.services.amend import EntryNotYours
from intake.services.confirm_directory import DirectoryRefused, WaitingChanges
from intake.services.sign_in import Visit
from intake.web.admin.entry_words import entries_told
from intake.web.admin.room import Room
from intake.web.forms.people import ButtonForm
from intake.web.page import reader_language, render


@dataclass(frozen=True)
class SecondPerson:
    """The views. What another controller's administrators are asked is not there."""

    room: Room

    def confirm_agency(self, visit: Visit, waiting_id: UUID) -> Any:
        """Make what somebody else proposed, after a look at every field."""
        one = self._one(visit, waiting_id)
        if one.own:
            raise EntryNotYours(str(waiting_id))
        return self._page("admin/agency_confirm.html", visit, one, self.room.confirm, "made")

    def refuse_agency(self, visit: Visit, waiting_id: UUID) -> Any:
        """Let it not be made; who proposed it takes it back."""
        one = self._one(visit, waiting_id)
        return self._page("admin/agency_refuse.html", visit, one, self.room.confirm.refuse, "left")

    def _one(self, visit: Visit, waiting_id: UUID) -> WaitingChanges:
        for one in self.room.waiting(visit):
            if one.id == waiting_id:
                return one
        raise EntryNotYours(str(waiting_id))

    def _page(self, template: str, visit: Visit, one: WaitingChanges, act: Any, done: str) -> Any:
        form = self.room.form(visit, ButtonForm)
        status = 200 if request.method == "GET" else 422
        if request.method == "POST" and form.validate():
            try:
                act(visit.person.as_administrator(), one.id, self.room.now())
            except DirectoryRefused as refused:
                form.form_errors.append(form.say(refused.message))
            else:
                return redirect(url_for("people.entries", done=done), 303)
        return render(
            template,
            status,
            form=form,
            waiting=one,
            entries=entries_told(self.room.stored(), one.changes, reader_language()),
            back_href=url_for("people.entries"),
        )
