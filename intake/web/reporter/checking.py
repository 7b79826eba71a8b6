"""Check the answers, see who will get them and why, and send; or erase everything."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, request, url_for

from intake.domain.report import worry_of
from intake.services.route import NobodyCanOpen
from intake.services.submit import NobodyMayGetThis
from intake.web.forms.receipt import PlainForm
from intake.web.guards import open_route
from intake.web.page import render
from intake.web.reporter.answers import look_over, sections
from intake.web.reporter.pages import CHECK, STEPS, address, before
from intake.web.reporter.phones import by_county
from intake.web.reporter.plan_words import lines_for, tell
from intake.web.reporter.visitor import Door, Typed, Visitor


def register(blueprint: Blueprint, door: Door) -> None:
    """Add the pages to the blueprint."""

    @open_route(blueprint, "/report/check")
    def check() -> Any:
        visitor = door.visitor()
        typed = visitor.load()
        if visitor.has_sent:
            return redirect(url_for("reporter.receipt"), 303)
        return overview(visitor, typed, plain_form(visitor))

    @open_route(blueprint, "/report/send", ("GET", "POST"))
    def send() -> Any:
        if request.method == "GET":
            return redirect(address(CHECK), 303)
        visitor = door.visitor()
        typed = visitor.load()  # before has_sent: a send beside this one empties the draft
        if not typed and visitor.has_sent:
            return redirect(url_for("reporter.receipt"), 303)
        form = plain_form(visitor)
        form.validate()
        checked = look_over(typed, visitor.around(typed))
        if not form.token_holds or checked.problems:
            return overview(visitor, typed, form, 422)
        try:
            door.submit(visitor.secret, worry_of(checked.answers), checked.answers, door.now())
        except NobodyMayGetThis:
            return overview(visitor, typed, form, 422)
        return redirect(url_for("reporter.receipt"), 303)

    @open_route(blueprint, "/report/erase", ("GET", "POST"))
    def erase() -> Any:
        visitor = door.visitor()
        if visitor.has_sent:
            return redirect(url_for("reporter.receipt"), 303)
        form = plain_form(visitor)
        if request.method == "POST":
            form.validate()
            if form.token_holds:
                door.draft.erase(visitor.secret)
                return visitor.forgotten(redirect(url_for("reporter.erased"), 303))
        status = 422 if request.method == "POST" else 200
        return visitor.show("erase", status, form=form)

    @open_route(blueprint, "/report/erased")
    def erased() -> Any:
        return render("reporter/erased.html")


def plain_form(visitor: Visitor) -> PlainForm:
    """A button's form, with what was posted of it."""
    around = visitor.door.around()
    return PlainForm(request.form or None, around=around, token_key=visitor.token_key)


def overview(visitor: Visitor, typed: Typed, form: PlainForm, status: int = 200) -> Any:
    """The check page: problems to solve, or the plan and a button to send."""
    if not typed:
        return visitor.show("no_draft", 404 if status == 200 else status)
    door, around = visitor.door, visitor.around(typed)
    checked = look_over(typed, around)
    worry = worry_of(checked.answers) if checked.answers else None
    plan = None
    if worry is not None:
        try:
            plan = door.route(worry, door.now())
        except NobodyCanOpen:
            status = 503
    return visitor.show(
        "check",
        status,
        form=form,
        step=len(STEPS),
        steps=len(STEPS),
        back_href=before(CHECK),
        problems=checked.problems,
        sections=sections(checked.pages),
        told=tell(plan, worry, around.language) if plan and worry else None,
        counties=by_county(lines_for(worry, door.directory), door.directory, around.language),
    )
