"""The widest lists fit every window: from a phone's to a zoomed desktop's."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest

from benchmarks import two_years
from tests.site import Site

WIDTHS = (320, 390, 768, 800, 960, 961, 1024, 1216, 1280)

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("soc", "/inbox"),
        ("soc", "/account/log"),
        ("supervisor", "/deadlines"),
        ("auditor", "/trail"),
        ("auditor", "/trail/unusual"),
        ("auditor", "/trail/extract"),
    ],
)
def test_a_list_never_runs_past_the_edge(site: Site, browser: Any, name: str, path: str) -> None:
    two_years.fill(site.parts, 60, [site.people["soc"]], site.hands())
    site.hands.move(days=8)
    site.parts.chase(site.hands())
    client = site.signed_in(name)
    too_wide: list[tuple[str, int, int]] = []

    def answer(route: Any) -> None:
        address = urlsplit(route.request.url)
        with client.get(f"{address.path}?{address.query}") as reply:
            assert reply.status_code == 200
            route.fulfill(status=200, body=reply.data, content_type=reply.content_type)

    page = browser.new_page()
    page.route("**/*", answer)
    for language in ("fi", "sv"):
        client.set_cookie("ankkuri_language", language)
        page.goto(f"http://lists.example{path}")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            taken = page.evaluate("document.documentElement.scrollWidth")
            if taken > width:
                too_wide.append((language, width, taken))
    assert too_wide == []
