"""By what a child is recognised: equal for what people write differently, and for nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.domain.same_child import Mark, MarkKind, marks, plain_code, plain_name

HETU, NAME_BIRTH = MarkKind.HETU, MarkKind.NAME_BIRTH


def of(**identity: Any) -> set[tuple[str, str]]:
    known = {"name": "", "hetu": "", "birth_date": None} | identity
    return {(mark.kind, mark.value) for mark in marks({"identity_1": known})}


def test_a_code_gives_the_birth_date_too_so_that_a_name_alone_matches_later() -> None:
    coded = of(name="Kaisla Keksitty", hetu="010516A901V")
    assert {kind for kind, _ in coded} == {HETU, NAME_BIRTH}
    assert of(name="Kaisla Keksitty", birth_date="2016-05-01") < coded


@pytest.mark.parametrize("typed", ["010516a901v", " 010516A901V ", "010516A 901V"])
def test_a_code_is_the_same_however_it_is_typed(typed: str) -> None:
    assert plain_code(typed) == "010516A901V"


@pytest.mark.parametrize("hyphen", "-\u2010\u2011\u2012\u2013\u2212")
def test_any_hyphen_is_the_sign_of_the_nineteen_hundreds(hyphen: str) -> None:
    assert plain_code(f"010190{hyphen}999K") == "010190-999K"


@pytest.mark.parametrize(("one", "other"), [("010516A901V", "010516B901V")])
def test_codes_that_differ_in_their_sign_alone_are_two_people(one: str, other: str) -> None:
    assert plain_code(one) != plain_code(other)


@pytest.mark.parametrize(
    "typed",
    [
        "kaisla keksitty",
        "KEKSITTY, Kaisla",
        "Keksitty Kaisla",
        "Káisla  Keksitty",
        "Kaisla\u00a0Keksitty",
        "Kaisla Keksitty (2)",
    ],
)
def test_a_name_is_the_same_in_any_order_case_and_spacing(typed: str) -> None:
    assert plain_name(typed) == plain_name("Kaisla Keksitty")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Anna-Maria Öman", "Anna Maria Öman"),
        ("A\u0308yra\u0308s Åke", "Äyräs Åke"),
        ("François Noël", "Francois Noel"),
    ],
)
def test_hyphens_and_foreign_accents_do_not_count(one: str, other: str) -> None:
    assert plain_name(one) == plain_name(other)


@pytest.mark.parametrize(
    ("one", "other"), [("Säde Harju", "Sade Harju"), ("Ålund Eva", "Alund Eva")]
)
def test_the_letters_of_finnish_and_swedish_count(one: str, other: str) -> None:
    assert plain_name(one) != plain_name(other)


@pytest.mark.parametrize(
    "identity",
    [
        {"name": "Kaisla Keksitty", "age": 10},
        {"name": "Kaisla Keksitty", "birth_year": 2016},
        {"name": "Kaisla Keksitty", "unborn": True, "due_date": "2026-09-01"},
        {"name": "Kaisla", "birth_date": "2016-05-01"},
        {"name": "", "birth_date": "2016-05-01"},
        {"name": "Kaisla Keksitty", "birth_date": "toukokuussa"},
    ],
)
def test_an_estimate_a_year_a_first_name_and_an_unborn_child_match_nothing(
    identity: dict[str, Any],
) -> None:
    assert of(**identity) == set()


def test_each_child_of_a_report_is_marked_under_its_number_and_nothing_else_is() -> None:
    found = marks(
        {
            "concern": {"name": "Kaisla Keksitty", "hetu": "010516A901V"},
            "identity_2": {"name": "Ville Keksitty", "birth_date": "2017-01-02"},
        }
    )
    assert found == [Mark(2, NAME_BIRTH, "2017-01-02 keksitty ville")]


@given(st.text(), st.text())
def test_any_text_is_read_without_complaint(name: str, code: str) -> None:
    for mark in marks({"identity_1": {"name": name, "hetu": code}}):
        assert mark.value
