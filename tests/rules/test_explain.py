"""Why a rule holds or not, field by field, against reading the rule as it is written."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import pytest

from benchmarks.invented_rules import random_facts
from routing_rules.decide import decide
from routing_rules.explain import Explanation, Holds, Why, explain
from routing_rules.rule import Rule, SetTest, Test
from routing_rules.vocabulary import FactsInvalid
from tests.rules.naive import holds
from tests.rules.shipped import SHIPPED

REPORTS = random_facts(SHIPPED.vocabulary, 400, seed=11)
NAMES = list(SHIPPED.vocabulary.fields)


def fits(test: Test, value: object) -> bool:
    """Whether one line of `when` holds of one value."""
    if not isinstance(test, SetTest):
        return value in test
    assert isinstance(value, frozenset)
    return (
        (not test.any_of or any(word in value for word in test.any_of))
        and all(word in value for word in test.all_of)
        and not any(word in value for word in test.none_of)
    )


def opened(facts: Mapping[str, object], chance: random.Random) -> dict[str, Any]:
    """The same report with up to three facts that are not known for sure."""
    found = dict(facts)
    asked = chance.sample([n for n in NAMES if n not in ("categories", "age", "primary")], 2)
    for name in [*asked, "primary"] if chance.random() < 0.4 else asked:
        values = SHIPPED.vocabulary.fields[name].values
        others = chance.sample(values, chance.randint(1, min(3, len(values))))
        found[name] = list(dict.fromkeys([facts[name], *others]))
    if chance.random() < 0.5:
        found["age"] = "unknown" if chance.random() < 0.5 else [7, 8, 15]
    return found


def test_each_rule_that_holds_or_not_is_so_field_by_field() -> None:
    for facts in REPORTS:
        found = explain(SHIPPED, facts)
        assert found.outcome == decide(SHIPPED, facts)
        assert [why.rule for why in found.rules] == [rule.id for rule in SHIPPED.rules]
        for why, rule in zip(found.rules, SHIPPED.rules, strict=True):
            missed = {name for name, test in rule.when.items() if not fits(test, facts[name])}
            assert (why.holds is Holds.YES) == (not missed) == holds(rule, facts)
            assert set(why.missed) == missed, (why, facts)
            assert len(why.missed) == len(missed)
            assert why.open == ()


def test_an_open_fact_leaves_a_rule_perhaps_where_some_values_fit_and_some_do_not() -> None:
    chance = random.Random(12)  # noqa: S311  (examples, not secrets)
    seen = set()
    for facts in REPORTS[:150]:
        stated = opened(facts, chance)
        worlds = list(SHIPPED.vocabulary.worlds(stated))
        values = {name: {world[name] for world in worlds} for name in NAMES}
        for why, rule in zip(explain(SHIPPED, stated).rules, SHIPPED.rules, strict=True):
            told = {
                name: {fits(test, value) for value in values[name]}
                for name, test in rule.when.items()
            }
            assert set(why.missed) == {name for name, found in told.items() if found == {False}}
            assert set(why.open) == {name for name, found in told.items() if len(found) > 1}
            seen.add(why.holds)
            assert why.holds is expected(rule, worlds), (why, stated)
    assert seen == set(Holds)


def expected(rule: Rule, worlds: list[dict[str, object]]) -> Holds:
    told = {holds(rule, world) for world in worlds}
    return Holds.PERHAPS if len(told) > 1 else Holds.YES if told == {True} else Holds.NO


def test_what_the_outcome_owes_to_a_rule_is_what_it_gives_there() -> None:
    for facts in REPORTS[:100]:
        found = explain(SHIPPED, facts)
        for why in found.rules:
            owed = found.given_by(why.rule)
            assert set(owed) == {g for g, rules in found.outcome.given.items() if why.rule in rules}
            if why.holds is Holds.NO:
                assert owed == ()


def test_the_nearest_rules_are_those_that_miss_the_fewest_fields() -> None:
    for facts in REPORTS[:100]:
        found = explain(SHIPPED, facts)
        nearest = found.nearest(5)
        assert len(nearest) == 5
        assert all(why.holds is Holds.NO for why in nearest)
        sizes = [len(why.missed) for why in nearest]
        others = [len(w.missed) for w in found.rules if w.holds is Holds.NO and w not in nearest]
        assert sizes == sorted(sizes)
        assert max(sizes) <= min(others)
        assert found.nearest(1) == nearest[:1]
        assert len(found.nearest(1_000)) == len([w for w in found.rules if w.holds is Holds.NO])


def test_the_nearest_of_equals_are_those_of_the_strongest_tier() -> None:
    whys = tuple(Why(name, Holds.NO, missed, ()) for name, missed in [
        ("law", ("age",)), ("county", ("age",)), ("far", ("age", "school")), ("near", ("school",)),
    ])  # fmt: skip
    found = Explanation(decide(SHIPPED, REPORTS[0]), whys)
    assert [why.rule for why in found.nearest(3)] == ["law", "county", "near"]


def test_an_explanation_of_facts_that_are_wrong_is_refused() -> None:
    with pytest.raises(FactsInvalid):
        explain(SHIPPED, {**REPORTS[0], "age": 19})
