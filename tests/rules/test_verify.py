from __future__ import annotations

import itertools
import random
from dataclasses import replace
from pathlib import Path

import pytest

from routing_rules.decide import LeadsConflict, NoRuleLeads, decide
from routing_rules.ruleset import RuleSet
from routing_rules.verify import verify
from tests.rules.parcels import DEFAULT, parcels, rule
from tests.rules.shipped import SHIPPED

MARKS = ["fragile", "cold", "heavy"]


def faults_by_trying_all(ruleset: RuleSet) -> set[type[Exception]]:
    found: set[type[Exception]] = set()
    sets = [c for n in range(1, 4) for c in itertools.combinations(MARKS, n)]
    for marks in sets:
        for main, weight, paid in itertools.product(marks, range(10), ("yes", "no")):
            try:
                decide(ruleset, {"main": main, "marks": marks, "weight": weight, "paid": paid})
            except (LeadsConflict, NoRuleLeads) as error:
                found.add(type(error))
    return found


def test_the_shipped_rules_are_proved_complete() -> None:
    assert verify(SHIPPED) == []


@pytest.mark.parametrize("gone", ["D1", "D2", "D3", "R7", "T15"])
def test_without_a_default_rule_the_witness_has_no_lead(gone: str) -> None:
    rules = tuple(each for each in SHIPPED.rules if each.id != gone)
    smaller = replace(SHIPPED, rules=rules)
    (finding,) = verify(smaller)
    assert finding.witness is not None
    with pytest.raises(NoRuleLeads):
        decide(smaller, finding.witness)
    decide(SHIPPED, finding.witness)


def test_a_lead_that_may_be_withheld_does_not_cover(tmp_path: Path) -> None:
    ruleset = parcels(
        tmp_path, rule("lab", 'lead = "LAB"'), rule("stop", 'withhold = "LAB"', 'weight = "9"')
    )
    (finding,) = verify(ruleset)
    assert finding.witness is not None
    assert finding.witness["weight"] == 9
    with pytest.raises(NoRuleLeads):
        decide(ruleset, finding.witness)


def test_two_leads_of_one_tier_are_found_with_a_witness(tmp_path: Path) -> None:
    ruleset = parcels(
        tmp_path,
        DEFAULT,
        rule("cold", 'lead = "LAB"', 'marks = { all = ["cold"] }'),
        rule("paid", 'lead = "SAFE"', 'paid = "no", weight = "4-6"'),
    )
    (finding,) = verify(ruleset)
    assert finding.rules == ("cold", "paid")
    assert finding.witness is not None
    with pytest.raises(LeadsConflict):
        decide(ruleset, finding.witness)


def test_two_leads_that_a_stronger_tier_always_settles_are_no_conflict(tmp_path: Path) -> None:
    pair = rule("x", 'lead = "LAB"'), rule("y", 'lead = "SAFE"')
    assert verify(parcels(tmp_path, *pair)) != []
    assert verify(parcels(tmp_path, *pair, rule("law", 'lead = "DOCK"', tier="law"))) == []


def test_a_spent_budget_is_a_finding(tmp_path: Path) -> None:
    (finding,) = verify(parcels(tmp_path, DEFAULT), budget=0)
    assert finding.witness is None
    assert "not proved" in finding.line()


def a_random_rule(chance: random.Random, number: int) -> str:
    tests = []
    if chance.random() < 0.6:
        word = chance.choice(["any", "all", "none"])
        tests.append(f"marks = {{ {word} = {chance.sample(MARKS, chance.choice([1, 2]))} }}")
    if chance.random() < 0.3:
        tests.append(f"main = {chance.sample(MARKS, 2)}")
    if chance.random() < 0.5:
        low = chance.randrange(10)
        tests.append(f'weight = "{low}-{chance.randrange(low, 10)}"')
    if chance.random() < 0.4:
        tests.append(f'paid = "{chance.choice(["yes", "no"])}"')
    kind = chance.choice(["DOCK", "LAB", "SAFE"])
    then = chance.choice([f'lead = "{kind}"', f'withhold = "{kind}"', "nobody = true"])
    tier = chance.choice(["law", "house", "default"])
    return rule(f"r{number}", then, ", ".join(tests), tier=tier)


def test_the_proof_agrees_with_trying_every_fact_of_random_rule_sets(tmp_path: Path) -> None:
    chance = random.Random(20260602)  # noqa: S311  (examples, not secrets)
    seen = set()
    for _ in range(150):
        count = chance.randrange(1, 9)
        rules = [a_random_rule(chance, number) for number in range(count)]
        ruleset = parcels(tmp_path, *rules, *([DEFAULT] if chance.random() < 0.5 else []))
        found = set()
        for finding in verify(ruleset):
            assert finding.witness is not None
            wanted = LeadsConflict if finding.rules else NoRuleLeads
            with pytest.raises(wanted):
                decide(ruleset, finding.witness)
            found.add(wanted)
        assert found == faults_by_trying_all(ruleset)
        seen.add(frozenset(found))
    assert len(seen) == 4  # none, a gap, a conflict, both: the comparison could have failed
