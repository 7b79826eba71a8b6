"""Staff key in a worry that reached their agency by telephone, on paper or face to face.

The pages are the reporter's own, inside the agency's door: another frame, another guard, other
words, and one page before them. Each draft has an address; only its writer's key opens it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import wraps
from types import MappingProxyType
from typing import Any
from uuid import UUID, uuid4

from flask import Blueprint, current_app, redirect, request, url_for

from intake.domain.clock import Clock
from intake.domain.directory import Directory
from intake.domain.message import mark
from intake.domain.people import Permission
from intake.services.draft import Draft
from intake.services.route import Route
from intake.services.sign_in import Visit
from intake.services.status import Status
from intake.services.submit import Submit
from intake.web.cookies import Cookies
from intake.web.forms.arrival import ArrivalForm
from intake.web.guards import Entrance, Refusal
from intake.web.keyed.worker import DRAFT, StaffDoor, bookmark_of
from intake.web.page import render
from intake.web.reporter.door import furnish
from intake.web.reporter.pages import PAGES, STEPS, Page, Way
from intake.web.reporter.receipts import received
from intake.web.reporter.visitor import Add, View

NAME = "key_in"
ARRIVAL = Page("arrival", mark("How and when it came"), "arrival", ArrivalForm, "keyed")
WAY = Way(
    MappingProxyType({ARRIVAL.name: ARRIVAL, **PAGES}), (ARRIVAL.step, *STEPS), "agency.inbox"
)


def make_blueprint(
    *,
    draft: Draft,
    route: Route,
    submit: Submit,
    status: Status,
    directory: Directory,
    clocks: Mapping[str, Clock],
    refuse: Refusal,
    door_secret: bytes,
    secure_cookies: bool,
    now: Callable[[], datetime],
) -> Blueprint:
    """The pages, to be registered within the agency's blueprint."""
    blueprint = Blueprint(NAME, __name__, url_prefix="/key-in")
    entrance = Entrance(blueprint, refuse)
    door = StaffDoor(
        draft=draft,
        route=route,
        submit=submit,
        status=status,
        directory=directory,
        clocks=clocks,
        door_secret=door_secret,
        cookies=Cookies(secure_cookies),
        now=now,
        way=WAY,
    )

    def start(visit: Visit) -> Any:
        """Go on with what was begun, or to the first page of a new one."""
        begun = door.cookies.bookmarked(request, bookmark_of(visit))
        fresh = url_for(".page", name=ARRIVAL.name, draft=uuid4())
        if begun is not None:
            request.environ[DRAFT] = begun
            visitor = door.visitor()
            unfinished, receipt = bool(visitor.load()), received(visitor)
            sent = receipt is not None and not receipt.acknowledged
            if unfinished or sent:
                return render("keyed/start.html", unfinished=unfinished, sent=sent, new_href=fresh)
        return redirect(fresh, 303)

    entrance.route("", Permission.KEY_IN)(start)
    furnish(blueprint, _one_draft(entrance), door)
    _name_the_draft(blueprint)

    @blueprint.context_processor
    def frame() -> dict[str, Any]:
        followed = "reporter" in current_app.blueprints
        return {
            "layout": "account/frame.html",
            "language": door.language(),
            "front_href": url_for(WAY.front),
            "status_href": "",
            "status_address": url_for("reporter.status", _external=True) if followed else "",
        }

    return blueprint


def _one_draft(entrance: Entrance) -> Add:
    """Add pages of one draft: its address leads theirs, and only who may key in enters."""

    def add(path: str, methods: tuple[str, ...] = ("GET",)) -> Callable[[View], View]:
        def register(view: View) -> View:
            @wraps(view)
            def of_anybody(_visit: Visit, **arguments: Any) -> Any:
                return view(**arguments)

            entrance.route(f"/<uuid:draft>{path}", Permission.KEY_IN, methods)(of_anybody)
            return view

        return register

    return add


def _name_the_draft(blueprint: Blueprint) -> None:
    """Keep the draft's part of each address from the views, and put it into what they link to."""

    @blueprint.url_value_preprocessor
    def take(_endpoint: str | None, values: dict[str, Any] | None) -> None:
        if values and "draft" in values:
            request.environ[DRAFT] = values.pop("draft")

    @blueprint.url_defaults
    def give(endpoint: str, values: dict[str, Any]) -> None:
        draft: UUID | None = request.environ.get(DRAFT)
        if draft is not None and current_app.url_map.is_endpoint_expecting(endpoint, "draft"):
            values.setdefault("draft", draft)
