"""The reporter's door: no account, one worry at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from flask import Blueprint, url_for
from sqlalchemy.exc import SQLAlchemyError

from intake.domain.clock import Clock
from intake.domain.directory import Directory
from intake.services.desks import NobodyCanOpen
from intake.services.draft import Draft, DraftChanged, NoRoomForDrafts
from intake.services.route import Route
from intake.services.status import Status
from intake.services.stop_notices import StopNotices
from intake.services.submit import Submit
from intake.vault.envelope import EnvelopeFromNewerVersion
from intake.web.cookies import Cookies
from intake.web.guards import open_route
from intake.web.reporter import asking, checking, following, people, receipts, telling
from intake.web.reporter.not_stored import NotStored
from intake.web.reporter.pages import PAGES, STEPS, Way
from intake.web.reporter.visitor import Add, Door

WAY = Way(PAGES, STEPS, "reporter.start")
FAILURES: tuple[type[Exception], ...] = (
    SQLAlchemyError,
    NobodyCanOpen,
    NoRoomForDrafts,
    DraftChanged,  # twice in one request
    EnvelopeFromNewerVersion,
)


def make_blueprint(
    *,
    draft: Draft,
    route: Route,
    submit: Submit,
    status: Status,
    stop_notices: StopNotices,
    directory: Directory,
    clocks: Mapping[str, Clock],
    door_secret: bytes,
    secure_cookies: bool,
    now: Callable[[], datetime],
) -> Blueprint:
    """The pages of the reporter."""
    blueprint = Blueprint("reporter", __name__)
    add = partial(open_route, blueprint)
    door = Door(
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
    telling.register(add, door)
    following.register(add, door, stop_notices)
    furnish(blueprint, add, door)

    @blueprint.context_processor
    def frame() -> dict[str, Any]:
        return {
            "layout": "base.html",
            "leave_href": url_for("reporter.leave"),
            "front_href": url_for("reporter.start"),
            "status_href": url_for("reporter.status"),
            "status_address": url_for("reporter.status", _external=True),
        }

    return blueprint


def furnish(blueprint: Blueprint, add: Add, door: Door) -> None:
    """Give a blueprint the pages of a worry, and the page of what could not be stored.

    Templates are given ``layout``, ``front_href``, ``status_href`` and ``status_address`` by it.
    """
    for room in (asking, people, checking, receipts):
        room.register(add, door)
    for failure in FAILURES:
        blueprint.register_error_handler(failure, NotStored(door))
