"""The simulator: what the rules would give for facts that somebody makes up, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response, abort, request, url_for

from intake.domain.calendar import Calendar, CalendarTooShort
from intake.domain.clock import Clock, Kind
from intake.domain.deadline import certify
from intake.domain.decision import Recipient
from intake.domain.directory import Directory
from intake.domain.message import mark
from intake.language import Language
from intake.services.sign_in import Visit
from intake.services.try_rules import Tried, try_rules
from intake.web.forms.try_rules import MUNICIPALITY, FactsForm, as_written, facts_form
from intake.web.page import Clock as Now
from intake.web.page import reader_language, render
from intake.web.rule_places import address_kept, places
from intake.web.rule_words import RuleWords
from intake.web.why_words import WhyWords
from intake.web.words import length
from routing_rules.book import Book
from routing_rules.vocabulary import FactsInvalid
from routing_rules.weigh import NoRuleGives, ValuesConflict

DRAFT = "draft"
UNDECIDED = mark(
    "The rules do not decide this: no rule names who leads, or two name different ones."
)


@dataclass(frozen=True)
class TryPage:
    """The page of the simulator. ``draft_book``: the book with a draft in its place, for who may
    see that draft; None where it cannot be read.
    """

    book: Book
    draft_book: Callable[[Visit, UUID], Book | None]
    directory: Directory
    calendar: Calendar
    now: Now

    def try_out(self, visit: Visit) -> Response:
        """The facts that the address holds, and what the rules give for them: those in force, or
        those of a draft.
        """
        language = reader_language()
        draft = request.args.get(DRAFT, "")
        book = self._drafted(visit, draft) if draft else self.book
        offered = places(book, self.directory, language)
        asked = request.args.get(MUNICIPALITY, "")
        ruleset = book.table(asked or (offered[0][0] if offered else None))
        form = facts_form(
            ruleset.vocabulary, offered, language, ruleset.defaults, request.args.copy()
        )
        told, undecided, status = None, "", 200
        if any(name in ruleset.vocabulary.fields for name in request.args):
            if form.validate():
                try:
                    tried = try_rules(ruleset, form.facts)
                    told = Telling(language, self.calendar, self.now())(tried, form)
                except (FactsInvalid, NoRuleGives, ValuesConflict):
                    undecided = language.gettext(UNDECIDED)
            else:
                status = 422
        return render(
            "rules/try.html",
            status,
            form=form,
            told=told,
            undecided=undecided,
            query=address_kept(),
            draft=draft,
            back_href=url_for("rules.desk.draft", draft_id=draft)
            if draft
            else url_for("rules.table", municipality=form[MUNICIPALITY].data),
        )

    def _drafted(self, visit: Visit, draft: str) -> Book:
        try:
            book = self.draft_book(visit, UUID(draft))
        except ValueError:
            book = None
        if book is None:
            abort(404)
        return book


@dataclass(frozen=True)
class Telling:
    """Puts what was tried into one reader's words."""

    language: Language
    calendar: Calendar
    now: datetime

    def __call__(self, tried: Tried, form: FactsForm) -> dict[str, Any]:
        """Everything that the template asks for."""
        words = RuleWords.of(self.language, tried.ruleset)
        why = WhyWords(words)
        decision, facts = tried.decision, tried.facts
        usual = as_written(tried.ruleset.defaults)

        def rows(whys: Iterable[Any]) -> list[dict[str, Any]]:
            return [
                why.row(tried.ruleset.by_id[each.rule], each, facts)
                | {"matters": tried.matters(each)}
                for each in whys
            ]

        return {
            "place": form[MUNICIPALITY].shown,
            "ruleset": self.language.text(tried.ruleset.title),
            "unusual": [
                (words.asked(name), words.fact(name, stated), None)
                for name, stated in facts.items()
                if as_written({name: stated})[name] != usual.get(name)
            ],
            "lead": words.kind(decision.lead) if decision.lead else "",
            "recipients": [
                self._recipient(tried, each, form[MUNICIPALITY].data)
                for each in decision.recipients
            ],
            "alert": decision.alert,
            "notices": [words.notice(notice) for notice in decision.notices],
            "withheld": [
                (
                    words.kind(each.kind),
                    self.language.text(each.title),
                    self.language.text(each.because),
                )
                for each in decision.withheld
            ],
            "uncertain": [words.asked(name) for name in decision.uncertain],
            "hold": rows(tried.hold),
            "perhaps": rows(tried.perhaps),
            "nearest": rows(tried.nearest),
            "others": rows(tried.others),
        }

    def _recipient(self, tried: Tried, recipient: Recipient, place: str) -> dict[str, Any]:
        words = RuleWords.of(self.language, tried.ruleset)
        clocks: Mapping[str, Clock] = tried.ruleset.beside["clock"]
        today = tried.facts.get("urgency") in ("emergency", "today")
        return {
            "kind": words.kind(recipient.kind),
            "lead": recipient.kind == tried.decision.lead,
            "desk": words.desk(recipient.desk),
            "parts": words.parts(recipient.sections),
            "clocks": [
                self._clock(clocks[name], place, today=today) if name in clocks else (name, "", "")
                for name in recipient.clocks
            ],
            "bases": [(words.basis(b), b.law, b.confirmed) for b in recipient.bases],
        }

    def _clock(self, clock: Clock, place: str, *, today: bool) -> tuple[str, str, str]:
        """A clock, how long it runs, and when it would end if it began now; "" beyond the
        calendar's reach.
        """
        rule = clock.today if today and clock.today else clock.rule
        at = place if clock.kind is Kind.SCHOOL_DAYS else None
        try:
            certificate = certify(clock, self.now, self.calendar, today=today, municipality=at)
            ends = self.language.date(certificate.due)
        except CalendarTooShort:
            ends = ""
        return self.language.text(clock.title), length(self.language, rule), ends


def link_of(
    facts: Mapping[str, object], municipality: str | None, draft: UUID | None = None
) -> str:
    """The address that opens the simulator with these facts, such as a witness of the prover.

    ``draft``: under the rules with this draft in its place.
    """
    asked: dict[str, Any] = {MUNICIPALITY: municipality, DRAFT: draft, **as_written(facts)}
    return url_for("rules.try_out", **{k: v for k, v in asked.items() if v is not None})
