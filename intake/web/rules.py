"""The rule editor's door: the rules in force, as a clerk reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from flask import Blueprint, Response

from intake.domain.clock import Clock
from intake.domain.message import Message, mark
from intake.domain.people import Permission
from intake.domain.referral import Move
from intake.language import Language
from intake.services.sign_in import Visit
from intake.web.forms.moves import WORDS
from intake.web.guards import Entrance, Refusal
from intake.web.page import reader_language, render
from intake.web.words import ASKED, DESKS, KINDS, NOTICES, SECTIONS, answer, length
from routing_rules.rule import Rule, SetTest, Then
from routing_rules.ruleset import RuleSet
from routing_rules.vocabulary import Value

TIERS: Mapping[str, str] = {
    "law": mark("Law"),
    "county": mark("The county's own rules"),
    "municipality": mark("The municipality's own rules"),
    "default": mark("Default"),
}


@dataclass(frozen=True)
class _Rules:
    rules: RuleSet
    clocks: Mapping[str, Clock]

    def table(self, _visit: Visit) -> Response:
        """The rule set in force: every rule by its tier, and the clocks."""
        language = reader_language()
        tiers = [
            (language.gettext(TIERS[tier]), [_in_words(language, rule) for rule in rules])
            for tier, rules in groupby(self.rules.rules, lambda rule: rule.tier)
        ]
        return render(
            "rules/table.html",
            ruleset=self.rules,
            tiers=tiers,
            count=len(self.rules.rules),
            clocks=[_clock(language, clock) for clock in self.clocks.values()],
        )


def _in_words(language: Language, rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "title": language.text(rule.title),
        "because": language.text(rule.because),
        "when": list(_conditions(language, rule)),
        "then": list(_given(language, rule.then)),
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


def _given(language: Language, then: Then) -> Iterator[str]:
    def say(key: str, **params: object) -> str:
        return language.message(Message(key, params))

    def kind(name: str) -> str:
        return language.gettext(KINDS[name])

    if then.lead:
        yield say(mark("Lead: %(kind)s"), kind=kind(then.lead))
    if then.nobody:
        yield say(mark("Nobody gets it"))
    for name in then.kinds[1:] if then.lead else then.kinds:
        yield say(mark("Gets it: %(kind)s"), kind=kind(name))
    for name, desk in then.desk.items():
        where = language.gettext(DESKS[desk])
        yield say(mark("Desk: %(kind)s, %(desk)s"), kind=kind(name), desk=where)
    for name in then.withhold:
        yield say(mark("Does not get it: %(kind)s"), kind=kind(name))
    for name, sections in (*then.sections.items(), *then.withhold_sections.items()):
        parts = ", ".join(language.gettext(SECTIONS[section]) for section in sections)
        key = mark("Parts: %(kind)s: %(parts)s")
        if name in then.withhold_sections:
            key = mark("Without these parts: %(kind)s: %(parts)s")
        yield say(key, kind=kind(name), parts=parts)
    if then.alert:
        yield say(mark("Alert to every recipient"))
    for notice in then.notices:
        yield language.gettext(NOTICES[notice])


def _clock(language: Language, clock: Clock) -> dict[str, Any]:
    met = [language.gettext(WORDS[Move(move)].done) for move in clock.met_by if move in WORDS]
    return {
        "title": language.text(clock.title),
        "law": clock.law,
        "length": length(language, clock.rule),
        "today": length(language, clock.today) if clock.today else "",
        "met": met,
    }


def make_blueprint(*, rules: RuleSet, clocks: Mapping[str, Clock], refuse: Refusal) -> Blueprint:
    """The door's routes."""
    blueprint = Blueprint("rules", __name__)
    Entrance(blueprint, refuse).route("/rules", Permission.READ_RULES)(_Rules(rules, clocks).table)
    return blueprint
