"""The vocabulary of the rules and what the program states and does are held side by side."""

from __future__ import annotations

import copy
from datetime import date
from typing import Any

import pytest

import config
from intake.domain.facts import VALUES
from intake.domain.rule_tables import BESIDE
from intake.domain.vocabulary import NOTICES, SECTIONS, misfits
from intake.web.forms import words
from intake.web.words import ANSWERS
from intake.web.words import NOTICES as NOTICES_SAID
from intake.web.words import SECTIONS as SECTIONS_SAID
from routing_rules.book import load_book
from routing_rules.load_vocabulary import read_vocabulary
from routing_rules.reading import Table
from routing_rules.vocabulary import Vocabulary

ASKED = {
    "primary": words.CATEGORIES,
    "categories": words.CATEGORIES,
    "reporter_kind": words.REPORTER_KINDS,
    "sector": words.SECTORS,
    "urgency": words.URGENCIES,
    "may_need_protection": words.PROTECTION,
    "made_together": words.YES_NO,
    "crime_against_child": words.CRIMES,
    "child_role": words.CHILD_ROLES,
    "threat_to_life": words.THREATS,
    "weapon": words.YES_NO_UNKNOWN,
}
SHIPPED = load_book(config.RULES, date(2026, 6, 2), BESIDE)


def vocabulary(*path: str, to: Any = None) -> Vocabulary:
    """The shipped vocabulary with one thing in it changed, or left out."""
    raw: dict[str, Any] = copy.deepcopy(dict(SHIPPED.vocabulary.raw))
    table = raw
    for key in path[:-1]:
        table = table[key]
    if path and to is None:
        del table[path[-1]]
    elif path:
        table[path[-1]] = to
    return read_vocabulary(Table(raw, ("vocabulary",), []))


@pytest.mark.parametrize("field", sorted(ASKED))
def test_every_answer_that_can_be_given_is_a_fact_that_can_be_stated(field: str) -> None:
    offered = {value for value, _ in ASKED[field]} - {""}
    assert offered | ({"none"} if field == "sector" else set()) == VALUES[field]


def test_every_fact_notice_and_section_has_words() -> None:
    for field, values in VALUES.items():
        if field != "age":
            assert values <= set(ANSWERS[field]), field
    assert set(NOTICES_SAID) == NOTICES
    assert set(SECTIONS_SAID) == SECTIONS


def test_the_shipped_vocabulary_fits() -> None:
    assert list(misfits(vocabulary())) == []


def test_answers_of_the_next_version_may_be_there_already() -> None:
    more = [*SHIPPED.base.vocabulary.fields["sector"].values, "sport"]
    assert list(misfits(vocabulary("fields", "sector", "values", to=more))) == []


@pytest.mark.parametrize(
    ("path", "to", "told"),
    [
        (("fields", "sector", "values"), ["school", "none"], '"sector" of the vocabulary lacks'),
        (("fields", "weapon", "values"), ["yes", "no"], 'lacks "unknown"'),
        (("fields", "age", "to"), 17, 'lacks "18"'),
        (("fields", "age", "unknown_to"), None, 'lacks "unknown"'),
        (("fields", "made_together"), None, 'do not both have "made_together"'),
        (("fields", "mood"), {"kind": "one", "values": ["good"]}, 'both have "mood"'),
        (("fields", "primary", "member_of"), None, 'the same by "primary"'),
        (("outputs", "notices"), None, 'do not both have "notices"'),
        (("outputs", "notices", "values"), ["sing"], 'knows no notices "sing"'),
        (("outputs", "sections", "values"), ["concern", "photos"], 'knows no sections "photos"'),
        (("outputs", "recipients", "values"), ["SOC", "ARMY"], 'knows no recipients "ARMY"'),
        (("outputs", "alert", "policy"), "collect union", 'the same by "alert"'),
        (("names", "moves"), ["accept", "boss"], 'knows no moves "boss"'),
        (("names", "chase_to"), ["worker", "king"], 'knows no chase_to "king"'),
        (("outputs", "sections", "needs"), None, 'the same by "sections"'),
        (("tiers",), ["county", "law", "municipality", "default"], 'the same by "tiers"'),
    ],
)
def test_what_the_program_cannot_say_or_do_is_found(
    path: tuple[str, ...], to: Any, told: str
) -> None:
    assert any(told in problem for problem in misfits(vocabulary(*path, to=to)))
