"""When a write fails: what is known of it is told, and what was typed is still on the page."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from flask import redirect, request, url_for
from sqlalchemy.exc import SQLAlchemyError
from wtforms.fields.core import UnboundField

from intake import logs
from intake.language import Language
from intake.services.desks import NobodyCanOpen
from intake.services.draft import NoRoomForDrafts
from intake.vault.envelope import EnvelopeFromNewerVersion
from intake.web.forms.fields import Line
from intake.web.forms.receipt import PlainForm
from intake.web.forms.report_form import TOKEN
from intake.web.forms.reporter import REPORTER_FORMS
from intake.web.measured import outcome
from intake.web.page import render
from intake.web.reporter.answers import look_over
from intake.web.reporter.pages import GROUPS, PAGES
from intake.web.reporter.phones import by_county
from intake.web.reporter.visitor import Door, Visitor

log = logging.getLogger(__name__)
Fields = list[tuple[str, str, str]]


@dataclass(frozen=True)
class NotStored:
    """Answers a failure of the database, and whatever else keeps a post from being stored."""

    door: Door

    def __call__(self, error: Exception) -> Any:
        """The page of the failure; the log gets its kind and its place alone."""
        log.error("%s at %s", type(error).__name__, request.endpoint, extra=logs.failure(error))
        outcome("nobody_can_open" if isinstance(error, NobodyCanOpen) else "not_stored")
        if request.method != "POST":
            return render("errors/503.html", 503)
        visitor, directory = self.door.visitor(), self.door.directory
        form = PlainForm(around=self.door.around(), token_key=visitor.token_key)
        sending = str(request.endpoint).endswith(".send")
        try:
            if sending and visitor.has_sent:  # the answer to the commit was lost, not the report
                return redirect(url_for(".receipt"), 303)
            unsure = False
        except SQLAlchemyError:
            unsure = sending
        full = isinstance(error, NoRoomForDrafts)
        page = render(
            "reporter/no_room.html" if full else "errors/not_stored.html",
            503,
            action=request.full_path.rstrip("?"),
            unsure=unsure,
            fields=_draft(visitor) if sending else _posted(self.door.language()),
            counties=by_county(directory.phone_lines, directory, self.door.language()),
            csrf_token=lambda: form[TOKEN].current_token,
        )
        return visitor.answered(page)


def _posted(language: Language) -> Fields:
    """What this request brought, with the questions of what was typed as text."""
    say = language.gettext
    return [
        (name, say(_TEXTS.get(name, "")), value) for name, value in request.form.items(multi=True)
    ]


def _draft(visitor: Visitor) -> Fields:
    """Everything in the draft, to be read; only what came with the button is posted again."""
    try:
        typed = visitor.load()
    except (SQLAlchemyError, EnvelopeFromNewerVersion):
        return _posted(visitor.door.language())
    checked = look_over(visitor.door.way, typed, visitor.around(typed))
    read = [("", asked, said) for page in checked.pages for asked, said, _ in page.rows()]
    return _posted(visitor.door.language()) + read


def _texts() -> dict[str, str]:
    forms = [*REPORTER_FORMS.values(), *(group.form for group in GROUPS.values())]
    forms += [page.form for page in PAGES.values() if page.form]
    fields = ((name, getattr(form, name)) for form in forms for name in dir(form))
    return {
        name: field.args[0]
        for name, field in fields
        if isinstance(field, UnboundField) and issubclass(field.field_class, Line)
    }


_TEXTS = _texts()
