"""A worry's facts, sections, consent and the act that it is made under."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest

import config
from intake.domain.answers import worry_of
from intake.domain.directory import Kind
from intake.domain.facts import Surroundings, facts_of
from intake.domain.report import (
    TO_SOCIAL,
    Child,
    Consent,
    ReportType,
    report_type,
    type_once_moved,
)
from intake.domain.rule_tables import BESIDE
from intake.vault.envelope import SLOT_MINIMUM, SLOTS
from routing_rules.book import load_book
from tests.site import child_answers, worry_answers

TODAY = date(2026, 6, 2)
AROUND = Surroundings(agreement=True, office_open=True, school_term=True)


def child(**changes: object) -> Child:
    answers = worry_answers()
    answers["children"] = [child_answers(**changes)]
    return worry_of(answers).children[0]


def consent(**changes: object) -> Consent:
    return worry_of(worry_answers(consent=changes)).consent


def test_facts_speak_exactly_the_vocabulary_of_the_rules() -> None:
    worry = worry_of(worry_answers())
    facts = facts_of(worry, worry.children[0], TODAY, AROUND)
    vocabulary = load_book(config.RULES, date(2026, 6, 2), BESIDE).base.vocabulary
    assert set(facts) == set(vocabulary.fields)


def test_an_unknown_turvakielto_counts_as_protected() -> None:
    assert [child(turvakielto=value).protected for value in ("yes", "unknown", "no")] == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("own", "guardian", "covers"),
    [
        ("given", "not_asked", True),
        ("given", "refused", True),
        ("refused", "given", False),
        ("not_asked", "given", False),
        ("lacks_understanding", "given", True),
        ("lacks_understanding", "not_asked", False),
    ],
)
def test_the_childs_own_word_decides_on_consent(own: str, guardian: str, covers: bool) -> None:
    given = consent(child_consent=own, guardian_consent=guardian, consent_to=["ANK"])
    assert given.covers("ANK") == covers
    assert not given.covers("HEA"), "consent reaches the recipients that were named, no others"


NO_PROTECTION = {"protection": {"may_need_protection": "no"}}
BY_CONSENT = NO_PROTECTION | {"consent": {"child_consent": "given", "consent_to": ["SOC"]}}
TOGETHER = {"protection": {"made_together": "yes"}}
CRIME = {"protection": {"may_need_protection": "no", "crime_against_child": "violence"}}
PRIVATE = {"reporter": {"kind": "private_person"}}
NOTIFICATION = ReportType.CHILD_WELFARE_NOTIFICATION


@pytest.mark.parametrize(
    ("pages", "to", "expected"),
    [
        ({}, {Kind.SOC, Kind.POL}, NOTIFICATION),
        ({"protection": {"may_need_protection": "dont_know"}}, {Kind.SOC}, NOTIFICATION),
        (TOGETHER, {Kind.SOC}, ReportType.SUPPORT_CONTACT),
        (BY_CONSENT, {Kind.SOC}, ReportType.SUPPORT_CONTACT),
        (CRIME, {Kind.SOC, Kind.POL}, NOTIFICATION),
        (CRIME | PRIVATE, {Kind.SOC, Kind.POL}, ReportType.SUPPORT_CONTACT),
        (NO_PROTECTION, {Kind.SOC, Kind.ANK}, ReportType.SUPPORT_CONTACT),
        (NO_PROTECTION, {Kind.ANK, Kind.PRI}, ReportType.ANKKURI_CONTACT),
        (NO_PROTECTION, {Kind.PRI}, ReportType.OTHER_CONTACT),
        ({}, {Kind.POL}, ReportType.OTHER_CONTACT),
    ],
)
def test_the_act_is_derived_from_the_answers_and_from_who_gets_it(
    pages: dict[str, dict[str, object]], to: set[Kind], expected: ReportType
) -> None:
    kind, reason = report_type(worry_of(worry_answers(**pages)), to)
    assert kind is expected
    assert reason.key


def test_not_knowing_is_not_told_as_a_yes() -> None:
    sure, unsure = (
        report_type(worry_of(worry_answers(protection={"may_need_protection": answer})), {Kind.SOC})
        for answer in ("yes", "dont_know")
    )
    assert sure[0] is unsure[0] is NOTIFICATION
    assert sure[1] != unsure[1]


@pytest.mark.parametrize("sent_as", [ReportType.ANKKURI_CONTACT, ReportType.OTHER_CONTACT])
def test_a_report_that_moves_to_social_services_is_a_contact_for_support(
    sent_as: ReportType,
) -> None:
    assert type_once_moved(sent_as, "x", Kind.SOC) == (ReportType.SUPPORT_CONTACT, TO_SOCIAL)
    assert type_once_moved(sent_as, "x", Kind.WEL) == (sent_as, "x")
    assert type_once_moved(NOTIFICATION, "x", Kind.SOC) == (NOTIFICATION, "x")


def test_an_unborn_child_makes_an_anticipatory_notification() -> None:
    worry = worry_of(worry_answers())
    unborn = child(known_by="unborn")
    worry = replace(worry, children=(unborn,))
    assert report_type(worry, {Kind.SOC})[0] is ReportType.ANTICIPATORY
    with_a_sibling = replace(worry, children=(unborn, child()))
    assert report_type(with_a_sibling, {Kind.SOC})[0] is NOTIFICATION


def test_an_anonymous_reporter_leaves_no_name_and_a_professional_cannot_be_one() -> None:
    private = worry_of(
        worry_answers(reporter={"kind": "private_person", "anonymous": True, "name": "Nimi"})
    ).reporter
    assert (private.anonymous, private.name, private.phone, private.organisation) == (
        True,
        "",
        "",
        "",
    )
    assert not worry_of(worry_answers(reporter={"anonymous": True})).reporter.anonymous


def test_sections_fill_known_slots_and_an_ordinary_one_stays_in_its_smallest_bucket() -> None:
    sections = worry_of(worry_answers()).sections()
    assert set(sections) <= set(SLOTS)
    for slot, content in sections.items():
        assert len(content) < SLOT_MINIMUM[slot] - 4
    place = json.loads(sections["place_1"])
    identity = json.loads(sections["identity_1"])
    assert {"hetu", "birth_date", "birth_year", "age"} <= set(identity)
    assert place["school_class"] == "4 B"
    assert not set(place) & set(identity), "where a child is lies apart from who the child is"
