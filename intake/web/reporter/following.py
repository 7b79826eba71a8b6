"""What the reporter can come back to: the own copy, and the status by code."""

from __future__ import annotations

from typing import Any

from flask import request, url_for

from intake.domain.message import Message, mark
from intake.services.status import CodeUnknown
from intake.services.stop_notices import StopNotices
from intake.vault.own import ReceiptCode
from intake.web.forms.receipt import StatusForm
from intake.web.page import render
from intake.web.reporter.answers import copy_pages, sections
from intake.web.reporter.progress import told
from intake.web.reporter.receipts import received
from intake.web.reporter.visitor import Add, Door

NOT_FOUND = mark("No report has this code. Check it once more.")


def register(add: Add, door: Door, stop_notices: StopNotices) -> None:
    """Add the pages to a door."""

    @add("/receipt/copy")
    def copy() -> Any:
        found = received(door.visitor())
        if found is None or found.copy is None:
            return render("reporter/no_receipt.html", 404)
        reporter, worry = found.copy["reporter"], found.copy["worry"]
        around = door.around(reporter["kind"], worry["categories"])
        return render(
            "reporter/copy.html",
            sections=sections(copy_pages(door.way, found.copy, around)),
            received_at=found.received_at,
            code=found.code.text,
            back_href=url_for(".receipt"),
        )

    @add("/status", ("GET", "POST"))
    def status() -> Any:
        visitor = door.visitor()
        form = StatusForm(request.form or None, around=door.around(), token_key=visitor.token_key)
        if request.method == "GET":
            return visitor.show("status", form=form)
        if not form.validate():
            return visitor.show("status", 422, form=form)
        code, stop = ReceiptCode.parse(form["code"].data), bool(form["stop"].data)
        try:
            if stop:
                stop_notices(code, door.now())
            found = door.status.by_code(code)
        except CodeUnknown:
            form["code"].errors = [form.say(Message(NOT_FOUND))]
            return visitor.show("status", 422, form=form)
        return visitor.show(
            "progress",
            form=form,
            received_at=found.received_at,
            content_deleted_at=found.content_deleted_at,
            agencies=told(found, door),
            code=code.text if found.notices else "",
            stopped=stop,
        )
