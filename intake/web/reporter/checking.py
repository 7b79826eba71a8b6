"""Check the answers, see who will get them and why, and send; or erase everything."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for

from intake.domain.answers import worry_of
from intake.domain.message import Message, mark
from intake.services.desks import NobodyCanOpen
from intake.services.draft import DraftChanged
from intake.services.route import Plan
from intake.services.submit import digest_of
from intake.web.forms.receipt import PlainForm, SendForm
from intake.web.measured import outcome
from intake.web.page import render
from intake.web.reporter.answers import look_over, sections
from intake.web.reporter.asking import DAMAGED
from intake.web.reporter.pages import CHECK, address
from intake.web.reporter.phones import by_county
from intake.web.reporter.plan_words import lines_for
from intake.web.reporter.visitor import Add, Door, Visitor

CHANGED = mark(
    "The answers were changed in another window, so nothing was sent. Check them once more and "
    "send the report."
)
OTHER_PLAN = mark(
    "Who will get the report, or what they get, is no longer what this page showed, so nothing was "
    "sent. Check the recipients below and send the report."
)


def register(add: Add, door: Door) -> None:
    """Add the pages to a door."""

    @add("/report/check")
    def check() -> Any:
        visitor = door.visitor()
        visitor.load()
        if visitor.has_sent:
            return redirect(url_for(".receipt"), 303)
        return overview(visitor, send_form(visitor))

    @add("/report/send", ("GET", "POST"))
    def send() -> Any:
        if request.method == "GET":
            return redirect(address(CHECK), 303)
        visitor = door.visitor()
        typed = visitor.load()  # before has_sent: a send beside this one empties the draft
        if not typed and visitor.has_sent:
            return redirect(url_for(".receipt"), 303)
        form = send_form(visitor)
        form.validate()
        checked = look_over(door.way, typed, visitor.around(typed))
        if not form.token_holds or checked.problems:
            outcome("incomplete" if checked.problems else "expired")
            return overview(visitor, form, 422)
        worry, now = worry_of(checked.answers), door.now()
        plan = door.route(worry, now, visitor.kept.openers)
        if not plan.shares:
            outcome("nobody_may_get_it")
            return overview(visitor, form, 422, plan)
        if form.plan.data != digest_of(plan):
            outcome("other_recipients")
            form.form_errors.append(form.say(Message(OTHER_PLAN)))
            return overview(visitor, form, 422, plan)
        try:
            visitor.send(worry, checked.answers, plan, now)
        except DraftChanged:
            outcome("changed")
            visitor.load()
            form.form_errors.append(form.say(Message(CHANGED)))
            return overview(visitor, form, 422)
        outcome("stored")
        return redirect(url_for(".receipt"), 303)

    @add("/report/erase", ("GET", "POST"))
    def erase() -> Any:
        visitor = door.visitor()
        if visitor.has_sent:
            return redirect(url_for(".receipt"), 303)
        form = plain_form(visitor)
        if request.method == "POST":
            form.validate()
            if form.token_holds:
                door.draft.erase(visitor.secret)
                return visitor.forgotten(redirect(url_for(".erased"), 303))
        status = 422 if request.method == "POST" else 200
        return visitor.show("erase", status, form=form)

    @add("/report/erased")
    def erased() -> Any:
        if door.visitor().load():
            return redirect(address(CHECK), 303)
        return render("reporter/erased.html")


def plain_form(visitor: Visitor) -> PlainForm:
    """A button's form, with what was posted of it."""
    around = visitor.door.around()
    return PlainForm(request.form or None, around=around, token_key=visitor.token_key)


def send_form(visitor: Visitor) -> SendForm:
    """The form of the button that sends, with what was posted of it."""
    around = visitor.door.around()
    return SendForm(request.form or None, around=around, token_key=visitor.token_key)


def overview(visitor: Visitor, form: SendForm, status: int = 200, plan: Plan | None = None) -> Any:
    """The check page: problems to solve, or the plan and a button to send.

    ``plan``: how the draft is routed now, if that is known already.
    """
    typed = visitor.kept.answers
    if visitor.kept.damaged:
        form.form_errors.append(form.say(Message(DAMAGED)))
    if not typed:
        return visitor.show("no_draft", form=form, status=404 if status == 200 else status)
    door, around = visitor.door, visitor.around(typed)
    checked = look_over(door.way, typed, around)
    worry = worry_of(checked.answers) if checked.answers else None
    if worry is not None and plan is None:
        try:
            plan = door.route(worry, door.now(), visitor.kept.openers)
        except NobodyCanOpen:
            status = 503
    if plan is not None:
        form.plan.data = digest_of(plan)
    return visitor.show(
        "check",
        status,
        form=form,
        step=len(door.way.steps),
        steps=len(door.way.steps),
        back_href=door.way.before(CHECK),
        problems=checked.problems,
        sections=sections(checked.pages),
        told=visitor.told(plan, worry, checked.answers) if plan and worry else None,
        counties=by_county(lines_for(worry, door.directory), door.directory, around.language),
    )
