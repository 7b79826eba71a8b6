"""One's own reminders, beside the letters: there also when no letter arrives."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, current_app, request, url_for
from flask_login import current_user

from intake.domain.chase import DUTY_DESK
from intake.domain.clock import Clock
from intake.domain.directory import Directory
from intake.domain.people import Permission, Person, Role
from intake.domain.promised import step_at
from intake.services.letters import next_told, why_told
from intake.services.reminded import Reminded
from intake.services.sign_in import Visit
from intake.store.columns import AnyRow
from intake.store.reminders import MOST_COUNTED
from intake.web.case import clock_title
from intake.web.due import due
from intake.web.guards import Entrance, Refusal
from intake.web.names import Names
from intake.web.page import Clock as Now
from intake.web.page import reader_language, render
from intake.web.paging import ROWS, Pages


@dataclass(frozen=True)
class _Reminders:
    reminded: Reminded
    directory: Directory
    clocks: Mapping[str, Clock]
    now: Now

    def reminders(self, visit: Visit) -> Response:
        """The newest of each deadline that runs, the newest first; none of a role that is over."""
        now, page = self.now(), _page()
        found, goes_on = self.reminded(visit, now, (page - 1) * ROWS, ROWS)
        own = visit.person.agencies(Permission.READ_REFERRALS)
        rows = [self._row(row, own, now) for row in found if self._concerns(visit.person, row)]
        first = url_for("reminders.reminders")
        pages = Pages(
            first if page > 1 else "",
            url_for("reminders.reminders", page=page + 1) if goes_on else "",
        )
        return render("account/reminders.html", rows=rows, pages=pages)

    def _concerns(self, person: Person, row: AnyRow) -> bool:
        """Whether the person is still what the reminder was written to."""
        agency = self.directory.agencies.get(row.params["agency"])
        if row.role == Role.SUPERVISOR:
            watched = person.controllers(Permission.WATCH_DEADLINES)
            return agency is not None and agency.controller in watched
        own = person.agencies(Permission.MOVE_REFERRALS)
        return bool(own) if row.role == DUTY_DESK else row.params["agency"] in own

    def _row(self, row: AnyRow, own: Collection[str], now: datetime) -> dict[str, Any]:
        language, told = reader_language(), row.params
        names = Names(language, self.directory, own if row.role == DUTY_DESK else None)
        return {
            "reference": told["reference"],
            "href": _href(row),
            "agency": names(told["agency"]) if told["agency"] in self.directory.agencies else "",
            "task": clock_title(language, self.clocks, told["clock"]),
            "due": due(row.due_at, now),
            "why": why_told(language, told),
            "next": next_told(language, {**told, **_coming(row)}),
            "at": row.created_at,
            "new": row.seen_at is None,
        }


def _page() -> int:
    """The page that the address asks for; what is none of ours is the first."""
    asked = request.args.get("page", "")
    return int(asked) if re.fullmatch("[1-9][0-9]{0,5}", asked) else 1


def _coming(row: AnyRow) -> dict[str, Any]:
    """The next step as the deadline has it now: what its letter told may have come since."""
    if row.next_chase_at is None:
        return {"next_to": None, "next_at": None}
    to = step_at(row.steps, row.next_chase_at)["to"]
    return {"next_to": to, "next_at": row.next_chase_at.isoformat()}


def _href(row: AnyRow) -> str:
    """Where the reader goes on, if this process serves that page."""
    views = current_app.view_functions
    if row.role == Role.SUPERVISOR:
        if "supervisor.deadline" not in views:
            return ""
        return url_for("supervisor.deadline", deadline_id=row.deadline_id)
    if "agency.inbox" not in views:
        return ""
    if row.role == DUTY_DESK:
        return url_for("agency.inbox")
    return url_for("agency.referral", referral_id=UUID(row.params["referral"]))


def make_blueprint(
    *,
    reminded: Reminded,
    directory: Directory,
    clocks: Mapping[str, Clock],
    refuse: Refusal,
    now: Now,
) -> Blueprint:
    """The route, and the number of new reminders for every page of staff."""
    blueprint = Blueprint("reminders", __name__)
    entrance = Entrance(blueprint, refuse)
    pages = _Reminders(reminded, directory, clocks, now)
    entrance.route("/reminders", Permission.SIGNED_IN)(pages.reminders)

    @blueprint.app_context_processor
    def news() -> dict[str, Any]:
        return {
            "new_reminders": lambda: reminded.unseen(current_user.visit),
            "most_new_reminders": MOST_COUNTED - 1,
        }

    return blueprint
