"""Why a report came to an agency, in a clerk's words: rule by rule, fact by fact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from intake.domain.message import Message, mark
from intake.language import Language
from intake.services.why_here import ChildExplained
from intake.web.rule_words import RuleWords
from intake.web.why_words import WhyWords
from routing_rules.explain import Holds, Why


@dataclass(frozen=True)
class Here:
    """Puts the explanation of one child into the reader's words."""

    language: Language
    reasons: Mapping[str, Any]

    def __call__(self, child: ChildExplained) -> dict[str, Any]:
        """The rules that brought it first; then those that hold, may hold and do not."""
        words = WhyWords(RuleWords.of(self.language, child.table))
        whys = {why.rule: why for why in child.whys}
        rest = [why for why in child.whys if why.rule not in child.brought]

        def rows(holds: Holds, *, hidden: bool | None = None) -> list[dict[str, Any]]:
            return [
                self._row(words, child, why)
                for why in rest
                if why.holds is holds and hidden in (None, _hidden(child, why))
            ]

        heading = Message(mark("Child %(number)s"), {"number": child.number})
        return {
            "heading": self.language.message(heading),
            "brought": [
                self._brought(words, child, whys.get(reason["rule"]), reason)
                for reason in self.reasons["reasons"]
                if reason["rule"] in child.brought
            ],
            "hold": rows(Holds.YES),
            "perhaps": rows(Holds.PERHAPS, hidden=False),
            "hidden": rows(Holds.PERHAPS, hidden=True),
            "missed": rows(Holds.NO),
            "rest": len(rest),
        }

    def _brought(
        self, words: WhyWords, child: ChildExplained, why: Why | None, reason: Mapping[str, Any]
    ) -> dict[str, Any]:
        """A rule in the words that were in force, with its facts as far as they may be told."""
        return {
            "title": self.language.text(reason["title"]),
            "because": self.language.text(reason["because"]),
            "asks": list(words.asks(child.rules[why.rule], why, child.facts)) if why else [],
            "hidden": bool(why and _hidden(child, why)),
        }

    def _row(self, words: WhyWords, child: ChildExplained, why: Why) -> dict[str, Any]:
        rule = child.rules[why.rule]
        asks = list(words.asks(rule, why, child.facts))
        return {"title": self.language.text(rule.title), "asks": asks}


def _hidden(child: ChildExplained, why: Why) -> bool:
    """Whether a rule depends on a fact that this agency may not know."""
    return any(name not in child.facts for name in child.rules[why.rule].when)
