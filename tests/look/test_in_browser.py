from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.look.gallery import gallery
from tests.look.test_components import luminance, typed

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self';"
    " require-trusted-types-for 'script'; trusted-types 'none'"
)
TEXT_SPACING = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: 0.12em !important;
    word-spacing: 0.16em !important } p { margin-block-end: 2em !important }`);
  document.adoptedStyleSheets = [sheet];
}"""
SMALL_TARGETS = """() =>
  [...document.querySelectorAll("a, button, input, select, textarea, summary")]
  .filter((e) => e.checkVisibility() && e.type !== "hidden" && !e.matches(".skip"))
  .map((e) => [e.outerHTML.slice(0, 80), e.getBoundingClientRect()])
  .filter(([, box]) => box.height < 43.9 || box.width < 24)
  .map(([html, box]) => `${box.width}x${box.height} ${html}`)"""
COLOURS = """() => {
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const colour = getComputedStyle(e).backgroundColor;
      if (colour !== "rgba(0, 0, 0, 0)") return colour;
    }
    return "rgb(255, 255, 255)";
  };
  return [...document.querySelectorAll("body *")]
    .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
    .filter((e) => e.checkVisibility())
    .map((e) => [e.outerHTML.slice(0, 80), getComputedStyle(e).color, ground(e)]);
}"""

pytestmark = pytest.mark.browser


@pytest.fixture(params=[320, 390, 1280])
def page(request: pytest.FixtureRequest, browser: Any) -> Iterator[Any]:
    """The gallery with its errors, under the service's own content policy; no socket is used."""
    client = gallery().test_client()
    shown = typed(client).encode()
    page = browser.new_page(viewport={"width": request.param, "height": 800})
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))

    def answer(route: Any) -> None:
        path = urlsplit(route.request.url).path
        if path == "/":
            body, kind = shown, "text/html; charset=utf-8"
        else:
            with client.get(path) as reply:
                body, kind = reply.data, reply.content_type
        headers = {"content-type": kind, "content-security-policy": CSP}
        route.fulfill(status=200, body=body, headers=headers)

    page.route("**/*", answer)
    page.goto("http://gallery.example/")
    yield page
    page.close()
    assert said == []


def contrast(one: str, other: str) -> float:
    """WCAG contrast of two rgb(r, g, b) colours."""
    hexes = [
        "#{:02x}{:02x}{:02x}".format(*(int(p) for p in c[4:-1].split(","))) for c in (one, other)
    ]
    dark, light = sorted(luminance(colour) for colour in hexes)
    return (light + 0.05) / (dark + 0.05)


def test_nothing_runs_past_the_edge_even_with_wide_text_spacing(page: Any) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.evaluate(TEXT_SPACING)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_every_target_is_large_enough_for_a_finger(page: Any) -> None:
    assert page.evaluate(SMALL_TARGETS) == []


def test_every_text_shown_keeps_seven_to_one(page: Any) -> None:
    faint = [row for row in page.evaluate(COLOURS) if contrast(row[1], row[2]) < 7]
    assert faint == []


def test_the_error_summary_has_the_focus(page: Any) -> None:
    assert page.evaluate("document.activeElement.className") == "summary"


def test_the_printed_page_has_dark_text_only_and_no_controls(page: Any) -> None:
    page.emulate_media(media="print")
    assert not page.is_visible(".leave")
    assert not page.is_visible(".button >> nth=0")
    panel = page.evaluate("getComputedStyle(document.querySelector('.panel')).color")
    assert panel == "rgb(0, 0, 0)"


def test_leaving_replaces_the_page_so_that_back_does_not_return(page: Any) -> None:
    before = page.evaluate("history.length")
    page.route("**/leave", lambda route: route.fulfill(status=200, body="elsewhere"))
    page.click("[data-leave]")
    page.wait_for_url("**/leave")
    assert page.evaluate("history.length") == before
