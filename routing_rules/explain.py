"""Why a decision is as it is: each rule with why it holds, or each field for which it does not.

Nothing here makes sentences: that is for whoever knows the reader's language.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from routing_rules.decide import decide
from routing_rules.outcome import Outcome
from routing_rules.rule import Give, Rule, SetTest, Test
from routing_rules.ruleset import RuleSet
from routing_rules.vocabulary import UNKNOWN, FieldKind, Vocabulary


class Holds(StrEnum):
    """Whether a rule holds: of facts that are not all known it may hold in some worlds only."""

    YES = "yes"
    NO = "no"
    PERHAPS = "perhaps"


class Why(NamedTuple):
    """Why one rule holds or not: `missed` names the fields for which it does not, `open` those of
    whose possible values some fit."""

    rule: str
    holds: Holds
    missed: tuple[str, ...]
    open: tuple[str, ...]


@dataclass(frozen=True)
class Explanation:
    """An outcome, and each rule of the set with why or why not, strongest tier first."""

    outcome: Outcome
    rules: tuple[Why, ...]

    def given_by(self, rule: str) -> tuple[Give, ...]:
        """Return what the outcome owes to a rule: nothing where others outweigh it."""
        return tuple(give for give, rules in self.outcome.given.items() if rule in rules)

    def nearest(self, count: int = 5) -> tuple[Why, ...]:
        """Return the rules that do not hold and miss the fewest fields."""
        missing = [why for why in self.rules if why.holds is Holds.NO]
        return tuple(sorted(missing, key=lambda why: len(why.missed))[:count])


def explain(ruleset: RuleSet, facts: Mapping[str, object]) -> Explanation:
    """Decide and say why. Raises what `decide` raises."""
    outcome = decide(ruleset, facts)
    try:
        missed = ruleset.misses(facts)
    except (KeyError, TypeError):
        return Explanation(
            outcome, tuple(_why(ruleset.vocabulary, rule, facts) for rule in ruleset.rules)
        )
    known = ruleset.known_whys
    return Explanation(
        outcome,
        tuple(
            known.get((number, mask)) or _known(ruleset, number, mask)
            for number, mask in enumerate(missed)
        ),
    )


def _known(ruleset: RuleSet, number: int, mask: int) -> Why:
    """Explain one rule over known facts, by the mask of the fields that it misses."""
    fields = enumerate(ruleset.misses.fields)
    missed = tuple(name for place, name in fields if mask >> place & 1)
    holds = Holds.NO if missed else Holds.YES
    why = ruleset.known_whys[number, mask] = Why(ruleset.rules[number].id, holds, missed, ())
    return why


def _why(vocabulary: Vocabulary, rule: Rule, facts: Mapping[str, object]) -> Why:
    """Explain one rule over facts of which some are open."""
    missed, unsure = [], []
    for name, test in rule.when.items():
        found = {_passes(test, value) for value in possible(vocabulary, facts, name)}
        if found == {False}:
            missed.append(name)
        elif len(found) > 1:
            unsure.append(name)
    holds = Holds.NO if missed else Holds.PERHAPS if unsure else Holds.YES
    return Why(rule.id, holds, tuple(missed), tuple(unsure))


def possible(vocabulary: Vocabulary, facts: Mapping[str, object], name: str) -> tuple[object, ...]:
    """Return the possible values of one fact."""
    field, stated = vocabulary.fields[name], facts[name]
    if field.kind is FieldKind.SET:
        return (frozenset(stated),)  # type: ignore[call-overload]
    if stated == UNKNOWN and field.unknown:
        return field.unknown
    return tuple(stated) if isinstance(stated, list | tuple | set | frozenset) else (stated,)


def _passes(test: Test, value: object) -> bool:
    if isinstance(test, SetTest):
        return isinstance(value, frozenset) and test.holds(value)
    return value in test
