from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from intake.domain.referral import State
from intake.services.route import Route
from intake.services.tidy import DRAFT_IDLE, Tidy
from intake.vault.own import VisitorSecret
from tests.site import Site, token_in
from tests.web.reporter_walk import (
    OBSERVATIONS,
    WAY,
    Walk,
    code_in,
    errors_in,
)


@pytest.fixture
def walk(site: Site) -> Walk:
    return Walk(site.client())


def test_sending_again_gives_the_same_code(walk: Walk) -> None:
    walk.fill()
    page = walk.get("/report/check")
    for _ in range(3):
        assert walk.press(page, "/report/send") == "/receipt"
    assert code_in(walk.get("/receipt")) == walk.send_from(page)


@pytest.mark.on_both
def test_two_clicks_at_once_make_one_report(
    site: Site, walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second click read the draft before the first one's report was stored."""
    walk.fill()
    answers: list[Any] = []
    other = Walk(site.client())
    other.client.set_cookie("ankkuri_draft", walk.cookie())
    page = walk.get("/report/check")
    route = Route.__call__

    def overtaken(*arguments: Any) -> Any:
        if not answers:
            answers.append(None)
            answers.append(other.press(page, "/report/send"))
        return route(*arguments)

    monkeypatch.setattr(Route, "__call__", overtaken)
    assert walk.press(page, "/report/send") == "/receipt"
    assert answers[1] == "/receipt"
    assert code_in(walk.get("/receipt")) == code_in(other.get("/receipt"))
    assert len(site.parts.read.inbox(site.visit("soc"), (State.SENT,))) == 1


def test_going_back_after_sending_shows_the_receipt(walk: Walk) -> None:
    walk.fill()
    walk.send()
    for path in ("who", "reporter", "children", "child/1", "guardians", "worry", "check", "erase"):
        answer = walk.client.get(f"/report/{path}")
        assert (answer.status_code, answer.location) == (303, "/receipt")
    assert "Ilmoituksesi on lähetetty." in walk.get("/")


def test_a_page_posted_after_sending_says_so_and_keeps_its_text(walk: Walk) -> None:
    walk.fill()
    token = token_in(walk.get("/report/observations"))
    walk.send()
    late = OBSERVATIONS | {"seen": "Lisään vielä tämän."}
    page = walk.post_with(token, "/report/observations", late, 422)
    assert errors_in(page)[0].startswith("Ilmoitus on jo lähetetty")
    assert "Lisään vielä tämän." in page


def test_the_receipt_stays_until_its_code_is_noted(site: Site, walk: Walk) -> None:
    walk.fill()
    code = walk.send()
    assert "Ota koodi ensin talteen ja rastita sitten ruutu." in errors_in(
        walk.post_with(token_in(walk.get("/receipt")), "/receipt/noted", {}, 422)
    )
    assert OBSERVATIONS["seen"] in walk.get("/receipt/copy")
    secret = walk.cookie()
    token = token_in(walk.get("/receipt"))
    assert walk.post_with(token, "/receipt/noted", {"noted": "y"}) == "/receipt/noted"
    assert walk.client.get_cookie("ankkuri_draft") is None
    page = walk.get("/receipt/noted")
    assert code not in page
    walk.get("/receipt", 404)
    walk.get("/receipt/copy", 404)
    walk.client.set_cookie("ankkuri_draft", secret)  # even for who kept the cookie
    walk.get("/receipt/copy", 404)
    assert walk.client.get("/receipt").location == "/receipt/noted"


def test_nobody_is_thanked_for_a_report_that_was_not_sent(walk: Walk) -> None:
    walk.get("/receipt/noted")
    walk.fill()
    walk.get("/receipt/noted", 404)


def test_the_start_page_says_what_comes_before_a_new_report(walk: Walk) -> None:
    walk.fill()
    walk.send()
    assert "Voit tehdä uuden ilmoituksen, kun lähettämäsi ilmoituksen koodi on" in walk.get("/")


def test_a_new_report_is_a_new_one(walk: Walk) -> None:
    walk.fill()
    first = walk.send()
    walk.post_with(token_in(walk.get("/receipt")), "/receipt/noted", {"noted": "y"})
    assert "checked" not in walk.get("/report/who")
    walk.fill()
    assert walk.send() != first


def test_the_status_follows_the_report_and_never_tells_its_content(site: Site, walk: Walk) -> None:
    walk.fill()
    code = walk.send()
    visitor = Walk(site.client())
    page = visitor.post("/status", {"code": code}, 200)
    assert "Tallennettu, ei vielä avattu" in page
    soc = site.visit("soc")
    (referral,) = site.parts.read.inbox(soc, (State.SENT,))
    site.hands.move(hours=1)
    site.parts.read(soc, referral.id, site.hands())
    page = visitor.post("/status", {"code": code.lower().replace("-", " ")}, 200)
    assert "Avattu" in page
    assert "ti 2.6.2026 klo 11.42" in page
    for secret in ("Kaisla", OBSERVATIONS["seen"], "Opettaja", "laiminly", code):
        assert secret not in page


def test_a_mistyped_code_and_an_unknown_one_are_told_apart(walk: Walk) -> None:
    unknown = VisitorSecret.new().receipt_code.text
    for typed, said in (
        ("", "Kirjoita seurantakoodi."),
        (unknown[:-1] + ("0" if unknown[-1] != "0" else "1"), "Seurantakoodissa on virhe."),
        ("K7-2041", "Seurantakoodissa on virhe."),
        (unknown, "Tällä koodilla ei löydy ilmoitusta."),
    ):
        page = walk.post("/status", {"code": typed}, 422)
        (error,) = errors_in(page)
        assert error.startswith(said)
        assert 'href="#code"' in page


def test_erase_now_asks_once_and_then_nothing_is_left(site: Site, walk: Walk) -> None:
    walk.fill()
    secret = walk.cookie()
    assert walk.post("/report/erase", {}) == "/report/erased"
    assert walk.client.get_cookie("ankkuri_draft") is None
    walk.get("/report/erased")
    walk.client.set_cookie("ankkuri_draft", secret)
    assert "Outi" not in walk.get("/report/check", 404)


def test_an_untouched_draft_is_gone_after_its_time(site: Site, walk: Walk) -> None:
    walk.fill()
    Tidy(site.parts.database)(site.hands() + DRAFT_IDLE + timedelta(minutes=1))
    assert "Keskeneräistä ilmoitusta ei löydy" in walk.get("/report/check", 404)


def test_leaving_leads_away_from_the_service(walk: Walk) -> None:
    assert 'href="/leave"' in walk.get("/")
    answer = walk.client.get("/leave")
    assert answer.status_code == 303
    assert answer.location.startswith("https://")


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_every_page_speaks_the_language_chosen(walk: Walk, language: str) -> None:
    walk.client.get(f"/?lang={language}")
    walk.fill()
    paths = ["/", "/status", "/accessibility", "/privacy"]
    paths += [f"/report/{name}" for name in (*WAY, "primary", "children", "guardians", "check")]
    paths += ["/report/call-112", "/report/erase", "/report/child/1/remove", "/report/child/2"]
    for path in paths:
        assert f'<html lang="{language}">' in walk.get(path)
    walk.send()
    walk.get("/receipt/copy")


@pytest.mark.on_both
def test_erased_is_said_only_when_nothing_is_left(site: Site) -> None:
    walk = Walk(site.client())
    walk.fill(guardian_1=None)
    answer = walk.client.get("/report/erased")
    assert (answer.status_code, answer.location) == (303, "/report/check")
    walk.post("/report/erase", {})
    walk.get("/report/erased")


def test_changing_the_language_keeps_the_way_back_and_repeats_nothing_else(site: Site) -> None:
    walk = Walk(site.client())
    walk.fill(guardian_1=None)
    page = walk.client.get("/report/worry?from=check&secret=hush").text
    assert 'action="/report/worry?from=check"' in page
    assert "hush" not in page
    page = walk.client.get("/report/children?from=check&secret=hush").text
    assert 'href="?from=check&amp;lang=sv"' in page
    assert "hush" not in page.replace("?from=check&amp;secret=hush", "")
