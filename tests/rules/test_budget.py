"""However a set is written, its proof ends: in steps, in seconds, and within memory."""

from __future__ import annotations

import itertools
import random
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from routing_rules.budget import LOOK_EVERY, Budget, BudgetSpent
from routing_rules.difference import difference
from routing_rules.finding import FindingKind
from routing_rules.ruleset import RuleSet
from routing_rules.verify import MOST_FINDINGS, refuse_unproved, verify
from routing_rules.vocabulary import RulesInvalid
from tests.rules.parcels import DEFAULT, parcels, rule
from tests.rules.shipped import BASE, SHIPPED
from tests.rules.spiteful import joining, leading, overlapping, spiteful, withholding

Written = Callable[[random.Random, str], str]
WRITTEN = (withholding, overlapping, joining, leading)


def said(rules: RuleSet, budget: Budget) -> list[str]:
    """Why it is not proved."""
    found = verify(rules, None, budget).findings
    return [each.message for each in found if each.kind is FindingKind.NOT_PROVED]


def ticking() -> Callable[[], float]:
    """A clock on which each look takes a second."""
    return map(float, itertools.count()).__next__


@pytest.mark.parametrize("written", WRITTEN)
def test_a_spiteful_set_is_not_proved_and_ends_in_its_seconds(written: Written) -> None:
    lines = said(spiteful(written, 500), Budget(seconds=50, clock=ticking()))
    assert lines
    assert all("so it is not proved" in line for line in lines)


@pytest.mark.parametrize("written", WRITTEN)
def test_two_spiteful_sets_are_not_compared_beyond_their_seconds(written: Written) -> None:
    before, after = spiteful(written, 300), spiteful(written, 300, seed=2)
    with pytest.raises(BudgetSpent, match="more than 50 seconds"):
        difference(before, after, Budget(seconds=50, clock=ticking()))


@pytest.mark.parametrize("written", WRITTEN)
def test_a_step_is_worth_few_bytes_of_memory(written: Written) -> None:
    rules, steps = spiteful(written, 500), 300_000
    _ = rules.effects
    tracemalloc.start()
    try:
        assert said(rules, Budget(steps, seconds=600))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 5 * steps


def test_a_budget_ends_by_its_clock_whatever_its_steps() -> None:
    budget = Budget(steps=10**12, seconds=3, clock=ticking())
    budget.spend(1)
    budget.spend(LOOK_EVERY + 1)
    for _ in range(2):
        with pytest.raises(BudgetSpent, match="more than 3 seconds"):
            budget.spend(LOOK_EVERY + 1)


def test_a_budget_ends_by_its_steps_and_stays_spent() -> None:
    budget = Budget(steps=5_000)
    budget.spend(5_000)
    for _ in range(2):
        with pytest.raises(BudgetSpent, match="more than 5,000 steps"):
            budget.spend(1)


def test_a_part_of_a_budget_has_its_own_steps_and_no_more_time() -> None:
    whole = Budget(steps=100, seconds=4, clock=ticking())
    part = whole.part(100_000)
    part.spend(5_000)
    whole.spend(100)
    with pytest.raises(BudgetSpent, match="4 seconds"):
        part.spend(5_000)


def test_several_proofs_share_one_budget() -> None:
    one, all_but_one = Budget(), Budget(steps=60_000)
    assert said(SHIPPED, one) == []
    assert said(SHIPPED, one) == []
    while not said(BASE, all_but_one):
        pass
    assert len(said(SHIPPED, all_but_one)) == 4


def test_a_start_is_refused_where_the_budget_is_spent() -> None:
    refuse_unproved(SHIPPED)
    with pytest.raises(RulesInvalid, match="coverage: the proof needs more than 10 steps"):
        refuse_unproved(SHIPPED, Budget(steps=10))


def test_more_findings_than_anybody_reads_are_cut_short(tmp_path: Path) -> None:
    leads = [rule(f"r{n}", f'lead = "{"LAB" if n % 2 else "SAFE"}"') for n in range(100)]
    found = verify(parcels(tmp_path, DEFAULT, *leads)).findings
    assert sum(each.kind is FindingKind.CONFLICT for each in found) == MOST_FINDINGS
    (last,) = (each for each in found if each.kind is FindingKind.NOT_PROVED)
    assert last.message.startswith("absence of conflicts: the proof needs more than 2,000 findings")


def test_worked_cases_with_very_many_worlds_are_run_within_the_budget() -> None:
    case = SHIPPED.cases[0]
    rules = replace(SHIPPED, cases=(case,) * 20_000)
    (line,) = said(rules, Budget(steps=2 * 10**6))
    assert line.startswith("worked cases: ")


def test_only_the_largest_boxes_of_a_change_are_shown_and_all_are_counted() -> None:
    rules = tuple(rule for rule in SHIPPED.rules if rule.id != "T10-ANK")
    smaller = replace(SHIPPED, rules=rules)
    few, every = (difference(SHIPPED, smaller, shown=most).changes for most in (2, 10**6))
    assert any(len(change.where) > 2 for change in every)
    for one, whole in zip(few, every, strict=True):
        assert one.where == whole.where[:2]
        assert one.boxes == whole.boxes == len(whole.where)
        assert replace(one, where=()) == replace(whole, where=())
