"""Who has looked at a report, one's own log, and requests for access and correction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Response, abort, redirect, request, url_for

from intake.domain.message import Message
from intake.domain.people import Permission
from intake.domain.rights import Outcome, RightBasis
from intake.domain.trail import Action
from intake.language import Language
from intake.services.note_print import NotePrint
from intake.services.record_right import BasisDoesNotFit, RecordRight
from intake.services.sign_in import Visit
from intake.services.who_looked import WhoLooked
from intake.web.audit import TrailWords
from intake.web.forms.people import ButtonForm
from intake.web.forms.recuse import GROUNDS
from intake.web.forms.rights import DOES_NOT_FIT, RightForm
from intake.web.forms.show_protected import NEEDS
from intake.web.forms.staff import StaffForms
from intake.web.page import Clock as Now
from intake.web.page import reader_language, render
from intake.web.paging import Pages, page_number

LINES = 100


@dataclass(frozen=True)
class UseLogPages:
    """What those of an agency see of the use log."""

    looked: WhoLooked
    record: RecordRight
    note_print: NotePrint
    words: TrailWords
    forms: StaffForms
    now: Now

    def who_looked(self, visit: Visit, referral_id: UUID) -> Response:
        """Every line of this report at one's own agencies."""
        language = reader_language()
        found = self.looked(visit, referral_id, self.now())
        own = visit.person.agencies(Permission.READ_REFERRALS) if found.masked else None
        return render(
            "agency/who_looked.html",
            back_href=url_for("agency.referral", referral_id=referral_id),
            referral=found.referral,
            lines=[
                self.words(language, row, own)
                | {"details": _told(language, found.details.get(row.id, {}))}
                for row in reversed(found.lines)
            ],
        )

    def printed(self, visit: Visit, referral_id: UUID) -> Any:
        """What a browser tells by itself as the page of a report is printed; nothing is shown."""
        if not self.forms(ButtonForm, visit, request.form).validate():
            abort(422)
        self.note_print(visit, referral_id, self.now())
        return "", 204

    def own_log(self, visit: Visit) -> Response:
        """What the use log has of the reader. Of no report it is known here whether an address is
        protected.
        """
        language, page = reader_language(), page_number()
        own = visit.person.agencies(Permission.READ_REFERRALS)
        rows = self.looked.own(visit, LINES + 1, page * LINES)
        following = url_for("agency.own_log", page=page + 1) if len(rows) > LINES else ""
        return render(
            "agency/own_log.html",
            lines=[self.words(language, row, own) for row in rows[:LINES]],
            pages=Pages(url_for("agency.own_log") if page else "", following),
        )

    def right(self, visit: Visit, referral_id: UUID) -> Any:
        """A request for access or correction, and its answer."""
        now = self.now()
        row = self.record.place(visit, referral_id, now)
        form = self.forms(RightForm, visit, request.form or None)
        status = 200
        if request.method == "POST":
            status = 422
            if form.validate():
                try:
                    self.record(
                        visit,
                        referral_id,
                        Action(form.asked.cleaned),
                        Outcome(form.outcome.cleaned),
                        RightBasis(form.basis.cleaned),
                        form.reason.cleaned.strip(),
                        now,
                    )
                except BasisDoesNotFit:
                    form["basis"].errors = [form.say(Message(DOES_NOT_FIT))]
                else:
                    back = url_for("agency.who_looked", referral_id=referral_id)
                    return redirect(back, 303)
        return render(
            "agency/right.html",
            status,
            form=form,
            referral=row,
            back_href=url_for("agency.referral", referral_id=referral_id),
        )


_CHOSEN: Mapping[str, Mapping[str, str]] = {"need": NEEDS, "ground": GROUNDS}


def _told(language: Language, said: Mapping[str, Any]) -> list[str]:
    """What was sealed with a line: why it was done, as it was chosen and typed."""
    return [
        language.gettext(_CHOSEN[name][text]) if name in _CHOSEN else str(text)
        for name, text in said.items()
        if text
    ]
