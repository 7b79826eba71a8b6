from __future__ import annotations

from pathlib import Path

import pytest

from routing_rules.load import load
from routing_rules.rule import Give
from routing_rules.verify import verify
from routing_rules.vocabulary import RulesInvalid
from tests.rules.parcels import DEFAULT, HEAD, SHELF, SHELVES, VOCABULARY, over, rule, write

GOOD = rule("a", 'recipients = "LAB"', 'paid = "no"')
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


def problems(folder: Path, text: str, vocabulary: str = VOCABULARY) -> list[str]:
    with pytest.raises(RulesInvalid) as caught:
        load(write(folder, text, vocabulary), beside=SHELVES)
    return caught.value.problems


def test_a_right_file_loads(tmp_path: Path) -> None:
    ruleset = load(write(tmp_path, HEAD + GOOD + DEFAULT + CASE + SHELF), beside=SHELVES)
    assert [each.id for each in ruleset.rules] == ["a", "default"]
    assert (ruleset.id, ruleset.layers) == ("parcels", ("parcels",))
    assert ruleset.by_id["a"].gives == (Give("recipients", "", "LAB"),)


def test_a_table_beside_the_rules_is_read_by_whoever_owns_it(tmp_path: Path) -> None:
    path = write(tmp_path, HEAD + DEFAULT + SHELF)
    found = load(path, beside=SHELVES).beside
    assert found == {"shelf": {"cold-room": ("cellar", 40, ("LAB",), "custom")}}
    with pytest.raises(RulesInvalid, match='unknown key "shelf"'):
        load(path)


RIGHT = 'recipients = "LAB"'


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
        (RIGHT, 'recipients = "LAP"', '"LAP" in "recipients" (did you mean "LAB"?)'),
        (RIGHT, 'lead = "LAP"', 'did you mean "LAB"'),
        (RIGHT, 'recipient = "LAB"', 'unknown key "recipient" (did you mean "recipients"?)'),
        (RIGHT, "alert = false", "gives nothing"),
        (RIGHT, f'{RIGHT}, desk = {{ LAB = "nihgt" }}', 'did you mean "night"'),
        (RIGHT, f'{RIGHT}, desk = {{ LAP = "night" }}', 'did you mean "LAB"'),
        (RIGHT, f'{RIGHT}, clocks = {{ LAB = "wiegh" }}', 'did you mean "weigh"'),
        (RIGHT, f'{RIGHT}, clocks = {{ SAFE = "weigh" }}', "does not add"),
        (RIGHT, f'{RIGHT}, sections = {{ LAB = "lable" }}', 'did you mean "label"'),
        (RIGHT, 'notices = "ask_sendr"', 'did you mean "ask_sender"'),
        (RIGHT, 'withhold = "DOK"', 'did you mean "DOCK"'),
        (RIGHT, f'lead = "nobody", {RIGHT}', "exclude each other"),
        ('tier = "house"', 'tier = "hose"', '"hose" in "tier" (did you mean "house"?)'),
        ('tier = "house"', 'tier = "house"\nteir = 1', 'unknown key "teir"'),
        ('tier = "house"', 'tier = "house"\nfallback = true', "must have a say"),
        (RIGHT, 'lead = "LAB", withhold = "LAB" }\nfallback = true\nx = { a = 1', "cannot take"),
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
        ("valid_from = 2026-01-01\n\n[usual", 'valid_from = "2026"\n\n[usual', "must be a date"),
        (
            "valid_from = 2026-01-01\ntext",
            "valid_from = 2026-01-01\nvalid_to = 2025-01-01\ntext",
            '"valid_to" is before "valid_from"',
        ),
        ('kind = "default"', 'kind = "law"', 'needs "law", the provision'),
        ('kind = "default"', 'kind = "defualt"', 'did you mean "default"'),
        ('LAB = { sections = ["label"]', 'LAB = { sections = ["lable"]', 'did you mean "label"'),
        ("SAFE = { sections", "SAVE = { sections", 'unknown key "SAVE" (did you mean "SAFE"?)'),
        ("SAFE = { sections", "SAVE = { sections", '"SAFE" is missing'),
        ("[usual]", "[usuals]", '"usual" is missing'),
        ('lead = "DOCK", rec', 'lead = "DUCK", rec', 'did you mean "DOCK"'),
        ('lead = "DOCK", rec', 'leed = "DOCK", rec', '"lead" is missing'),
        ('lead = "DOCK", rec', 'lead = "DOCK", alarm = true, rec', 'unknown key "alarm"'),
        ('facts = { paid = "no" }', 'facts = { paid = "on" }', "unknown value 'on' of \"paid\""),
        ('facts = { paid = "no" }', 'facts = { main = "cold", marks = ["heavy"] }', "not among"),
        ('hits = ["default"]', 'hits = ["defualt"]', 'did you mean "default"'),
        ('floor = "cellar"', 'floor = "celler"', 'did you mean "cellar"'),
        ('basis = "custom"\nid', 'basis = "costum"\nid', 'did you mean "custom"'),
        ("[[shelf]]", "[[shelves]]", 'unknown key "shelves" (did you mean "shelf"?)'),
        ("[ruleset]", "[rulesets]", '"ruleset" is missing'),
    ],
)
def test_a_wrong_table_beside_the_rules_is_refused(
    tmp_path: Path, right: str, wrong: str, said: str
) -> None:
    text = HEAD + DEFAULT + CASE + SHELF.replace('basis = "custom"', 'basis = "custom"\nid = "x"')
    text = text.replace('id = "cold-room"\n', "")
    assert right in text
    found = problems(tmp_path, text.replace(right, wrong, 1))
    assert any(said in line for line in found), found


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ('member_of = "marks"', 'member_of = "weight"', "must name a set field"),
        ('kind = "set"', 'kind = "sett"', 'did you mean "set"'),
        ("unknown_to = 8", "unknown_to = 12", '"unknown_to" is above "to"'),
        ("from = 0", "from = 12", '"from" is above "to"'),
        ('policy = "first by tier"', 'policy = "first by teir"', 'did you mean "first by tier"'),
        ('joins = "recipients"', 'joins = "desk"', '"joins" must name a plain union output'),
        ('joins = "recipients"', 'joins = "recipient"', 'did you mean "recipients"'),
        ('otherwise = "counter"', 'otherwise = "side"', "must be the last"),
        ('usual = "always"', "", '"usual" and "beside" go together'),
        ('takes_from = "recipients"', 'takes_from = "lead"', "must name a union output"),
        ('usual = "always"', 'usual = "always"\nneeds = "wiegh"', 'did you mean "weigh"'),
        ('policy = "or"', 'policy = "or"\nneeds = "x"', 'unknown word "x" in "needs"'),
        (
            'otherwise = "counter"',
            'otherwise = "counter"\nneeds = "side"',
            '"needs" is for outputs with "beside"',
        ),
        ('policy = "or"', 'policy = "or"\nbased = true', '"based" is for plain union outputs'),
        ("tiers", "teirs", 'unknown key "teirs" (did you mean "tiers"?)'),
    ],
)
def test_a_wrong_vocabulary_is_refused(tmp_path: Path, right: str, wrong: str, said: str) -> None:
    assert right in VOCABULARY
    found = problems(tmp_path, HEAD + DEFAULT, VOCABULARY.replace(right, wrong, 1))
    assert any(said in line and line.startswith("vocabulary.toml: ") for line in found), found


def test_every_fault_is_said_at_once(tmp_path: Path) -> None:
    wrong = GOOD.replace('"LAB"', '"LAP"').replace('tier = "house"', 'tier = "hose"')
    assert len(problems(tmp_path, HEAD + DEFAULT + wrong)) == 2


def test_a_missing_or_broken_file_is_one_line(tmp_path: Path) -> None:
    assert len(problems(tmp_path, "[")) == 1
    with pytest.raises(RulesInvalid, match=r"vocabulary\.toml: cannot be read"):
        load(tmp_path / "nowhere" / "rules.toml")


def test_incomplete_rules_load_and_are_found_with_a_witness_in_one_line(tmp_path: Path) -> None:
    only_paid = rule("paid", 'lead = "DOCK"', 'paid = "yes"')
    gap = verify(load(write(tmp_path, HEAD + only_paid))).findings[0]
    assert gap.line().startswith('no rule gives "lead", for example with ')
    assert "paid=no" in gap.line()


def test_a_set_over_another_one_has_the_rules_of_both_and_its_own_name(tmp_path: Path) -> None:
    write(tmp_path, HEAD + GOOD + DEFAULT + SHELF)
    upper = write(tmp_path, over("house") + rule("b", 'notices = "fragile"'), name="house")
    found = load(upper, beside=SHELVES)
    assert (found.id, found.layers) == ("house", ("parcels", "house"))
    assert [(each.id, each.layer) for each in found.rules] == [
        ("a", "parcels"),
        ("b", "house"),
        ("default", "parcels"),
    ]
    assert list(found.beside["shelf"]) == ["cold-room"]
