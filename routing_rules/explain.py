"""Why a decision is as it is: each rule with why it holds, or each field for which it does not.

Nothing here makes sentences: that is for whoever knows the reader's language.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from operator import getitem
from typing import Any, NamedTuple

from routing_rules.decide import decide
from routing_rules.outcome import Outcome
from routing_rules.rule import Give, Rule, SetTest, Test
from routing_rules.ruleset import RuleSet
from routing_rules.vocabulary import UNKNOWN, Field, Vocabulary

# Explanations of one rule, of which there are few: a rule asks about few fields.
MOST_WHYS = 5_000


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
    missed = ruleset.misses(facts)
    known = ruleset.known_whys
    try:
        whys = tuple(map(getitem, known, missed))
    except KeyError:
        whys = tuple(_why(ruleset, rule, mask) for rule, mask in enumerate(missed))
    return Explanation(outcome, whys)


def why_of(rule: Rule, vocabulary: Vocabulary, known: Mapping[str, object]) -> Why:
    """Say why one rule holds or not as far as the known facts tell; `open` names the others too."""
    fits = {
        name: _fits(test, vocabulary.fields[name], known[name])
        for name, test in rule.when.items()
        if name in known
    }
    missed = tuple(name for name, fit in fits.items() if fit is Holds.NO)
    unsure = tuple(name for name in rule.when if fits.get(name, Holds.PERHAPS) is Holds.PERHAPS)
    holds = Holds.NO if missed else Holds.PERHAPS if unsure else Holds.YES
    return Why(rule.id, holds, missed, unsure)


def _fits(test: Test, field: Field, stated: Any) -> Holds:
    if isinstance(test, SetTest):
        return Holds.YES if test.holds(frozenset(stated)) else Holds.NO
    several = isinstance(stated, list | tuple | set | frozenset)
    possible = stated if several else [stated]
    if stated == UNKNOWN and field.unknown:
        possible = field.unknown
    found = {value in test for value in possible}
    return Holds.PERHAPS if len(found) > 1 else Holds.YES if found == {True} else Holds.NO


def _why(ruleset: RuleSet, rule: int, mask: int) -> Why:
    """Explain one rule by its mask of `Misses`."""
    fields, known = ruleset.misses.fields, ruleset.known_whys[rule]
    if (found := known.get(mask)) is not None:
        return found  # type: ignore[no-any-return]
    missed = tuple(name for at, name in enumerate(fields) if mask >> at & 1)
    unsure = tuple(name for at, name in enumerate(fields, len(fields)) if mask >> at & 1)
    holds = Holds.NO if missed else Holds.PERHAPS if unsure else Holds.YES
    if len(known) >= MOST_WHYS:
        known.clear()
    why = known[mask] = Why(ruleset.rules[rule].id, holds, missed, unsure)
    return why
