"""The administrator's door: the directory of agencies, and the people of the staff."""

from __future__ import annotations

from flask import Blueprint, Response, request
from flask_login import current_user

from intake.domain.people import Permission
from intake.services.amend import EntryNotYours
from intake.services.appoint import Appoint, OwnRole, PersonNotYours, RoleNotYours
from intake.services.check_entries import CheckEntries
from intake.services.confirm_entries import ConfirmEntries, NotYoursToSign
from intake.services.dismiss import Dismiss
from intake.services.invite import InvitationNotYours, Invite
from intake.services.openers import Openers
from intake.web.admin.agencies import Agencies
from intake.web.admin.agreements import Agreements
from intake.web.admin.entries import Entries
from intake.web.admin.invitations import Invitations
from intake.web.admin.lines import Lines
from intake.web.admin.openers import OpenersPage
from intake.web.admin.people import People
from intake.web.admin.roles import Roles
from intake.web.admin.room import Room
from intake.web.admin.schools import Schools
from intake.web.admin.second_person import SecondPerson
from intake.web.guards import Entrance
from intake.web.page import render
from routing_rules.ruleset import RuleSet

BOTH = ("GET", "POST")


def make_blueprint(*, room: Room, openers: Openers, rules: RuleSet) -> Blueprint:
    """The routes of the directory."""
    blueprint = Blueprint("admin", __name__)
    entrance = Entrance(blueprint, room.refuse)
    see, change = Permission.SEE_DIRECTORY, Permission.CHANGE_DIRECTORY
    who_can_open = OpenersPage(room, openers, rules)
    agencies, schools = Agencies(room, openers, who_can_open), Schools(room)
    agreements, lines, second = Agreements(room), Lines(room), SecondPerson(room)
    entrance.route("/directory", see)(agencies.agencies)
    entrance.route("/directory/openers", see)(who_can_open.municipalities)
    entrance.route("/directory/schools", see)(schools.schools)
    entrance.route("/directory/agreements", see)(agreements.agreements)
    entrance.route("/directory/lines", see)(lines.lines)
    for path, view in (
        ("/directory/agencies/new", agencies.new_agency),
        ("/directory/agencies/<entry_id>", agencies.agency),
        ("/directory/agencies/<entry_id>/out-of-use", agencies.agency_out_of_use),
        ("/directory/waiting/<uuid:waiting_id>", second.confirm_agency),
        ("/directory/waiting/<uuid:waiting_id>/refuse", second.refuse_agency),
    ):
        entrance.route(path, change, BOTH, fresh=True)(view)
    for path, view in (
        ("/directory/schools/new", schools.new_school),
        ("/directory/schools/register", schools.register),
        ("/directory/schools/<entry_id>", schools.school),
        ("/directory/schools/<entry_id>/close", schools.close_school),
        ("/directory/agreements/new", agreements.new_agreement),
        ("/directory/agreements/<entry_id>", agreements.agreement),
        ("/directory/agreements/<entry_id>/remove", agreements.remove_agreement),
        ("/directory/lines/new", lines.new_line),
        ("/directory/lines/<entry_id>", lines.line),
        ("/directory/lines/<entry_id>/remove", lines.remove_line),
    ):
        entrance.route(path, change, BOTH)(view)
    blueprint.register_error_handler(EntryNotYours, _Refused(room))
    return blueprint


def make_people_blueprint(
    *,
    room: Room,
    confirm: ConfirmEntries,
    check: CheckEntries,
    appoint: Appoint,
    dismiss: Dismiss,
    invite: Invite,
    openers: Openers,
    base_url: str,
) -> Blueprint:
    """The routes of people."""
    blueprint = Blueprint("people", __name__)
    entrance = Entrance(blueprint, room.refuse)
    manage = Permission.MANAGE_PEOPLE
    people, roles = People(room, appoint, invite, openers, confirm), Roles(room, appoint, dismiss)
    invitations = Invitations(room, appoint, invite, dismiss, base_url)
    waiting = Entries(room, confirm, check)
    one = "/people/<uuid:person_id>"
    entrance.route("/people/entries", manage)(waiting.entries)
    entrance.route("/people", manage)(people.everyone)
    entrance.route(one, manage)(people.person)
    for path, view, fresh in (
        ("/people/invite", invitations.new, True),
        ("/people/known", roles.known, True),
        (f"{one}/details", people.details, False),
        (f"{one}/roles", roles.give, True),
        (f"{one}/roles/<uuid:role_id>", roles.end_role, True),
        (f"{one}/leave", roles.leave, True),
        (f"{one}/anew", invitations.anew, True),
        ("/people/invitations/<uuid:invitation_id>/withdraw", invitations.withdraw, False),
        ("/people/entries/<uuid:waiting_id>", waiting.confirm_entry, True),
        ("/people/entries/<uuid:waiting_id>/refuse", waiting.refuse_entry, True),
    ):
        entrance.route(path, manage, BOTH, fresh=fresh)(view)
    for not_yours in (PersonNotYours, RoleNotYours, InvitationNotYours, NotYoursToSign, OwnRole):
        blueprint.register_error_handler(not_yours, _Refused(room))
    return blueprint


class _Refused:
    """What is another controller's, or not there: a line in the trail, and no word on which. Who
    sends a page twice reads that what waited for a second person does not wait any more.
    """

    def __init__(self, room: Room) -> None:
        self._room = room

    def __call__(self, _error: Exception) -> Response:
        self._room.refuse(current_user.visit, request.endpoint or "")
        waited = "waiting_id" in (request.view_args or {})
        return render("people/waits_no_more.html" if waited else "errors/404.html", 404)
