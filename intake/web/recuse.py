"""The pages of disqualification: who is shut out of a report, shutting out, letting in again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Response, redirect, request, url_for

from intake.domain.message import Message, mark
from intake.domain.people import Permission
from intake.domain.recusal import Ground
from intake.services.read import ReferralNotYours
from intake.services.record import ReasonMissing
from intake.services.recuse import ColleagueUnknown, NobodyLeft, Recuse, ShutOut
from intake.services.sign_in import Visit
from intake.store.columns import AnyRow
from intake.web.forms.moves import REASON_MISSING, ReasonForm
from intake.web.forms.recuse import GROUNDS, RecuseForm
from intake.web.forms.staff import StaffForms
from intake.web.page import Clock as Now
from intake.web.page import reader_language, render

NOBODY = mark(
    "Nobody else at your agency could open the report any more. Hand it over first, or have a key "
    "given to somebody."
)
NOBODY_BUT_ME = mark(
    "Nobody else at your agency could open the report any more. Tell the unit’s head at once, and "
    "confirm below that you know it."
)
NOT_ANY_MORE = mark("This has been changed meanwhile. Look at the page again.")


@dataclass(frozen=True)
class RecusePages:
    """Said on a referral; it holds for every referral of its report."""

    service: Recuse
    forms: StaffForms
    now: Now

    def recusal(self, visit: Visit, referral_id: UUID) -> Any:
        """Name oneself or a colleague."""
        now = self.now()
        row = self.service.read.entitled(visit, referral_id, now)
        form = self.forms(RecuseForm, visit, request.form or None)
        form.bind(self.service.colleagues(visit, row, now), visit.person.id)
        if request.method == "GET":
            form.person.data = str(visit.person.id)
            return self._page(visit, row, form, 200)
        if not form.validate():
            return self._page(visit, row, form, 422)
        person, ground = UUID(form.person.cleaned), Ground(form.ground.cleaned)
        words, is_self = form.words.cleaned.strip(), person == visit.person.id
        try:
            self.service(
                visit, referral_id, person, ground, words, now, knowing=bool(form.knowing.data)
            )
        except ReasonMissing:
            form.words.errors = [form.say(Message(REASON_MISSING))]
        except ColleagueUnknown:
            form.form_errors.append(form.say(Message(NOT_ANY_MORE)))
        except NobodyLeft:
            form.form_errors.append(form.say(Message(NOBODY_BUT_ME if is_self else NOBODY)))
            return self._page(visit, row, form, 409, confirm=is_self)
        else:
            if is_self:
                return redirect(url_for("agency.inbox"), 303)
            return redirect(url_for("agency.recusal", referral_id=referral_id), 303)
        return self._page(visit, row, form, 422)

    def lift_recusal(self, visit: Visit, referral_id: UUID, recusal_id: UUID) -> Any:
        """The unit's head lets somebody in again, with a reason."""
        now = self.now()
        row = self.service.read.entitled(visit, referral_id, now)
        found = {each.id: each for each in self.service.shut_out(visit, row)}
        form = self.forms(ReasonForm, visit, request.form or None)
        back = url_for("agency.recusal", referral_id=referral_id)
        if recusal_id not in found:
            self.service.read.refuse(visit, row, now)
            raise ReferralNotYours
        status = 200
        if request.method == "POST":
            status = 422
            if form.validate():
                reason = form["reason"].cleaned.strip()
                try:
                    self.service.lift(visit, referral_id, recusal_id, reason, now)
                    return redirect(back, 303)
                except ReasonMissing:
                    form["reason"].errors = [form.say(Message(REASON_MISSING))]
                except ColleagueUnknown:
                    return redirect(back, 303)
        return render(
            "agency/recusal_lift.html",
            status,
            form=form,
            referral=row,
            name=found[recusal_id].name,
            back_href=back,
        )

    def _page(
        self, visit: Visit, row: AnyRow, form: RecuseForm, status: int, *, confirm: bool = False
    ) -> Response:
        language = reader_language()

        def _ground(each: ShutOut) -> str:
            text = GROUNDS[each.why["ground"]] if each.why else ""
            return language.gettext(text) if text else ""

        return render(
            "agency/recusal.html",
            status,
            form=form,
            confirm=confirm,
            shut=[
                (
                    each.id,
                    each.name,
                    language.date(each.at),
                    _ground(each),
                    each.why["words"] if each.why else "",
                )
                for each in self.service.shut_out(visit, row)
            ],
            may_lift=row.agency_id in visit.person.agencies(Permission.LIFT_RECUSAL),
            referral=row,
            back_href=url_for("agency.referral", referral_id=row.id),
        )
