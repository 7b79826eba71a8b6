"""The inbox and the supervisor's page, walked from page to page as a reader would."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from benchmarks import two_years
from intake.domain.referral import OPEN
from intake.services.take_over import MOST_OFFERS
from intake.store.tables import DeadlineRow, OutboxRow, ReferralRow
from intake.web import paging
from tests.look.page_faults import page_faults
from tests.site import COUNTY, POL, SOC, TRIAGE, Site
from tests.web.test_staff_referral import english

FEW = 6
REFERENCE = re.compile(r'scope="row"><(?:a|span) class="whole"[^>]*>(A1-\d{6})<')


@pytest.fixture
def crowded(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    """600 invented referrals of the last days, and pages of a few rows."""
    monkeypatch.setattr(paging, "ROWS", FEW)
    two_years.fill(site.parts, 600, [site.people["soc"]], site.hands())
    site.hands.move(days=8)
    return site


def listed(page: str) -> list[str]:
    """The references in the list, below what a desk may take over."""
    return REFERENCE.findall(page.partition('class="filters"')[2])


def pages(client: FlaskClient, path: str) -> Iterator[tuple[str, str]]:
    """Each page of a list with its address, by its links alone."""
    for _ in range(200):
        page = client.get(path)
        assert page.status_code == 200
        yield path, page.text
        link = re.search(r'<a href="([^"]+)">Next page', page.text)
        if link is None:
            return
        path = html.unescape(link[1])
    raise AssertionError("the pages do not end")


def references(site: Site, *, is_open: bool | None = None, agency: str | None = None) -> list[str]:
    wanted = (SOC, TRIAGE) if agency is None else (agency,)
    with site.parts.database.read() as connection:
        rows = connection.execute(
            select(ReferralRow.reference, ReferralRow.state).where(
                ReferralRow.agency_id.in_(wanted)
            )
        ).all()
    return sorted(r.reference for r in rows if is_open is None or (r.state in OPEN) is is_open)


@pytest.mark.parametrize(
    ("query", "is_open", "agency"),
    [
        ("", True, None),
        ("?state=closed", False, None),
        ("?state=all", None, None),
        (f"?state=all&agency={SOC}", None, SOC),
        (f"?state=open&agency={SOC}", True, SOC),
    ],
)
def test_going_from_page_to_page_shows_every_report_once(
    crowded: Site, query: str, is_open: bool | None, agency: str | None
) -> None:
    found: list[str] = []
    for number, (_, page) in enumerate(pages(english(crowded, "soc"), f"/inbox{query}")):
        rows = listed(page)
        assert 0 < len(rows) <= FEW
        found += rows
        assert ("To the first page" in page) == (number > 0)
        assert page_faults(page) == []
    expected = references(crowded, is_open=is_open, agency=agency)
    assert len(expected) > 3 * FEW
    assert sorted(found) == expected


def test_the_supervisors_pages_show_every_running_deadline_once_and_all_counts_on_each(
    crowded: Site,
) -> None:
    own = {a.id for a in crowded.parts.directory.agencies.values() if a.controller == COUNTY}
    with crowded.parts.database.read() as connection:
        rows = connection.execute(
            select(ReferralRow.reference, DeadlineRow.due_at)
            .join(DeadlineRow, DeadlineRow.referral_id == ReferralRow.id)
            .where(DeadlineRow.met_at.is_(None), DeadlineRow.agency_id.in_(own))
        ).all()
    now = crowded.hands()
    late = sum(row.due_at <= now for row in rows)
    soon = sum(now < row.due_at <= now + timedelta(days=3) for row in rows)
    found: Counter[str] = Counter()
    for _, page in pages(english(crowded, "supervisor"), "/deadlines"):
        found.update(REFERENCE.findall(page))
        for figure, text in ((late, "late"), (soon, "due within"), (len(rows), "running in all")):
            assert f"<strong>{figure}</strong> <span>{text}" in page
        assert page_faults(page) == []
    assert late
    assert soon
    assert found == Counter(row.reference for row in rows)


def test_the_late_ones_come_first_and_a_filter_shows_them_alone(crowded: Site) -> None:
    client = english(crowded, "supervisor")
    shown = [page for _, page in pages(client, "/deadlines")]
    late = [
        len(re.findall(r'<tr role="row" class="late">\s*<th[^>]*><a class="whole"', p))
        for p in shown
    ]
    assert late[0] == FEW
    assert late == sorted(late, reverse=True)
    alone = [page for _, page in pages(client, "/deadlines?state=late")]
    assert sum(len(REFERENCE.findall(page)) for page in alone) == sum(late)


def test_filters_and_place_stay_in_the_address_when_the_language_changes(crowded: Site) -> None:
    client = crowded.signed_in("soc")
    (_, first), *_ = pages(english(crowded, "soc"), f"/inbox?state=all&agency={SOC}")
    link = re.search(r'<a href="([^"]+)">Next page', first)
    assert link
    second = html.unescape(link[1])
    asked = parse_qs(urlsplit(second).query)
    assert (asked["state"], asked["agency"]) == (["all"], [SOC])
    languages = re.findall(r'<a href="(\?[^"]*lang=sv)"', client.get(second).text)
    answer = client.get("/inbox" + html.unescape(languages[0]))
    assert parse_qs(urlsplit(answer.location).query) == asked
    swedish = client.get(answer.location).text
    assert 'lang="sv"' in swedish
    assert REFERENCE.findall(swedish) == REFERENCE.findall(client.get(second).text)


@pytest.mark.parametrize(
    "after",
    ["nonsense", "1.2.3", f"4.0.{'0' * 32}", f"1.{'9' * 18}.{'0' * 32}", f"1.٣.{'0' * 32}"],
)
def test_a_place_that_is_none_of_ours_begins_the_list_anew(crowded: Site, after: str) -> None:
    for name, path in (("soc", "/inbox"), ("supervisor", "/deadlines")):
        client = english(crowded, name)
        rows = REFERENCE.findall(client.get(path).text)
        page = client.get(path, query_string={"after": after})
        assert page.status_code == 200
        assert REFERENCE.findall(page.text) == rows


def test_another_agencys_name_in_the_address_changes_nothing(crowded: Site) -> None:
    for name, path in (("soc", "/inbox"), ("supervisor", "/deadlines")):
        client = english(crowded, name)
        shown = client.get(path)
        foreign = client.get(f"{path}?agency={POL}")
        assert REFERENCE.findall(foreign.text) == REFERENCE.findall(shown.text)
        assert f'value="{POL}"' not in foreign.text


def test_the_inbox_counts_what_it_does_not_show(crowded: Site) -> None:
    client = english(crowded, "soc")
    page = client.get("/inbox").text
    count = len(references(crowded, is_open=True))
    assert f"{count} reports, the most pressing first" in page
    late = re.search(r"(\d+) late<", page)
    assert late
    alone = [listed(page) for _, page in pages(client, "/inbox?state=late")]
    assert sum(map(len, alone)) == int(late[1])
    assert f"{late[1]} reports, the most pressing first" in client.get("/inbox?state=late").text


@pytest.mark.on_both
def test_an_agency_in_the_supervisors_table_leads_to_its_own_deadlines(crowded: Site) -> None:
    client = english(crowded, "supervisor")
    page = client.get("/deadlines").text
    assert f'<a href="/deadlines?agency={SOC}">' in page
    found = [
        reference
        for _, page in pages(client, f"/deadlines?agency={SOC}")
        for reference in REFERENCE.findall(page)
    ]
    assert found
    assert set(found) <= set(references(crowded, agency=SOC))


def test_a_list_that_has_run_dry_leads_back_to_its_start(crowded: Site) -> None:
    last = f"3.0.{'0' * 32}"
    page = english(crowded, "soc").get(f"/inbox?state=closed&after={last}").text
    assert "There are no reports to show here." in page
    assert "To the first page" in page
    assert page_faults(page) == []


def test_the_ten_longest_late_may_be_taken_over_and_stand_on_the_first_page_alone(
    crowded: Site,
) -> None:
    for _ in range(MOST_OFFERS):
        crowded.send()
        crowded.hands.move(minutes=1)
    crowded.parts.chase(crowded.hands.move(days=8))
    every = crowded.parts.take_over.offers(crowded.visit("duty"), 1000)
    assert len(every) > MOST_OFFERS
    assert every == sorted(every, key=lambda offer: offer.due_at)
    (_, first), (_, second), *_ = pages(english(crowded, "duty"), "/inbox?state=all")
    assert "You may take over 10 reports or more. Those longest late are shown." in first
    shown = re.findall(r'href="/referrals/([^/"]+)/take_over"', first)
    assert shown == [str(offer.referral_id) for offer in every[:MOST_OFFERS]]
    assert page_faults(first) == []
    assert "take over" not in second


def test_letters_given_up_stand_on_the_first_page_alone(crowded: Site) -> None:
    crowded.parts.chase(crowded.hands())
    with crowded.parts.database.write() as connection:
        connection.execute(
            update(OutboxRow)
            .where(OutboxRow.sent_at.is_(None))
            .values(dead_at=crowded.hands(), attempts=3)
        )
    (_, first), (_, second), *_ = pages(english(crowded, "supervisor"), "/deadlines")
    assert "Reminders that did not reach their reader" in first
    assert page_faults(first) == []
    assert "Reminders that did not reach their reader" not in second


def test_a_refused_post_leaves_the_links_of_the_list_whole(crowded: Site) -> None:
    client = english(crowded, "supervisor")
    refused = client.post(f"/deadlines/letters/{uuid4()}", data={"csrf_token": "stale"})
    assert refused.status_code == 422
    assert 'method="get" action="/deadlines"' in refused.text
    link = re.search(r'<a href="([^"]+)">Next page', refused.text)
    assert link
    following = client.get(html.unescape(link[1]))
    assert REFERENCE.findall(following.text)
    assert following.status_code == 200
