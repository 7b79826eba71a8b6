"""What only the last tier decides: what a rule set leaves to its defaults."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from routing_rules.budget import Budget, BudgetSpent
from routing_rules.cut import Cut
from routing_rules.decide import decide
from routing_rules.regions import Regions
from routing_rules.ruleset import RuleSet
from routing_rules.space import COUNT_STEPS
from routing_rules.vocabulary import FactsInvalid, Output, Policy
from routing_rules.weigh import NoRuleGives, ValuesConflict

EXAMPLES = 3
STEPS = 5_000_000


@dataclass(frozen=True)
class LastTier:
    """What only the last tier decides: its `share` of all possible facts (None: not counted within
    the budget) and a few examples."""

    output: str
    share: float | None
    examples: tuple[Mapping[str, object], ...]


def left_to_last_tier(regions: Regions, budget: Budget) -> Iterator[LastTier]:
    """Yield what only the last tier decides, of each output that is decided by tiers."""
    for output in regions.outputs.values():
        if output.decided and output.policy is Policy.FIRST:
            yield _left(regions, output, Cut(regions.cut.space, budget.part(STEPS)))


def _left(regions: Regions, output: Output, cut: Cut) -> LastTier:
    space, ruleset = cut.space, regions.ruleset
    examples: list[Mapping[str, object]] = []
    counted = 0
    try:
        stronger = regions.stronger(output, ruleset.vocabulary.tiers[-1])
        for box in cut.outside(space.everything, cut.largest_first(stronger)):
            cut.spend(COUNT_STEPS)
            counted += space.count(box)
            if len(examples) < EXAMPLES:
                example = _nearest_to_usual(ruleset, space.witness(box), output)
                examples += [example] if example not in examples else []
    except BudgetSpent:
        return LastTier(output.name, None, tuple(examples))
    return LastTier(output.name, counted / space.count(space.everything), tuple(examples))


def _nearest_to_usual(
    ruleset: RuleSet, facts: Mapping[str, object], output: Output
) -> Mapping[str, object]:
    """The facts, as usual as they can be while the last tier alone decides the output."""
    for name, usual in ruleset.defaults.items():
        nearer = {**facts, name: usual}
        try:
            rules = decide(ruleset, nearer).rules(output.name)
        except (FactsInvalid, NoRuleGives, ValuesConflict):
            continue
        if all(ruleset.by_id[rule].tier == ruleset.vocabulary.tiers[-1] for rule in rules):
            facts = nearer
    return facts
