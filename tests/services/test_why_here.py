"""Why it came here: rule by rule, from facts that the agency is entitled to, and from no others."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import config
from intake.domain.entitled import OF_ONE_CHILD
from intake.domain.facts import VALUES
from intake.domain.rule_tables import BESIDE
from intake.services.read import reasons
from intake.services.why_here import ChildExplained, WhyHere
from routing_rules.book import load_book
from routing_rules.explain import Holds, explain, why_of
from routing_rules.vocabulary import FieldKind
from tests.look.page_faults import page_faults
from tests.services.sending import at, hand_over, row_of
from tests.site import ANK, HEA, SOC, YOU, Site, child_answers, worry_answers
from tests.web.test_staff_referral import english

SHIPPED = load_book(config.RULES, date(2026, 6, 2), BESIDE).table("vantaa")
PLACES = {"residence", "school", "agreement", "hours", "school_term"}
EVERYBODY = {"child_consent": "given", "consent_to": ["SOC", "ANK", "HEA", "YOU", "WEL", "PRI"]}
UNPROTECTED = {
    "crime_against_child": "none",
    "may_need_protection": "no",
    "made_together": "no",
}
GUARDIAN = {
    "name": "Kari Keksitty",
    "contact": "",
    "lives_with_child": "yes",
    "suspected_perpetrator": "yes",
}


def gang(**child: Any) -> dict[str, Any]:
    """Of a gang, for the Ankkuri team and youth services, with a guardian who is suspected."""
    answers = worry_answers(
        worry={"categories": ["gang"], "primary": "gang", "child_role": "suspected"},
        consent=EVERYBODY,
    )
    return answers | {"children": [child_answers(**child)], "guardians": [GUARDIAN]}


def sealed(site: Site, name: str, referral: UUID) -> dict[str, Any]:
    """The reasons as they lie in the database, opened with the agency's key."""
    row = row_of(site, referral)
    visit = site.visit(name)
    key = site.parts.read.agency_key(visit, row)
    return reasons(row, site.parts.read.section_keys(visit, row, key))


def test_facts_that_the_rules_do_not_know_explain_nothing(site: Site) -> None:
    site.send(gang())
    found = sealed(site, "ank", at(site, ANK).id)
    agency = site.parts.directory.agency(ANK)
    assert WhyHere(site.parts.rulebook)(found, agency)
    for strange in ({"primary": "nonsense"}, {"nonsense": "yes"}):
        facts = {**found["known"]["facts"], **strange}
        known = {**found, "known": {**found["known"], "facts": facts}}
        assert WhyHere(site.parts.rulebook)(known, agency) == []


def explained(site: Site, name: str, agency: str) -> list[ChildExplained]:
    why = WhyHere(site.parts.rulebook)
    found = sealed(site, name, at(site, agency).id)
    return why(found, site.parts.directory.agency(agency))


def told(found: dict[str, Any]) -> set[str]:
    known = found["known"]
    return {*known["facts"], *(n for child in known["children"].values() for n in child["facts"])}


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_facts_that_are_all_known_explain_as_the_whole_does(data: st.DataObject) -> None:
    fields = SHIPPED.vocabulary.fields.values()
    facts: dict[str, object] = {
        f.name: data.draw(st.sampled_from(f.values)) for f in fields if f.kind is not FieldKind.SET
    }
    facts["age"] = data.draw(
        st.one_of(st.just("unknown"), st.integers(0, 18), st.just([6, 7, 8]), st.just([14, 15]))
    )
    facts["categories"] = sorted({str(facts["primary"]), data.draw(st.sampled_from(fields_of()))})
    for rule, whole in zip(SHIPPED.rules, explain(SHIPPED, facts).rules, strict=True):
        why = why_of(rule, SHIPPED.vocabulary, facts)
        assert (why.rule, why.holds) == (whole.rule, whole.holds)
        assert (set(why.missed), set(why.open)) == (set(whole.missed), set(whole.open))
        part = {name: facts[name] for name in list(facts)[::2]}
        less = why_of(rule, SHIPPED.vocabulary, part)
        assert less.holds in (whole.holds, Holds.PERHAPS)


def fields_of() -> list[str]:
    return [str(value) for value in SHIPPED.vocabulary.fields["categories"].values]


def test_an_agency_never_receives_facts_of_sections_that_it_does_not_get(site: Site) -> None:
    site.send(gang())
    you = sealed(site, "you", at(site, YOU).id)
    assert told(you) == set(VALUES) - PLACES - {"guardian_suspected"}
    assert "areas" not in you["known"]["children"]["1"]
    soc = sealed(site, "soc", at(site, SOC).id)
    assert told(soc) == set(VALUES)
    assert soc["known"]["children"]["1"]["areas"] == ["vantaa"]


@pytest.mark.parametrize("turvakielto", ["yes", "unknown"])
def test_a_protected_home_is_told_to_nobody_without_the_place(site: Site, turvakielto: str) -> None:
    site.send(gang(turvakielto=turvakielto))
    for name, agency in (("ank", ANK), ("you", YOU)):
        found = sealed(site, name, at(site, agency).id)
        assert not told(found) & PLACES
        assert "areas" not in found["known"]["children"]["1"]
        assert '"vantaa"' not in str(found["known"]).replace("'", '"')
        page = english(site, name).get(f"/referrals/{at(site, agency).id}").text
        assert "Municipality of residence:" not in page
        assert "School term:" not in page
        assert "Municipality of residence</dt>" not in page


def test_rules_of_hidden_facts_are_neither_said_to_hold_nor_not(site: Site) -> None:
    site.send(gang())
    (child,) = explained(site, "you", YOU)
    whys = {why.rule: why for why in child.whys}
    assert whys["R6"].holds is Holds.PERHAPS  # a guardian is suspected
    assert whys["R9"].holds is Holds.PERHAPS  # whether an agreement is in force
    assert whys["T10-YOU"].holds is Holds.YES
    assert child.brought == ["T10-YOU"]
    page = unescape(english(site, "you").get(f"/referrals/{at(site, YOU).id}").text)
    assert page_faults(page) == []
    assert "A guardian is suspected:" not in page
    hidden = page.index("These depend also on facts that this agency is not shown")
    assert page.index("A guardian is suspected", hidden) < page.index("These do not hold")
    # Another guardian makes no difference to the page of who does not get the guardians.
    again = gang() | {"guardians": [GUARDIAN | {"suspected_perpetrator": "no"}]}
    site.send(again)
    (other,) = explained(site, "you", YOU)
    assert (other.facts, other.whys) == (child.facts, child.whys)


def test_the_page_says_field_by_field_what_brought_it_and_what_did_not(site: Site) -> None:
    site.send(gang())
    for code in ("fi", "sv", "en"):
        client = site.signed_in("soc")
        client.set_cookie("ankkuri_language", code)
        page = client.get(f"/referrals/{at(site, SOC).id}")
        assert page_faults(page.text) == []
    text = unescape(page.text)
    for words in (
        "A professional's child welfare notification.",
        "<strong>Age:</strong>",
        "10 (the rule asks: 0–17)",
        "needs Emergency / Urgent (today); is Not urgent",
        "These hold too, but did not shape what this agency gets",
    ):
        assert words in text, words
    assert "facts that this agency is not shown" not in text  # it gets every section


def test_each_child_is_explained_for_itself(site: Site) -> None:
    small = child_answers(name="Pikku", known_by="age", hetu="", age="3", school="none")
    site.send(gang() | {"children": [child_answers(), small]})
    first, second = explained(site, "soc", SOC)
    assert first.facts["age"] == 10
    assert second.facts["age"] == [2, 3, 4]
    assert "T00" in second.brought
    assert "T00" not in first.brought
    (alone,) = explained(site, "you", YOU)
    assert alone.number == 1
    assert "protected" not in alone.facts  # the sibling's home might be the protected one
    assert sealed(site, "you", at(site, YOU).id)["known"]["children"].keys() == {"1"}
    page = english(site, "soc").get(f"/referrals/{at(site, SOC).id}").text
    assert page.count("<h4>Child ") == 2


def test_what_is_handed_over_is_explained_by_the_sections_that_go_along(site: Site) -> None:
    site.send(gang() | {"protection": UNPROTECTED})
    first = at(site, ANK).id
    visit = site.visit("ank")
    site.parts.read(visit, first, site.hands())
    second = hand_over(
        site, visit, first, HEA, "consent", ("identity_1", "concern"), "Lapsi suostui."
    )
    found = sealed(site, "hea", second)
    assert not told(found) & {*PLACES, "guardian_suspected", "reporter_kind", "sector"}
    assert not told(found) & {name for name in set(VALUES) if name.startswith("consent_")}
    assert "areas" not in found["known"]["children"]["1"]
    page = english(site, "hea").get(f"/referrals/{second}")
    assert page_faults(page.text) == []
    assert "Why it was first sent to" in page.text
    assert "<strong>Age:</strong>" in page.text


def test_without_the_worry_nothing_of_the_facts_is_handed_over(site: Site) -> None:
    site.send(gang() | {"protection": UNPROTECTED})
    first = at(site, ANK).id
    visit = site.visit("ank")
    site.parts.read(visit, first, site.hands())
    second = hand_over(site, visit, first, HEA, "consent", ("identity_1",), "Lapsi suostui.")
    assert "known" not in sealed(site, "hea", second)
    assert english(site, "hea").get(f"/referrals/{second}").status_code == 200


def test_an_older_referral_and_rules_that_are_not_kept_have_no_such_part(site: Site) -> None:
    site.send(gang())
    found = sealed(site, "soc", at(site, SOC).id)
    agency = site.parts.directory.agency(SOC)
    why = WhyHere(site.parts.rulebook)
    assert len(why(found, agency)) == 1
    assert why({k: v for k, v in found.items() if k != "known"}, agency) == []
    assert why(found | {"known": found["known"] | {"rules": "0" * 64}}, agency) == []


def test_rules_that_only_one_of_an_agencys_municipalities_has_are_not_told_without_the_place(
    site: Site,
) -> None:
    """Which table decided would tell where the child lives."""
    site.send(gang())
    found = sealed(site, "you", at(site, YOU).id)
    agency = site.parts.directory.agency(YOU)
    book = site.parts.book
    fewer = replace(SHIPPED, rules=SHIPPED.rules[1:], digest="another")
    book = replace(book, tables={**book.tables, "kerava": fewer})
    wide = replace(agency, municipalities=("vantaa", "kerava"))
    why = WhyHere(site.parts.rulebook)
    known = found | {"known": found["known"] | {"rules": book.digest}}
    site.parts.rulebook._books[site.parts.rulebook.edition(site.hands()).digests] = book
    try:
        (child,) = why(known, wide)
    finally:
        site.parts.rulebook._books.clear()
    assert SHIPPED.rules[0].id not in child.rules
    assert len(child.rules) == len(SHIPPED.rules) - 1
    assert OF_ONE_CHILD[0] in child.facts
