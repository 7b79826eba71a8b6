from __future__ import annotations

from pathlib import Path

import pytest

from routing_rules.decide import decide, matched
from routing_rules.outcome import Outcome
from routing_rules.rule import Give
from routing_rules.vocabulary import FactsInvalid
from routing_rules.weigh import NoRuleGives, ValuesConflict
from tests.rules.parcels import DEFAULT, FACTS, parcels, rule


def outcome(folder: Path, *rules: str, **facts: object) -> Outcome:
    return decide(parcels(folder, *rules), FACTS | facts)


def lead(found: Outcome) -> object:
    return found.value("lead")


def kinds(found: Outcome) -> list[str]:
    return list(found.members("recipients"))


def desks(found: Outcome) -> list[object]:
    return [found.value("desk", kind) for kind in kinds(found)]


def named(found: Outcome) -> set[str]:
    return {name for rules in found.given.values() for name in rules}


def test_the_stronger_tier_leads_and_a_default_recipient_is_not_dropped(tmp_path: Path) -> None:
    found = outcome(tmp_path, DEFAULT, rule("lab", 'lead = "LAB"'))
    assert lead(found) == "LAB"
    assert kinds(found) == ["DOCK", "LAB"]


def test_a_fallback_counts_only_where_it_decides_the_lead(tmp_path: Path) -> None:
    then = 'lead = "DOCK", notices = "ask_sender"'
    last = rule("last", then, tier="default", more="fallback = true")
    lab = rule("lab", 'lead = "LAB"', 'paid = "yes"')
    assert kinds(outcome(tmp_path, last, lab)) == ["LAB"]
    assert outcome(tmp_path, last, lab).members("notices") == ()
    assert kinds(outcome(tmp_path, last, lab, paid="no")) == ["DOCK"]
    assert outcome(tmp_path, last, lab, paid="no").members("notices") == ("ask_sender",)


def test_withholding_beats_adding_and_says_which_rule_did(tmp_path: Path) -> None:
    stop = rule("stop", 'withhold = "LAB"')
    found = outcome(tmp_path, DEFAULT, rule("lab", 'lead = "LAB"'), stop)
    assert (lead(found), kinds(found)) == ("DOCK", ["DOCK"])
    assert found.given[Give("withhold", "", "LAB")] == ("stop",)


def test_law_beats_withholding_and_only_its_own_basis_and_rule_remain(tmp_path: Path) -> None:
    found = outcome(
        tmp_path,
        DEFAULT,
        rule("custom", 'recipients = "LAB", clocks = { LAB = "cool" }'),
        rule("law", 'recipients = "LAB"', tier="law"),
        rule("stop", 'withhold = "LAB"', tier="law"),
    )
    assert kinds(found) == ["DOCK", "LAB"]
    assert found.given[Give("recipients", "", "LAB")] == ("law",)
    assert found.given[Give("recipients basis", "LAB", "custom")] == ("law",)
    assert found.members("clocks", "LAB") == ("weigh",)
    assert found.rules("withhold") == ("stop",), "it took another basis, and a clock"


def test_withholding_someone_whom_nobody_adds_is_not_a_reason(tmp_path: Path) -> None:
    found = outcome(tmp_path, DEFAULT, rule("stop", 'withhold = "SAFE"'))
    assert found.members("withhold") == ()
    assert named(found) == {"default"}


def test_a_fallback_that_would_have_led_to_a_withheld_one_shows_who_is_kept_out(
    tmp_path: Path,
) -> None:
    lab = rule("lab", 'lead = "LAB"', more="fallback = true")
    stop = rule("stop", 'withhold = "LAB"')
    found = outcome(tmp_path, DEFAULT, lab, stop)
    assert (lead(found), found.members("withhold")) == ("DOCK", ("LAB",))
    strong = rule("strong", 'lead = "DOCK"', tier="law")
    assert outcome(tmp_path, strong, lab, stop).members("withhold") == ()


def test_a_single_section_is_withheld_unless_the_law_gives_it(tmp_path: Path) -> None:
    hide = rule("hide", 'withhold_sections = { DOCK = "content" }', tier="law")
    found = outcome(tmp_path, DEFAULT, hide)
    assert found.members("sections", "DOCK") == ("label",)
    assert found.members("withhold_sections", "DOCK") == ("content",)
    law = rule("law", 'recipients = "DOCK", sections = { DOCK = "content" }', tier="law")
    assert outcome(tmp_path, DEFAULT, hide, law).members("sections", "DOCK") == ("label", "content")


def test_sections_clocks_and_bases_of_one_recipient_unite(tmp_path: Path) -> None:
    then = 'recipients = "LAB", sections = { LAB = "content" }, clocks = { LAB = "cool" }'
    found = outcome(tmp_path, DEFAULT, rule("x", then), rule("y", 'recipients = "LAB"'))
    assert found.given[Give("sections", "LAB", "content")] == ("x",)
    assert found.given[Give("sections", "LAB", "label")] == ("y",), "stated ones stand for usual"
    assert found.given[Give("clocks", "LAB", "weigh")] == ("x", "y"), "usual clocks start always"
    assert found.given[Give("clocks", "LAB", "cool")] == ("x",)
    assert found.given[Give("recipients basis", "LAB", "custom")] == ("x", "y")


def test_the_highest_desk_gets_it_and_an_absent_recipient_gets_no_desk(tmp_path: Path) -> None:
    night = rule("night", 'desk = { DOCK = "night", LAB = "night" }')
    found = outcome(tmp_path, night, rule("side", 'desk = { DOCK = "side" }'), DEFAULT)
    assert (kinds(found), desks(found)) == (["DOCK"], ["night"])
    assert found.rules("desk", "DOCK") == ("night",)
    assert found.value("desk", "LAB") is None
    assert desks(outcome(tmp_path, DEFAULT)) == ["counter"]


def test_one_alarm_is_enough_and_notices_unite(tmp_path: Path) -> None:
    found = outcome(
        tmp_path,
        DEFAULT,
        rule("x", 'alert = true, notices = "fragile"'),
        rule("y", 'notices = ["ask_sender", "fragile"]'),
    )
    assert found.value("alert") is True
    assert found.members("notices") == ("ask_sender", "fragile")
    assert outcome(tmp_path, DEFAULT).value("alert") is None


def test_a_lead_for_another_category_than_the_main_one_only_adds(tmp_path: Path) -> None:
    cold = rule("cold", 'lead = "LAB"', 'marks = { any = ["cold"] }')
    second = outcome(tmp_path, DEFAULT, cold, marks=["heavy", "cold"])
    assert (lead(second), kinds(second)) == ("DOCK", ["DOCK", "LAB"])
    assert lead(outcome(tmp_path, DEFAULT, cold, main="cold", marks=["heavy", "cold"])) == "LAB"


def test_a_rule_that_asks_for_the_main_one_itself_is_not_bound_further(tmp_path: Path) -> None:
    both = 'main = "heavy", marks = { any = ["cold"] }'
    found = outcome(tmp_path, DEFAULT, rule("x", 'lead = "LAB"', both), marks=["heavy", "cold"])
    assert lead(found) == "LAB"


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
    found = outcome(tmp_path, rule("nobody", 'lead = "nobody", notices = "ask_sender"'))
    assert (lead(found), kinds(found)) == ("nobody", [])
    assert found.members("notices") == ("ask_sender",)
    assert named(found) == {"nobody"}


def test_whoever_gets_it_without_a_lead_answers_for_it_strictest_first(tmp_path: Path) -> None:
    then = 'lead = "nobody", notices = "ask_sender"'
    nobody = rule("nobody", then, more="fallback = true")
    found = outcome(tmp_path, nobody, rule("x", 'recipients = ["DOCK", "SAFE"]', tier="law"))
    assert (lead(found), kinds(found)) == ("SAFE", ["DOCK", "SAFE"])
    assert found.rules("lead") == (), "no rule said so: it stands in"
    assert found.members("notices") == ()


def test_two_leads_in_one_tier_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValuesConflict, match=r"x, y|y, x"):
        outcome(tmp_path, rule("x", 'lead = "LAB"'), rule("y", 'lead = "SAFE"'))


def test_facts_that_no_rule_leads_are_refused(tmp_path: Path) -> None:
    with pytest.raises(NoRuleGives):
        outcome(tmp_path, rule("x", 'lead = "LAB"', 'paid = "no"'))


HEAVY = rule(
    "heavy",
    'lead = "SAFE", clocks = { SAFE = "cool" }, desk = { DOCK = "night" }, alert = true',
    'weight = "7-8"',
)


def test_an_unknown_number_takes_the_strictest_and_says_so(tmp_path: Path) -> None:
    found = outcome(tmp_path, DEFAULT, HEAVY, weight="unknown")
    assert (lead(found), kinds(found)) == ("SAFE", ["DOCK", "SAFE"])
    assert found.members("clocks", "SAFE") == ("weigh", "cool")
    assert desks(found) == ["night", "counter"]
    assert found.value("alert") is True
    assert found.uncertain == ("weight",)
    assert named(found) == {"heavy", "default"}


def test_an_open_fact_that_changes_nothing_is_not_called_uncertain(tmp_path: Path) -> None:
    found = outcome(tmp_path, DEFAULT, HEAVY, weight=[1, 2], paid=["yes", "no"])
    assert found == outcome(tmp_path, DEFAULT, HEAVY)
    mixed = outcome(tmp_path, DEFAULT, HEAVY, weight=[6, 7], paid=["yes", "no"])
    assert mixed.uncertain == ("weight",)


def test_an_open_fact_that_changes_only_which_rule_gives_it_is_not_called_uncertain(
    tmp_path: Path,
) -> None:
    paid, owed = (rule(answer, 'lead = "LAB"', f'paid = "{answer}"') for answer in ("yes", "no"))
    found = outcome(tmp_path, paid, owed, paid=["yes", "no"])
    assert found.uncertain == ()
    assert found.rules("lead") == ("yes", "no")


def test_a_recipient_withheld_in_one_world_only_still_gets_it(tmp_path: Path) -> None:
    lab = rule("lab", 'recipients = "LAB"')
    stop = rule("stop", 'withhold = "LAB"', 'weight = "7-8"')
    found = outcome(tmp_path, DEFAULT, lab, stop, weight=[6, 7])
    assert kinds(found) == ["DOCK", "LAB"]
    assert found.uncertain == ("weight",)
    assert found.members("withhold") == ("LAB",), "and it is said that it was taken in some world"


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


def test_facts_of_which_some_are_missing_are_of_a_vocabulary_or_not(tmp_path: Path) -> None:
    vocabulary = parcels(tmp_path, DEFAULT).vocabulary
    for stated in ({}, {"paid": "yes"}, {"weight": [1, 2]}, FACTS):
        assert vocabulary.states(stated), stated
    for strange in ({"paid": "yess"}, {"payed": "yes"}, {"marks": "heavy"}, {"weight": [[1]]}):
        assert not vocabulary.states(strange), strange


def test_a_missing_fact_is_named(tmp_path: Path) -> None:
    facts = {name: value for name, value in FACTS.items() if name != "paid"}
    with pytest.raises(FactsInvalid, match='"paid" is missing'):
        decide(parcels(tmp_path, DEFAULT), facts)
