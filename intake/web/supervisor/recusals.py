"""Who is shut out of which report, and letting them in again where a head cannot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Response, abort, redirect, request, url_for

from intake.services.oversee_recusals import MOST, OverseeRecusals, RecusalNotYours
from intake.services.sign_in import Visit
from intake.web.forms.base import PageForm
from intake.web.supervisor.room import Room


@dataclass(frozen=True)
class Recusals:
    """Names, references and days; never why."""

    room: Room
    service: OverseeRecusals

    def recusals(self, visit: Visit) -> Response:
        """Those that stand at one's own controllers' agencies."""
        rows = self.service(visit.person)
        return self.room.render(
            "supervisor/recusals.html",
            rows=[(row, self.room.directory.agency(row.agency_id)) for row in rows],
            most=MOST if len(rows) == MOST else 0,
        )

    def lift_recusal(self, visit: Visit, recusal_id: UUID) -> Any:
        """Ask whether it is to be lifted, and lift it."""
        form = self.room.form(visit, PageForm)
        back = url_for("supervisor.recusals")
        try:
            row = self.service.one(visit.person, recusal_id)
            if request.method == "POST" and form.validate():
                self.service.lift(visit, recusal_id, self.room.now())
                return redirect(back, 303)
        except RecusalNotYours:
            self.room.refuse(visit, "supervisor.lift_recusal")
            abort(404)
        return self.room.render(
            "supervisor/recusal_lift.html",
            200 if request.method == "GET" else 422,
            form=form,
            row=row,
            agency=self.room.directory.agency(row.agency_id),
            back_href=back,
        )
