"""The pages of deadlines, absences, reminders and jobs in a browser: narrow, spaced out, in colour,
and printed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from intake.services.absence import Absences, Away
from intake.store.tables import DeadlineRow
from tests.look.page_faults import page_faults
from tests.look.test_in_browser import COLOURS, TEXT_SPACING, contrast
from tests.services.sending import at
from tests.site import SOC, Site

pytestmark = pytest.mark.browser
SUPERVISOR = (
    "/deadlines",
    "/deadlines/today",
    "/deadlines/ahead",
    "/deadlines/ageing",
    "/deadlines/times",
    "/deadlines/half-year",
    "/deadlines/reconciliation",
    "/deadlines/recount",
    "/deadlines/{late}",
    "/deadlines/{late}/standby",
    "/deadlines/{open}/extend",
    "/reminders",
)
PAGES = (
    *(("supervisor", path) for path in SUPERVISOR),
    ("soc-head", "/absence"),
    ("soc-head", "/absence/of/{member}"),
    ("soc", "/reminders"),
    ("soc", "/referrals/{referral}/deadlines/lsl26_start"),
    ("admin", "/jobs"),
)
PRINTED = ("/deadlines/half-year", "/referrals/{referral}/deadlines/lsl26_start")


@pytest.fixture
def told(site: Site) -> dict[str, str]:
    """A late report and a new one, reminders, and somebody absent; what the addresses name."""
    site.send()
    for _ in range(8):
        site.parts.chase(site.hands.move(days=1))
        site.parts.deliver(site.hands())
    first = at(site, SOC).id
    now = site.hands()
    for who in ("soc-head", "soc-deputy"):
        away = Away(now.date(), None, site.people["soc"])
        Absences(site.parts.database).record(site.visit(who), away, now)
    site.send()
    site.parts.reconcile(now)
    with site.parts.database.read() as connection:
        mine = select(DeadlineRow.id).where(DeadlineRow.agency_id == SOC)
        late = mine.where(DeadlineRow.clock == "urgency", DeadlineRow.due_at < now)
        other = mine.where(DeadlineRow.clock == "lsl26_start", DeadlineRow.due_at > now)
        ids = [connection.scalars(one.limit(1)).one() for one in (late, other)]
    named = {"late": ids[0], "open": ids[1], "member": site.people["soc"], "referral": first}
    return {name: str(value) for name, value in named.items()}


@pytest.fixture
def page(browser: Any) -> Any:
    return browser.new_page(viewport={"width": 320, "height": 800})


def show(page: Any, client: Any, path: str) -> str:
    """Load a page from the site, without a socket; its source."""
    sources: list[str] = []

    def answer(route: Any) -> None:
        with client.get(urlsplit(route.request.url).path) as reply:
            assert reply.status_code == 200, path
            if reply.mimetype == "text/html":
                sources.append(reply.text)
            route.fulfill(status=200, body=reply.data, content_type=reply.content_type)

    page.unroute_all()
    page.route("**/*", answer)
    page.goto(f"http://desk.example{path}")
    return sources[0]


def look_at_each(page: Any, site: Site, pages: Sequence[tuple[str, str]]) -> None:
    """Each path as this person sees it, in Finnish and Swedish: whole, narrow and not faint."""
    clients: dict[str, Any] = {}
    for name, path in pages:
        client = clients.setdefault(name, site.signed_in(name))
        for language in ("fi", "sv"):
            client.set_cookie("ankkuri_language", language)
            assert page_faults(show(page, client, path)) == [], path
            for spaced in (False, True):
                if spaced:
                    page.evaluate(TEXT_SPACING)
                assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
        faint = [row for row in page.evaluate(COLOURS) if contrast(row[1], row[2]) < 7]
        assert faint == [], path


def test_every_page_fits_a_narrow_window_and_can_be_read(
    site: Site, told: dict[str, str], page: Any
) -> None:
    look_at_each(page, site, [(name, path.format(**told)) for name, path in PAGES])


def test_what_goes_on_paper_has_no_controls_and_dark_text_only(
    site: Site, told: dict[str, str], page: Any
) -> None:
    page.emulate_media(media="print")
    for name, pattern in PAGES:
        if pattern in PRINTED:
            show(page, site.signed_in(name), pattern.format(**told))
            for control in ("button", "select", "input", "nav", "header"):
                shown = page.locator(control).filter(visible=True).count()
                assert shown == 0, (pattern, control)
            colours = {row[1] for row in page.evaluate(COLOURS)}
            assert colours == {"rgb(0, 0, 0)"}, pattern
