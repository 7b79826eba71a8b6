"""After sending: the receipt with its code, the own copy, and the status by code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, redirect, request, url_for

from intake.domain.directory import Agency, Directory, Kind, PhoneLine
from intake.domain.message import Message, mark
from intake.domain.referral import Response
from intake.services.status import AgencyStatus, CodeUnknown, ReportStatus, Stage
from intake.services.submit import Receipt
from intake.vault.own import ReceiptCode
from intake.web.forms.receipt import NotedForm, StatusForm
from intake.web.guards import open_route
from intake.web.page import render
from intake.web.reporter.answers import copy_pages, sections
from intake.web.reporter.phones import by_county
from intake.web.reporter.visitor import Door, Visitor

NOT_FOUND = mark("No report has this code. Check it once more.")
STAGES = {
    Stage.STORED: ("new", mark("Stored: nobody has opened it yet")),
    Stage.OPENED: ("progress", mark("Opened")),
    Stage.HANDLED: ("progress", mark("Being handled")),
    Stage.MOVED: ("closed", mark("Moved to another agency")),
    Stage.TAKEN_OVER: ("closed", mark("Taken over by the agency that stands by")),
    Stage.WITHDRAWN: ("closed", mark("Withdrawn: it was sent there by mistake")),
    Stage.CLOSED: ("done", mark("Closed")),
}
RESPONSES = {
    Response.CONTACTED: mark("The agency has been in contact with the child or the family."),
    Response.MEETING_OFFERED: mark("The agency has offered a meeting."),
    Response.SUPPORT_STARTED: mark("Support has started."),
    Response.ALREADY_SUPPORTED: mark("The child or the family was already being supported."),
    Response.GUIDED_ONWARD: mark("The matter has been guided onward."),
    Response.NO_MEASURES: mark("The matter has been looked into; there are no further measures."),
}
MOVED_TO = mark("Moved to: %(agency)s")
NEXT = mark("Next: %(clock)s, at the latest %(day)s")


@dataclass(frozen=True)
class Told:
    """Where one agency is with a report, in words."""

    agency: str
    phone: str
    kind: str
    stage: str
    since: str
    details: list[str]


def register(blueprint: Blueprint, door: Door) -> None:
    """Add the pages to the blueprint."""

    @open_route(blueprint, "/receipt")
    def receipt() -> Any:
        visitor = door.visitor()
        found = received(visitor)
        if found is None:
            return render("reporter/no_receipt.html", 404)
        if found.acknowledged:
            return redirect(url_for("reporter.noted"), 303)
        form = NotedForm(around=door.around(), token_key=visitor.token_key)
        return panel(visitor, found, form)

    @open_route(blueprint, "/receipt/noted", ("GET", "POST"))
    def noted() -> Any:
        visitor = door.visitor()
        found = received(visitor)
        if found is None:
            return render("reporter/noted.html")
        if found.acknowledged:
            return visitor.forgotten(render("reporter/noted.html"))
        if request.method == "GET":
            return redirect(url_for("reporter.receipt"), 303)
        form = NotedForm(request.form, around=door.around(), token_key=visitor.token_key)
        if not form.validate():
            return panel(visitor, found, form, 422)
        door.submit.acknowledge(visitor.secret, door.now())
        return visitor.forgotten(redirect(url_for("reporter.noted"), 303))

    @open_route(blueprint, "/receipt/copy")
    def copy() -> Any:
        found = received(door.visitor())
        if found is None or found.copy is None:
            return render("reporter/no_receipt.html", 404)
        reporter, worry = found.copy["reporter"], found.copy["worry"]
        around = door.around(reporter["kind"], worry["categories"])
        return render(
            "reporter/copy.html",
            sections=sections(copy_pages(found.copy, around)),
            received_at=found.received_at,
            code=found.code.text,
            back_href=url_for("reporter.receipt"),
        )

    @open_route(blueprint, "/status", ("GET", "POST"))
    def status() -> Any:
        # No token: the form changes nothing, and a code opens nothing but the state of a report.
        form = StatusForm(request.form or None, around=door.around()).without_token()
        if request.method == "GET":
            return render("reporter/status.html", form=form)
        if not form.validate():
            return render("reporter/status.html", 422, form=form)
        try:
            found = door.status.by_code(ReceiptCode.parse(form["code"].data))
        except CodeUnknown:
            form["code"].errors = [form.say(Message(NOT_FOUND))]
            return render("reporter/status.html", 422, form=form)
        return render(
            "reporter/progress.html", received_at=found.received_at, agencies=told(found, door)
        )


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


def told(report: ReportStatus, door: Door) -> list[Told]:
    """Put a status in words; never anything of the content."""
    return [_told(each, door) for each in report.agencies]


def _told(each: AgencyStatus, door: Door) -> Told:
    language = door.around().language
    kind, stage = STAGES[each.stage]
    details = []
    if each.opened_at and each.stage is not Stage.OPENED:
        opened = Message(mark("Opened %(at)s"), {"at": each.opened_at})
        details.append(language.message(opened))
    if each.moved_to:
        moved = Message(MOVED_TO, {"agency": each.moved_to.name})
        details.append(language.message(moved))
    if each.response:
        details.append(language.gettext(RESPONSES[Response(each.response)]))
    if each.next_clock and each.next_due:
        clock = door.clocks[each.next_clock].title
        details.append(language.message(Message(NEXT, {"clock": clock, "day": each.next_due})))
    return Told(
        agency=language.text(each.agency.name),
        phone=each.agency.phone,
        kind=kind,
        stage=language.gettext(stage),
        since=language.date_and_time(each.at),
        details=details,
    )
