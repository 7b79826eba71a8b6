"""The tables beside the rules: clocks, chase steps, standby desks and handing over."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from intake.domain.clock import Kind
from intake.domain.rule_tables import BESIDE, HandOver
from routing_rules.book import load_book
from routing_rules.document import Document
from routing_rules.load import build
from routing_rules.ruleset import RuleSet
from routing_rules.vocabulary import RulesInvalid

FOLDER = Path(__file__).parents[2] / "routing_rules" / "rulesets"
BOOK = load_book(FOLDER, date(2026, 6, 1), BESIDE)
Raw = dict[str, Any]


def built(edit: Callable[[Raw], object] = lambda _: None) -> RuleSet:
    """The base, changed."""
    raw = copy.deepcopy(dict(BOOK.documents["finland"].raw))
    edit(raw)
    return build(BOOK.vocabulary, [Document("finland.toml", "", raw)], BESIDE)


def of(raw: Raw, table: str, name: str) -> Raw:
    (found,) = (each for each in raw[table] if each["id"] == name)
    assert isinstance(found, dict)
    return found


def test_the_clocks_are_those_of_the_law_and_local_practice() -> None:
    clocks = {
        name: (clock.kind, clock.count, tuple(clock.met_by))
        for name, clock in BOOK.base.beside["clock"].items()
    }
    started = ("assessment_started", "assessment_not_needed", "already_client")
    complete = ("assessment_complete", "assessment_not_needed", "already_client")
    assert clocks == {
        "urgency": (Kind.SAME_DAY, 0, ("record_urgency",)),
        "accept": (Kind.WORKING_DAYS, 2, ("accept", "return", "hand_over")),
        "lsl26_start": (Kind.WORKING_DAYS, 7, started),
        "lsl26_complete": (Kind.MONTHS, 3, complete),
        "school_talk": (Kind.SCHOOL_DAYS, 7, ("respond",)),
        "ankkuri_meeting": (Kind.WORKING_DAYS, 10, ("respond",)),
    }


def test_each_chase_plan_climbs_to_the_supervisor_and_lets_the_standby_in_once() -> None:
    for plan in ("days", "same_day"):
        steps = [step for step in BOOK.base.beside["chase"].values() if step["plan"] == plan]
        climbing = [step["to"] for step in steps]
        start = climbing.index("deputy") - 1
        assert climbing[start : start + 4] == ["worker", "deputy", "head", "supervisor"]
        assert [step["to"] for step in steps if step["allows_standby"]] == ["head"]


def test_each_chase_plan_ends_with_a_step_to_the_supervisor_that_comes_again_and_again() -> None:
    for plan, every in (("days", 5), ("same_day", 1)):
        steps = [step for step in BOOK.base.beside["chase"].values() if step["plan"] == plan]
        assert [(step["to"], step["repeats"]) for step in steps if step["repeats"]] == [
            ("supervisor", every)
        ]
        assert steps[-1]["repeats"] == every


def test_a_duty_desk_hears_of_urgent_reports_alone() -> None:
    to_desk = [s for s in BOOK.base.beside["chase"].values() if s["to"] == "duty_desk"]
    assert [(step["id"], step["today"]) for step in to_desk] == [("same-day-300", True)]


def test_quiet_hours_are_from_one_time_of_day_to_another() -> None:
    assert BOOK.base.beside["quiet"] == {"from": "20:00", "to": "07:00"}
    assert built(lambda raw: raw.pop("quiet")).beside["quiet"] == {}


def test_every_kind_that_may_lead_has_a_standby_on_a_basis() -> None:
    standby = BOOK.base.beside["standby"]
    assert set(standby) == {"SOC", "POL", "ANK", "HEA", "WEL", "PRI", "YOU"}
    assert {name for name, desk in standby.items() if desk.to == "SOC"} == {
        "SOC", "ANK", "HEA", "YOU",
    }  # fmt: skip
    assert all(desk.basis.id in BOOK.base.bases for desk in standby.values())


def test_every_set_over_the_base_has_the_tables_of_the_base() -> None:
    for table, _ in BOOK.distinct:
        for name in ("chase", "standby", "hand_over"):
            assert table.beside[name] == BOOK.base.beside[name]


def way(**more: object) -> HandOver:
    def edit(raw: Raw) -> None:
        raw["hand_over"] = [{"id": "on", "basis": "consent", "by": ["SOC"], "to": ["SOC", "HEA"]}]
        raw["hand_over"][0].update(more)

    found = built(edit).beside["hand_over"]["on"]
    assert isinstance(found, HandOver)
    return found


def test_handing_over_names_its_kinds_its_basis_and_its_clocks() -> None:
    found = way(clocks=["accept"])
    assert found.fits("SOC", "HEA")
    assert found.fits("SOC", "SOC")
    assert not found.fits("HEA", "SOC")
    assert (found.basis.id, found.clocks) == ("consent", ("accept",))
    alike = way(same_kind=True)
    assert alike.fits("SOC", "SOC")
    assert not alike.fits("SOC", "HEA")


def test_of_a_consent_it_is_always_asked_whose_it_is() -> None:
    assert way().asks_consent
    assert not way(basis="transfer").asks_consent
    assert way(basis="shl35", asks_consent=True).asks_consent


@pytest.mark.parametrize(
    ("table", "name", "wrong", "said"),
    [
        ("clock", "accept", {"kind": "working_dayz"}, 'did you mean "working_days"'),
        ("clock", "accept", {"count": 0}, '"count" must be 1 or more'),
        ("clock", "accept", {"count": 61}, '"count" of "working_days" must be at most 60'),
        ("clock", "lsl26_complete", {"count": 13}, '"count" of "months" must be at most 12'),
        ("clock", "accept", {"count": "2"}, '"count" must be a whole number'),
        ("clock", "accept", {"count": 2.0}, '"count" must be a whole number'),
        ("clock", "urgency", {"count": 1}, 'left out with "same_day" alone'),
        ("clock", "accept", {"today": {"kind": "hours", "count": -1}}, "today"),
        ("clock", "accept", {"today": {"kin": "hours"}}, 'unknown key "kin"'),
        ("clock", "accept", {"starts": "agnecy"}, 'did you mean "agency"'),
        ("clock", "accept", {"calendar": "XX"}, 'no calendar is called "XX"'),
        ("clock", "school_talk", {"calendar": "SE"}, "school days are known of Finland alone"),
        ("clock", "accept", {"extend": 61}, '"extend" must be from 0 to 60'),
        ("clock", "accept", {"extend": "2"}, '"extend" must be a whole number'),
        ("clock", "lsl26_start", {"extend": 1}, "a clock of a law cannot be extended"),
        ("clock", "accept", {"kind": "days", "count": 121}, "must be at most 120"),
        ("clock", "accept", {"met_by": ["acept"]}, 'did you mean "accept"'),
        ("clock", "accept", {"id": "acept"}, 'unknown word "acept" in "id"'),
        ("clock", "accept", {"id": "urgency"}, "the id is used twice"),
        ("clock", "accept", {"title": {"fi": "Otto"}}, 'title: "sv" is missing'),
        ("clock", "accept", {"valid_from": "2026"}, "must be a date"),
        ("chase", "days-due", {"plan": "day"}, 'did you mean "days"'),
        ("chase", "days-due", {"at": "25:00"}, '"at" must be a time'),
        ("chase", "days-due", {"repeats": 0}, '"repeats" must be from 1 to 250'),
        ("chase", "days-due", {"repeats": "daily"}, '"repeats" must be a whole number'),
        ("chase", "same-day-60", {"repeats": 1}, 'unknown key "repeats"'),
        ("chase", "days-due", {"to": "duty-desk"}, 'did you mean "duty_desk"'),
        ("chase", "days-due", {"today": "yes"}, '"today" must be true or false'),
        ("chase", "days-due", {"id": "x" * 41}, '"id" must have at most 40 characters'),
        ("chase", "days-due", {"minutes_after_arrival": 5}, 'needs "working_days" with "at", or'),
        ("chase", "same-day-60", {"at": "09:00"}, 'unknown key "at"'),
        ("chase", "days-due", {"working_days": 251}, '"working_days" must be from -250 to 250'),
        ("chase", "same-day-60", {"minutes_after_arrival": 0}, "must be from 1 to 100000"),
        ("chase", "days-due", {"to": "hed"}, 'did you mean "head"'),
        ("chase", "days-due", {"clocks": ["acept"]}, 'did you mean "accept"'),
        ("hand_over", "consent", {"basis": "soc_care"}, "names neither a law nor consent"),
        ("hand_over", "consent", {"basis": "consnt"}, 'did you mean "consent"'),
        ("hand_over", "consent", {"by": ["SOK"]}, 'did you mean "SOC"'),
        ("hand_over", "consent", {"to": []}, "is an empty list"),
        ("hand_over", "consent", {"clocks": ["acept"]}, 'did you mean "accept"'),
        ("hand_over", "consent", {"clock": 1}, 'unknown key "clock"'),
    ],
)
def test_a_wrong_table_is_refused_by_name(table: str, name: str, wrong: Raw, said: str) -> None:
    with pytest.raises(RulesInvalid) as caught:
        built(lambda raw: of(raw, table, name).update(wrong))
    assert any(said in line and line.startswith("finland.toml: ") for line in caught.value.problems)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"SOC": {"to": "SOK", "desk": "duty", "basis": "standby"}}, 'did you mean "SOC"'),
        ({"SOC": {"to": "SOC", "desk": "dooty", "basis": "standby"}}, 'did you mean "duty"'),
        ({"SOC": {"to": "SOC", "desk": "duty", "basis": "stanby"}}, 'did you mean "standby"'),
        ({"SOS": {"to": "SOC", "desk": "duty", "basis": "standby"}}, 'unknown key "SOS"'),
        ({"SOC": "SOC"}, "must be a table"),
    ],
)
def test_a_wrong_standby_is_refused(wrong: Raw, said: str) -> None:
    with pytest.raises(RulesInvalid) as caught:
        built(lambda raw: raw["standby"].update(wrong))
    assert any(said in line for line in caught.value.problems), caught.value.problems


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"from": "8 pm", "to": "07:00"}, '"from" must be a time'),
        ({"from": "20:00"}, '"to" is missing'),
        ({"from": "20:00", "to": "20:00"}, '"from" and "to" must differ'),
        ({"from": "20:00", "to": "07:00", "days": 1}, 'unknown key "days"'),
    ],
)
def test_wrong_quiet_hours_are_refused(wrong: Raw, said: str) -> None:
    with pytest.raises(RulesInvalid) as caught:
        built(lambda raw: raw.update(quiet=wrong))
    assert any(said in line for line in caught.value.problems), caught.value.problems


@pytest.mark.parametrize("table", ["chase", "quiet", "standby", "hand_over"])
def test_only_the_base_may_say_who_is_chased_who_stands_by_and_who_hands_over(table: str) -> None:
    base = BOOK.documents["finland"]
    raw = dict(BOOK.documents["ita-uusimaa"].raw)
    with pytest.raises(RulesInvalid, match=f'"{table}" is for the set that extends no other'):
        build(BOOK.vocabulary, [base, Document("x", "", raw | {table: base.raw[table]})], BESIDE)


def test_a_set_over_the_base_may_change_a_clock() -> None:
    text = """
    [[clock]]
    id = "accept"
    title = { fi = "Otto", sv = "Upptagning" }
    law = ""
    kind = "working_days"
    count = 1
    met_by = ["accept"]
    valid_from = 2026-01-01
    """
    raw = dict(BOOK.documents["ita-uusimaa"].raw) | tomllib.loads(text)
    layers = [BOOK.documents["finland"], Document("x", "", raw)]
    clocks = build(BOOK.vocabulary, layers, BESIDE).beside["clock"]
    assert (clocks["accept"].count, clocks["lsl26_start"].count) == (1, 7)
