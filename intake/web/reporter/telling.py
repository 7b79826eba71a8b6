"""The pages that only tell: before you start, the way out, accessibility, privacy."""

from __future__ import annotations

from typing import Any

from flask import redirect

from intake.web.page import render
from intake.web.reporter.phones import by_county
from intake.web.reporter.visitor import Add, Door

ELSEWHERE = "https://www.ilmatieteenlaitos.fi/"
"""Where *Leave this page* leads: a page that anybody might be reading."""


def register(add: Add, door: Door) -> None:
    """Add the pages to a door."""

    @add("/")
    def start() -> Any:
        visitor = door.visitor()
        directory = door.directory
        return render(
            "reporter/start.html",
            unfinished=bool(visitor.load()),
            sent=visitor.has_sent,
            counties=by_county(directory.phone_lines, directory, door.around().language),
        )

    @add("/leave")
    def leave() -> Any:
        return redirect(ELSEWHERE, 303)

    @add("/accessibility")
    def accessibility() -> Any:
        return render("reporter/accessibility.html")

    @add("/privacy")
    def privacy() -> Any:
        return render("reporter/privacy.html")
