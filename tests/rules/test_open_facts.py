from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing_rules.decide import decide, matched
from routing_rules.merge import strictest
from routing_rules.outcome import Outcome
from routing_rules.ruleset import RuleSet
from routing_rules.vocabulary import FactsInvalid
from tests.rules.naive import holds
from tests.rules.small import rulesets

KNOWN = {"main": "a", "marks": frozenset("ab"), "weight": 1, "paid": "yes"}
OPEN = st.fixed_dictionaries(
    {
        "main": st.one_of(st.just("a"), st.lists(st.sampled_from("abc"), min_size=1)),
        "marks": st.frozensets(st.sampled_from("abc")).map(lambda more: more | {"a"}),
        "weight": st.one_of(st.integers(0, 2), st.lists(st.integers(0, 2), min_size=1)),
        "paid": st.sampled_from(["yes", ["no"], ("yes", "no"), frozenset({"yes", "no"})]),
    }
)


def of_each_world(rules: RuleSet, facts: dict[str, object]) -> Outcome | type[Exception]:
    """The strictest of what each world gives by itself."""
    try:
        worlds = list(rules.vocabulary.worlds(facts))
        return strictest(rules.vocabulary, worlds, [decide(rules, world) for world in worlds])
    except (LookupError, FactsInvalid) as error:
        return type(error)


@given(rulesets(), OPEN)
@settings(max_examples=200, deadline=None)
def test_open_facts_give_the_strictest_of_all_their_worlds(
    rules: RuleSet, facts: dict[str, object]
) -> None:
    expected = of_each_world(rules, facts)
    if isinstance(expected, Outcome):
        found = decide(rules, facts)
        assert list(found.given.items()) == list(expected.given.items())
        assert found.uncertain == expected.uncertain
        some = list(rules.vocabulary.worlds(facts))
        ids = tuple(rule.id for rule in rules.rules if any(holds(rule, world) for world in some))
        assert matched(rules, facts) == ids
    else:
        with pytest.raises(expected):
            decide(rules, facts)


@pytest.mark.parametrize(
    "wrong",
    [
        {"weight": []},
        {"weight": [1, 3]},
        {"weight": [1, True]},
        {"weight": [[1]]},
        {"weight": None},
        {"paid": ["yes", "perhaps"]},
        {"paid": "unknown"},
        {"main": ["c"]},
        {"marks": ["a", "d"]},
        {"marks": None},
        {"more": 1},
        {"weight": [1, 2], "more": 1},
    ],
)
@given(rules=rulesets(1))
@settings(max_examples=3, deadline=None)
def test_facts_that_cannot_be_are_refused(wrong: dict[str, object], rules: RuleSet) -> None:
    with pytest.raises(FactsInvalid):
        decide(rules, {**KNOWN, **wrong})
    with pytest.raises(FactsInvalid):
        matched(rules, {**KNOWN, **wrong})
