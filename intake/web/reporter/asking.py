"""The pages that ask: each keeps what was typed, valid or not, before anything else."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

from flask import redirect, request, url_for
from werkzeug.datastructures import MultiDict

from intake.domain.message import Message, mark
from intake.language import LANGUAGES
from intake.services.draft import DraftAlreadySent, DraftChanged, DraftTooLarge
from intake.web.forms.receipt import PlainForm
from intake.web.forms.report_form import LEAVE, Around, ReportForm
from intake.web.reporter.pages import (
    CALLED_112,
    CHECK,
    Group,
    Page,
    Typed,
    address,
    make_form,
    returning,
)
from intake.web.reporter.visitor import Add, Door, Visitor

ALREADY_SENT = mark(
    "This report has been sent already, so this page was not stored. If you want to add something, "
    "call the agency, or make a new report once you have noted the code of this one."
)
TOO_MUCH = mark(
    "There is more text here than the service can store. It is still on this page, but not stored: "
    "shorten it and continue."
)
DAMAGED = mark(
    "What you had typed on this report earlier can no longer be read. We are sorry. Check this "
    "page and go through the others again."
)
GONE = mark(
    "What you may have typed on earlier pages is no longer stored. Continue from this page, and go "
    "through the others again."
)
NO_PLACE = mark(
    "There is no room for one more, as another window has added somebody. What you typed is still "
    "on this page, but not stored."
)
Put = Callable[[Typed, dict[str, list[str]]], None]
"""Writes what a page brought into a draft; called again if the draft has changed under it."""


class NoPlaceLeft(Exception):
    """A report holds no more people of this kind."""


def register(add: Add, door: Door) -> None:
    """Add the pages to a door."""
    way = door.way

    @add("/report")
    def report() -> Any:
        return redirect(address(way.steps[0]), 303)

    @add(f"/report/<any({','.join(way.pages)}):name>", ("GET", "POST"))
    def page(name: str) -> Any:
        asked = way.pages[name]
        visitor = door.visitor()
        typed = visitor.load()
        if request.method == "GET":
            if visitor.has_sent:
                return redirect(url_for(".receipt"), 303)
            if name == "reporter" and not visitor.around(typed).kind:
                return redirect(address("who"), 303)
            form = shown_form(asked, visitor, typed, typed.get(name))
            return ask(visitor, asked, form)
        form = posted_form(asked, visitor, typed)

        def put(typed: Typed, posted: dict[str, list[str]]) -> None:
            typed[name] = typed.get(name, {}) | posted
            if "emergency" not in typed.get("urgency", {}).get("urgency", ()):
                typed.pop(CALLED_112, None)

        if left := leave_untouched(visitor, asked, form, known=name in typed):
            return left
        stored = visitor.kept.sealed
        accepted = accept(visitor, form, put, begins=name == way.steps[0])
        if left := leave_stored(asked, visitor, stored):
            return left
        if not accepted:
            return ask(visitor, asked, form, 422)
        typed = visitor.kept.answers
        return redirect(way.after(asked, typed, visitor.around(typed)), 303)

    @add("/report/call-112", ("GET", "POST"))
    def call_112() -> Any:
        visitor = door.visitor()
        visitor.load()
        if visitor.has_sent:
            return redirect(url_for(".receipt"), 303)
        form = PlainForm(request.form or None, around=door.around(), token_key=visitor.token_key)
        called = {CALLED_112: True}
        if request.method == "POST" and accept(
            visitor, form, lambda typed, _: typed.update(called)
        ):
            return redirect(address(CHECK) if returning() else way.next_step("urgency"), 303)
        status = 422 if request.method == "POST" else 200
        back = address("urgency", to_check=returning())
        return visitor.show("call_112", status, form=form, back_href=back)


def shown_form(
    page: Page | Group, visitor: Visitor, typed: Typed, posted: dict[str, list[str]] | None
) -> ReportForm:
    """The form of a page as it was last typed."""
    values: MultiDict[str, str] | None = None if posted is None else MultiDict(posted)
    return make_form(page, visitor.around(typed), values, token_key=visitor.token_key)


def posted_form(page: Page | Group, visitor: Visitor, typed: Typed) -> ReportForm:
    """The form of a page with what this request brings."""
    return make_form(page, _around(page, visitor, typed), request.form, token_key=visitor.token_key)


def _around(page: Page | Group, visitor: Visitor, typed: Typed) -> Around:
    around = visitor.around(typed)
    if page.name == "reporter" and not around.kind:  # the draft is gone: what was asked tells
        kind = "professional" if "sector" in request.form else "private_person"
        return replace(around, kind=kind)
    return around


def accept(visitor: Visitor, form: ReportForm, put: Put, *, begins: bool = False) -> bool:
    """Check what was posted and keep it in the visitor's draft by ``put``, valid or not.

    What does not come from a page of this visitor is kept on the page alone: a form of another
    site must not write over a draft. ``begins``: no page comes before this one.
    """
    sound = form.validate()
    if not form.token_holds:
        if visitor.has_no_cookie and not begins:
            form.form_errors.append(form.say(Message(GONE)))
        return False
    refusal = DAMAGED if visitor.kept.damaged else ""
    try:
        try:
            keep(visitor, form, put)
        except DraftChanged:
            visitor.load()
            keep(visitor, form, put)
    except NoPlaceLeft:
        refusal = NO_PLACE
    except DraftAlreadySent:
        refusal = ALREADY_SENT
    except DraftTooLarge:
        refusal = TOO_MUCH
    if refusal:
        form.form_errors.append(form.say(Message(refusal)))
    return sound and not refusal


def leave_untouched(
    visitor: Visitor, page: Page | Group, form: ReportForm, *, known: bool
) -> Any | None:
    """The way out by the page's Back or language button where there is nothing to keep."""
    typed = any(text.strip() for texts in brought(form).values() for text in texts)
    return None if known or typed else _way_out(visitor, page)


def leave_stored(page: Page | Group, visitor: Visitor, stored: bytes | None) -> Any | None:
    """The way out by such a button once what was typed is stored, valid or not.

    ``stored``: the draft's seal before this page; no two seals are the same.
    """
    return None if visitor.kept.sealed == stored else _way_out(visitor, page)


def _way_out(visitor: Visitor, page: Page | Group) -> Any | None:
    to = request.form.get(LEAVE)
    if to == "back":
        return redirect(visitor.door.way.before(page.step), 303)
    if to not in LANGUAGES:
        return None
    arguments = request.args.to_dict() | (request.view_args or {})
    return redirect(url_for(str(request.endpoint), **arguments | {"lang": to}), 303)


def keep(visitor: Visitor, form: ReportForm, put: Put) -> None:
    """Write what a page brought into the draft as it was read."""
    typed = deepcopy(visitor.kept.answers)
    put(typed, brought(form))
    visitor.save(typed)


def brought(form: ReportForm) -> dict[str, list[str]]:
    """The answers of this request as they were posted."""
    return {question.name: request.form.getlist(question.name) for question in form.questions}


def ask(
    visitor: Visitor, page: Page | Group, form: ReportForm, status: int = 200, **context: Any
) -> Any:
    """Show a page of questions."""
    if visitor.kept.damaged and request.method == "GET":
        form.form_errors.append(form.say(Message(DAMAGED)))
    way = visitor.door.way
    return visitor.show(
        page.name,
        status,
        folder=page.folder,
        form=form,
        title=form.language.gettext(page.title),
        step=way.steps.index(page.step) + 1,
        steps=len(way.steps),
        back_href=way.before(page.step),
        **context,
    )
