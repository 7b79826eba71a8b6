"""The reporter's door: no account, one worry at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
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
from intake.web.reporter import asking, checking, people, receipts, telling
from intake.web.reporter.not_stored import NotStored
from intake.web.reporter.visitor import Door

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
    door = Door(
        draft=draft,
        route=route,
        submit=submit,
        status=status,
        stop_notices=stop_notices,
        directory=directory,
        clocks=clocks,
        door_secret=door_secret,
        cookies=Cookies(secure_cookies),
        now=now,
    )
    for room in (telling, asking, people, checking, receipts):
        room.register(blueprint, door)
    for failure in FAILURES:
        blueprint.register_error_handler(failure, NotStored(door))

    @blueprint.context_processor
    def way_out() -> dict[str, Any]:
        return {"leave_href": url_for("reporter.leave")}

    return blueprint
