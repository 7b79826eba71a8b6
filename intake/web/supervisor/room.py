"""What the supervisor's pages share: the noun tables, forms, and the way from page to page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Response, current_app, request, url_for

from intake.domain.clock import Clock
from intake.domain.directory import Directory
from intake.domain.message import mark
from intake.services.sign_in import Visit
from intake.web.forms.base import PageForm, token_key
from intake.web.guards import Refusal
from intake.web.page import Clock as Now
from intake.web.page import reader_language, render

PLACES = (
    ("supervisor.deadlines", mark("Deadlines running")),
    ("supervisor.today", mark("Due today")),
    ("supervisor.ahead", mark("Deadlines ahead")),
    ("supervisor.ageing", mark("Open reports by age")),
    ("supervisor.times", mark("Times taken")),
    ("supervisor.half_year_page", mark("Half-year statistics")),
    ("supervisor.reconciliation", mark("Reconciliation")),
    ("supervisor.recount", mark("Calendar changes")),
    ("supervisor.recusals", mark("Disqualifications")),
)
"""The door's pages in their order, each with its name in the menu of the door."""
AForm = TypeVar("AForm", bound=PageForm)


@dataclass(frozen=True)
class Room:
    """The supervisor's tools: times and states, never content or why a report came."""

    directory: Directory
    clocks: Mapping[str, Clock]
    refuse: Refusal
    door_secret: bytes
    now: Now

    def form(self, visit: Visit, kind: type[AForm]) -> AForm:
        """A form with what was posted, empty where nothing was."""
        key = token_key(self.door_secret, visit.secret.csrf_key)
        typed = request.form if request.method == "POST" else None
        return kind(typed, language=reader_language(), token_key=key)

    def render(self, template: str, status: int = 200, **context: Any) -> Response:
        """A page with the menu of the door: the name and address of each page, whether it is
        the one shown.
        """
        language, views = reader_language(), current_app.view_functions
        places = [
            (language.gettext(title), url_for(endpoint), endpoint == request.endpoint)
            for endpoint, title in PLACES
            if endpoint in views
        ]
        return render(template, status, places=places, **context)
