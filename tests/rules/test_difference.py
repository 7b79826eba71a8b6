"""What changes between two sets: exactly what one would say of a few edits made by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from routing_rules.canonical import plain
from routing_rules.difference import Change, Edit, VocabulariesDiffer, difference
from routing_rules.ruleset import RuleSet
from routing_rules.verify import verify
from tests.rules.edits import Raw, overlay, with_rule, words, written
from tests.rules.naive import Naive
from tests.rules.shipped import BASE, SHIPPED

Said = set[tuple[str, str, object, object]]


def said(rules: RuleSet) -> Said:
    return {(c.output, c.of, c.before, c.after) for c in difference(SHIPPED, rules).changes}


def the_one(rules: RuleSet) -> Change:
    (change,) = difference(SHIPPED, rules).changes
    return change


def updated(part: str, **more: object) -> Callable[[Raw], object]:
    return lambda rule: rule[part].update(more)


def test_a_set_does_not_differ_from_itself() -> None:
    found = difference(SHIPPED, SHIPPED)
    assert (found.changes, found.edits, found.share) == ((), (), 0.0)


def test_another_text_is_an_edit_that_changes_nothing() -> None:
    found = difference(SHIPPED, with_rule("R9", lambda rule: rule.update(title=words("Toinen"))))
    assert (found.changes, found.edits) == ((), (Edit("rule", "R9", "changed"),))


def test_a_notice_more_comes_where_the_rule_holds() -> None:
    changed = overlay(written("x", {"notices": "nothing_to_guardians"}, {"weapon": "yes"}))
    change = the_one(changed)
    assert (change.output, change.of, change.before, change.after) == (
        "notices", "", None, "nothing_to_guardians",
    )  # fmt: skip
    assert change.where == ({"weapon": ["yes"], "guardian_suspected": ["no"]},)
    assert change.share == pytest.approx(1 / 6)
    found = difference(SHIPPED, changed)
    assert found.share == change.share
    assert found.edits == (Edit("rule", "x", "added"),)


def test_an_alert_for_more_ages_comes_for_those() -> None:
    change = the_one(with_rule("R3-weapon", lambda rule: rule["when"].pop("age")))
    assert (change.output, change.before, change.after) == ("alert", None, True)
    assert change.where == ({"age": [18], "threat_to_life": ["to_others"], "weapon": ["yes"]},)


def test_another_desk_replaces_the_old_one_where_someone_arrives_there() -> None:
    changed = with_rule("R4-police", updated("then", desk={"POL": "triage"}))
    change = the_one(changed)
    assert (change.output, change.of, change.before, change.after) == (
        "desk", "POL", "duty", "triage",
    )  # fmt: skip
    for box in change.where:
        assert (box["hours"], box["urgency"]) == (["closed"], ["emergency", "today"])


def test_a_clock_more_starts_only_where_the_member_was_there_before() -> None:
    clocks = {"SOC": ["lsl26_start", "lsl26_complete", "accept"]}
    assert said(with_rule("R1", updated("then", clocks=clocks))) == {
        ("clocks", "SOC", None, "accept")
    }


def test_a_section_less_goes_where_no_other_rule_gives_it() -> None:
    sections = {"HEA": ["reporter", "identity", "concern", "health"]}
    assert said(with_rule("R5-care", updated("then", sections=sections))) == {
        ("sections", "HEA", "guardians", None)
    }


def test_another_basis_replaces_the_old_one_for_each_recipient() -> None:
    assert said(with_rule("R3-school", lambda rule: rule.update(basis="crime_report"))) == {
        ("recipients basis", "POL", "pol40", None),
        ("recipients basis", "POL", None, "crime_report"),
    }


def test_another_lead_is_one_value_for_another_and_another_recipient() -> None:
    changed = with_rule("T06-POL-today", updated("then", lead="SOC"))
    found = said(changed)
    assert ("lead", "", "POL", "SOC") in found
    assert ("recipients", "", "POL", None) in found
    assert ("recipients", "", None, "SOC") in found
    assert {each[0] for each in found} <= {
        "lead", "recipients", "recipients basis", "sections", "clocks",
    }  # fmt: skip


def test_a_rule_that_withholds_takes_recipients_and_is_not_listed_itself() -> None:
    stop = written("x", {"withhold": "YOU"}, {"sector": "parish"}, tier="law")
    found = difference(SHIPPED, overlay(stop))
    assert ("recipients", "", "YOU", None) in said(overlay(stop))
    assert not {"withhold"} & {change.output for change in found.changes}
    for change in found.changes:
        assert all(box["sector"] == ["parish"] for box in change.where), change


def test_conditions_and_witnesses_can_be_written_as_json() -> None:
    changed = with_rule("T10-ANK", lambda rule: rule["when"].update(age="9-17"))
    found = difference(SHIPPED, changed)
    assert found.changes
    read = json.loads(json.dumps(plain(found)))
    assert [c["output"] for c in read["changes"]] == [c.output for c in found.changes]
    for change in found.changes:
        for conditions in change.where:
            assert json.loads(json.dumps(conditions)) == conditions
            for name, asked in conditions.items():
                assert asked
                assert name in SHIPPED.vocabulary.fields


@pytest.mark.parametrize(
    "name",
    [
        *("R1", "T10-ANK", "today", "T11-WEL", "D2"),
        pytest.param("T04-SOC", marks=pytest.mark.slow),
    ],
)
def test_without_a_rule_each_witness_shows_its_change(name: str) -> None:
    rules = tuple(rule for rule in SHIPPED.rules if rule.id != name)
    smaller = replace(SHIPPED, rules=rules)
    found = difference(SHIPPED, smaller)
    assert found.changes
    assert found.edits == (Edit("rule", name, "removed"),)
    for change in found.changes:
        old, new = Naive(SHIPPED, change.witness).credits, Naive(smaller, change.witness).credits
        place = change.output, change.of
        before = {give.value for give in old if give[:2] == place}
        after = {give.value for give in new if give[:2] == place}
        assert change.before is None or change.before in before - after, change
        assert change.after is None or change.after in after - before, change
    assert not verify(smaller).holds


def test_going_back_is_the_same_turned_round() -> None:
    changed = with_rule("T10-POL-today", updated("then", lead="SOC"))
    there, back = difference(SHIPPED, changed), difference(changed, SHIPPED)
    assert {(c.output, c.of, c.before, c.after) for c in there.changes} == {
        (c.output, c.of, c.after, c.before) for c in back.changes
    }
    assert there.share == back.share


def test_sets_of_two_vocabularies_cannot_be_compared() -> None:
    other = replace(SHIPPED.vocabulary, tiers=("law", "default"))
    with pytest.raises(VocabulariesDiffer):
        difference(BASE, replace(BASE, vocabulary=other))
