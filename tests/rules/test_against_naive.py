from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing_rules.budget import Budget
from routing_rules.cut import Cut
from routing_rules.decide import decide
from routing_rules.difference import difference
from routing_rules.finding import FindingKind
from routing_rules.regions import Regions
from routing_rules.rule import Give, SetTest, Test, basis_of
from routing_rules.ruleset import RuleSet
from routing_rules.space import Box, Conditions, Space
from routing_rules.verify import verify
from routing_rules.vocabulary import Output, Vocabulary
from routing_rules.weigh import NoRuleGives, ValuesConflict
from tests.rules.naive import Credits, Naive
from tests.rules.small import VOCABULARY, every_fact, pairs, rulesets

EXAMPLES = 60


def decided(rules: RuleSet) -> list[Output]:
    return [output for output in rules.vocabulary.outputs.values() if output.decided]


def problem(naive: Naive) -> type[Exception] | None:
    """What is wrong with one world: no value of a decided output, or two."""
    for output in decided(naive.set):
        values = {value for _, value in naive.deciding[output.name]}
        if len(values) > 1:
            return ValuesConflict
        if not values and output.otherwise is None:
            return NoRuleGives
    return None


def box_of(space: Space, facts: dict[str, object]) -> Box:
    """The box of these facts alone."""
    when: dict[str, Test] = {}
    for name, value in facts.items():
        if isinstance(value, frozenset):
            when[name] = SetTest(all_of=value, none_of=frozenset("abc") - value)
        elif isinstance(value, str | int):
            when[name] = frozenset({value})
    (box,) = space.boxes(when)
    return box


@given(rulesets())
@settings(max_examples=EXAMPLES, deadline=None)
def test_what_is_decided_is_what_the_naive_reading_says(rules: RuleSet) -> None:
    for facts in every_fact():
        naive = Naive(rules, facts)
        if problem(naive):
            with pytest.raises((ValuesConflict, NoRuleGives)):
                decide(rules, facts)
        else:
            found = {give: set(ids) for give, ids in decide(rules, facts).given.items()}
            assert found == naive.credits


@given(rulesets())
@settings(max_examples=EXAMPLES, deadline=None)
def test_gaps_and_conflicts_are_those_that_trying_all_facts_finds(rules: RuleSet) -> None:
    gap, conflicts = False, set()
    lacking: set[tuple[str, ...]] = set()
    some_wrong = False
    for facts in every_fact():
        naive = Naive(rules, facts)
        if problem(naive):
            some_wrong = True
        else:
            lacking |= naive.lacking()
        for output in decided(rules):
            deciding = naive.deciding[output.name]
            gap = gap or (not deciding and output.otherwise is None)
            conflicts |= {
                frozenset({one.id, other.id})
                for one, value in deciding
                for other, second in deciding
                if value != second
            }
    found = verify(rules).findings
    gaps = [each for each in found if each.kind is FindingKind.GAP]
    assert any(len(each.named) == 1 for each in gaps) == gap
    lacks = {each.named for each in gaps if len(each.named) > 1}
    assert lacks >= lacking
    assert some_wrong or lacks == lacking
    assert {frozenset(e.rules) for e in found if e.kind is FindingKind.CONFLICT} == conflicts
    for each in found:
        if each.kind in (FindingKind.GAP, FindingKind.CONFLICT):
            assert each.witness is not None
            naive = Naive(rules, each.witness)
            assert problem(naive) is not None or each.named in naive.lacking()


@given(rulesets())
@settings(max_examples=EXAMPLES, deadline=None)
def test_the_regions_hold_what_each_rule_gives_at_every_point(rules: RuleSet) -> None:
    space = Space(VOCABULARY)
    cut = Cut(space, Budget(10**9, seconds=3600))
    regions = Regions(rules, cut)
    gives = {give for effects in rules.effects for give in effects}
    gives |= {Give("lead", "", v) for v in rules.vocabulary.outputs["lead"].values}
    sole: set[str] = set()
    some_wrong = False
    for facts in every_fact():
        naive = Naive(rules, facts)
        if problem(naive):
            some_wrong = True
            continue
        box = box_of(space, facts)
        for give in gives:
            here = {
                number
                for number, region in regions.where(give)
                if box & region.box == box and any(True for _ in cut.outside(box, region.holes))
            }
            ids = {rules.rules[number].id for number in here if number is not None}
            assert ids == naive.credits.get(give, set()), (give, facts)
            assert bool(here) == (give in naive.credits), (give, facts)
        sole |= {next(iter(ids)) for ids in naive.credits.values() if len(ids) == 1}
    if not some_wrong:
        dead = {each.rules[0] for each in verify(rules).findings if each.kind is FindingKind.DEAD}
        assert dead == {rule.id for rule in rules.rules} - sole


@given(pairs())
@settings(max_examples=EXAMPLES, deadline=None)
def test_the_difference_names_every_fact_whose_outcome_changes(
    both: tuple[RuleSet, RuleSet],
) -> None:
    one, two = both
    found = difference(one, two, shown=10**6)
    space = Space(VOCABULARY)
    facts_in = {
        index: [_box(space, conditions) for conditions in change.where]
        for index, change in enumerate(found.changes)
    }
    for facts in every_fact():
        old, new = Naive(one, facts), Naive(two, facts)
        if problem(old) or problem(new):
            continue
        box = box_of(space, facts)
        said = {
            (change.output, change.of, change.before, change.after)
            for index, change in enumerate(found.changes)
            if any(box & other == box for other in facts_in[index])
        }
        assert said == set(changes_by_hand(one.vocabulary, old.credits, new.credits)), facts


def _box(space: Space, conditions: Conditions) -> Box:
    when: dict[str, Test] = {}
    for name, test in conditions.items():
        if isinstance(test, dict):
            when[name] = SetTest(
                all_of=frozenset(test.get("all", ())), none_of=frozenset(test.get("none", ()))
            )
        elif isinstance(test, list):
            when[name] = frozenset(test)
    (box,) = space.boxes(when)
    return box


def changes_by_hand(
    vocabulary: Vocabulary, old: Credits, new: Credits
) -> Iterator[tuple[str, str, object, object]]:
    """Compare two outcomes thing by thing."""
    for output in vocabulary.outputs.values():
        if output.takes_from:
            continue
        names = [(output.name, output.per, output.single)]
        if output.based:
            names.append((basis_of(output.name), output.name, False))
        for name, per, single in names:
            for of in ("X", "Y", "Z") if per else ("",):
                if per and not (Give(per, "", of) in old and Give(per, "", of) in new):
                    continue
                before = {g.value for g in old if g[:2] == (name, of)}
                after = {g.value for g in new if g[:2] == (name, of)}
                if single:
                    if before != after:
                        yield name, of, next(iter(before), None), next(iter(after), None)
                else:
                    yield from ((name, of, value, None) for value in before - after)
                    yield from ((name, of, None, value) for value in after - before)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("drawn", "claim"),
    [
        (rulesets(), test_what_is_decided_is_what_the_naive_reading_says),
        (rulesets(), test_gaps_and_conflicts_are_those_that_trying_all_facts_finds),
        (rulesets(), test_the_regions_hold_what_each_rule_gives_at_every_point),
        (pairs(), test_the_difference_names_every_fact_whose_outcome_changes),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_it_holds_of_many_more_sets(drawn: st.SearchStrategy[object], claim: Any) -> None:
    @settings(max_examples=300, deadline=None)
    @given(drawn)
    def many(value: object) -> None:
        claim.hypothesis.inner_test(value)

    many()
