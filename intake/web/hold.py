"""What will be deleted, and the holds that keep it: pages of a unit's head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Response, redirect, request, url_for

from intake.domain.directory import Directory
from intake.domain.message import Message, mark
from intake.services.hold import DayTooFar, Hold
from intake.services.read import ReferralNotYours
from intake.services.record import MoveNotOpen, ReasonMissing
from intake.services.respond import DayImpossible
from intake.services.sign_in import Visit
from intake.web.forms.hold import HoldForm
from intake.web.forms.moves import REASON_MISSING, ReasonForm
from intake.web.forms.staff import StaffForms
from intake.web.page import Clock as Now
from intake.web.page import render

DAYS_AHEAD = 30
OVER = mark("The last day is over already.")
TOO_FAR = mark(
    "The last day can be %(latest)s at the latest. Leave the boxes empty if you do not know it yet."
)
GONE = mark("The content has been deleted already, so there is nothing to keep.")


@dataclass(frozen=True)
class HoldPages:
    """No content shows on them."""

    service: Hold
    directory: Directory
    forms: StaffForms
    now: Now

    def going(self, visit: Visit) -> Response:
        """What goes in the next days."""
        return render(
            "agency/going.html",
            rows=self.service.going(visit, self.now(), DAYS_AHEAD),
            directory=self.directory,
            days=DAYS_AHEAD,
            back_href=url_for("agency.inbox"),
        )

    def holds(self, visit: Visit, referral_id: UUID) -> Any:
        """The holds on a report, and a new one."""
        now = self.now()
        form = self.forms(HoldForm, visit, request.form or None)
        self.service.holds(visit, referral_id, now)
        if request.method == "GET":
            return self._page(visit, referral_id, form, 200)
        if not form.validate():
            return self._page(visit, referral_id, form, 422)
        reason, last_day = form["reason"].cleaned.strip(), form["last_day"].data
        try:
            self.service.put(visit, referral_id, reason, last_day, now)
        except DayImpossible:
            form["last_day"].errors = [form.say(Message(OVER))]
        except DayTooFar as far:
            form["last_day"].errors = [form.say(Message(TOO_FAR, {"latest": far.latest}))]
        except ReasonMissing:
            form["reason"].errors = [form.say(Message(REASON_MISSING))]
        except MoveNotOpen:
            form.form_errors.append(form.say(Message(GONE)))
            return self._page(visit, referral_id, form, 409)
        else:
            return redirect(url_for("agency.holds", referral_id=referral_id), 303)
        return self._page(visit, referral_id, form, 422)

    def release(self, visit: Visit, referral_id: UUID, hold_id: UUID) -> Any:
        """Ask why, and let go."""
        now = self.now()
        row, holds = self.service.holds(visit, referral_id, now)
        if not any(each.id == hold_id and each.own for each in holds):
            self.service.read.refuse(visit, row, now)
            raise ReferralNotYours
        form, status = self.forms(ReasonForm, visit, request.form or None), 200
        back = url_for("agency.holds", referral_id=referral_id)
        if request.method == "POST":
            status = 422
            if form.validate():
                try:
                    reason = form["reason"].cleaned.strip()
                    self.service.release(visit, referral_id, hold_id, reason, now)
                    return redirect(back, 303)
                except ReasonMissing:
                    form["reason"].errors = [form.say(Message(REASON_MISSING))]
                except MoveNotOpen:
                    return redirect(back, 303)
        return render("agency/hold_release.html", status, form=form, referral=row, back_href=back)

    def _page(self, visit: Visit, referral_id: UUID, form: HoldForm, status: int) -> Response:
        row, holds = self.service.holds(visit, referral_id, self.now())
        return render(
            "agency/holds.html",
            status,
            form=form,
            holds=holds,
            goes=self.service.retain.on(row.report_id),
            referral=row,
            back_href=url_for("agency.referral", referral_id=referral_id),
        )
