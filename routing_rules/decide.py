"""Facts -> what the rules give, and which of them."""

from __future__ import annotations

from collections.abc import Mapping

from routing_rules.match import Match
from routing_rules.merge import strictest
from routing_rules.outcome import Outcome
from routing_rules.ruleset import RuleSet

# More outcomes than any real rule set has; only a bound on memory.
MOST_REMEMBERED = 50_000


def decide(ruleset: RuleSet, facts: Mapping[str, object]) -> Outcome:
    """Decide one set of facts.

    A fact may be a list of possible values, or "unknown" where its field allows that: then every
    possibility is decided and the strictest of each part is taken. Raises FactsInvalid, and for
    rule sets that were not verified ValuesConflict or NoRuleGives.
    """
    try:
        match = ruleset.matcher.match(facts)
    except (KeyError, TypeError):
        found = ruleset.matcher.match_worlds(facts)
        outcomes = [_of_match(ruleset, match) for _, match in found]
        return strictest(ruleset.vocabulary, [world for world, _ in found], outcomes)
    return ruleset.remembered.get(match) or _of_match(ruleset, match)


def matched(ruleset: RuleSet, facts: Mapping[str, object]) -> tuple[str, ...]:
    """Return the ids of all rules that match in some possible world. Raises FactsInvalid."""
    mask = 0
    for _, match in ruleset.matcher.match_worlds(facts):
        mask |= match[0]
    return tuple(rule.id for number, rule in enumerate(ruleset.rules) if mask >> number & 1)


def _of_match(ruleset: RuleSet, match: Match) -> Outcome:
    remembered = ruleset.remembered
    outcome = remembered.get(match)
    if outcome is None:
        if len(remembered) >= MOST_REMEMBERED:
            remembered.clear()
        outcome = remembered[match] = ruleset.weigh(*match)
    return outcome
