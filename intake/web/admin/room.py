"""What the administrator's pages share: the stored directory, forms, saving, and refusing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from flask import redirect, request, url_for

from intake.domain.deadline import local_date
from intake.domain.directory_file import DirectoryInvalid
from intake.domain.directory_flaws import IMPOSSIBLE
from intake.domain.message import Message, mark
from intake.domain.people import Permission
from intake.services.amend import (
    Amend,
    Change,
    Entry,
    EntryChanged,
    EntryNotYours,
    Stored,
    digest_of,
    owner_of,
)
from intake.services.confirm_directory import ConfirmDirectory, WaitingChanges
from intake.services.second_person import TooManyWait
from intake.services.sign_in import Visit
from intake.web.forms.base import PageForm, token_key
from intake.web.forms.directory import EntryForm
from intake.web.guards import Refusal
from intake.web.page import Clock, reader_language

CHANGED = mark(
    "Somebody else has changed this entry meanwhile. Your text is still here: compare it with what "
    "is stored now, and save it again if it is to replace that."
)
TOO_MANY = mark(
    "Too much that you proposed waits for a second person. Let it be confirmed, or take it back."
)
KEPT, WAITS = 303, 202
"""What came of what was posted: it is in use, or it waits for a second person."""
AForm = TypeVar("AForm", bound=PageForm)
Told = list[tuple[str, str, None]]


@dataclass(frozen=True)
class Room:
    """The administrator's tools. The directory is read anew for each page, past any memory."""

    amend: Amend
    confirm: ConfirmDirectory
    refuse: Refusal
    door_secret: bytes
    now: Clock

    def today(self) -> date:
        """The day in Helsinki."""
        return local_date(self.now())

    def stored(self) -> Stored:
        """The directory as it stands."""
        return self.amend.stored(self.today())

    def waiting(self, visit: Visit) -> list[WaitingChanges]:
        """The agencies that wait for a second person at one's own controllers."""
        return self.confirm.waiting(visit.person.as_administrator())

    def form(
        self,
        visit: Visit,
        kind: type[AForm],
        data: Mapping[str, Any] | None = None,
        *,
        fresh: bool = False,
    ) -> AForm:
        """A form with what was posted, else or if ``fresh`` with ``data``."""
        key = token_key(self.door_secret, visit.secret.csrf_key)
        typed = request.form if request.method == "POST" and not fresh else None
        return kind(typed, language=reader_language(), token_key=key, data=data)

    def post(self, visit: Visit, form: EntryForm, changes: Callable[[], Sequence[Change]]) -> int:
        """Save what was posted: KEPT, or WAITS, or the status of the page that says why not; 200
        where nothing was posted.
        """
        if request.method == "GET":
            return 200
        return self._save(visit, form, changes()) if form.validate() else 422

    def _save(self, visit: Visit, form: EntryForm, changes: Sequence[Change]) -> int:
        try:
            kept = self.amend(visit.person.as_administrator(), changes, self.now())
        except EntryChanged:
            form.form_errors.append(form.say(Message(CHANGED)))
            return 409
        except TooManyWait:
            form.form_errors.append(form.say(Message(TOO_MANY)))
            return 422
        except DirectoryInvalid as invalid:
            _blame(form, invalid)
            return 422
        return KEPT if kept else WAITS


def back_to(endpoint: str, status: int, **saved: Any) -> Any:
    """To the list, which tells what is saved, or that it waits."""
    return redirect(url_for(endpoint, **(saved if status == KEPT else {"proposed": 1})), 303)


def own(visit: Visit) -> frozenset[str]:
    """The controllers that one administers."""
    return visit.person.controllers(Permission.CHANGE_DIRECTORY)


def own_entry(visit: Visit, stored: Stored, table: str, entry_id: str) -> Entry:
    """An entry that one may change. Raises EntryNotYours."""
    entry = stored.entry(table, entry_id)
    if owner_of(stored.directory, table, entry) not in own(visit):
        raise EntryNotYours(entry_id)
    return entry


def changed(table: str, entry: Entry, form: EntryForm, **values: Any) -> Change:
    """An entry with new values, made from what the form showed; None takes a value out."""
    merged = {**entry, **values}
    kept = {key: value for key, value in merged.items() if value is not None}
    return Change(table, entry["id"], kept, form.seen.data or None)


def show_again(form: EntryForm, shown: EntryForm, entry: Entry) -> Told:
    """What is stored now and differs from what was typed, for a form that is shown again; saving
    it once more replaces that.
    """
    form.seen.data = digest_of(entry)
    return [
        (field.label.text, shown[field.name].shown, None)
        for field in form
        if hasattr(field, "shown") and field.shown != shown[field.name].shown
    ]


def _blame(form: PageForm, invalid: DirectoryInvalid) -> None:
    """Each flaw at the field that it can come from, else above the form."""
    for flaw in invalid.flaws:
        field = next((form[name] for name in flaw.fields if name in form), None)
        if field is None:
            form.form_errors.append(form.say(flaw.message))
        else:
            field.errors = [*field.errors, form.say(flaw.message)]
    if not invalid.flaws:
        form.form_errors.append(form.say(Message(IMPOSSIBLE)))
