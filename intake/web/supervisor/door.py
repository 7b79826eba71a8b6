"""The supervisor's door: times and states of every deadline, never content or why it came."""

from __future__ import annotations

from flask import Blueprint

from intake.domain.people import Permission
from intake.services.accept_recount import AcceptRecount
from intake.services.due_today import DueToday
from intake.services.export import Export
from intake.services.extend import Extend
from intake.services.follow_up import DeadlineNotYours, FollowUp
from intake.services.half_year import HalfYear
from intake.services.oversee import Oversee
from intake.services.oversee_recusals import OverseeRecusals
from intake.services.press import PressOn
from intake.services.reconcile import ShowReconciliation
from intake.services.survey import Survey
from intake.services.try_again import TryAgain
from intake.web.guards import Entrance
from intake.web.supervisor.deadlines import Deadlines
from intake.web.supervisor.exports import Exports
from intake.web.supervisor.extend import ExtendPage
from intake.web.supervisor.half_year import HalfYears
from intake.web.supervisor.one import OneDeadline
from intake.web.supervisor.reconciliation import Reconciliation
from intake.web.supervisor.recount import RecountPages
from intake.web.supervisor.recusals import Recusals
from intake.web.supervisor.room import Room
from intake.web.supervisor.survey import Surveys
from intake.web.supervisor.today import TodayPage

POST, BOTH = ("POST",), ("GET", "POST")


def make_blueprint(
    *,
    room: Room,
    oversee: Oversee,
    try_again: TryAgain,
    due_today: DueToday,
    recusals: OverseeRecusals,
    follow_up: FollowUp,
    press: PressOn,
    extend: Extend,
    survey: Survey,
    export: Export,
    half_year: HalfYear,
    reconciled: ShowReconciliation,
    accept_recount: AcceptRecount,
) -> Blueprint:
    """The door's routes."""
    blueprint = Blueprint("supervisor", __name__)
    entrance = Entrance(blueprint, room.refuse)
    deadlines, one = Deadlines(room, oversee, try_again), OneDeadline(room, follow_up, press)
    surveys, exports = Surveys(room, survey), Exports(room, export)
    halves, recount = HalfYears(room, half_year), RecountPages(room, accept_recount)
    shut_out = Recusals(room, recusals)
    watching, changing = Permission.WATCH_DEADLINES, Permission.CHANGE_DEADLINES
    of_one, again = "/deadlines/<uuid:deadline_id>", "/deadlines/recount"
    for path, view in (
        ("/deadlines", deadlines.deadlines),
        ("/deadlines/today", TodayPage(room, due_today).today),
        ("/deadlines/ahead", surveys.ahead),
        ("/deadlines/ageing", surveys.ageing),
        ("/deadlines/times", surveys.times),
        ("/deadlines/half-year", halves.half_year_page),
        ("/deadlines/reconciliation", Reconciliation(room, reconciled).reconciliation),
        (again, recount.recount),
        (of_one, one.deadline),
    ):
        entrance.route(path, watching)(view)
    lifting = Permission.OVERSEE_RECUSALS
    entrance.route("/deadlines/recusals", lifting)(shut_out.recusals)
    entrance.route("/deadlines/recusals/<uuid:recusal_id>", lifting, BOTH, fresh=True)(
        shut_out.lift_recusal
    )
    for path, view in (
        ("/deadlines/pressing.csv", exports.pressing_csv),
        ("/deadlines/ageing.csv", exports.ageing_csv),
        ("/deadlines/times.csv", exports.times_csv),
        ("/deadlines/ahead.csv", exports.ahead_csv),
        ("/deadlines/half-year/file", halves.half_year_file),
    ):
        entrance.route(path, watching, fresh=True)(view)
    entrance.route("/deadlines/letters/<uuid:letter_id>", watching, POST)(deadlines.revive)
    entrance.route("/deadlines/half-year", watching, POST)(halves.reported)
    entrance.route(of_one, changing, POST)(one.remind)
    entrance.route(f"{of_one}/standby", changing, BOTH)(one.standby)
    entrance.route(f"{of_one}/extend", changing, BOTH)(ExtendPage(room, extend).extend)
    entrance.route(f"{again}/<uuid:deadline_id>", changing, POST)(recount.recount_one)
    entrance.route(f"{again}/<agency_id>/<clock>", changing, POST)(recount.recount_group)
    blueprint.register_error_handler(DeadlineNotYours, one.not_yours)
    return blueprint
