"""Handing over, in three pages: to whom, what and why, and a check before it is final."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Response, abort, redirect, request, url_for

from intake.domain.clock import Clock
from intake.domain.directory import Agency, Directory, Kind
from intake.domain.message import Message, mark
from intake.domain.referral import Move
from intake.domain.report import section_of
from intake.language import Language
from intake.services.hand_over import (
    BasisUnfit,
    Choices,
    ConsentMissing,
    HandOver,
    SectionsUnfit,
    TargetNotOpen,
    Told,
)
from intake.services.record import MoveNotOpen, ReasonMissing
from intake.services.sign_in import Visit
from intake.web.case import clock_title
from intake.web.forms.base import PageForm
from intake.web.forms.hand_over import (
    AGENCY_MISSING,
    CONSENT_MISSING,
    HandOverForm,
    ToForm,
)
from intake.web.forms.moves import REASON_MISSING, WORDS
from intake.web.forms.staff import StaffForms
from intake.web.move import MOVED_ON
from intake.web.page import Clock as Now
from intake.web.page import reader_language, render
from intake.web.timeline import basis
from intake.web.words import KINDS, PARTS, part

NOT_THIS = mark("This agency cannot get the report, or not any more. Choose another agency.")
UNFIT = mark("Check the legal basis and the parts: one of them is not possible any more.")

UNTOLD = (ConsentMissing, ReasonMissing, BasisUnfit, SectionsUnfit)


def tell(form: PageForm, error: Exception) -> None:
    """Say on the form which of what it asks is missing, or does not fit."""
    match error:
        case ConsentMissing():
            form["consent"].errors = [form.say(Message(CONSENT_MISSING))]
        case ReasonMissing():
            form["reason"].errors = [form.say(Message(REASON_MISSING))]
        case _:
            form.form_errors.append(form.say(Message(UNFIT)))


@dataclass(frozen=True)
class HandOverPages:
    """Nothing is handed over before the check page's button."""

    hand_over: HandOver
    directory: Directory
    clocks: Mapping[str, Clock]
    forms: StaffForms
    now: Now

    def to_whom(self, visit: Visit, referral_id: UUID) -> Any:
        """The agencies that may get it, by kind; ``find`` narrows them by name."""
        form = self.forms(ToForm, visit)
        try:
            choices = self.hand_over.choices(visit, referral_id, self.now())
        except MoveNotOpen:
            return self._closed(visit, referral_id, self.forms(HandOverForm, visit))
        chosen = request.args.get("to")
        if any(agency.id == chosen for agency in choices.targets):
            there = url_for("agency.what_and_why", referral_id=referral_id, agency_id=chosen)
            return redirect(there, 303)
        asked = "choose" in request.args
        if asked:
            form["to"].errors = [form.say(Message(AGENCY_MISSING))]
        language, find = reader_language(), request.args.get("find", "").strip()
        return render(
            "agency/hand_over_to.html",
            422 if asked else 200,
            form=form,
            find=find,
            groups=list(self._groups(language, choices, find.casefold())),
            binding=[clock_title(language, self.clocks, d.clock) for d in choices.binding],
            offence=choices.offence,
            referral=choices.offered.referral,
            back_href=url_for("agency.referral", referral_id=referral_id),
        )

    def what_and_why(self, visit: Visit, referral_id: UUID, agency_id: str) -> Any:
        """The basis, the parts and the reason; posted, the check page, and at last the move."""
        if agency_id not in self.directory.agencies:
            abort(404)
        target, now = self.directory.agency(agency_id), self.now()
        form = self.forms(HandOverForm, visit, request.form or None)
        try:
            choices = self.hand_over.choices(visit, referral_id, now)
        except MoveNotOpen:
            return self._closed(visit, referral_id, form)
        self._offer(form, choices, target)
        if target not in choices.targets:
            return self._page(choices, target, form, 409, NOT_THIS)
        step = request.form.get("step", "check")
        if request.method == "GET" or step == "change":
            return self._page(choices, target, form, 200)
        if not form.validate():
            return self._page(choices, target, form, 422)
        told = _told(target, form)
        try:
            if step == "hand_over":
                self.hand_over(visit, referral_id, told, now)
                done = Move.HAND_OVER.value
                back = url_for("agency.referral", referral_id=referral_id, recorded=done)
                return redirect(back, 303)
            self.hand_over.check(choices, told, now)
        except UNTOLD as error:
            tell(form, error)
        except TargetNotOpen:
            return self._page(choices, target, form, 409, NOT_THIS)
        except MoveNotOpen:
            return self._page(choices, target, form, 409, MOVED_ON)
        else:
            return self._check(choices, target, form)
        return self._page(choices, target, form, 422)

    def _offer(self, form: HandOverForm, choices: Choices, target: Agency) -> None:
        """Put what may be chosen into the form, and before anything is typed what is usual."""
        by = self.directory.agency(choices.offered.referral.agency_id)
        language = reader_language()
        ways = self.hand_over.ways(by, target, self.now())
        form["way"].choices = [(way.id, basis(language, vars(way.basis))) for way in ways]
        form["sections"].choices = [
            (slot, part(language, slot, choices.sections)) for slot in choices.sections
        ]
        if request.method == "GET":
            form["sections"].data = self.hand_over.usual(choices, by, target)

    def _page(
        self,
        choices: Choices,
        target: Agency,
        form: HandOverForm,
        status: int,
        why_not: str = "",
    ) -> Response:
        by = self.directory.agency(choices.offered.referral.agency_id)
        language = reader_language()
        if why_not:
            form.form_errors.append(form.say(Message(why_not)))
        ways = self.hand_over.ways(by, target, self.now())
        return render(
            "agency/hand_over.html",
            status,
            form=form,
            target=target,
            hints={slot: language.gettext(PARTS[section_of(slot)][1]) for slot in choices.sections},
            consenting=[basis(language, vars(way.basis)) for way in ways if way.asks_consent],
            protected=choices.protected,
            to_police=target.kind is Kind.POL and by.kind is not Kind.POL,
            open=status != 409,
            referral=choices.offered.referral,
            back_href=url_for("agency.to_whom", referral_id=choices.offered.referral.id),
        )

    def _closed(self, visit: Visit, referral_id: UUID, form: HandOverForm) -> Response:
        """It has moved on meanwhile, or was never this agency's to hand over; the text stays."""
        offered = self.hand_over.respond.offered(visit, referral_id, self.now())
        form.form_errors.append(form.say(Message(MOVED_ON)))
        return render(
            "agency/hand_over.html",
            409,
            form=form,
            target=None,
            hints={},
            consenting=[],
            protected=False,
            to_police=False,
            open=False,
            referral=offered.referral,
            back_href=url_for("agency.referral", referral_id=referral_id),
        )

    def _check(self, choices: Choices, target: Agency, form: HandOverForm) -> Response:
        row = choices.offered.referral
        return render(
            "agency/hand_over_check.html",
            form=form,
            target=target,
            words=WORDS[Move.HAND_OVER],
            count=len(form["sections"].cleaned),
            referral=row,
            back_href=url_for("agency.to_whom", referral_id=row.id),
        )

    def _groups(
        self, language: Language, choices: Choices, find: str
    ) -> Iterator[tuple[str, list[Agency], list[Agency]]]:
        """By kind: the agencies of the children's place, and the others; of those that have
        ``find`` in a name of theirs or of a municipality that they serve.
        """
        for kind in Kind:
            found = [a for a in choices.targets if a.kind is kind and find in self._names(a)]
            near = [a for a in found if choices.near & set(a.municipalities)]
            if found:
                yield language.gettext(KINDS[kind]), near, [a for a in found if a not in near]

    def _names(self, agency: Agency) -> str:
        served = [self.directory.municipalities[m].name for m in agency.municipalities]
        return "\n".join(
            name for text in (agency.name, *served) for name in text.values()
        ).casefold()


def _told(target: Agency, form: HandOverForm) -> Told:
    return Told(
        target=target.id,
        way=form["way"].cleaned,
        sections=tuple(form["sections"].cleaned),
        reason=form["reason"].cleaned.strip(),
        consent=form["consent"].cleaned.strip(),
    )
