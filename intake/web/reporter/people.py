"""The children and the guardians: a page for each, a list of them, and a way to take one out."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from flask import abort, redirect, request, url_for
from wtforms import HiddenField

from intake.domain.report import canonical
from intake.web.forms.report_form import ReportForm
from intake.web.reporter.answers import Answered, looked_at
from intake.web.reporter.asking import (
    NoPlaceLeft,
    accept,
    ask,
    brought,
    leave_stored,
    leave_untouched,
    posted_form,
    shown_form,
)
from intake.web.reporter.pages import (
    CHECK,
    GROUPS,
    Group,
    Typed,
    address,
    returning,
)
from intake.web.reporter.visitor import Add, Door, Visitor

PERSON = f"/report/<any({','.join(GROUPS)}):name>/<int:number>"


class RemoveForm(ReportForm):
    """Take one out. ``people``: how many there were, so that a second click takes no other."""

    people = HiddenField("people")


def register(add: Add, door: Door) -> None:
    """Add the pages to a door."""
    way = door.way

    @add("/report/children")
    def children() -> Any:
        return everybody(GROUPS["child"])

    @add("/report/guardians")
    def guardians() -> Any:
        return everybody(GROUPS["guardian"])

    def everybody(group: Group) -> Any:
        visitor = door.visitor()
        typed = visitor.load()
        if visitor.has_sent:
            return redirect(url_for(".receipt"), 303)
        shown = listed(group, visitor, typed)
        if not shown and group.name == "child":
            return redirect(address(group.name, number=1), 303)
        return visitor.show(
            group.step,
            title=visitor.around(typed).language.gettext(group.title),
            step=way.steps.index(group.step) + 1,
            steps=len(way.steps),
            back_href=way.before(group.step),
            people=shown,
            add_href=address(group.name, number=len(shown) + 1) if len(shown) < group.most else "",
            next_href=address(CHECK) if returning() else way.next_step(group.step),
        )

    @add(PERSON, ("GET", "POST"))
    def person(name: str, number: int) -> Any:
        group = GROUPS[name]
        if not 1 <= number <= group.most:
            abort(404)
        visitor = door.visitor()
        typed = visitor.load()
        people = typed.get(group.step, [])
        to_list = address(group.step, to_check=returning())
        around = {"number": number, "count": len(people)}
        if request.method == "GET":
            if visitor.has_sent:
                return redirect(url_for(".receipt"), 303)
            if number > len(people) + 1:
                return redirect(to_list, 303)
            posted = people[number - 1] if number <= len(people) else None
            form = shown_form(group, visitor, typed, posted)
            form.was.data = mark_of(posted) if posted else ""
            return ask(visitor, group, form, **around)
        form = posted_form(group, visitor, typed)

        def put(typed: Typed, posted: dict[str, list[str]]) -> None:
            people = typed.setdefault(group.step, [])
            place = place_of(people, number, posted, form.was.data or "")
            if place == group.most:
                raise NoPlaceLeft
            people[place : place + 1] = [posted]

        if left := leave_untouched(visitor, group, form, known=number <= len(people)):
            return left
        stored = visitor.kept.sealed
        accepted = accept(visitor, form, put)
        if left := leave_stored(group, visitor, stored):
            return left
        if not accepted:
            if brought(form) in visitor.kept.answers.get(group.step, ()):
                form.was.data = mark_of(brought(form))
            return ask(visitor, group, form, 422, **around)
        return redirect(address(CHECK) if returning() else to_list, 303)

    @add(f"{PERSON}/remove", ("GET", "POST"))
    def remove(name: str, number: int) -> Any:
        group = GROUPS[name]
        if not 1 <= number <= group.most:
            abort(404)
        visitor = door.visitor()
        typed = visitor.load()
        people = typed.get(group.step, [])
        if visitor.has_sent:
            return redirect(url_for(".receipt"), 303)
        form = RemoveForm(request.form or None, around=door.around(), token_key=visitor.token_key)

        def put(typed: Typed, _posted: dict[str, list[str]]) -> None:
            people = typed.get(group.step, [])
            if form.people.data == str(len(people)):
                if number > len(people):
                    abort(404)
                del people[number - 1]

        if request.method == "POST" and accept(visitor, form, put):
            return redirect(address(group.step, to_check=returning()), 303)
        people = visitor.kept.answers.get(group.step, [])
        if number > len(people):
            return redirect(address(group.step), 303)
        form.people.data = str(len(people))
        status = 422 if request.method == "POST" else 200
        person = listed(group, visitor, visitor.kept.answers)[number - 1]
        return visitor.show(
            "remove", status, form=form, person=person, back_href=address(group.step)
        )


def mark_of(person: Mapping[str, list[str]]) -> str:
    """What tells one person, as typed, from any other (SHA-256, hex)."""
    return hashlib.sha256(canonical(person)).hexdigest()


def place_of(
    people: list[dict[str, list[str]]], number: int, posted: dict[str, list[str]], was: str
) -> int:
    """Where a page's person belongs: where the one with the mark ``was`` is now, else at the end.

    So nobody whom another window has added or changed is written over; the same answers once more
    at the same place are a second click.
    """
    marks = [mark_of(person) for person in people]
    if marks[number - 1 : number] in ([was], [mark_of(posted)]):
        return number - 1
    return marks.index(was) if was in marks else len(people)


def listed(group: Group, visitor: Visitor, typed: Typed) -> list[Answered]:
    """Everybody of a group, as far as the draft knows them."""
    around = visitor.around(typed)
    return [
        Answered(group, number, looked_at(group, posted, around))
        for number, posted in enumerate(typed.get(group.step, ()), 1)
    ]
