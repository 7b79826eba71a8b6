"""After sending: the receipt with its code, until that has been noted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import redirect, request, url_for

from intake.domain.directory import Agency, Directory, Kind, PhoneLine
from intake.services.submit import Receipt
from intake.web.forms.receipt import NotedForm
from intake.web.page import render
from intake.web.reporter.phones import by_county
from intake.web.reporter.progress import told
from intake.web.reporter.visitor import Add, Door, Visitor


def register(add: Add, door: Door) -> None:
    """Add the pages to a door."""

    @add("/receipt")
    def receipt() -> Any:
        visitor = door.visitor()
        found = received(visitor)
        if found is None:
            return render("reporter/no_receipt.html", 404)
        if found.acknowledged:
            return redirect(url_for(".noted"), 303)
        form = NotedForm(around=door.around(), token_key=visitor.token_key)
        return panel(visitor, found, form)

    @add("/receipt/noted", ("GET", "POST"))
    def noted() -> Any:
        visitor = door.visitor()
        found = received(visitor)
        if found is None and not visitor.known:
            return render("reporter/noted.html")
        if found is None:
            return render("reporter/no_receipt.html", 404)
        if found.acknowledged:
            return visitor.forgotten(render("reporter/noted.html"))
        if request.method == "GET":
            return redirect(url_for(".receipt"), 303)
        form = NotedForm(request.form, around=door.around(), token_key=visitor.token_key)
        if not form.validate():
            return panel(visitor, found, form, 422)
        door.submit.acknowledge(visitor.secret, door.now())
        return visitor.forgotten(redirect(url_for(".noted"), 303))


def received(visitor: Visitor) -> Receipt | None:
    """The receipt of this visitor's report."""
    return visitor.door.submit.receipt(visitor.secret) if visitor.known else None


def panel(visitor: Visitor, found: Receipt, form: NotedForm, status: int = 200) -> Any:
    """The receipt page."""
    door = visitor.door
    report = door.status.of_report(found.report_id, found.received_at)
    lines = lines_of({each.agency for each in report.agencies}, door.directory)
    return visitor.show(
        "receipt",
        status,
        form=form,
        code=found.code.text,
        received_at=found.received_at,
        opened=any(each.opened_at for each in report.agencies),
        has_copy=found.copy is not None,
        agencies=told(report, door),
        counties=by_county(lines, door.directory, form.language),
    )


def lines_of(agencies: Iterable[Agency], directory: Directory) -> list[PhoneLine]:
    """The telephone lines of the agencies' counties; police alone serve them all."""
    places = {p for each in agencies if each.kind is not Kind.POL for p in each.municipalities}
    counties = {directory.municipalities[place].county for place in places}
    return [line for line in directory.phone_lines if not counties or line.county in counties]
