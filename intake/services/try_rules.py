"""Try the rules on facts that somebody has made up: what comes out, and why. Nothing is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from intake.domain.decision import Decision, decision_of
from routing_rules.explain import Explanation, Holds, Why, explain
from routing_rules.ruleset import RuleSet

NEAREST = 5


@dataclass(frozen=True)
class Tried:
    """What a table of rules gives for some facts. Each rule is one of ``hold``, ``perhaps`` (at
    some of the possible facts), ``nearest`` and ``others``.
    """

    ruleset: RuleSet
    facts: Mapping[str, object]
    decision: Decision
    explanation: Explanation

    @property
    def hold(self) -> list[Why]:
        """The rules that hold."""
        return self._that(Holds.YES)

    @property
    def perhaps(self) -> list[Why]:
        """The rules that hold for some of the possible facts alone."""
        return self._that(Holds.PERHAPS)

    @property
    def nearest(self) -> tuple[Why, ...]:
        """The rules that came nearest to holding."""
        return self.explanation.nearest(NEAREST)

    @property
    def others(self) -> list[Why]:
        """The rules that are further from holding."""
        nearest = self.nearest
        return [why for why in self._that(Holds.NO) if why not in nearest]

    def matters(self, why: Why) -> bool:
        """Whether the outcome owes anything to a rule."""
        return bool(self.explanation.given_by(why.rule))

    def _that(self, holds: Holds) -> list[Why]:
        return [why for why in self.explanation.rules if why.holds is holds]


def try_rules(ruleset: RuleSet, facts: Mapping[str, object]) -> Tried:
    """Raises FactsInvalid, and for rules that were not proved ValuesConflict or NoRuleGives."""
    explanation = explain(ruleset, facts)
    return Tried(ruleset, facts, decision_of(explanation.outcome, [ruleset]), explanation)
