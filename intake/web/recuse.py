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
from intake.services.tell_recusal import NobodyToTell
from intake.store.columns import AnyRow
from intake.web.forms.moves import REASON_MISSING, ReasonForm
from intake.web.forms.recuse import GROUNDS, ColleagueForm, RecuseForm
from intake.web.forms.staff import StaffForms
from intake.web.page import Clock as Now
from intake.web.page import reader_language, render

NOBODY = mark(
    "At an agency that has the report, or stands by for it, nobody else could open it any more. "
    "Hand it over first, or have a key given to somebody."
)
NOBODY_BUT_ME = mark(
    "At an agency that has the report, or stands by for it, nobody else could open it any more. "
    "The head and the supervisor are told at once. Confirm below that you know it."
)
NOBODY_TO_TELL = mark(
    "Nobody else could open the report any more, and there is no other head or supervisor to tell: "
    "call an administrator first, so that somebody else is given a key or such a role."
)
NOT_ANY_MORE = mark("This has been changed meanwhile. Look at the page again.")


@dataclass(frozen=True)
class RecusePages:
    """Said on a referral; it holds for every referral of its report."""

    service: Recuse
    forms: StaffForms
    now: Now

    def recusal(self, visit: Visit, referral_id: UUID) -> Any:
        """Who is shut out, and naming oneself."""
        row = self.service.read.entitled(visit, referral_id, self.now())
        form = self.forms(RecuseForm, visit, request.form or None)
        if request.method == "GET":
            return self._page(visit, row, form, 200)
        if not form.validate():
            return self._page(visit, row, form, 422)
        return self._shut_out(visit, row, form, visit.person.id)

    def recuse_colleague(self, visit: Visit, referral_id: UUID) -> Any:
        """Naming a colleague, by who can open the report."""
        row = self.service.read.entitled(visit, referral_id, self.now())
        form = self.forms(ColleagueForm, visit, request.form or None)
        form.bind(self.service.colleagues(visit, row, self.now()))
        if request.method == "GET":
            return self._page(visit, row, form, 200)
        if not form.validate():
            return self._page(visit, row, form, 422)
        return self._shut_out(visit, row, form, UUID(form.person.cleaned))

    def _shut_out(self, visit: Visit, row: AnyRow, form: RecuseForm, person: UUID) -> Any:
        ground, is_self = Ground(form.ground.cleaned), person == visit.person.id
        words, knowing = form.words.cleaned.strip(), bool(form.knowing.data)
        try:
            self.service(visit, row.id, person, ground, words, self.now(), knowing=knowing)
        except ReasonMissing:
            form.words.errors = [form.say(Message(REASON_MISSING))]
        except ColleagueUnknown:
            form.form_errors.append(form.say(Message(NOT_ANY_MORE)))
        except NobodyLeft:
            form.form_errors.append(form.say(Message(NOBODY_BUT_ME if is_self else NOBODY)))
            return self._page(visit, row, form, 409, confirm=is_self)
        except NobodyToTell:
            form.form_errors.append(form.say(Message(NOBODY_TO_TELL)))
            return self._page(visit, row, form, 409, confirm=True)
        else:
            if is_self:
                return redirect(url_for("agency.inbox"), 303)
            return redirect(url_for("agency.recusal", referral_id=row.id), 303)
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
            naming=isinstance(form, ColleagueForm),
            colleague_href=url_for("agency.recuse_colleague", referral_id=row.id),
            back_href=url_for("agency.referral", referral_id=row.id),
        )
