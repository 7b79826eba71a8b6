"""Who can open, municipality by municipality."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from flask import Response

from intake.services.desks import Desks
from intake.services.openers import Openers
from intake.services.sign_in import Visit
from intake.web.admin.room import Room, own
from intake.web.page import render
from intake.web.words import KINDS
from routing_rules.ruleset import RuleSet


@dataclass(frozen=True)
class OpenersPage:
    """The view."""

    room: Room
    openers: Openers
    rules: RuleSet

    def municipalities(self, visit: Visit) -> Response:
        """Each municipality of one's own controllers with every kind of agency that it needs."""
        directory = self.room.stored().directory
        desks = Desks(directory, self.rules.standby)
        area = {place for one in own(visit) for place in directory.area_of(one)}
        rows = [
            row
            for row in self.openers.by_municipality(directory, desks, self.room.today())
            if row.municipality.id in area
        ]
        return render(
            "admin/openers.html",
            places=[
                (rows[0].municipality, rows)
                for rows in (list(rows) for _, rows in groupby(rows, lambda r: r.municipality.id))
            ],
            gaps=sum(row.is_gap for row in rows),
            others=sum(not row.openers and not row.is_gap for row in rows),
            kinds=KINDS,
        )
