"""A child of whom only the year of birth is known goes the whole way."""

from __future__ import annotations

import json
import re
from html import unescape

import pytest

from intake.domain.answers import worry_of
from intake.domain.deadline import local_date
from intake.domain.referral import State
from intake.language import Language
from intake.services.draft import Draft
from intake.vault.own import VisitorSecret
from intake.web.told import Telling
from tests.site import Site, worry_answers
from tests.web.filled import posted, typed_worry
from tests.web.keying import keyed
from tests.web.reporter_walk import CHILD, Walk

BORN_IN = {"hetu": "", "birth_date": ["", "", "2012"]}
SAID = {
    "fi": "2012 (vain vuosi on tiedossa)",
    "sv": "2012 (bara året är känt)",
    "en": "2012 (only the year is known)",
}


@pytest.fixture
def walk(site: Site) -> Walk:
    return Walk(site.client())


def in_each_language(walk: Walk, path: str) -> dict[str, str]:
    """The year of birth as the page says it."""
    found = {}
    for code, said in SAID.items():
        walk.client.set_cookie("ankkuri_language", code)
        found[code] = said if said in unescape(walk.get(path)) else ""
    return found


def test_reporter_and_agency_read_the_year(site: Site, walk: Walk) -> None:
    walk.fill(child_1=BORN_IN)
    assert in_each_language(walk, "/report/check") == SAID
    walk.send()
    assert in_each_language(walk, "/receipt/copy") == SAID
    receipt = site.parts.submit.receipt(VisitorSecret.parse(walk.cookie()))
    assert receipt is not None
    assert receipt.copy is not None
    assert worry_of(receipt.copy).children[0].birth_year == 2012
    (row,) = site.parts.read.inbox(site.visit("soc"), (State.SENT,))
    assert in_each_language(Walk(site.signed_in("soc")), f"/referrals/{row.id}") == SAID
    sections = site.parts.read(site.visit("soc"), row.id, site.hands()).sections
    assert sections["identity_1"]["birth_year"] == 2012
    assert "birth_year" not in sections["place_1"]


def test_staff_key_it_in(site: Site) -> None:
    walk = keyed(site, child_1=BORN_IN)
    assert SAID["en"] in unescape(walk.get(f"{walk.under}/report/check"))
    walk.send()


def test_the_page_says_how(walk: Walk) -> None:
    walk.post("/report/who", {"kind": "professional"})
    assert "Jos tiedossa on vain vuosi, jätä päivä ja kuukausi tyhjiksi." in walk.get(
        "/report/child/1"
    )


def test_the_year_survives_a_page_that_is_not_finished(walk: Walk) -> None:
    walk.post("/report/who", {"kind": "professional"})
    failed = walk.post("/report/child/1", CHILD | BORN_IN | {"municipality": ""}, 422)
    for page in (failed, walk.get("/report/child/1")):
        assert re.findall(r'name="birth_date"[^>]*value="([^"]*)"', page) == ["", "", "2012"]


def test_a_draft_from_before_there_was_a_year_opens_and_is_sent(site: Site, walk: Walk) -> None:
    """Its boxes are the same: a whole date is one still, and a year that was refused is taken."""
    whole = posted(CHILD | {"hetu": "", "birth_date": ["1", "5", "2016"]})
    draft = typed_worry() | {"children": [whole, posted(CHILD | BORN_IN)]}
    secret = VisitorSecret.new()
    Draft(site.parts.database).save(secret, draft, site.hands())
    walk.client.set_cookie("ankkuri_draft", secret.cookie)
    checked = walk.get("/report/check")
    walk.send()
    for page in (checked, walk.get("/receipt/copy")):
        assert "1.5.2016" in page
        assert SAID["fi"] in page


def test_a_report_that_was_sealed_before_there_was_a_year_is_still_told(site: Site) -> None:
    sections = {
        slot: json.loads(content) for slot, content in worry_of(worry_answers()).sections().items()
    }
    del sections["identity_1"]["birth_year"]
    telling = Telling(Language("en"), site.parts.directory, local_date(site.hands()))
    (child,) = telling(sections).children
    assert ("Born", "Sun 1 May 2016 (age 10)", None) in child.rows
