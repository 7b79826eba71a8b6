"""What an agency may know of the facts follows from its sections of the report and nothing else."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from intake.domain.answers import worry_of
from intake.domain.entitled import OF_ONE_CHILD, SECTION_OF, handed_on, known_facts
from intake.domain.facts import VALUES, Surroundings, facts_of
from intake.domain.report import Worry, canonical
from tests.site import child_answers, worry_answers

TODAY = date(2026, 6, 2)
GUARDIAN = {"name": "Kari", "contact": "", "lives_with_child": "yes"}
ALL = ("reporter", "identity_1", "place_1", "guardians", "concern", "health")


def worries() -> Iterator[Worry]:
    """Worries that differ in every section, by themselves and together."""
    understands = {"child_consent": "given", "consent_to": ["YOU", "SOC"]}
    by_guardian = {
        "child_consent": "lacks_understanding",
        "guardian_consent": "given",
        "consent_to": ["YOU", "HEA"],
    }
    for consent, suspected, sector, home, age, protected, sibling in itertools.product(
        (understands, by_guardian),
        ("yes", "no"),
        ("school", "youth"),
        ("vantaa", "pukkila", "unknown"),
        ("010516A901V", ""),
        ("yes", "no"),
        (None, "yes", "no"),
    ):
        answers: dict[str, Any] = worry_answers(consent=consent, reporter={"sector": sector})
        answers["guardians"] = [{**GUARDIAN, "suspected_perpetrator": suspected}]
        known_by = "hetu" if age else "age"
        child = {"hetu": age, "known_by": known_by, "turvakielto": protected, "municipality": home}
        answers["children"] = [child_answers(**child)]
        if sibling is not None:
            answers["children"].append(child_answers(municipality="kerava", turvakielto=sibling))
        yield worry_of(answers)


def known(worry: Worry, slots: tuple[str, ...]) -> dict[str, Any]:
    def around(municipality: str) -> Surroundings:
        lives = municipality == "vantaa"
        return Surroundings(agreement=lives, office_open=lives, school_term=lives)

    facts = [facts_of(worry, c, TODAY, around(c.municipality)) for c in worry.children]
    return known_facts(worry, facts, [(c.municipality,) for c in worry.children], slots)


def test_each_fact_of_the_rules_has_its_section() -> None:
    assert set(SECTION_OF) == set(VALUES)
    assert {SECTION_OF[name] for name in OF_ONE_CHILD} == {"identity", "place"}


@pytest.mark.parametrize(
    "slots",
    [
        ("reporter", "identity_1", "concern"),
        ("reporter", "identity_1", "place_1", "concern"),
        ("reporter", "identity_1", "guardians", "concern", "health"),
        ("identity_1",),
        ("reporter", "identity_2", "concern"),
        (*ALL, "identity_2"),
        ALL,
    ],
)
def test_the_same_sections_tell_the_same_facts(slots: tuple[str, ...]) -> None:
    """Whatever differs in sections that an agency does not get makes no difference to it."""
    told: dict[bytes, bytes] = {}
    seen = 0
    for worry in worries():
        sections = worry.sections()
        if not sections.keys() >= set(slots):
            continue
        # How many children there are is no secret: reasons name the children by their numbers.
        own = {slot: json.loads(sections[slot]) for slot in slots} | {"of": len(worry.children)}
        if "reporter" in own:
            del own["reporter"]["organisation"]  # it lies with the places of a protected address
        found = canonical(known(worry, slots))
        assert told.setdefault(canonical(own), found) == found
        seen += 1
    assert seen > len(told) or set(slots) >= set(ALL)


def test_whole_sections_tell_all_facts_and_the_areas() -> None:
    worry = next(w for w in worries() if len(w.children) == 1)
    found = known(worry, ALL)
    assert {*found["facts"], *found["children"]["1"]["facts"]} == set(VALUES)
    assert found["children"]["1"]["areas"] == ("vantaa",)


def test_without_the_place_neither_home_nor_school_nor_area_is_told() -> None:
    slots = ("reporter", "identity_1", "guardians", "concern", "health")
    for worry in worries():
        found = known(worry, slots)
        assert found["children"]["1"].keys() == {"facts"}
        told = {*found["facts"], *found["children"]["1"]["facts"]}
        assert not told & {"residence", "school", "agreement", "hours", "school_term"}


def test_a_consent_on_a_guardians_word_is_not_told_without_the_guardians() -> None:
    slots = ("reporter", "identity_1", "concern")
    for worry in worries():
        told = known(worry, slots)["facts"]
        rests_on_guardian = worry.consent.child_consent == "lacks_understanding"
        assert ("consent_hea" in told) is not rests_on_guardian
        assert "consent_pri" in told  # nobody was asked to be told, whoever consents


def test_handing_on_tells_no_more_than_the_sections_would() -> None:
    """Known facts handed on are a part of what the receiver would have been told first-hand."""
    some = [("reporter", "identity_1", "concern"), ("identity_1", "place_1", "concern"), ALL]
    for worry in worries():
        for slots in some:
            own = known(worry, slots)
            onward = handed_on(known(worry, (*ALL,)), slots)
            assert onward is not None
            assert onward["facts"].items() <= own["facts"].items()
            assert onward["children"].keys() == own["children"].keys()
            for number, child in onward["children"].items():
                assert child == own["children"][number]


def test_without_the_worry_or_a_child_nothing_is_handed_on() -> None:
    whole = known(next(worries()), ALL)
    assert handed_on(whole, ("identity_1", "place_1", "guardians")) is None
    assert handed_on(whole, ("concern", "guardians")) is None
