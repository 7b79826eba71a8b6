"""The rule desk: the table of a municipality, on paper too, and the simulator."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from datetime import date
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

import config
from intake.domain.decision import decision_of
from intake.domain.rule_tables import BESIDE
from intake.language import Language
from intake.services.try_rules import try_rules
from intake.web.forms.try_rules import facts_form
from intake.web.try_rules import link_of
from intake.web.words import KINDS
from routing_rules.book import load_book
from routing_rules.decide import decide
from routing_rules.vocabulary import FieldKind
from tests.look.page_faults import page_faults
from tests.services.publishing import live
from tests.site import Site
from tests.web.rule_desk import LAYER, Editor, changed
from tests.web.test_staff_referral import english

SHIPPED = load_book(config.RULES, date(2026, 6, 2), BESIDE).table("vantaa")
GANG = {"primary": "gang", "categories": ["gang"]}
PLACES = (("kerava", "Kerava"), ("vantaa", "Vantaa"))


def main_of(page: str) -> str:
    return unescape(page[page.index("<main") : page.index("</main>")])


def asked(address: str) -> MultiDict[str, str]:
    return MultiDict(parse_qs(urlsplit(address).query))


def link(site: Site, facts: dict[str, object]) -> str:
    with site.app.test_request_context():
        return link_of(facts, "vantaa")


def usual(**changes: Any) -> dict[str, object]:
    return {**SHIPPED.defaults, **changes}


def test_the_table_of_the_municipality_chosen_is_shown(site: Site) -> None:
    client = english(site, "rules")
    page = client.get("/rules?municipality=kerava").text
    assert "<h1>Routing rules: Kerava</h1>" in page
    assert '<option value="kerava" selected>Kerava</option>' in page
    assert 'href="/rules/try?municipality=kerava"' in page
    assert "?municipality=kerava&amp;lang=sv" in page
    assert client.get("/rules?municipality=atlantis").status_code == 200


@pytest.mark.parametrize("code", ["fi", "sv", "en"])
@pytest.mark.parametrize("path", ["/rules", "/rules/print", "/rules/try", "/rules/try?age=?"])
def test_each_page_of_the_desk_is_without_faults(site: Site, path: str, code: str) -> None:
    client = site.signed_in("rules")
    client.set_cookie("ankkuri_language", code)
    page = client.get(path)
    assert page.status_code == 200
    assert page_faults(page.text) == []
    for raw in ("may_need_protection", "offence_by_child", "lsl26_start", "dont_know"):
        assert raw not in re.sub(r'(name|id|for|value|href|aria-\w+)="[^"]*"', "", page.text)


def test_since_when_the_rules_are_in_force_and_what_names_their_sets(site: Site) -> None:
    one, two = Editor(site), Editor(site, "rules-2")
    two.post(f"{one.proposed(changed(site))}/publish")
    site.hands.move(minutes=2)
    edition = site.parts.rule_drafts.rulebook().edition(site.hands())
    site.hands.move(days=3)
    now = Editor(replace(site, parts=live(site)))
    sets, page, paper = map(now.get, ("/rules/sets", "/rules", "/rules/print"))
    since = Language("en").date_and_time(edition.since)
    for shown in (sets, page, paper):
        assert since in unescape(shown)
    assert [layer for layer, _ in edition.digests] == ["finland", LAYER, "vocabulary"]
    for _, digest in edition.digests:
        assert digest in sets
        assert digest in page
        assert digest[:12] in paper


@pytest.mark.on_both
def test_every_rule_stands_on_the_paper_with_what_it_asks_and_gives(site: Site) -> None:
    page = english(site, "rules").get("/rules/print?municipality=vantaa").text
    rules = site.parts.book.table("vantaa").rules
    for rule in rules:
        assert f'<span class="id">{rule.id}</span>' in page
    assert f"{len(rules)} rules" in page
    for told in ("417/2007 §25.1", "other than: ", "(7 working days, 3 months)", "born"):
        assert told in page, told


@pytest.mark.browser
@pytest.mark.parametrize("code", ["fi", "sv", "en"])
def test_the_shipped_rules_fit_two_sheets_of_paper(site: Site, code: str) -> None:
    from playwright.sync_api import sync_playwright

    client = site.signed_in("rules")
    client.set_cookie("ankkuri_language", code)

    def answer(route: Any) -> None:
        address = urlsplit(route.request.url)
        with client.get(f"{address.path}?{address.query}") as reply:
            headers = {"content-security-policy": reply.headers["Content-Security-Policy"]}
            headers["content-type"] = reply.headers["Content-Type"]
            route.fulfill(status=reply.status_code, body=reply.data, headers=headers)

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page()
        page.route("**/*", answer)
        page.goto("http://desk.example/rules/print?municipality=vantaa")
        paper = page.pdf(prefer_css_page_size=True)
        browser.close()
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 2
    assert re.search(rb"/MediaBox \[0 0 84[12][.\d]* 59[45][.\d]*\]", paper), "not A4, landscape"


def facts_of_the_vocabulary() -> st.SearchStrategy[dict[str, object]]:
    vocabulary = SHIPPED.vocabulary
    key = vocabulary.lead_key
    assert key is not None
    plain = {
        field.name: st.sampled_from(field.values)
        for field in vocabulary.fields.values()
        if field.kind is not FieldKind.SET
    }
    ages = st.one_of(
        st.integers(0, 18),
        st.just("unknown"),
        st.lists(st.integers(0, 18), min_size=2, max_size=6, unique=True).map(sorted),
    )
    more = st.lists(st.sampled_from(key.values), unique=True, max_size=3)
    return st.builds(
        lambda one, age, others: {
            **one,
            "age": age,
            "categories": sorted({*others, one["primary"]}),
        },
        st.fixed_dictionaries(plain),
        ages,
        more,
    )


@settings(max_examples=150, deadline=None)
@given(facts=facts_of_the_vocabulary())
def test_what_is_tried_is_what_the_rules_decide(facts: dict[str, object]) -> None:
    tried = try_rules(SHIPPED, facts)
    assert tried.decision == decision_of(decide(SHIPPED, facts), [SHIPPED])
    told = [*tried.hold, *tried.perhaps, *tried.nearest, *tried.others]
    assert sorted(why.rule for why in told) == sorted(rule.id for rule in SHIPPED.rules)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(facts=facts_of_the_vocabulary())
def test_a_link_opens_the_simulator_with_the_very_facts(
    site: Site, facts: dict[str, object]
) -> None:
    address = link(site, facts)
    form = facts_form(SHIPPED.vocabulary, PLACES, Language("en"), SHIPPED.defaults, asked(address))
    assert form.validate(), form.errors
    found = form.facts
    assert found.pop("categories").__class__ is list
    assert {**found, "categories": facts["categories"]} == facts
    assert sorted(form.categories.cleaned) == facts["categories"]
    assert form.municipality.data == "vantaa"


def test_a_link_shows_who_would_get_it_and_why_by_one_click(site: Site) -> None:
    facts = usual(primary="bullying", categories=["bullying"], urgency="today", consent_hea="no")
    page = english(site, "rules").get(link(site, facts))
    assert page.status_code == 200
    assert page_faults(page.text) == []
    told = main_of(page.text)
    for text in (
        "Lead agency: School",
        "Urgent bullying: police",
        "Urgent (today) (the rule asks: Emergency / Urgent (today))",
        "To be confirmed",
        "needs Yes / Not known; is No",
        "Tue 2 June 2026",
        "1 school day",
        "other rules that do not hold",
    ):
        assert text in told, text
    outcome = decide(site.parts.book.table("vantaa"), facts)
    assert outcome.value("lead") == "PRI"
    for kind in outcome.members("recipients"):
        assert KINDS[kind] in told, kind


def test_nobody_is_said_and_who_is_left_out_with_the_reason(site: Site) -> None:
    nobody = {name: "no" for name in SHIPPED.defaults if name.startswith("consent_")}
    page = english(site, "rules").get(link(site, usual(**nobody, **GANG)))
    told = main_of(page.text)
    assert "Nobody may get such a report." in told
    assert "the reporter was advised to ask for consent" in told
    assert "Who is left out, and why" in told


def test_of_an_age_that_is_not_known_the_uncertainty_is_said(site: Site) -> None:
    facts = usual(primary="offence_by_child", categories=["offence_by_child"], age="unknown")
    told = main_of(english(site, "rules").get(link(site, facts)).text)
    assert "depends on a fact that is not known exactly (Age)" in told
    assert "may be Not known" in told
    assert 'value="?"' in told


def test_untold_facts_are_the_usual_ones_and_the_main_topic_is_a_topic(site: Site) -> None:
    client = english(site, "rules")
    assert "Who would get it" not in client.get("/rules/try?municipality=kerava").text
    told = main_of(client.get("/rules/try?municipality=kerava&primary=gang").text)
    assert "Who would get it in Kerava" in told
    assert 'value="gang" checked' in told
    assert 'value="12"' in told


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("age=abc&urgency=today", "“Age”: write a whole number from 0 to 18"),
        ("age=7-99", "“Age”: write a whole number"),
        ("age=14-7", "“Age”: write a whole number"),
        ("age=", "“Age”: write a whole number"),
        ("age=" + "1" * 5000, "“Age”: write a whole number"),
        ("urgency=someday", "“Urgency”: choose of the options on this page."),
        ("primary=gang&categories=neglect", "“Main topic” is not among “Topics”"),
        ("categories=gang&categories=nonsense&primary=gang", "“Topics”: choose of the options"),
        ("municipality=atlantis&age=3", "“Whose rules”: choose of the options"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_sentence_and_stays(
    site: Site, query: str, said: str
) -> None:
    page = english(site, "rules").get(f"/rules/try?{query}&sector=parish")
    assert page.status_code == 422
    assert page_faults(page.text) == []
    told = main_of(page.text)
    assert told.count(f">{said}") >= 1
    assert told.count("#") >= 1
    assert "Who would get it" not in told
    assert '<option value="parish" selected>' in told
    for name, (typed, *_) in parse_qs(query).items():
        if name == "age":
            assert f'value="{typed}"' in told
        if name == "categories":
            assert f'value="{typed}" checked' in told
