"""An age that is not known exactly: the stricter outcome is chosen, and each page says so."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest

from intake.domain.referral import State
from tests.site import Site
from tests.web.reporter_walk import CHILD, Walk

SIX_OR_SEVEN = {"hetu": "", "birth_date": ["", "", "2019"]}
NEARLY_ADULT = {"hetu": "", "birth_date": ["", "", "2008"]}
ADULT = {"hetu": "", "birth_date": ["", "", "2007"]}
TO_REPORTER = {
    "fi": "Lapsen ikää ei tiedetä tarkasti, joten vaihtoehdoista valittiin tiukempi: ilmoituksen",
    "sv": "Barnets ålder är inte exakt känd, så det strängare alternativet valdes: anmälan",
    "en": "The child’s age is not known exactly, so the stricter outcome was chosen: the report",
}
TO_AGENCY = {
    "fi": "Lapsen ikää ei tiedetä tarkasti, joten vaihtoehdoista valittiin tiukempi.",
    "sv": "Barnets ålder är inte exakt känd, så det strängare alternativet valdes.",
    "en": "The child’s age is not known exactly, so the stricter outcome was chosen.",
}
IF_ADULT = "If the young person has already turned 18, contact adult social services."
CERTAINLY_ADULT = "Somebody aged 18 or over cannot be reported here"
TO_NOBODY = "the report may not be given to anybody"
WITHOUT_DUTY: dict[str, Any] = {
    "worry": {"categories": ["mental_health"], "child_role": "other"},
    "protection": {"may_need_protection": "no"},
}


@pytest.fixture
def walk(site: Site) -> Walk:
    client = site.client()
    client.set_cookie("ankkuri_language", "en")
    return Walk(client)


def check(walk: Walk, language: str = "en") -> str:
    walk.client.set_cookie("ankkuri_language", language)
    return unescape(walk.get("/report/check"))


def agency_reads(site: Site, language: str = "en") -> str:
    (row,) = site.parts.read.inbox(site.visit("soc"), (State.SENT,))
    client = site.signed_in("soc")
    client.set_cookie("ankkuri_language", language)
    return unescape(Walk(client).get(f"/referrals/{row.id}"))


@pytest.mark.parametrize("child", [NEARLY_ADULT, {"hetu": "", "age": "18"}])
def test_reporter_and_agency_are_told_in_their_language(
    site: Site, walk: Walk, child: dict[str, Any]
) -> None:
    walk.fill(child_1=child)
    for language, said in TO_REPORTER.items():
        assert said in check(walk, language)
    walk.send()
    for language, said in TO_AGENCY.items():
        assert said in agency_reads(site, language)


@pytest.mark.parametrize("told", [{"birth_date": ["", "", "2015"]}, {"age": "10"}])
def test_an_age_that_changes_nothing_is_not_spoken_of(
    site: Site, walk: Walk, told: dict[str, Any]
) -> None:
    walk.fill(child_1={"hetu": "", **told})
    assert TO_REPORTER["en"] not in check(walk)
    walk.send()
    assert TO_AGENCY["en"] not in agency_reads(site)


def test_who_may_be_an_adult_is_not_called_one(site: Site, walk: Walk) -> None:
    walk.fill(child_1=NEARLY_ADULT)
    page = check(walk)
    assert IF_ADULT in page
    assert CERTAINLY_ADULT not in page
    walk.send()
    page = agency_reads(site)
    assert "The person may be an adult already" in page
    assert "The person is an adult" not in page


def test_an_adult_beside_somebody_who_may_be_one_is_told_apart(walk: Walk) -> None:
    walk.fill(child_1=NEARLY_ADULT)
    walk.post("/report/child/2", CHILD | ADULT | {"name": "Aikuinen Sisarus"})
    page = check(walk)
    assert IF_ADULT in page
    assert CERTAINLY_ADULT in page


@pytest.mark.parametrize("child", [SIX_OR_SEVEN, {"hetu": "", "age": "7"}])
def test_what_another_age_would_keep_from_everybody_goes_and_is_not_called_kept(
    site: Site, walk: Walk, child: dict[str, Any]
) -> None:
    """At six social services lead; at seven nobody may get it without consent."""
    walk.fill(child_1=child, **WITHOUT_DUTY)
    page = check(walk)
    assert TO_REPORTER["en"] in page
    assert TO_NOBODY not in page
    walk.send()
    page = agency_reads(site)
    assert TO_AGENCY["en"] in page
    assert "Nobody may get the report as it stands" not in page


def test_where_nobody_gets_it_at_any_age_no_outcome_is_called_stricter(walk: Walk) -> None:
    walk.fill(child_1=NEARLY_ADULT, **WITHOUT_DUTY)
    page = check(walk)
    assert TO_NOBODY in page
    assert IF_ADULT in page
    assert TO_REPORTER["en"] not in page
