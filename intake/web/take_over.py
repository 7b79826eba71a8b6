"""Taking over what a silent agency leaves lying."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import redirect, request, url_for

from intake.domain.clock import Clock
from intake.domain.directory import Directory
from intake.domain.message import Message, mark
from intake.domain.people import Permission
from intake.domain.referral import Move
from intake.services.record import MoveNotOpen, ReasonMissing
from intake.services.sign_in import Visit
from intake.services.take_over import Offer, TakeOver
from intake.web.case import clock_title
from intake.web.due import due
from intake.web.forms.moves import REASON_MISSING, WORDS, ReasonForm
from intake.web.forms.staff import StaffForms
from intake.web.names import Names
from intake.web.page import Clock as Now
from intake.web.page import reader_language, render

NOT_NOW = mark(
    "This report cannot be taken over now: the agency has recorded something meanwhile, or it has "
    "not been silent long enough, or another has taken the report over."
)


@dataclass(frozen=True)
class TakeOverPage:
    """Shows that an agency is silent, never anything of the report, before it is taken over."""

    take_over_service: TakeOver
    directory: Directory
    clocks: Mapping[str, Clock]
    forms: StaffForms
    now: Now

    def take_over(self, visit: Visit, referral_id: UUID) -> Any:
        """Ask for a reason, and take over."""
        form = self.forms(ReasonForm, visit, request.form or None)
        now = self.now()
        try:
            offer = self.take_over_service.offer(visit, referral_id, now)
        except MoveNotOpen:
            return self._page(visit, form, None, 409)
        if request.method == "GET":
            return self._page(visit, form, offer, 200)
        if not form.validate():
            return self._page(visit, form, offer, 422)
        reason = form["reason"].cleaned.strip()
        try:
            taken = self.take_over_service(visit, referral_id, reason, now)
        except ReasonMissing:
            form["reason"].errors = [form.say(Message(REASON_MISSING))]
            return self._page(visit, form, offer, 422)
        except MoveNotOpen:
            return self._page(visit, form, None, 409)
        done = Move.TAKE_OVER.value
        return redirect(url_for("agency.referral", referral_id=taken, recorded=done), 303)

    def _shown(self, visit: Visit, offer: Offer) -> dict[str, Any]:
        names = names_for(visit, self.directory)
        return shown(offer, self.clocks, names, self.now())

    def _page(self, visit: Visit, form: ReasonForm, offer: Offer | None, status: int) -> Any:
        if offer is None:
            form.form_errors.append(form.say(Message(NOT_NOW)))
        return render(
            "agency/take_over.html",
            status,
            form=form,
            words=WORDS[Move.TAKE_OVER],
            offer=self._shown(visit, offer) if offer else None,
            back_href=url_for("agency.inbox"),
        )


def names_for(visit: Visit, directory: Directory) -> Names:
    """The names of agencies for somebody who has not opened the report."""
    own = visit.person.agencies(Permission.READ_REFERRALS)
    return Names(reader_language(), directory, own)


def shown(offer: Offer, clocks: Mapping[str, Clock], names: Names, now: Any) -> dict[str, Any]:
    """An offer in words: who is silent on which task, and since when; nothing of the report."""
    language = names.language
    return {
        "referral_id": offer.referral_id,
        "reference": offer.reference,
        "silent": names(offer.silent.id),
        "desk": names(offer.desk.id),
        "arrived": language.date_and_time(offer.arrived_at),
        "task": clock_title(language, clocks, offer.clock),
        "due": due(offer.due_at, now),
        "since": language.date_and_time(offer.since),
    }
