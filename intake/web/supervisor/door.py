"""The supervisor's door: times and states of every deadline, never content or why it came."""

from __future__ import annotations

from flask import Blueprint

from intake.domain.people import Permission
from intake.services.accept_recount import AcceptRecount
from intake.services.export import Export
from intake.services.extend import Extend
from intake.services.half_year import HalfYear
from intake.services.oversee import Oversee
from intake.services.reconcile import ShowReconciliation
from intake.services.survey import Survey
from intake.services.try_again import TryAgain
from intake.web.guards import Entrance
from intake.web.supervisor.deadlines import Deadlines
from intake.web.supervisor.exports import Exports
from intake.web.supervisor.extend import ExtendPage
from intake.web.supervisor.half_year import HalfYears
from intake.web.supervisor.reconciliation import Reconciliation
from intake.web.supervisor.recount import RecountPages
from intake.web.supervisor.room import Room
from intake.web.supervisor.survey import Surveys


def make_blueprint(
    *,
    room: Room,
    oversee: Oversee,
    try_again: TryAgain,
    half_year: HalfYear,
    reconciled: ShowReconciliation,
    accept_recount: AcceptRecount,
    survey: Survey,
    export: Export,
    extend: Extend,
) -> Blueprint:
    """The door's routes."""
    blueprint = Blueprint("supervisor", __name__)
    entrance = Entrance(blueprint, room.refuse)
    deadlines = Deadlines(room, oversee, try_again)
    recount = RecountPages(room, accept_recount)
    extending = ExtendPage(room, extend)
    watching, changing = Permission.WATCH_DEADLINES, Permission.CHANGE_DEADLINES
    entrance.route("/deadlines", watching)(deadlines.deadlines)
    entrance.route("/deadlines/letters/<uuid:letter_id>", watching, ("POST",))(deadlines.revive)
    halves = HalfYears(room, half_year)
    entrance.route("/deadlines/half-year", watching)(halves.half_year_page)
    entrance.route("/deadlines/half-year/file", watching)(halves.half_year_file)
    entrance.route("/deadlines/half-year", watching, ("POST",))(halves.reported)
    reconciliation = Reconciliation(room, reconciled)
    entrance.route("/deadlines/reconciliation", watching)(reconciliation.reconciliation)
    again, post = "/deadlines/recount", ("POST",)
    entrance.route(again, watching)(recount.recount)
    entrance.route(f"{again}/<uuid:deadline_id>", changing, post)(recount.recount_one)
    entrance.route(f"{again}/<agency_id>/<clock>", changing, post)(recount.recount_group)
    surveys, exports = Surveys(room, survey), Exports(room, export)
    entrance.route("/deadlines/ageing", watching)(surveys.ageing)
    entrance.route("/deadlines/times", watching)(surveys.times)
    entrance.route("/deadlines/ahead", watching)(surveys.ahead)
    entrance.route("/deadlines/pressing.csv", watching)(exports.pressing_csv)
    entrance.route("/deadlines/ageing.csv", watching)(exports.ageing_csv)
    entrance.route("/deadlines/times.csv", watching)(exports.times_csv)
    entrance.route("/deadlines/ahead.csv", watching)(exports.ahead_csv)
    both = ("GET", "POST")
    entrance.route("/deadlines/<uuid:deadline_id>/extend", changing, both)(extending.extend)
    return blueprint
