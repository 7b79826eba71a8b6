"""The rule desk, behind the rule editor's door: sets, drafts, and what a draft would change."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, request
from flask_login import current_user

from intake.domain.directory import Directory
from intake.domain.people import Permission
from intake.services.past import Past
from intake.services.proving import ProofsBusy
from intake.services.publish import Publish
from intake.services.rule_drafts import DraftGone, Drafts, SetNotYours
from intake.services.rule_sets import RuleSets
from intake.web.forms.staff import StaffForms
from intake.web.guards import Entrance, Refusal
from intake.web.page import Clock as Now
from intake.web.page import render
from intake.web.rule_desk.desk import Desk
from intake.web.rule_desk.difference import DifferencePage
from intake.web.rule_desk.draft import DraftPage
from intake.web.rule_desk.impact import ImpactPage
from intake.web.rule_desk.sets import SetsPages
from intake.web.rule_desk.steps import Steps

BOTH = ("GET", "POST")


def make_blueprint(
    *,
    drafts: Drafts,
    publish: Publish,
    directory: Directory,
    past: Callable[[], Past | None],
    refuse: Refusal,
    door_secret: bytes,
    now: Now,
) -> Blueprint:
    """The desk's routes, to be registered on the door's blueprint."""
    blueprint = Blueprint("desk", __name__)
    forms = StaffForms(door_secret)
    desk = Desk(drafts, publish, RuleSets(drafts), directory, past, forms, now)
    change, entrance = Permission.CHANGE_RULES, Entrance(blueprint, refuse)
    sets, steps = SetsPages(desk), Steps(desk)
    entrance.route("/rules/sets", change)(sets.sets)
    entrance.route("/rules/sets/<layer>/new", change, ("POST",))(sets.new_version)
    withdraw = "/rules/publications/<uuid:publication_id>/withdraw"
    entrance.route(withdraw, change, BOTH)(sets.withdraw)
    one = "/rules/drafts/<uuid:draft_id>"
    entrance.route(one, change, BOTH)(DraftPage(desk, refuse).draft)
    entrance.route(f"{one}/propose", change, BOTH)(steps.propose)
    entrance.route(f"{one}/publish", change, BOTH)(steps.publish)
    entrance.route(f"{one}/throw-away", change, BOTH)(steps.throw_away)
    entrance.route(f"{one}/difference", change)(DifferencePage(desk).difference)
    entrance.route(f"{one}/impact", change)(ImpactPage(desk).impact)

    def refused(_error: Exception) -> Response:
        """Another's set, or none at all: a line in the trail, and no word on which."""
        refuse(current_user.visit, request.endpoint or "")
        if "draft_id" in (request.view_args or {}):
            return gone(_error)
        return render("errors/404.html", 404)

    def gone(_error: Exception) -> Response:
        """A draft that was published or thrown away, never was, or is another's."""
        return render("rules/gone.html", 404, typed="")

    def busy(_error: Exception) -> Response:
        """A page that needs a proof while another one is under way."""
        return render("rules/busy.html", 503)

    blueprint.register_error_handler(SetNotYours, refused)
    blueprint.register_error_handler(ProofsBusy, busy)
    blueprint.register_error_handler(DraftGone, gone)
    return blueprint
