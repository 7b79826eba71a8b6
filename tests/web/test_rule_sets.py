"""Rule sets in the browser: begun, proposed by one person, published by another, withdrawn."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from uuid import uuid4

import pytest
from sqlalchemy import select

from intake.domain.trail import Action
from intake.services.rule_drafts import stamp_of
from intake.services.rule_editor import Editor as Writer
from intake.store import rules
from intake.store.tables import TrailRow
from routing_rules.document import read_document
from tests.look.page_faults import page_faults
from tests.services.publishing import brought, with_extra
from tests.services.test_publish_together import OWN
from tests.site import Site
from tests.web.rule_desk import LAYER, OTHER, WORD, Editor, changed, in_force


def lines(site: Site, action: Action) -> int:
    with site.parts.database.read() as connection:
        found = connection.scalars(select(TrailRow.id).where(TrailRow.action == action))
        return len(found.all())


@pytest.mark.on_both
def test_a_set_goes_the_whole_way_by_two_people(site: Site) -> None:
    one, two = Editor(site), Editor(site, "rules-2")
    text = changed(site)
    digest = read_document(text, LAYER).digest
    draft = one.proposed(text)
    page = one.get(draft)
    for told in ("Sanni Sääntö", digest, "As soon as it is published", "Ask a second rule editor"):
        assert told in page, told
    assert f'href="{draft}/publish"' not in page
    page = two.get(draft)
    assert f'href="{draft}/publish"' in page
    page = two.get(f"{draft}/publish")
    assert digest in page
    assert two.post(f"{draft}/publish") == "/rules/sets?done=published"
    page = two.get("/rules/sets?done=published")
    assert "Comes into force within a minute" in page
    site.hands.move(minutes=2)
    page = one.get("/rules/sets")
    for told in (digest, "Sanni Sääntö", "Rauni Ruutu", "81 rules"):
        assert told in page, told
    assert in_force(site) == text
    one.get(draft, 404)
    assert lines(site, Action.PROPOSE_RULES) == lines(site, Action.PUBLISH_RULES) == 1


def test_who_proposed_is_refused_in_a_sentence(site: Site) -> None:
    one = Editor(site)
    draft = one.proposed(changed(site))
    page = one.post(f"{draft}/publish", 409)
    assert "does not publish it. Ask a second rule editor." in page
    assert lines(site, Action.PUBLISH_RULES) == 0


def test_who_wrote_what_another_proposed_is_refused_too(site: Site) -> None:
    one, two = Editor(site), Editor(site, "rules-2")
    draft = one.drafted(changed(site))
    two.post(f"{draft}/propose")
    assert f'href="{draft}/publish"' not in one.get(draft)
    assert "Ask a second rule editor." in one.post(f"{draft}/publish", 409)
    assert "Ask a second rule editor." in two.post(f"{draft}/publish", 409)


def test_what_nobody_proposed_is_not_published(site: Site) -> None:
    draft = Editor(site).drafted(changed(site))
    two = Editor(site, "rules-2")
    page = two.get(f"{draft}/publish")
    assert "Nobody has proposed this draft as it stands." in page
    assert "Nobody has proposed" in two.post(f"{draft}/publish", 409)


def test_only_what_was_shown_is_published(site: Site) -> None:
    one, two = Editor(site), Editor(site, "rules-2")
    draft = one.proposed(changed(site))
    shown = two.get(f"{draft}/publish")
    old = re.findall(r'name="(seen|digest)" value="([^"]+)"', shown)
    site.hands.move(minutes=1)
    one.post(draft, content=changed(site, WORD, "Jotain muuta."))
    one.post(f"{draft}/propose")
    page = two.post(f"{draft}/publish", 409, **dict(old))
    assert "Look at it again." in page
    assert lines(site, Action.PUBLISH_RULES) == 0


def test_what_does_not_hold_is_not_proposed(site: Site) -> None:
    one = Editor(site)
    draft = one.drafted(changed(site, 'then = { lead = "PRI" }', 'then = { lead = "YOU" }'))
    assert f'href="{draft}/propose"' not in one.get(draft)
    assert "The draft does not hold" in one.post(f"{draft}/propose", 409)
    one.post(draft, content="]")
    assert "The draft cannot be read" in one.post(f"{draft}/propose", 409)


def test_what_says_nothing_new_is_not_proposed(site: Site) -> None:
    one = Editor(site)
    draft = one.begin()
    page = one.get(draft)
    assert "there is nothing to propose yet" in page
    assert f'href="{draft}/propose"' not in page
    assert "there is nothing to publish" in one.post(f"{draft}/propose", 409)


def test_a_draft_begun_before_another_was_published_says_so(site: Site) -> None:
    one, two = Editor(site), Editor(site, "rules-2")
    late = one.drafted(changed(site, WORD, "Toinen."))
    first = one.proposed(changed(site))
    two.post(f"{first}/publish")
    site.hands.move(minutes=2)
    page = one.get(late)
    assert "would be undone. Whoever writes it saves it again and proposes it anew." in page
    assert f'href="{late}/propose"' not in page
    assert "would be undone" in one.post(f"{late}/propose", 409)
    one.post(late, content=one.text(late))
    assert f'href="{late}/propose"' in one.get(late)


def test_a_set_for_a_later_day_waits_and_is_withdrawn(site: Site) -> None:
    one, two = Editor(site), Editor(site, "rules-2")
    day = (site.hands() + timedelta(days=30)).date()
    draft = one.proposed(changed(site), first_day=[str(day.day), str(day.month), str(day.year)])
    two.post(f"{draft}/publish")
    page = one.get("/rules/sets")
    assert "Comes into force later" in page
    found = re.search(r'href="(/rules/publications/[^"]+/withdraw)"', page)
    assert found
    one.get(found[1])
    assert one.post(found[1]) == "/rules/sets?done=withdrawn"
    page = one.get("/rules/sets?done=withdrawn")
    assert "Comes into force later" not in page
    assert "Withdrawn" in page
    assert "It has been withdrawn already." in one.get(found[1], 409)
    assert lines(site, Action.WITHDRAW_RULES) == 1


def test_what_is_in_force_cannot_be_withdrawn(site: Site) -> None:
    one = Editor(site)
    with site.parts.database.read() as connection:
        publication = rules.publications(connection, LAYER)[0]
    page = one.get(f"/rules/publications/{publication.id}/withdraw", 409)
    assert "it cannot be withdrawn" in page


def test_the_first_day_is_a_day_to_come(site: Site) -> None:
    one = Editor(site)
    draft = one.drafted(changed(site))
    page = one.post(f"{draft}/propose", 422, first_day=["1", "6", "2026"])
    assert "Give today or a later day." in page
    page = one.post(f"{draft}/propose", 422, first_day=["31", "6", "2026"])
    assert "There is no day 31.6.2026" in page
    assert 'value="31"' in page


def test_the_first_day_is_at_most_a_year_ahead(site: Site) -> None:
    one = Editor(site)
    draft = one.drafted(changed(site))
    today = site.hands().date()
    days = [today + timedelta(days=days) for days in (366, 367)]
    at_most, beyond = ([str(d.day), str(d.month), str(d.year)] for d in days)
    page = one.post(f"{draft}/propose", 422, first_day=beyond)
    assert page.count("The first day may be a year ahead at most. Check the year.") == 2
    one.post(f"{draft}/propose", first_day=at_most)


@pytest.mark.on_both
def test_the_first_day_of_a_proposal_is_corrected(site: Site) -> None:
    one = Editor(site)
    draft = one.proposed(changed(site), first_day=["1", "9", "2026"])
    page = one.get(draft)
    assert f'<a href="{draft}/propose">Change the first day</a>' in page
    page = one.get(f"{draft}/propose")
    assert re.findall(r'name="first_day"[^>]* value="(\d+)"', page) == ["1", "9", "2026"]
    site.hands.move(minutes=1)
    one.post(f"{draft}/propose", first_day=["1", "10", "2026"])
    page = one.get(draft)
    assert "1 October 2026" in page
    assert "1 September 2026" not in page


def operators(site: Site, text: str) -> str:
    """The address of an operator's proposal."""
    drafts, who = site.parts.rule_drafts, Writer(None)
    draft_id = drafts.bring(who, text, site.hands())
    site.parts.publish.propose(who, draft_id, stamp_of(drafts.draft(who, draft_id)))
    return f"/rules/drafts/{draft_id}"


def test_who_may_only_publish_sees_no_form_to_write(site: Site) -> None:
    drafts, two = site.parts.rule_drafts, Editor(site, "rules-2")
    finland = drafts.last("finland")
    assert finland
    draft = operators(site, finland.text.replace('because.fi = "', 'because.fi = "Siis: ', 1))
    page = two.get(draft)
    assert "<summary>Show the text</summary>" in page
    assert "Change the first day" not in page
    assert f'href="{draft}/publish"' in page
    for step in ("propose", "throw-away"):
        two.get(f"{draft}/{step}", 404)


def test_a_set_that_is_not_there_yet_is_called_as_its_draft_calls_it(site: Site) -> None:
    two = Editor(site, "rules-2")
    draft = operators(site, OWN)
    assert "<h2>The rules of Vantaa</h2>" in two.get("/rules/sets")
    assert "editors write it once it is published." in unescape(two.get("/rules/sets"))
    for page in ("", "/difference", "/publish"):
        assert re.search("<h1>[^<]*: The rules of Vantaa</h1>", two.get(f"{draft}{page}")), page


@pytest.mark.on_both
def test_an_earlier_version_is_published_again_by_way_of_a_draft(site: Site) -> None:
    one, two = Editor(site), Editor(site, "rules-2")
    before = in_force(site)
    two.post(f"{one.proposed(changed(site))}/publish")
    site.hands.move(minutes=2)
    assert "Publish again" in one.get("/rules/sets")
    draft = one.begin(like=read_document(before, LAYER).digest)
    assert one.text(draft) == before
    one.post(f"{draft}/propose")
    two.post(f"{draft}/publish")
    site.hands.move(minutes=2)
    assert in_force(site) == before


def test_a_draft_is_thrown_away_as_it_was_shown(site: Site) -> None:
    one, two = Editor(site), Editor(site, "rules-2")
    draft = one.drafted(changed(site))
    page = two.post(f"{draft}/throw-away", 409, seen="2026-01-01T00:00:00+00:00")
    assert "Look at it again." in page
    assert two.post(f"{draft}/throw-away") == "/rules/sets?done=thrown-away"
    assert "thrown away" in two.get("/rules/sets?done=thrown-away")
    one.get(draft, 404)


def test_the_set_of_another_is_not_there_and_leaves_a_line(site: Site) -> None:
    draft = Editor(site).drafted(changed(site))
    stranger = Editor(site, "rules-police")
    page = stranger.get("/rules/sets")
    assert "Write a new version" not in page
    assert OTHER not in page
    before = lines(site, Action.REFUSED)
    pages = (draft, *(f"{draft}/{p}" for p in ("propose", "publish", "throw-away")))
    pages = (*pages, f"{draft}/difference", f"{draft}/impact")
    for path in pages:
        stranger.get(path, 404)
    assert lines(site, Action.REFUSED) == before + len(pages)
    stranger.get(f"/rules/publications/{uuid4()}/withdraw", 404)
    token = re.search(r'name="csrf_token" value="(\w+)"', page)
    assert token
    for layer in (LAYER, "finland", "nonsense"):
        data = {"csrf_token": token[1]}
        assert stranger.client.post(f"/rules/sets/{layer}/new", data=data).status_code == 404


def test_a_forged_form_does_nothing(site: Site) -> None:
    one = Editor(site)
    draft = one.drafted(changed(site))
    for path in (f"/rules/sets/{LAYER}/new", draft, f"{draft}/propose", f"{draft}/throw-away"):
        answer = one.client.post(path, data={"csrf_token": "0" * 64, "content": "x"})
        assert answer.status_code == 422, path
        assert "The page had been open too long." in answer.text
        assert page_faults(answer.text) == []
    assert len(site.parts.rule_drafts.drafts(Writer(None))) == 1
    assert one.text(draft) == changed(site)


@pytest.mark.on_both
def test_what_nobody_keeps_is_withdrawn_by_who_published_it(site: Site) -> None:
    draft_id, digest = brought(site, with_extra(site), in_days=10)
    two, other = Editor(site, "rules-2"), Editor(site, "rules-police")
    assert two.post(f"/rules/drafts/{draft_id}/publish") == "/rules/sets?done=published"
    assert "/withdraw" not in other.get("/rules/sets")
    page = two.get("/rules/sets")
    assert digest[:12] in page
    (withdraw,) = re.findall(r'href="(/rules/publications/[^"]*/withdraw)"', page)
    assert two.post(withdraw) == "/rules/sets?done=withdrawn"
