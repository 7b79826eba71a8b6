"""The rules as briefly as they can be said, for two pages of paper."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from intake.domain.message import mark
from intake.web.rule_words import RuleWords
from routing_rules.rule import Basis, BasisKind, Rule, Test
from routing_rules.ruleset import RuleSet

BORN = {"no": mark("born"), "yes": mark("not yet born")}


@dataclass(frozen=True)
class CompactWords:
    """A row for each rule. What has no reference to a law stands below, under a letter."""

    words: RuleWords
    _letters: dict[str, str] = field(default_factory=dict)

    def tiers(self, ruleset: RuleSet) -> dict[str, Any]:
        """Every rule by its tier, and the bases that have a letter."""
        tiers = [
            (self.words.tier(tier), [self._row(rule) for rule in rules])
            for tier, rules in groupby(ruleset.rules, lambda rule: rule.tier)
        ]
        bases = [
            (letter, self.words.basis(ruleset.bases[name]), ruleset.bases[name].confirmed)
            for name, letter in self._letters.items()
        ]
        return {"tiers": tiers, "bases": bases}

    def _row(self, rule: Rule) -> dict[str, Any]:
        return {
            "id": rule.id,
            "title": self.words.language.text(rule.title),
            "when": [self._asked(name, test) for name, test in rule.when.items()],
            "then": list(self.words.given(rule, briefly=True)),
            "fallback": rule.fallback,
            "basis": self._basis(rule.basis) if rule.basis else "–",
            "confirmed": rule.basis is None or rule.basis.confirmed,
        }

    def _asked(self, name: str, test: Test) -> tuple[str, str]:
        """A fact and what is asked of it; a birth needs no name."""
        if name == "unborn" and isinstance(test, frozenset) and len(test) == 1:
            return "", self.words.language.gettext(BORN[str(next(iter(test)))])
        return self.words.asked(name), self.words.test(name, test)

    def _basis(self, basis: Basis) -> str:
        if basis.law:
            return basis.law
        if basis.kind is BasisKind.CONSENT:
            return self.words.language.gettext(mark("consent"))
        return self._letters.setdefault(basis.id, chr(ord("a") + len(self._letters)))
