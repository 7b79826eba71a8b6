"""A wrong guess at a child's age sends the child neither to nobody nor past whom it belongs to."""

from __future__ import annotations

from typing import Any

import pytest

from intake.domain.answers import worry_of
from intake.services.route import Plan
from tests.site import Site, child_answers, worry_answers

EVERYBODY = ["SOC", "ANK", "HEA", "YOU", "WEL", "PRI"]
TOPICS = ("offence_by_child", "substance_use", "mental_health", "bullying", "other")


def plan(site: Site, topic: str, urgency: str = "normal", **child: Any) -> Plan:
    answers = worry_answers(
        worry={"categories": [topic], "primary": topic, "child_role": "suspected"},
        urgency={"urgency": urgency},
        protection={"may_need_protection": "no"},
        consent={"child_consent": "given", "consent_to": EVERYBODY},
    )
    answers["children"] = [child_answers(hetu="", **child)]
    return site.parts.route(worry_of(answers), site.hands())


def reached(plan: Plan) -> set[str]:
    return {recipient.kind for outcome in plan.outcomes for recipient in outcome.recipients}


@pytest.mark.parametrize("urgency", ["normal", "today"])
@pytest.mark.parametrize("topic", TOPICS)
def test_a_guess_that_is_a_year_off_leaves_nobody_out(site: Site, topic: str, urgency: str) -> None:
    for age in range(18):
        born = f"{2026 - age}-06-02"
        right = plan(site, topic, urgency, known_by="birth_date", birth_date=born)
        assert reached(right)
        for guess in (max(age - 1, 0), age, age + 1):
            guessed = plan(site, topic, urgency, known_by="age", age=str(guess))
            assert reached(right) <= reached(guessed), (age, guess)


@pytest.mark.parametrize("guess", ["14", "15"])
def test_a_guess_beside_the_age_of_responsibility_reaches_police_and_says_so(
    site: Site, guess: str
) -> None:
    found = plan(site, "offence_by_child", known_by="age", age=guess)
    assert {"POL", "ANK"} <= reached(found)
    assert found.outcomes[0].lead == "POL"
    assert found.uncertain == ("age",)


def test_who_may_be_a_child_is_treated_as_one(site: Site) -> None:
    assert "SOC" in reached(plan(site, "domestic_violence", known_by="age", age="18"))
    assert not plan(site, "domestic_violence", known_by="age", age="19").shares


@pytest.mark.parametrize("guess", ["9", "16"])
def test_a_guess_far_from_any_boundary_changes_nothing(site: Site, guess: str) -> None:
    exact = {"known_by": "birth_date", "birth_date": f"{2026 - int(guess)}-01-01"}
    for topic in TOPICS:
        guessed = plan(site, topic, known_by="age", age=guess)
        assert guessed.outcomes == plan(site, topic, **exact).outcomes
        assert guessed.uncertain == ()
