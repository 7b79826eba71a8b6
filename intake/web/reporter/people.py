"""The children and the guardians: a page for each, a list of them, and a way to take one out."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, redirect, request, url_for
from wtforms import HiddenField

from intake.web.forms.report_form import ReportForm
from intake.web.guards import open_route
from intake.web.reporter.answers import Answered, looked_at
from intake.web.reporter.asking import accept, ask, posted_form, shown_form
from intake.web.reporter.pages import (
    CHECK,
    GROUPS,
    STEPS,
    Group,
    address,
    before,
    next_step,
    returning,
)
from intake.web.reporter.visitor import Door, Typed, Visitor

PERSON = f"/report/<any({','.join(GROUPS)}):name>/<int:number>"


class RemoveForm(ReportForm):
    """Take one out. ``people``: how many there were, so that a second click takes no other."""

    people = HiddenField("people")


def register(blueprint: Blueprint, door: Door) -> None:
    """Add the pages to the blueprint."""

    @open_route(blueprint, "/report/children")
    def children() -> Any:
        return everybody(GROUPS["child"])

    @open_route(blueprint, "/report/guardians")
    def guardians() -> Any:
        return everybody(GROUPS["guardian"])

    def everybody(group: Group) -> Any:
        visitor = door.visitor()
        typed = visitor.load()
        if visitor.has_sent:
            return redirect(url_for("reporter.receipt"), 303)
        shown = listed(group, visitor, typed)
        if not shown and group.name == "child":
            return redirect(address(group.name, number=1), 303)
        return visitor.show(
            group.step,
            title=visitor.around(typed).language.gettext(group.title),
            step=STEPS.index(group.step) + 1,
            steps=len(STEPS),
            back_href=before(group.step),
            people=shown,
            add_href=address(group.name, number=len(shown) + 1) if len(shown) < group.most else "",
            next_href=address(CHECK) if returning() else next_step(group.step),
        )

    @open_route(blueprint, PERSON, ("GET", "POST"))
    def person(name: str, number: int) -> Any:
        group = GROUPS[name]
        if not 1 <= number <= group.most:
            abort(404)
        visitor = door.visitor()
        typed = visitor.load()
        people = typed.setdefault(group.step, [])
        to_list = address(group.step, to_check=returning())
        around = {"number": number, "count": len(people)}
        if request.method == "GET":
            if visitor.has_sent:
                return redirect(url_for("reporter.receipt"), 303)
            if number > len(people) + 1:
                return redirect(to_list, 303)
            posted = people[number - 1] if number <= len(people) else None
            return ask(visitor, group, shown_form(group, visitor, typed, posted), **around)
        form = posted_form(group, visitor, typed)

        def put(posted: dict[str, list[str]]) -> None:
            people[number - 1 : number] = [posted]

        if not accept(visitor, typed, form, put):
            return ask(visitor, group, form, 422, **around)
        return redirect(address(CHECK) if returning() else to_list, 303)

    @open_route(blueprint, f"{PERSON}/remove", ("GET", "POST"))
    def remove(name: str, number: int) -> Any:
        group = GROUPS[name]
        visitor = door.visitor()
        typed = visitor.load()
        people = typed.get(group.step, [])
        if visitor.has_sent:
            return redirect(url_for("reporter.receipt"), 303)
        form = RemoveForm(request.form or None, around=door.around(), token_key=visitor.token_key)
        gone = form.people.data != str(len(people))
        if request.method == "POST" and accept(
            visitor, typed, form, lambda _: None if gone else people.__delitem__(number - 1)
        ):
            return redirect(address(group.step, to_check=returning()), 303)
        if not 1 <= number <= len(people):
            return redirect(address(group.step), 303)
        form.people.data = str(len(people))
        status = 422 if request.method == "POST" else 200
        person = listed(group, visitor, typed)[number - 1]
        return visitor.show(
            "remove", status, form=form, person=person, back_href=address(group.step)
        )


def listed(group: Group, visitor: Visitor, typed: Typed) -> list[Answered]:
    """Everybody of a group, as far as the draft knows them."""
    around = visitor.around(typed)
    return [
        Answered(group, number, looked_at(group, posted, around))
        for number, posted in enumerate(typed.get(group.step, ()), 1)
    ]
