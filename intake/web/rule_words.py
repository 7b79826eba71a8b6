"""The routing rules in words: what each asks, what it gives, and on which basis."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from intake.domain.clock import Clock, Starts
from intake.domain.decision import NOBODY
from intake.domain.message import Message, mark
from intake.domain.public_holidays import HOME
from intake.domain.referral import Move
from intake.language import Language
from intake.web.forms.moves import WORDS
from intake.web.words import ANSWERS, ASKED, DESKS, KINDS, NOTICES, SECTIONS, answer, length
from routing_rules.rule import Basis, Rule, SetTest, Test
from routing_rules.ruleset import RuleSet
from routing_rules.vocabulary import UNKNOWN, FieldKind, Value, Vocabulary

TIERS: Mapping[str, str] = {
    "law": mark("Law"),
    "county": mark("The county's own rules"),
    "municipality": mark("The municipality's own rules"),
    "default": mark("Default"),
}
NOT_KNOWN = mark("Not known")
_NONE_OF = mark("none of: %(values)s")
_SETS = (
    (mark("any of: %(values)s"), "any_of"),
    (mark("all of: %(values)s"), "all_of"),
    (_NONE_OF, "none_of"),
)
_BUT = mark("other than: %(values)s")
STARTS: Mapping[str, str] = {
    Starts.AUTHORITY: mark(
        "Starts with the arrival at the authority; goes along when the report is handed over"
    ),
    Starts.AGENCY: mark("Starts with the arrival at each agency"),
}
FEW = 6
"""Values that are named each, also where they are most of all."""


@dataclass(frozen=True)
class RuleWords:
    """Puts rules into one reader's words; a word of a vocabulary that has none stands as it is."""

    language: Language
    vocabulary: Vocabulary
    clocks: Mapping[str, Clock]

    @classmethod
    def of(cls, language: Language, ruleset: RuleSet) -> RuleWords:
        """The words for the rules of a table."""
        return cls(language, ruleset.vocabulary, ruleset.beside["clock"])

    def tiers(self, ruleset: RuleSet) -> list[tuple[str, list[dict[str, Any]]]]:
        """Every rule of a table by its tier."""
        return [
            (self.tier(tier), [self.rule(rule) for rule in rules])
            for tier, rules in groupby(ruleset.rules, lambda rule: rule.tier)
        ]

    def tier(self, name: str) -> str:
        """The name of a tier."""
        return self._word(TIERS, name)

    def rule(self, rule: Rule) -> dict[str, Any]:
        """One rule."""
        return {
            "id": rule.id,
            "title": self.language.text(rule.title),
            "because": self.language.text(rule.because),
            "when": [(self.asked(f), self.test(f, test)) for f, test in rule.when.items()],
            "then": list(self.given(rule)),
            "fallback": rule.fallback,
            "law": rule.basis.law if rule.basis else None,
            "basis": self.basis(rule.basis) if rule.basis else "",
            "confirmed": rule.basis is None or rule.basis.confirmed,
        }

    def basis(self, basis: Basis) -> str:
        """The text of a legal basis."""
        return self.language.text(basis.text)

    def asked(self, field: str) -> str:
        """The name of a fact."""
        return self._word(ASKED, field)

    def kind(self, name: Value) -> str:
        """The name of a kind of agency."""
        return self._word(KINDS, str(name))

    def kinds(self, names: Iterable[Value]) -> str:
        """The names of several kinds of agency."""
        return ", ".join(map(self.kind, names))

    def desk(self, name: Value) -> str:
        """The name of a desk."""
        return self._word(DESKS, str(name))

    def parts(self, names: Iterable[Value]) -> str:
        """The names of parts of a report."""
        return ", ".join(self._word(SECTIONS, str(name)) for name in names)

    def test(self, field: str, test: Test) -> str:
        """The answers for which a rule holds; of most of them those for which it does not."""
        if isinstance(test, SetTest):
            return "; ".join(self._members(field, test))
        known = self.vocabulary.fields[field]
        others = [value for value in known.values if value not in test]
        if known.kind is FieldKind.ONE and len(known.values) > FEW and len(others) < len(test):
            return self._say(_BUT, values=self.values(field, others))
        return self.values(field, test)

    def _members(self, field: str, test: SetTest) -> Iterator[str]:
        for how, name in _SETS:
            values = getattr(test, name)
            if values:
                said = self.values(field, values)
                alone = len(values) == 1 and how != _NONE_OF
                yield said if alone else self._say(how, values=said)

    def fact(self, field: str, stated: object) -> str:
        """A fact as it is: one value, several that are possible or that stand together."""
        if stated == UNKNOWN and UNKNOWN not in ANSWERS.get(field, {}):
            return self.language.gettext(NOT_KNOWN)
        if isinstance(stated, list | tuple | set | frozenset):
            return self.values(field, stated)
        return self.values(field, [stated])  # type: ignore[list-item]  # a value of the vocabulary

    def values(self, field: str, values: Iterable[Value]) -> str:
        """Values in words, in the vocabulary's order; whole numbers as spans."""
        order = self.vocabulary.fields[field].values
        found = sorted(values, key=order.index)
        numbers = [value for value in found if isinstance(value, int)]
        if numbers:
            return ", ".join(spans(numbers))
        return " / ".join(answer(self.language, field, value) for value in found)

    def given(self, rule: Rule, *, briefly: bool = False) -> Iterator[str]:
        """What follows from a rule. ``briefly``: of clocks only how long they run."""

        def getting(name: Value) -> str:
            run = [self._length(str(clock)) for clock in rule.given("clocks", str(name))]
            return f"{self.kind(name)} ({', '.join(run)})" if briefly and run else self.kind(name)

        for lead in rule.given("lead"):
            if lead == NOBODY:
                yield self._say(mark("Nobody gets it"))
            else:
                yield self._say(mark("Lead: %(kind)s"), kind=getting(lead))
        if kinds := rule.given("recipients"):
            yield self._say(mark("Gets it: %(kind)s"), kind=", ".join(map(getting, kinds)))
        for give in rule.gives:
            if give.output == "desk":
                where = {"kind": self.kind(give.of), "desk": self.desk(give.value)}
                yield self._say(mark("Desk: %(kind)s, %(desk)s"), **where)
        if kinds := rule.given("withhold"):
            yield self._say(mark("Does not get it: %(kind)s"), kind=self.kinds(kinds))
        for output, key in (
            ("sections", mark("Parts: %(kind)s: %(parts)s")),
            ("withhold_sections", mark("Without these parts: %(kind)s: %(parts)s")),
        ):
            for parts, names in _together(rule, output).items():
                yield self._say(key, kind=self.kinds(names), parts=self.parts(parts))
        if not briefly:
            for clocks, names in _together(rule, "clocks").items():
                said = ", ".join(self._title(str(name)) for name in clocks)
                clock = {"kind": self.kinds(names), "clocks": said}
                yield self._say(mark("Deadlines: %(kind)s: %(clocks)s"), **clock)
        if rule.given("alert"):
            yield self._say(mark("Alert to every recipient"))
        for notice in rule.given("notices"):
            yield self.notice(notice)

    def notice(self, name: Value) -> str:
        """What the rules say beside it all."""
        return self._word(NOTICES, str(name))

    def clock(self, clock: Clock) -> dict[str, Any]:
        """One clock: how long it runs, and what meets it."""
        moves = [WORDS[Move(move)].done for move in clock.met_by if move in WORDS]
        return {
            "title": self.language.text(clock.title),
            "law": clock.law,
            "length": length(self.language, clock.rule),
            "today": length(self.language, clock.today) if clock.today else "",
            "met": [self.language.gettext(move) for move in moves],
            "notes": list(self._notes(clock)),
        }

    def _notes(self, clock: Clock) -> Iterator[str]:
        """What starts a clock, whose holidays count where it is not Finland's, and who extends."""
        yield self.language.gettext(STARTS[clock.starts])
        if clock.calendar != HOME:
            yield self._say(mark("Public holidays of %(calendar)s"), calendar=clock.calendar)
        if more := clock.extend:
            how_long = length(self.language, replace(clock.rule, count=more))
            yield self._say(
                mark("A supervisor may extend it once: %(length)s more"), length=how_long
            )

    def _title(self, clock: str) -> str:
        return self.language.text(self.clocks[clock].title) if clock in self.clocks else clock

    def _length(self, clock: str) -> str:
        return length(self.language, self.clocks[clock].rule) if clock in self.clocks else clock

    def _word(self, words: Mapping[str, str], name: str) -> str:
        return self.language.gettext(words[name]) if name in words else name

    def _say(self, key: str, **params: object) -> str:
        return self.language.message(Message(key, params))


def _together(rule: Rule, output: str) -> dict[tuple[Value, ...], list[str]]:
    """What a rule names of an output, with the kinds of agency for which it names the same."""
    found: dict[tuple[Value, ...], list[str]] = {}
    for name in dict.fromkeys(give.of for give in rule.gives if give.output == output):
        found.setdefault(rule.given(output, name), []).append(name)
    return found


def spans(numbers: Iterable[int]) -> Iterator[str]:
    """Whole numbers, in their order, as spans: 0–6, 18."""
    for _, run in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        span = [number for _, number in run]
        yield f"{span[0]}–{span[-1]}" if len(span) > 1 else str(span[0])
