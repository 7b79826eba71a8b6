from __future__ import annotations

import re

import pytest
from hypothesis import given, settings

from benchmarks.invented_rules import random_facts
from intake.domain.rule_tables import BESIDE
from routing_rules.canonical import canonical
from routing_rules.cases import run_cases
from routing_rules.decide import decide, matched
from routing_rules.document import read_document
from routing_rules.load import load
from routing_rules.rule import Give
from tests.rules.edits import effective
from tests.rules.naive import Naive
from tests.rules.shipped import BASE, BOOK, FOLDER, SHIPPED, facts_of

NORMAL = {case.id: case for case in SHIPPED.cases}["row-16"].facts
PLACEHOLDER = {
    "fi": "Oikeusperuste on vahvistettava.",
    "sv": "Den rättsliga grunden ska bekräftas.",
    "en": "The legal basis is to be confirmed.",
}


def test_every_shipped_case_holds() -> None:
    problems = [line for result in run_cases(SHIPPED) for line in result.problems]
    assert problems == []


def test_every_rule_shapes_the_outcome_of_some_case_and_is_named_by_one() -> None:
    ids = {rule.id for rule in SHIPPED.rules}
    shaped = {rule for result in run_cases(SHIPPED) for rule in result.shaped}
    named = {rule for case in SHIPPED.cases for rule in case.hits}
    assert ids - shaped == set()
    assert ids - named == set()


def test_a_case_that_expects_something_else_fails() -> None:
    text = BOOK.documents["ita-uusimaa"].text
    right = 'lead = "HEA", recipients = ["HEA", "YOU"]'
    assert text.count(right) == 1
    wrong = read_document(text.replace(right, 'lead = "SOC", recipients = ["HEA"]'), "x").raw
    failed = [each for each in run_cases(effective(ita_uusimaa=dict(wrong))) if not each.holds]
    assert [(result.case, len(result.problems)) for result in failed] == [("row-2-older", 2)]


def test_an_unconfirmed_basis_is_said_in_the_reason() -> None:
    for rule in SHIPPED.rules:
        unsure = rule.basis is not None and not rule.basis.confirmed
        for language, sentence in PLACEHOLDER.items():
            assert (sentence in rule.because[language]) == unsure, rule.id


def test_no_rule_says_who_leads_since_that_is_weighed_over_all_of_them() -> None:
    claims = {
        "fi": re.compile(r"vastuu|vastaa\b|vastaavat", re.I),
        "sv": re.compile(r"ansvar", re.I),
        "en": re.compile(r"\blead|responsible", re.I),
    }
    for rule in SHIPPED.rules:
        for language, claim in claims.items():
            said = f"{rule.title[language]} {rule.because[language]}"
            assert not claim.search(said), f"{rule.id}: {said}"


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.toml")))
def test_every_text_of_the_shipped_sets_is_there_in_three_languages(name: str) -> None:
    def texts(value: object) -> list[dict[str, object]]:
        if isinstance(value, list):
            return [text for item in value for text in texts(item)]
        if not isinstance(value, dict):
            return []
        inner = [text for item in value.values() for text in texts(item)]
        return [value, *inner] if {"fi", "sv", "en"} & set(value) else inner

    raw = dict(read_document((FOLDER / f"{name}.toml").read_text("utf-8"), name).raw)
    found = texts(raw)
    assert all(set(text) == {"fi", "sv", "en"} for text in found)
    assert bool(found) == (name != "vocabulary")


def test_the_digest_names_the_content_and_not_the_layout() -> None:
    text = BOOK.documents["ita-uusimaa"].text

    def digest(changed: str) -> str:
        return effective(ita_uusimaa=dict(read_document(changed, "x").raw)).digest

    assert digest(text) == SHIPPED.digest
    head = 'id = "R9"\ntier = "county"\n'
    assert head in text
    assert digest(text.replace(head, '# moved\ntier = "county"\n\nid   =   "R9"\n')) == (
        SHIPPED.digest
    )
    for old, new in [
        (head, 'id = "R9"\ntier = "municipality"\n'),
        ("Kunnalla ei ole", "Kunnalla ei nyt ole"),
        ('title = "An unborn child"', 'title = "A child unborn"'),
        ('"vantaa", ', ""),
    ]:
        assert old in text
        assert digest(text.replace(old, new, 1)) != SHIPPED.digest, new


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("count = 7", "count = 8"),
        ('working_days = -3\nat = "09:00"', 'working_days = -3\nat = "10:00"'),
        ('desk = "duty", basis = "shl29"', 'desk = "triage", basis = "shl29"'),
    ],
)
def test_a_change_of_the_base_changes_the_digest_of_every_set_over_it(old: str, new: str) -> None:
    text = BOOK.documents["finland"].text
    assert old in text
    changed = read_document(text.replace(old, new, 1), "x").raw
    assert effective(finland=dict(changed)).digest != SHIPPED.digest


def test_the_canonical_form_is_plain_sorted_json() -> None:
    value = {"b": frozenset({"z", "a"}), "a": (1, None, "ä")}
    assert canonical(value) == '{"a":[1,null,"ä"],"b":["a","z"]}'.encode()


def test_an_area_that_no_set_names_has_the_base() -> None:
    assert BOOK.table("nowhere") is BASE
    assert BOOK.table(None) is BASE
    assert {SHIPPED.digest, BASE.digest} >= {table.digest for table, _ in BOOK.distinct}


def agrees_on(count: int) -> None:
    for number, facts in enumerate(random_facts(SHIPPED.vocabulary, count, seed=20260602)):
        naive = Naive(SHIPPED, facts)
        found = {give: set(ids) for give, ids in decide(SHIPPED, facts).given.items()}
        assert found == naive.credits, (number, facts)
        assert set(matched(SHIPPED, facts)) == {rule.id for rule in naive.matching}


def test_two_thousand_reports_come_out_as_the_naive_reading_says() -> None:
    agrees_on(2_000)


@pytest.mark.slow
def test_ten_thousand_reports_come_out_as_the_naive_reading_says() -> None:
    agrees_on(10_000)


LEAVE_SENT = {"accept", "lsl26_start", "lsl26_complete"}
"""Clocks that no move meets while a referral is still unaccepted."""


@settings(max_examples=200, deadline=None)
@given(facts=facts_of(SHIPPED.vocabulary))
def test_every_set_of_facts_has_a_lead_or_advice(facts: dict[str, object]) -> None:
    outcome = decide(SHIPPED, facts)
    kinds = outcome.members("recipients")
    lead = outcome.value("lead")
    assert lead in kinds or (lead == "nobody" and not kinds)
    assert kinds or outcome.members("notices")
    assert set(kinds) & set(outcome.members("withhold")) <= {"HEA"}, "by need of care alone"
    for kind in kinds:
        assert outcome.members("recipients basis", kind)
        assert outcome.members("sections", kind)
        assert outcome.value("desk", kind)
        clocks = set(outcome.members("clocks", kind))
        assert clocks & LEAVE_SENT, "urgency alone would fall silent once recorded"
    if facts["age"] == 18 and facts["unborn"] == "no":
        assert kinds == (("POL",) if facts["threat_to_life"] == "to_others" else ())
        assert "adult_services" in outcome.members("notices")
    if facts["unborn"] == "yes":
        assert set(kinds) <= {"SOC", "POL"}


@settings(max_examples=200, deadline=None)
@given(facts=facts_of(SHIPPED.vocabulary))
def test_the_duty_to_notify_always_reaches_social_services(facts: dict[str, object]) -> None:
    if "R1" not in matched(SHIPPED, facts):
        facts |= {"reporter_kind": "professional", "may_need_protection": "dont_know"}
        facts |= {"age": 17 if facts["age"] == 18 else facts["age"], "unborn": "no"}
    outcome = decide(SHIPPED, facts)
    assert "SOC" in outcome.members("recipients")
    assert {"urgency", "lsl26_start", "lsl26_complete"} <= set(outcome.members("clocks", "SOC"))


@settings(max_examples=200, deadline=None)
@given(facts=facts_of(SHIPPED.vocabulary))
def test_who_is_withheld_gets_it_by_law_only(facts: dict[str, object]) -> None:
    hit = [SHIPPED.by_id[name] for name in matched(SHIPPED, facts)]
    outcome = decide(SHIPPED, facts)
    for kind in {value for rule in hit for value in rule.given("withhold")}:
        givers = outcome.given.get(Give("recipients", "", kind), ())
        assert {SHIPPED.by_id[name].tier for name in givers} <= {"law"}
    if facts["protected"] == "yes":
        for kind in set(outcome.members("recipients")) - {"SOC", "POL"}:
            assert "place" not in outcome.members("sections", kind)


@settings(max_examples=60, deadline=None)
@given(facts=facts_of(SHIPPED.vocabulary))
def test_an_unknown_age_is_never_milder_than_a_known_one(facts: dict[str, object]) -> None:
    outputs = SHIPPED.vocabulary.outputs
    unknown = decide(SHIPPED, facts | {"age": "unknown"})
    for age in range(18):
        for give in decide(SHIPPED, facts | {"age": age}).given:
            output = outputs.get(give.output)
            if output and output.single:
                strictest = unknown.value(give.output, give.of)
                assert strictest is not None
                assert output.rank(strictest) <= output.rank(give.value)
            else:
                assert give in unknown.given


def test_a_change_of_age_that_changes_nothing_is_not_uncertain() -> None:
    assert decide(SHIPPED, {**NORMAL, "age": [8, 9]}).uncertain == ()
    assert decide(SHIPPED, {**NORMAL, "age": [17, 18]}).uncertain == ("age",)


def test_loading_a_set_by_its_path_gives_what_the_book_gives() -> None:
    assert load(FOLDER / "ita-uusimaa.toml", beside=BESIDE).digest == SHIPPED.digest
