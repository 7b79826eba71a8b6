"""The page that asks why a protected place is needed, and shows it in its answer alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Response, redirect, request, url_for

from intake.domain.masked import Need
from intake.domain.message import Message
from intake.domain.referral import State
from intake.services.read import Opened, ReferralWithdrawn
from intake.services.record import ReasonMissing
from intake.services.show_protected import ShowProtected
from intake.services.sign_in import Visit
from intake.store.columns import AnyRow
from intake.web.forms.moves import REASON_MISSING
from intake.web.forms.show_protected import ShowProtectedForm
from intake.web.forms.staff import StaffForms
from intake.web.page import Clock as Now
from intake.web.page import render

Show = Callable[..., Response]


@dataclass(frozen=True)
class ShowProtectedPage:
    """The answer to the form is the report's page with the places; loaded again, it asks again."""

    service: ShowProtected
    show: Show
    forms: StaffForms
    now: Now

    def show_protected(self, visit: Visit, referral_id: UUID) -> Any:
        """Ask, leave the line, and show."""
        now = self.now()
        form = self.forms(ShowProtectedForm, visit, request.form or None)
        row = self.service.read.entitled(visit, referral_id, now)
        if row.content_deleted_at or row.state == State.WITHDRAWN:
            return self._gone(row)
        if request.method == "GET":
            return self._page(row, form, 200)
        if not form.validate():
            return self._page(row, form, 422)
        need, words = Need(form["need"].cleaned), form["words"].cleaned.strip()
        try:
            opened: Opened = self.service(visit, referral_id, need, words, now)
        except ReasonMissing:
            form["words"].errors = [form.say(Message(REASON_MISSING))]
            return self._page(row, form, 422)
        except ReferralWithdrawn:
            return self._gone(row)
        return self.show(visit, opened, revealed=True)

    def _gone(self, row: AnyRow) -> Any:
        return redirect(url_for("agency.referral", referral_id=row.id), 303)

    def _page(self, row: AnyRow, form: ShowProtectedForm, status: int) -> Response:
        return render(
            "agency/show_protected.html",
            status,
            form=form,
            referral=row,
            back_href=url_for("agency.referral", referral_id=row.id),
        )
