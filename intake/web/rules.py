"""The rule editor's door: the rules in force, as a clerk reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from flask import Blueprint, Response, request

from intake.domain.clock import Clock
from intake.domain.decision import NOBODY
from intake.domain.directory import Directory
from intake.domain.message import Message, mark
from intake.domain.people import Permission
from intake.domain.referral import Move
from intake.language import Language
from intake.services.sign_in import Visit
from intake.web.forms.moves import WORDS
from intake.web.guards import Entrance, Refusal
from intake.web.page import reader_language, render
from intake.web.words import ASKED, DESKS, KINDS, NOTICES, SECTIONS, answer, length
from routing_rules.book import Book
from routing_rules.rule import Rule, SetTest
from routing_rules.vocabulary import Value

TIERS: Mapping[str, str] = {
    "law": mark("Law"),
    "county": mark("The county's own rules"),
    "municipality": mark("The municipality's own rules"),
    "default": mark("Default"),
}


@dataclass(frozen=True)
class _Rules:
    book: Book
    directory: Directory

    def table(self, _visit: Visit) -> Response:
        """The rules in force in one municipality: every rule by its tier, and the clocks."""
        language = reader_language()
        asked = request.args.get("municipality", "")
        place = asked if asked in self.book.tables else next(iter(self.book.tables), "")
        ruleset = self.book.table(place)
        tiers = [
            (language.gettext(TIERS[tier]), [_in_words(language, rule) for rule in rules])
            for tier, rules in groupby(ruleset.rules, lambda rule: rule.tier)
        ]
        return render(
            "rules/table.html",
            ruleset=ruleset,
            tiers=tiers,
            count=len(ruleset.rules),
            clocks=[_clock(language, clock) for clock in ruleset.beside["clock"].values()],
        )


def _in_words(language: Language, rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "title": language.text(rule.title),
        "because": language.text(rule.because),
        "when": list(_conditions(language, rule)),
        "then": list(_given(language, rule)),
        "fallback": rule.fallback,
        "law": rule.basis.law if rule.basis else None,
        "basis": language.text(rule.basis.text) if rule.basis else "",
        "confirmed": rule.basis is None or rule.basis.confirmed,
    }


def _conditions(language: Language, rule: Rule) -> Iterator[tuple[str, str]]:
    """What is asked, and the answers for which the rule holds."""
    for field, test in rule.when.items():
        asked = language.gettext(ASKED[field])
        if isinstance(test, SetTest):
            for how, values in (
                (mark("any of: %(values)s"), test.any_of),
                (mark("all of: %(values)s"), test.all_of),
                (mark("none of: %(values)s"), test.none_of),
            ):
                if values:
                    said = {"values": _values(language, field, values)}
                    yield asked, language.message(Message(how, said))
        else:
            yield asked, _values(language, field, test)


def _values(language: Language, field: str, values: frozenset[Value]) -> str:
    numbers = sorted(value for value in values if isinstance(value, int))
    if numbers:
        return ", ".join(_spans(numbers))
    return " / ".join(sorted(answer(language, field, value) for value in values))


def _spans(numbers: list[int]) -> Iterator[str]:
    """Whole numbers as spans: 0–6, 18."""
    for _, run in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        span = [number for _, number in run]
        yield f"{span[0]}–{span[-1]}" if len(span) > 1 else str(span[0])


def _given(language: Language, rule: Rule) -> Iterator[str]:
    def say(key: str, **params: object) -> str:
        return language.message(Message(key, params))

    def kind(name: Value) -> str:
        return language.gettext(KINDS[str(name)])

    for lead in rule.given("lead"):
        if lead == NOBODY:
            yield say(mark("Nobody gets it"))
        else:
            yield say(mark("Lead: %(kind)s"), kind=kind(lead))
    for name in rule.given("recipients"):
        yield say(mark("Gets it: %(kind)s"), kind=kind(name))
    for give in rule.gives:
        if give.output == "desk":
            where = language.gettext(DESKS[str(give.value)])
            yield say(mark("Desk: %(kind)s, %(desk)s"), kind=kind(give.of), desk=where)
    for name in rule.given("withhold"):
        yield say(mark("Does not get it: %(kind)s"), kind=kind(name))
    for output, key in (
        ("sections", mark("Parts: %(kind)s: %(parts)s")),
        ("withhold_sections", mark("Without these parts: %(kind)s: %(parts)s")),
    ):
        for name in dict.fromkeys(give.of for give in rule.gives if give.output == output):
            parts = ", ".join(
                language.gettext(SECTIONS[str(section)]) for section in rule.given(output, name)
            )
            yield say(key, kind=kind(name), parts=parts)
    if rule.given("alert"):
        yield say(mark("Alert to every recipient"))
    for notice in rule.given("notices"):
        yield language.gettext(NOTICES[str(notice)])


def _clock(language: Language, clock: Clock) -> dict[str, Any]:
    met = [language.gettext(WORDS[Move(move)].done) for move in clock.met_by if move in WORDS]
    return {
        "title": language.text(clock.title),
        "law": clock.law,
        "length": length(language, clock.rule),
        "today": length(language, clock.today) if clock.today else "",
        "met": met,
    }


def make_blueprint(*, book: Book, directory: Directory, refuse: Refusal) -> Blueprint:
    """The door's routes."""
    blueprint = Blueprint("rules", __name__)
    Entrance(blueprint, refuse).route("/rules", Permission.READ_RULES)(
        _Rules(book, directory).table
    )
    return blueprint
