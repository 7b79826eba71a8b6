"""Why a rule holds or not, field by field, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from intake.web.rule_words import RuleWords
from routing_rules.explain import Why
from routing_rules.rule import Rule


class Asked(NamedTuple):
    """One fact that a rule asks about. ``how``: fits, missed or open."""

    name: str
    needs: str
    stated: str
    how: str


@dataclass(frozen=True)
class WhyWords:
    """Puts explanations into one reader's words."""

    words: RuleWords

    def row(self, rule: Rule, why: Why, facts: Mapping[str, object]) -> dict[str, Any]:
        """A rule with what it gives and each fact that it asks about."""
        return {
            "id": rule.id,
            "title": self.words.language.text(rule.title),
            "then": list(self.words.given(rule)),
            "fallback": rule.fallback,
            "asks": list(self.asks(rule, why, facts)),
        }

    def asks(self, rule: Rule, why: Why, facts: Mapping[str, object]) -> Iterator[Asked]:
        """Each fact that a rule asks about and that is known; of a rule that does not hold those
        that it misses.
        """
        for field, test in rule.when.items():
            if field in facts and (not why.missed or field in why.missed):
                how = "missed" if field in why.missed else "open" if field in why.open else "fits"
                yield Asked(
                    self.words.asked(field),
                    self.words.test(field, test),
                    self.words.fact(field, facts[field]),
                    how,
                )
