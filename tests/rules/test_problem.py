"""A problem is an English line for logs, and its parts for who says it in another language."""

from __future__ import annotations

from routing_rules.problem import LONGEST_LINE, Problem
from routing_rules.vocabulary import RulesInvalid

UNKNOWN = Problem('unknown key "%(key)s"', key="teir")


def test_a_problem_is_its_line_and_keeps_its_parts() -> None:
    assert UNKNOWN == 'unknown key "teir"'
    assert (UNKNOWN.key, UNKNOWN.params) == ('unknown key "%(key)s"', {"key": "teir"})


def test_what_was_meant_stands_behind_where_it_is_in_front() -> None:
    place = Problem('%(noun)s "%(id)s"', noun=Problem("rule"), id="R1")
    found = UNKNOWN.near("teir", ["tier", "when"]).at("set.toml", place)
    assert found == 'set.toml: rule "R1": unknown key "teir" (did you mean "tier"?)'
    assert found.params["where"] == "set.toml"
    inner = found.params["what"]
    assert isinstance(inner, Problem)
    assert inner.params["where"] is place
    assert UNKNOWN.near("teir", ["when"]) is UNKNOWN


def test_a_line_is_short_and_printable_whatever_it_names() -> None:
    found = Problem("%(word)s", word="a\n\x00" + "b" * 1_000)
    assert found.startswith("a ?b")
    assert len(found) == LONGEST_LINE


def test_refused_rules_keep_the_parts_of_their_problems() -> None:
    problems = RulesInvalid([UNKNOWN, "plain\nwords"]).problems
    assert problems[0] is UNKNOWN
    assert problems[1] == "plain words"
