"""The administrator's door: agencies and who can open there, agreements, telephone lines."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response

from intake.domain.deadline import local_date
from intake.domain.directory import Directory
from intake.domain.people import Permission
from intake.services.oversee import Oversee
from intake.services.sign_in import Visit
from intake.web.guards import Entrance, Refusal
from intake.web.page import Clock as Now
from intake.web.page import render
from intake.web.words import DESKS, KINDS

RECOMMENDED = 2


@dataclass(frozen=True)
class _Admin:
    oversee: Oversee
    directory: Directory
    now: Now

    def agencies(self, visit: Visit) -> Response:
        """The agencies of one's own controllers and who can open there; what all may know."""
        today = local_date(self.now())
        openers = self.oversee.openers(today)
        own = visit.person.controllers(Permission.SEE_DIRECTORY)
        by_controller = [
            (
                controller,
                [
                    (agency, openers.get(agency.id, 0))
                    for agency in self.directory.agencies.values()
                    if agency.controller == controller.id
                ],
            )
            for controller in self.directory.controllers.values()
            if controller.id in own
        ]
        counts = [count for _, agencies in by_controller for _, count in agencies]
        return render(
            "admin/agencies.html",
            controllers=[(c, agencies) for c, agencies in by_controller if agencies],
            closed=counts.count(0),
            count=len(counts),
            recommended=RECOMMENDED,
            directory=self.directory,
            kinds=KINDS,
            desks=DESKS,
            today=today,
        )


def make_blueprint(
    *, oversee: Oversee, directory: Directory, refuse: Refusal, now: Now
) -> Blueprint:
    """The door's routes."""
    blueprint = Blueprint("admin", __name__)
    Entrance(blueprint, refuse).route("/directory", Permission.SEE_DIRECTORY)(
        _Admin(oversee, directory, now).agencies
    )
    return blueprint
