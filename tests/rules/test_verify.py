from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from routing_rules.budget import Budget
from routing_rules.cases import run_case
from routing_rules.decide import decide
from routing_rules.finding import Finding, FindingKind
from routing_rules.load import load
from routing_rules.ruleset import RuleSet
from routing_rules.verify import MOST_DETAILED, verify
from routing_rules.weigh import NoRuleGives, ValuesConflict
from tests.rules.edits import without
from tests.rules.parcels import DEFAULT, FACTS, HEAD, VOCABULARY, parcels, rule, write
from tests.rules.shipped import BASE, SHIPPED

FAULTS = (FindingKind.GAP, FindingKind.CONFLICT, FindingKind.DEAD, FindingKind.NOT_PROVED)


def case(name: str, expect: str) -> str:
    return f"""
[[case]]
id = "{name}"
title = "x"
facts = {{ main = "cold", marks = ["cold"], weight = 3, paid = "yes" }}
expect = {{ {expect} }}
hits = ["default"]
"""


def faults(rules: RuleSet) -> list[Finding]:
    """What is found but for the cases."""
    return [each for each in verify(rules).findings if each.kind in FAULTS]


def the_one(rules: RuleSet, kind: FindingKind) -> Finding:
    (found,) = (each for each in faults(rules) if each.kind is kind)
    return found


def dead(rules: RuleSet) -> list[str]:
    return [each.rules[0] for each in faults(rules) if each.kind is FindingKind.DEAD]


def test_the_shipped_rules_are_proved() -> None:
    proof = verify(SHIPPED, BASE)
    assert proof.findings == ()
    assert proof.holds


@pytest.mark.parametrize("gone", ["D1", "D2", "D3", "R7", "T15"])
def test_without_a_default_rule_the_witness_has_no_lead(gone: str) -> None:
    smaller = without(gone)
    witness = the_one(smaller, FindingKind.GAP).witness
    assert witness is not None
    with pytest.raises(NoRuleGives):
        decide(smaller, witness)
    decide(SHIPPED, witness)


def test_a_lead_that_may_be_withheld_does_not_cover(tmp_path: Path) -> None:
    ruleset = parcels(
        tmp_path, rule("lab", 'lead = "LAB"'), rule("stop", 'withhold = "LAB"', 'weight = "9"')
    )
    witness = the_one(ruleset, FindingKind.GAP).witness
    assert witness is not None
    assert witness["weight"] == 9
    with pytest.raises(NoRuleGives):
        decide(ruleset, witness)


def test_two_leads_of_one_tier_are_found_with_a_witness(tmp_path: Path) -> None:
    ruleset = parcels(
        tmp_path,
        DEFAULT,
        rule("cold", 'lead = "LAB"', 'marks = { all = ["cold"] }'),
        rule("paid", 'lead = "SAFE"', 'paid = "no", weight = "4-6"'),
    )
    finding = the_one(ruleset, FindingKind.CONFLICT)
    assert finding.rules == ("cold", "paid")
    assert finding.witness is not None
    with pytest.raises(ValuesConflict):
        decide(ruleset, finding.witness)


def test_two_leads_that_a_stronger_tier_always_settles_are_no_conflict(tmp_path: Path) -> None:
    pair = rule("x", 'lead = "LAB"'), rule("y", 'lead = "SAFE"')
    law = rule("law", 'lead = "DOCK"', tier="law")
    assert the_one(parcels(tmp_path, *pair), FindingKind.CONFLICT).rules == ("x", "y")
    assert faults(parcels(tmp_path, *pair, law)) == []


def test_a_rule_that_only_repeats_what_others_give_together_is_dead(tmp_path: Path) -> None:
    light = rule("light", 'notices = "fragile"', 'weight = "0-5"')
    heavy = rule("heavy", 'notices = "fragile"', 'weight = "4-9"')
    middle = rule("middle", 'notices = "fragile"', 'weight = "3-7", paid = "no"')
    assert dead(parcels(tmp_path, DEFAULT, light, heavy, middle)) == ["middle"]
    assert dead(parcels(tmp_path, DEFAULT, light, middle)) == []


def test_a_rule_that_can_never_hold_is_dead_without_a_witness(tmp_path: Path) -> None:
    never = rule("never", "alert = true", 'main = "cold", marks = { none = ["cold"] }')
    finding = the_one(parcels(tmp_path, DEFAULT, never), FindingKind.DEAD)
    assert (finding.rules, finding.witness) == (("never",), None)


def test_withholding_someone_whom_nobody_gives_is_dead(tmp_path: Path) -> None:
    stop = rule("stop", 'withhold = "LAB"')
    assert dead(parcels(tmp_path, DEFAULT, stop)) == ["stop"]
    assert dead(parcels(tmp_path, DEFAULT, stop, rule("lab", 'recipients = "LAB"'))) == ["lab"]


def test_a_fallback_that_never_decides_is_dead(tmp_path: Path) -> None:
    last = rule("last", 'lead = "LAB"', tier="default", more="fallback = true")
    assert dead(parcels(tmp_path, rule("all", 'lead = "DOCK"'), last)) == ["last"]


def test_a_rule_that_no_case_shows_is_found(tmp_path: Path) -> None:
    found = verify(parcels(tmp_path, DEFAULT)).findings
    assert [(each.kind, each.rules) for each in found] == [(FindingKind.NO_CASE, ("default",))]


def test_a_spent_budget_is_a_finding_and_closes_the_proof(tmp_path: Path) -> None:
    proof = verify(parcels(tmp_path, DEFAULT), budget=Budget(steps=0))
    unproved = [each for each in proof.findings if each.kind is FindingKind.NOT_PROVED]
    assert unproved
    assert all("not proved" in each.line() and each.witness is None for each in unproved)
    assert not proof.holds


def test_what_only_the_last_tier_decides_is_counted_with_examples(tmp_path: Path) -> None:
    ruleset = parcels(tmp_path, DEFAULT, rule("paid", 'lead = "LAB"', 'paid = "yes"'))
    (last,) = verify(ruleset).last_tier
    assert (last.output, last.share) == ("lead", 0.5)
    assert last.examples
    for example in last.examples:
        assert decide(ruleset, FACTS | dict(example)).rules("lead") == ("default",)


def test_an_example_of_what_the_last_tier_decides_is_as_usual_as_it_can_be() -> None:
    (last,) = verify(SHIPPED).last_tier
    lasting = SHIPPED.vocabulary.tiers[-1]

    def left(facts: Mapping[str, object]) -> bool:
        rules = decide(SHIPPED, facts).rules("lead")
        return {SHIPPED.by_id[rule].tier for rule in rules} == {lasting}

    assert len(last.examples) == len({str(example) for example in last.examples}) == 3
    for example in last.examples:
        assert left(example)
        unusual = {name for name, usual in SHIPPED.defaults.items() if example[name] != usual}
        assert 0 < len(unusual) < 8
        for name in unusual - {"primary", "categories"}:
            assert not left({**example, name: SHIPPED.defaults[name]}), name


def test_of_very_many_failing_cases_the_first_are_told_in_detail(tmp_path: Path) -> None:
    count = MOST_DETAILED + 2
    failing = [case(f"c{number:02}", 'lead = "LAB", recipients = "LAB"') for number in range(count)]
    ruleset = parcels(tmp_path, DEFAULT, *failing)
    found = [each for each in verify(ruleset).findings if each.kind is FindingKind.CASE_FAILS]
    told = [each.problems for each in found]
    assert told[0] == run_case(ruleset, ruleset.cases[0]).problems
    assert "case c00: lead should be LAB, is DOCK" in told[0]
    assert [bool(each) for each in told] == [True] * MOST_DETAILED + [False] * 2
    assert all(each.message for each in found)


NEEDS = VOCABULARY.replace('usual = "unless stated"', 'usual = "unless stated"\nneeds = "label"')
LAB = rule("lab", 'lead = "LAB"', 'weight = "5-9"')


def lacking(folder: Path, *rules: str, head: str = HEAD, vocabulary: str = NEEDS) -> list[Finding]:
    """What members are found to lack, with an outcome that shows it."""
    ruleset = load(write(folder, head + "".join(rules), vocabulary))
    found = [each for each in faults(ruleset) if each.kind is FindingKind.GAP]
    for each in found:
        output, value, member = each.named
        assert each.message == f'{member} is given no "{output}" {value}'
        assert each.witness is not None
        outcome = decide(ruleset, each.witness)
        assert member in outcome.members("recipients")
        assert value not in outcome.members(output, member)
    return found


@pytest.mark.parametrize(
    ("rules", "members"),
    [
        ((), []),
        ((rule("hide", 'withhold_sections = { LAB = "content" }'),), []),
        ((rule("hide", 'withhold_sections = { LAB = "label" }'),), ["LAB"]),
        (
            (rule("hide", 'withhold_sections = { LAB = ["label", "content"] }', 'weight = "9"'),),
            ["LAB"],
        ),
        ((rule("hide", 'withhold_sections = { LAB = "label" }', 'weight = "0-4"'),), []),
        ((rule("hide", 'withhold_sections = { DOCK = "label", LAB = "label" }'),), ["DOCK", "LAB"]),
        ((rule("few", 'recipients = "SAFE", sections = { SAFE = "content" }'),), ["SAFE"]),
        (
            (
                rule("few", 'recipients = "SAFE", sections = { SAFE = "content" }'),
                rule("more", 'recipients = "SAFE"', 'paid = ["yes", "no"]'),
            ),
            [],
        ),
        (
            (
                rule("hide", 'withhold_sections = { LAB = "label" }'),
                rule("law", 'recipients = "LAB"', 'weight = "4-9"', tier="law"),
            ),
            [],
        ),
        (
            (
                rule("hide", 'withhold_sections = { LAB = "label" }'),
                rule("law", 'recipients = "LAB"', 'weight = "6-9"', tier="law"),
            ),
            ["LAB"],
        ),
        (
            (
                rule("hide", 'withhold_sections = { LAB = "label" }'),
                rule("stop", 'withhold = "LAB"', 'weight = "5-9"'),
            ),
            [],
        ),
    ],
    ids=[
        "usual",
        "another",
        "withheld",
        "once",
        "elsewhere",
        "two",
        "stated",
        "by-another",
        "by-law",
        "by-law-in-part",
        "not-there",
    ],
)
def test_a_member_without_what_it_needs_is_found(
    tmp_path: Path, rules: tuple[str, ...], members: list[str]
) -> None:
    every = (DEFAULT, LAB, *rules)
    assert [each.named[-1] for each in lacking(tmp_path, *every)] == members
    assert lacking(tmp_path, *every, vocabulary=VOCABULARY) == []


def test_a_member_whose_usual_values_lack_what_it_needs_is_found(tmp_path: Path) -> None:
    head = HEAD.replace('LAB = { sections = ["label"]', 'LAB = { sections = ["content"]')
    assert [each.named[-1] for each in lacking(tmp_path, DEFAULT, LAB, head=head)] == ["LAB"]
