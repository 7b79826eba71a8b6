from __future__ import annotations

from pathlib import Path

import pytest

from routing_rules.load import load, load_checked
from routing_rules.vocabulary import RulesInvalid
from tests.rules.parcels import DEFAULT, HEAD, VOCABULARY, rule, write

GOOD = rule("a", 'add = "LAB"', 'paid = "no"')
CASE = """
[case_defaults]
main = "heavy"
marks = ["heavy"]
weight = 3
paid = "yes"
[[case]]
id = "c"
title = "One"
facts = { paid = "no" }
expect = { lead = "DOCK", recipients = ["DOCK"] }
hits = ["default"]
"""
CHASE = """
[[chase]]
id = "x"
plan = "days"
clocks = ["weigh"]
to = "clerk"
working_days = 1
at = "09:00"
"""


def problems(folder: Path, text: str, vocabulary: str = VOCABULARY) -> list[str]:
    with pytest.raises(RulesInvalid) as caught:
        load(write(folder, text, vocabulary))
    return caught.value.problems


def test_a_right_file_loads(tmp_path: Path) -> None:
    ruleset = load(write(tmp_path, HEAD + GOOD + DEFAULT + CASE + CHASE))
    assert [each.id for each in ruleset.rules] == ["a", "default"]
    assert [clock["id"] for clock in ruleset.clocks] == ["weigh", "cool"]


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ('paid = "no" }', 'payd = "no" }', 'unknown field "payd" (did you mean "paid"?)'),
        ('paid = "no" }', 'main = "fragil" }', '"fragil" in "main" (did you mean "fragile"?)'),
        ('paid = "no" }', 'marks = { any = ["colt"] } }', '(did you mean "cold"?)'),
        ('paid = "no" }', 'marks = { an = ["cold"] } }', 'unknown key "an" (did you mean "any"?)'),
        ('paid = "no" }', "marks = { any = [] } }", '"any" is an empty list'),
        ('paid = "no" }', "paid = [] }", '"paid" is an empty list'),
        ('paid = "no" }', "paid = [1] }", '"paid" must be a list of words'),
        ('paid = "no" }', 'paid = ["no", "no"] }', '"paid" names a word twice'),
        ('paid = "no" }', 'weight = "7-12" }', "not a range within 0-9"),
        ('paid = "no" }', 'weight = "7-3" }', "not a range within 0-9"),
        ('paid = "no" }', 'weight = "seven" }', 'a range such as "7-14"'),
        ('paid = "no" }', "weight = true }", 'a range such as "7-14"'),
        ('add = "LAB"', 'add = "LAP"', '"LAP" in "add" (did you mean "LAB"?)'),
        ('add = "LAB"', 'lead = "LAP"', 'did you mean "LAB"'),
        ('add = "LAB"', 'ad = "LAB"', 'unknown key "ad" (did you mean "add"?)'),
        ('add = "LAB"', "alert = false", "gives nothing"),
        ('add = "LAB"', 'add = "LAB", desk = { LAB = "nihgt" }', 'did you mean "night"'),
        ('add = "LAB"', 'add = "LAB", clocks = { LAB = "wiegh" }', 'did you mean "weigh"'),
        ('add = "LAB"', 'add = "LAB", clocks = { SAFE = "weigh" }', "does not add"),
        ('add = "LAB"', 'add = "LAB", sections = { LAB = "lable" }', 'did you mean "label"'),
        ('add = "LAB"', 'notices = "ask_sendr"', 'did you mean "ask_sender"'),
        ('add = "LAB"', 'withhold = "DOK"', 'did you mean "DOCK"'),
        ('add = "LAB"', 'nobody = true, add = "LAB"', "exclude each other"),
        ('tier = "house"', 'tier = "hose"', '"hose" in "tier" (did you mean "house"?)'),
        ('tier = "house"', 'tier = "house"\nteir = 1', 'unknown key "teir"'),
        ('tier = "house"', 'tier = "house"\nfallback = true', 'needs "lead" or "nobody"'),
        ('tier = "house"\nbasis = "custom"', 'tier = "house"', '"basis" is missing'),
        ('basis = "custom"\ntitle', 'basis = "costum"\ntitle', 'did you mean "custom"'),
        ('because = { fi = "Koska", ', "because = { ", 'because: "fi" is missing'),
        ('sv = "Emedan"', 'sv = " "', 'because: "sv" is empty'),
        ("when = {", "wenn = {", '"when" is missing'),
        ("when = {", "wenn = {", 'unknown key "wenn" (did you mean "when"?)'),
        ('id = "a"', 'id = "default"', "the id is used twice"),
        ('id = "a"', "", '"id" is missing'),
    ],
)
def test_a_wrong_rule_is_refused_by_name(tmp_path: Path, right: str, wrong: str, said: str) -> None:
    assert right in GOOD
    found = problems(tmp_path, HEAD + DEFAULT + GOOD.replace(right, wrong, 1))
    assert any(said in line and line.startswith("parcels.toml: rule ") for line in found), found


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("valid_from = 2026-01-01\n\n[rec", 'valid_from = "2026"\n\n[rec', "must be a date"),
        (
            "valid_from = 2026-01-01\ntext",
            "valid_from = 2026-01-01\nvalid_to = 2025-01-01\ntext",
            '"valid_to" is before "valid_from"',
        ),
        ('kind = "default"', 'kind = "law"', 'needs "law", the provision'),
        ('kind = "hours"', 'kind = "hors"', 'did you mean "hours"'),
        ("count = 4", "count = 0", '"count" must be above 0'),
        ('met_by = ["weighed"]', 'met_by = ["wieghed"]', 'did you mean "weighed"'),
        ('id = "cool"', 'id = "cold"', 'unknown word "cold" in "id" (did you mean "cool"?)'),
        ('SAFE = { to = "DOCK"', 'SAFE = { to = "DECK"', 'did you mean "DOCK"'),
        ('LAB = { sections = ["label"]', 'LAB = { sections = ["lable"]', 'did you mean "label"'),
        ('id = "weigh"', 'id = "cool"', "the id is used twice"),
        ('id = "weigh"', 'id = "cool"', 'clock "weigh" is used, but has no [[clock]] table'),
        ("[standby]", "[stand]", 'unknown key "stand" (did you mean "standby"?)'),
        ('lead = "DOCK", rec', 'lead = "DUCK", rec', 'did you mean "DOCK"'),
        ('facts = { paid = "no" }', 'facts = { paid = "on" }', "unknown value 'on' of \"paid\""),
        ('facts = { paid = "no" }', 'facts = { main = "cold", marks = ["heavy"] }', "not among"),
        ('hits = ["default"]', 'hits = ["defualt"]', 'did you mean "default"'),
        ('plan = "days"', 'plan = "day"', 'did you mean "days"'),
        ('at = "09:00"', 'at = "25:00"', '"at" must be a time'),
        ('at = "09:00"', "minutes_after_arrival = 5", 'needs "working_days" with "at", or'),
        ('to = "clerk"', 'to = "clark"', 'did you mean "clerk"'),
    ],
)
def test_a_wrong_table_beside_the_rules_is_refused(
    tmp_path: Path, right: str, wrong: str, said: str
) -> None:
    text = HEAD + DEFAULT + CASE + CHASE
    assert right in text
    found = problems(tmp_path, text.replace(right, wrong, 1))
    assert any(said in line for line in found), found


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ('leads = ["SAFE", "LAB", "DOCK"]', 'leads = ["SAFE", "LAB"]', 'does not rank "DOCK"'),
        ('member_of = "marks"', 'member_of = "weight"', "must name a set field"),
        ('kind = "set"', 'kind = "sett"', 'did you mean "set"'),
        ("unknown_to = 8", "unknown_to = 12", '"unknown_to" is above "to"'),
        ("notices", "notice", 'unknown key "notice" (did you mean "notices"?)'),
    ],
)
def test_a_wrong_vocabulary_is_refused(tmp_path: Path, right: str, wrong: str, said: str) -> None:
    assert right in VOCABULARY
    found = problems(tmp_path, HEAD + DEFAULT, VOCABULARY.replace(right, wrong, 1))
    assert any(said in line and line.startswith("vocabulary.toml: ") for line in found), found


HAND_OVER = """
[[basis]]
id = "consent"
kind = "consent"
valid_from = 2026-01-01
text = { fi = "Lupa", sv = "Lov" }

[[hand_over]]
id = "on"
basis = "consent"
by = ["DOCK"]
to = ["LAB", "DOCK"]
clocks = ["cool"]
"""


def test_handing_over_names_its_kinds_its_basis_and_its_clocks(tmp_path: Path) -> None:
    text = HEAD + DEFAULT + HAND_OVER
    (way,) = load(write(tmp_path, text)).hand_overs
    assert way.fits("DOCK", "LAB")
    assert way.fits("DOCK", "DOCK")
    assert not way.fits("LAB", "DOCK")
    assert way.clocks == ("cool",)
    assert way.asks_consent, "of a consent it is always asked whose it is"
    (alike,) = load(write(tmp_path, text + "same_kind = true")).hand_overs
    assert alike.fits("DOCK", "DOCK")
    assert not alike.fits("DOCK", "LAB")


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ('basis = "consent"', 'basis = "custom"', "names neither a law nor consent"),
        ('basis = "consent"', 'basis = "consnt"', 'did you mean "consent"'),
        ('by = ["DOCK"]', 'by = ["DOK"]', 'did you mean "DOCK"'),
        ('to = ["LAB", "DOCK"]', "to = []", "is an empty list"),
        ('clocks = ["cool"]', 'clocks = ["cold"]', 'did you mean "cool"'),
        ('clocks = ["cool"]', "clock = 1", 'unknown key "clock"'),
    ],
)
def test_a_wrong_hand_over_is_refused(tmp_path: Path, right: str, wrong: str, said: str) -> None:
    assert right in HAND_OVER
    found = problems(tmp_path, HEAD + DEFAULT + HAND_OVER.replace(right, wrong, 1))
    assert any(said in line for line in found), found


def test_every_fault_is_said_at_once(tmp_path: Path) -> None:
    wrong = GOOD.replace('"LAB"', '"LAP"').replace('tier = "house"', 'tier = "hose"')
    assert len(problems(tmp_path, HEAD + DEFAULT + wrong)) == 2


def test_a_missing_or_broken_file_is_one_line(tmp_path: Path) -> None:
    assert problems(tmp_path, "[") != []
    with pytest.raises(RulesInvalid, match=r"vocabulary\.toml: cannot be read"):
        load(tmp_path / "nowhere" / "rules.toml")


def test_incomplete_rules_are_refused_with_a_witness_in_one_line(tmp_path: Path) -> None:
    only_paid = rule("paid", 'lead = "DOCK"', 'paid = "yes"')
    with pytest.raises(RulesInvalid) as caught:
        load_checked(write(tmp_path, HEAD + only_paid))
    (line,) = caught.value.problems
    assert line.startswith("parcels.toml: no rule names a lead")
    assert "paid=no" in line
