from __future__ import annotations

from pathlib import Path

import pytest

from routing_rules.decide import LeadsConflict, NoRuleLeads, decide, matched
from routing_rules.outcome import Outcome
from routing_rules.vocabulary import FactsInvalid
from tests.rules.parcels import DEFAULT, FACTS, parcels, rule


def outcome(folder: Path, *rules: str, **facts: object) -> Outcome:
    return decide(parcels(folder, *rules), FACTS | facts)


def kinds(found: Outcome) -> list[str]:
    return [recipient.kind for recipient in found.recipients]


def test_the_stronger_tier_leads_and_a_default_recipient_is_not_dropped(tmp_path: Path) -> None:
    found = outcome(tmp_path, DEFAULT, rule("lab", 'lead = "LAB"'))
    assert found.lead == "LAB"
    assert kinds(found) == ["LAB", "DOCK"]


def test_a_fallback_counts_only_where_it_decides_the_lead(tmp_path: Path) -> None:
    last = rule(
        "last", 'lead = "DOCK", notices = "ask_sender"', tier="default", more="fallback = true"
    )
    lab = rule("lab", 'lead = "LAB"', 'paid = "yes"')
    assert kinds(outcome(tmp_path, last, lab)) == ["LAB"]
    assert outcome(tmp_path, last, lab).notices == ()
    assert kinds(outcome(tmp_path, last, lab, paid="no")) == ["DOCK"]
    assert outcome(tmp_path, last, lab, paid="no").notices == ("ask_sender",)


def test_withholding_beats_adding_and_says_which_rule_did(tmp_path: Path) -> None:
    found = outcome(
        tmp_path, DEFAULT, rule("lab", 'lead = "LAB"'), rule("stop", 'withhold = "LAB"')
    )
    assert (found.lead, kinds(found)) == ("DOCK", ["DOCK"])
    assert [(gone.kind, gone.rule) for gone in found.withheld] == [("LAB", "stop")]


def test_law_beats_withholding_and_only_its_own_basis_and_rule_remain(tmp_path: Path) -> None:
    found = outcome(
        tmp_path,
        DEFAULT,
        rule("custom", 'add = "LAB", clocks = { LAB = "cool" }'),
        rule("law", 'add = "LAB"', tier="law"),
        rule("stop", 'withhold = "LAB"', tier="law"),
    )
    assert kinds(found) == ["DOCK", "LAB"]
    lab = found.recipient("LAB")
    assert lab is not None
    assert (lab.rules, lab.clocks) == (("law",), ("weigh",))
    assert found.withheld == ()


def test_withholding_someone_whom_nobody_adds_is_not_a_reason(tmp_path: Path) -> None:
    found = outcome(tmp_path, DEFAULT, rule("stop", 'withhold = "SAFE"'))
    assert found.withheld == ()
    assert [reason.rule for reason in found.reasons] == ["default"]


def test_a_single_section_is_withheld_unless_the_law_gives_it(tmp_path: Path) -> None:
    hide = rule("hide", 'withhold_sections = { DOCK = "content" }', tier="law")
    assert outcome(tmp_path, DEFAULT, hide).recipients[0].sections == ("label",)
    law = rule("law", 'add = "DOCK", sections = { DOCK = "content" }', tier="law")
    assert outcome(tmp_path, DEFAULT, hide, law).recipients[0].sections == ("content", "label")


def test_sections_clocks_and_bases_of_one_recipient_unite(tmp_path: Path) -> None:
    found = outcome(
        tmp_path,
        DEFAULT,
        rule("x", 'add = "LAB", sections = { LAB = "content" }, clocks = { LAB = "cool" }'),
        rule("y", 'add = "LAB"'),
    )
    lab = found.recipient("LAB")
    assert lab is not None
    assert lab.sections == ("content", "label")
    assert lab.clocks == ("weigh", "cool")
    assert [basis.id for basis in lab.bases] == ["custom"]
    assert lab.rules == ("x", "y")


def test_the_highest_desk_gets_it_and_an_absent_recipient_gets_no_desk(tmp_path: Path) -> None:
    night = rule("night", 'desk = { DOCK = "night", LAB = "night" }')
    found = outcome(tmp_path, night, rule("usual", 'desk = { DOCK = "counter" }'), DEFAULT)
    assert [(each.kind, each.desk) for each in found.recipients] == [("DOCK", "night")]
    assert found.recipients[0].rules == ("night", "default")


def test_one_alarm_is_enough_and_notices_unite(tmp_path: Path) -> None:
    found = outcome(
        tmp_path,
        DEFAULT,
        rule("x", 'alert = true, notices = "fragile"'),
        rule("y", 'notices = ["ask_sender", "fragile"]'),
    )
    assert found.alert
    assert found.notices == ("ask_sender", "fragile")
    assert not outcome(tmp_path, DEFAULT).alert


def test_a_lead_for_another_category_than_the_main_one_only_adds(tmp_path: Path) -> None:
    cold = rule("cold", 'lead = "LAB"', 'marks = { any = ["cold"] }')
    second = outcome(tmp_path, DEFAULT, cold, marks=["heavy", "cold"])
    assert (second.lead, kinds(second)) == ("DOCK", ["DOCK", "LAB"])
    assert outcome(tmp_path, DEFAULT, cold, main="cold", marks=["heavy", "cold"]).lead == "LAB"


def test_sets_are_asked_for_any_all_and_none(tmp_path: Path) -> None:
    ruleset = parcels(
        tmp_path,
        DEFAULT,
        rule("any", "alert = true", 'marks = { any = ["cold", "fragile"] }'),
        rule("all", "alert = true", 'marks = { all = ["cold", "fragile"] }'),
        rule("none", "alert = true", 'marks = { none = ["cold", "fragile"] }'),
    )
    for marks, wanted in [
        (["heavy"], ("none", "default")),
        (["heavy", "cold"], ("any", "default")),
        (["heavy", "cold", "fragile"], ("any", "all", "default")),
    ]:
        assert matched(ruleset, FACTS | {"marks": marks}) == wanted


def test_nobody_leads_where_a_rule_says_so(tmp_path: Path) -> None:
    nobody = rule("nobody", 'nobody = true, notices = "ask_sender"')
    found = outcome(tmp_path, nobody)
    assert (found.lead, found.recipients, found.notices) == (None, (), ("ask_sender",))
    assert [reason.rule for reason in found.reasons] == ["nobody"]


def test_whoever_gets_it_without_a_lead_answers_for_it_strictest_first(tmp_path: Path) -> None:
    nobody = rule("nobody", 'nobody = true, notices = "ask_sender"', more="fallback = true")
    found = outcome(tmp_path, nobody, rule("x", 'add = ["DOCK", "SAFE"]', tier="law"))
    assert (found.lead, kinds(found), found.notices) == ("SAFE", ["SAFE", "DOCK"], ())


def test_two_leads_in_one_tier_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LeadsConflict, match="x, y"):
        outcome(tmp_path, rule("x", 'lead = "LAB"'), rule("y", 'lead = "SAFE"'))


def test_facts_that_no_rule_leads_are_refused(tmp_path: Path) -> None:
    with pytest.raises(NoRuleLeads):
        outcome(tmp_path, rule("x", 'lead = "LAB"', 'paid = "no"'))


HEAVY = rule(
    "heavy",
    'lead = "SAFE", clocks = { SAFE = "cool" }, desk = { DOCK = "night" }, alert = true',
    'weight = "7-8"',
)


def test_an_unknown_number_takes_the_strictest_and_says_so(tmp_path: Path) -> None:
    found = outcome(tmp_path, DEFAULT, HEAVY, weight="unknown")
    assert (found.lead, kinds(found)) == ("SAFE", ["SAFE", "DOCK"])
    assert found.recipients[0].clocks == ("weigh", "cool")
    assert [recipient.desk for recipient in found.recipients] == ["counter", "night"]
    assert found.alert
    assert found.uncertain == ("weight",)
    assert [reason.rule for reason in found.reasons] == ["heavy", "default"]


def test_an_open_fact_that_changes_nothing_is_not_called_uncertain(tmp_path: Path) -> None:
    found = outcome(tmp_path, DEFAULT, HEAVY, weight=[1, 2], paid=["yes", "no"])
    assert found == outcome(tmp_path, DEFAULT, HEAVY)
    mixed = outcome(tmp_path, DEFAULT, HEAVY, weight=[6, 7], paid=["yes", "no"])
    assert mixed.uncertain == ("weight",)


def test_a_recipient_withheld_in_one_world_only_still_gets_it(tmp_path: Path) -> None:
    lab = rule("lab", 'add = "LAB"')
    stop = rule("stop", 'withhold = "LAB"', 'weight = "7-8"')
    found = outcome(tmp_path, DEFAULT, lab, stop, weight=[6, 7])
    assert kinds(found) == ["DOCK", "LAB"]
    assert found.withheld == ()
    assert "stop" not in [reason.rule for reason in found.reasons]


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"paid": "yess"}, 'unknown value \'yess\' of "paid" (did you mean "yes"?)'),
        ({"paid": []}, '"paid" has no possible value'),
        ({"weight": 10}, "unknown value 10"),
        ({"weight": "3"}, "unknown value '3'"),
        ({"payed": "yes"}, 'unknown field "payed" (did you mean "paid"?)'),
        ({"marks": ["heavi"]}, 'did you mean "heavy"'),
        ({"marks": "heavy"}, '"marks" must be a list of words'),
        ({"marks": ["cold"]}, '"main" is not among "marks"'),
        ({"paid": "unknown"}, "unknown value 'unknown'"),
    ],
)
def test_wrong_facts_are_named(tmp_path: Path, facts: dict[str, object], said: str) -> None:
    with pytest.raises(FactsInvalid) as caught:
        outcome(tmp_path, DEFAULT, **facts)
    assert any(said in line for line in caught.value.problems), caught.value.problems


def test_a_missing_fact_is_named(tmp_path: Path) -> None:
    facts = {name: value for name, value in FACTS.items() if name != "paid"}
    with pytest.raises(FactsInvalid, match='"paid" is missing'):
        decide(parcels(tmp_path, DEFAULT), facts)
