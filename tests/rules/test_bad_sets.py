"""Sets that do not fit together are refused, as files that are wrong are."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from routing_rules.book import load_book
from routing_rules.document import read_document
from routing_rules.load import load
from routing_rules.vocabulary import RulesInvalid
from tests.rules.parcels import DEFAULT, HEAD, SHELVES, VOCABULARY, over, rule, write
from tests.rules.refused import refused

ON = date(2026, 6, 1)


def test_of_two_files_of_one_set_the_days_may_not_overlap_or_leave_a_gap(tmp_path: Path) -> None:
    first = HEAD.replace("valid_from = 2026-01-01\n\n[us", "{}\n\n[us")
    days = "valid_from = 2026-01-01\nvalid_to = 2026-06-30"
    write(tmp_path, first.replace("{}", days) + DEFAULT, name="one")
    for start, said in [
        ("2026-06-30", "its days overlap those of one.toml"),
        ("2026-07-02", "days are missing after one.toml"),
        ("2025-01-01", "its days overlap those of two.toml"),
    ]:
        write(tmp_path, first.replace("{}", f"valid_from = {start}") + DEFAULT, name="two")
        (line,) = refused(lambda: load_book(tmp_path, ON))
        assert said in line
    write(tmp_path, first.replace("{}", "valid_from = 2026-07-01") + DEFAULT, name="two")
    for day, version in [(date(2026, 6, 30), "one"), (date(2026, 7, 1), "two"), (date.min, "one")]:
        chosen = load_book(tmp_path, day).documents["parcels"]
        assert chosen.name == f"{version}.toml"


@pytest.mark.parametrize(
    ("sets", "said"),
    [
        ({"a": over("a", "b"), "b": over("b", "a")}, "exactly one set extends no other: none"),
        (
            {"base": HEAD, "a": over("a", "b"), "b": over("b", "a")},
            "the sets extend one another in a circle",
        ),
        ({"base": HEAD, "a": over("a", "a")}, "the sets extend one another in a circle"),
        ({"base": HEAD, "a": over("a", "parcel")}, 'did you mean "parcels"'),
        ({"base": HEAD, "other": HEAD.replace('"parcels"', '"other"')}, "exactly one set extends"),
        ({"base": HEAD, "none": "[ruleset]\n"}, "[ruleset] has no id"),
        ({}, "exactly one set extends no other: none"),
        (
            {
                "base": HEAD,
                "a": over("a", more='areas = ["x", "y"]'),
                "b": over("b", more='areas = ["y"]'),
            },
            'the area "y" is also that of "a", and neither extends the other',
        ),
        ({"base": HEAD, "a": over("a", more='areas = ["x", "x"]')}, "names a word twice"),
        ({"base": HEAD, "a": over("a", more="areas = 3")}, "must be a list of words"),
        ({"base": HEAD, "a": over("a").replace('"house"', '"hose"')}, 'did you mean "house"'),
        (
            {"base": HEAD, "a": over("a") + rule("x", "alert = true", tier="law")},
            'tier "law" is not for this set to use',
        ),
        (
            {"base": HEAD, "a": over("a", more='without = { rules = ["defalt"] }')},
            'no "defalt" to leave out (did you mean "default"?)',
        ),
        ({"base": HEAD, "a": over("a", more="without = { rule = [] }")}, 'unknown key "rule"'),
    ],
)
def test_sets_that_do_not_fit_together_are_refused(
    tmp_path: Path, sets: dict[str, str], said: str
) -> None:
    (tmp_path / "vocabulary.toml").write_text(VOCABULARY, "utf-8")
    for name, text in sets.items():
        rules = DEFAULT if text == HEAD else ""
        (tmp_path / f"{name}.toml").write_text(text + rules, "utf-8")
    found = refused(lambda: load_book(tmp_path, ON, SHELVES))
    assert any(said in line for line in found), found


@pytest.mark.parametrize("extends", ["x", "a", "../parcels", "/etc/passwd", "a/b", ".", "\\u0000"])
def test_a_file_that_extends_what_is_not_there_is_refused(tmp_path: Path, extends: str) -> None:
    path = write(tmp_path, over("a", extends), name="a")
    assert refused(lambda: load(path, beside=SHELVES))


@pytest.mark.parametrize("part", ["a", '"x"', "'x'", '"\\""', '""', '"\\\\"'])
def test_a_key_of_very_many_parts_is_refused_however_they_are_quoted(part: str) -> None:
    with pytest.raises(RulesInvalid):
        read_document(".".join([part] * 60) + " = 1", "set.toml")
