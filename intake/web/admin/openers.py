"""Who can open, municipality by municipality."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from flask import Response

from intake.domain.directory import Directory, Municipality
from intake.services.desks import Desks
from intake.services.openers import Openers, Served
from intake.services.sign_in import Visit
from intake.web.admin.room import Room, own
from intake.web.page import render
from intake.web.words import KINDS
from routing_rules.ruleset import RuleSet

Places = list[tuple[Municipality, list[Served]]]


@dataclass(frozen=True)
class OpenersPage:
    """The view."""

    room: Room
    openers: Openers
    rules: RuleSet

    def municipalities(self, visit: Visit) -> Response:
        """Each municipality of one's own controllers with every kind of agency that it needs."""
        rows = self.rows(visit, self.room.stored().directory)
        return render(
            "admin/openers.html",
            places=_by_place(rows),
            gaps=sum(row.is_gap for row in rows),
            others=sum(not row.openers and not row.is_gap for row in rows),
            kinds=KINDS,
        )

    def gaps(self, visit: Visit, directory: Directory) -> Places:
        """The places where no agency of the kind could open."""
        return _by_place([row for row in self.rows(visit, directory) if row.is_gap])

    def rows(self, visit: Visit, directory: Directory) -> list[Served]:
        """Every place of one's own controllers."""
        desks = Desks(directory, self.rules.beside["standby"])
        area = {place for one in own(visit) for place in directory.area_of(one)}
        return [
            row
            for row in self.openers.by_municipality(directory, desks, self.room.today())
            if row.municipality.id in area
        ]


def _by_place(rows: list[Served]) -> Places:
    groups = (list(group) for _, group in groupby(rows, lambda row: row.municipality.id))
    return [(group[0].municipality, group) for group in groups]
