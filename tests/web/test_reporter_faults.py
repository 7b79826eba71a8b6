from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from intake.services.desks import NobodyCanOpen
from intake.services.submit import Submit
from intake.store.database import Database
from intake.store.people_tables import GrantRow
from tests.site import Site, open_site, token_in
from tests.web.reporter_walk import (
    CHILD,
    OBSERVATIONS,
    WAY,
    WORRY,
    Walk,
    code_in,
    errors_in,
)

EXPIRED = "Sivu oli auki liian kauan. Tekstisi on yhä tässä: tarkista se ja lähetä uudelleen."
GONE = (
    "Se, mitä mahdollisesti kirjoitit aiemmille sivuille, ei ole enää tallessa. Jatka tältä "
    "sivulta ja käy muut sivut läpi uudelleen."
)
BROKEN = OperationalError("", None, Exception("disk I/O error"))


@pytest.fixture(scope="module")
def one_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One site for all tests that only look at forms: each has a cookie of its own."""
    with open_site(tmp_path_factory.mktemp("faults") / "data") as opened:
        yield opened


@pytest.fixture
def walk(one_site: Site) -> Walk:
    walk = Walk(one_site.client())
    walk.post("/report/who", WAY["who"])
    return walk


def test_without_a_cookie_the_page_comes_back_and_the_next_post_works(one_site: Site) -> None:
    walk = Walk(one_site.client())
    page = walk.post_with("", "/report/observations", OBSERVATIONS, 422)
    assert errors_in(page) == [GONE, EXPIRED]
    assert OBSERVATIONS["seen"] in page
    walk.post_with(token_in(page), "/report/observations", OBSERVATIONS)
    assert OBSERVATIONS["seen"] in walk.get("/report/observations")


def test_without_a_cookie_the_first_page_names_nothing_lost(one_site: Site) -> None:
    page = Walk(one_site.client()).post_with("", "/report/who", WAY["who"], 422)
    assert errors_in(page) == [EXPIRED]


@pytest.mark.parametrize(
    "page", ["who", "reporter", "child/3", "guardian/1", "primary", "call-112"]
)
def test_every_page_comes_back_when_it_has_expired(one_site: Site, page: str) -> None:
    walk = Walk(one_site.client())
    answers = {"primary": {"primary": "gang"}, "child/3": CHILD, "call-112": {}} | WAY
    shown = walk.post_with("stale", f"/report/{page}", answers[page], 422)
    assert EXPIRED in errors_in(shown)
    walk.post_with(token_in(shown), f"/report/{page}", answers[page])


@pytest.mark.parametrize("cookie", ["x", "ä" * 43, "A" * 42, "A" * 44])
def test_a_broken_cookie_is_replaced(one_site: Site, cookie: str) -> None:
    walk = Walk(one_site.client())
    walk.client.set_cookie("ankkuri_draft", cookie)
    page = walk.post_with("x", "/report/worry", WORRY, 422)
    walk.post_with(token_in(page), "/report/worry", WORRY)


def test_a_stale_token_writes_nothing_over_the_draft(walk: Walk) -> None:
    walk.post("/report/observations", OBSERVATIONS)
    forged = OBSERVATIONS | {"seen": "Muuta tekstiä"}
    page = walk.post_with("f" * 64, "/report/observations", forged, 422)
    assert errors_in(page) == [EXPIRED]
    assert "Muuta tekstiä" in page
    assert OBSERVATIONS["seen"] in walk.get("/report/observations")
    walk.post_with(token_in(page), "/report/observations", forged)


def test_the_token_of_another_cookie_does_not_hold(one_site: Site, walk: Walk) -> None:
    other = token_in(Walk(one_site.client()).get("/report/who"))
    assert EXPIRED in errors_in(walk.post_with(other, "/report/who", WAY["who"], 422))


def test_another_sites_form_cannot_take_the_draft_away(one_site: Site) -> None:
    answer = one_site.client().post(
        "/report/worry", data=WORRY, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert answer.status_code == 422
    assert "Set-Cookie" not in answer.headers
    assert GONE not in errors_in(answer.text), "the browser still has its cookie, and the draft"
    picture = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "image"}
    for path in ("/status", "/report/who"):
        assert "Set-Cookie" not in one_site.client().get(path, headers=picture).headers


def test_sending_without_a_draft_says_that_there_is_none(one_site: Site) -> None:
    walk = Walk(one_site.client())
    page = walk.post_with("x", "/report/send", {}, 422)
    assert "Keskeneräistä ilmoitusta ei löydy" in page
    assert walk.client.get("/report/send").location == "/report/check"


def test_a_stale_send_asks_again_and_the_next_one_goes(walk: Walk) -> None:
    walk.fill()
    page = walk.post_with("stale", "/report/send", {}, 422)
    assert errors_in(page) == [EXPIRED]
    assert walk.press(page, "/report/send") == "/receipt"


def test_a_body_that_is_no_form_is_refused_calmly(walk: Walk) -> None:
    for path in ("who", "child/1", "call-112", "send", "erase", "child/1/remove"):
        answer = walk.client.post(f"/report/{path}", data=b"\xff\x00{", content_type="text/plain")
        assert answer.status_code in (303, 422)


def test_bytes_that_are_no_text_are_kept_as_replacement_characters(walk: Walk) -> None:
    token = token_in(walk.get("/report/observations"))
    body = f"csrf_token={token}&seen=%FF%ED%A0%80&when=%F0%9F%98%80".encode()
    kind = "application/x-www-form-urlencoded"
    answer = walk.client.post("/report/observations", data=body, content_type=kind)
    assert answer.status_code == 303
    assert "😀" in walk.get("/report/observations")


@pytest.fixture
def filled(site: Site) -> Walk:
    walk = Walk(site.client())
    walk.fill()
    return walk


@pytest.mark.parametrize("failure", [BROKEN, NobodyCanOpen("soc")])
def test_a_failed_send_says_not_stored_gives_no_receipt_and_keeps_the_draft(
    site: Site, filled: Walk, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    page = filled.get("/report/check")
    with monkeypatch.context() as patched:
        patched.setattr(Submit, "_store", _raising(failure))
        page = filled.press(page, "/report/send", 503)
    assert "Ei tallennettu" in page or "ei tallennettu" in page
    assert OBSERVATIONS["seen"] in page
    filled.get("/receipt", 404)
    assert filled.press(page, "/report/send") == "/receipt"
    assert code_in(filled.get("/receipt"))


def test_a_page_that_could_not_be_kept_shows_its_text_and_tries_again(
    filled: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = OBSERVATIONS | {"seen": "Rivi <b>\r\ntoinen"}
    token = token_in(filled.get("/report/observations"))
    with monkeypatch.context() as patched:
        patched.setattr(Database, "write", _raising(BROKEN))
        page = filled.post_with(token, "/report/observations?from=check", changed, 503)
    assert "Mitä olet nähnyt tai kuullut?" in page
    assert "Rivi &lt;b&gt;" in page
    assert 'action="/report/observations?from=check"' in page
    filled.post_with(token_in(page), "/report/observations?from=check", changed)
    assert "Rivi &lt;b&gt;" in filled.get("/report/check")


def test_a_database_that_cannot_be_read_answers_503(
    filled: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = token_in(filled.get("/report/check"))
    for look in ("glance", "read"):
        monkeypatch.setattr(Database, look, _raising(BROKEN))
    filled.get("/report/check", 503)
    page = filled.post_with(token, "/report/send", {}, 503)
    assert "Emme tiedä, tallentuiko ilmoituksesi" in page


def test_a_report_whose_commit_was_not_answered_is_not_called_lost(
    filled: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, store = filled.get("/report/check"), Submit._store

    def store_and_break(*arguments: Any) -> None:
        store(*arguments)
        raise BROKEN

    monkeypatch.setattr(Submit, "_store", store_and_break)
    assert filled.press(page, "/report/send") == "/receipt"
    assert code_in(filled.get("/receipt"))


def test_while_nobody_could_open_it_the_check_page_says_so_and_gives_numbers(
    site: Site, filled: Walk
) -> None:
    with site.parts.database.write() as connection:
        connection.execute(update(GrantRow).values(withdrawn_at=site.hands()))
    page = filled.get("/report/check", 503)
    assert "Ilmoitusta ei voi juuri nyt ottaa vastaan." in page
    assert "09 000 0104" in page
    assert "Lähetä ilmoitus" not in page


def test_nothing_typed_is_ever_logged(
    site: Site, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    canary = "kanarialintu"
    walk = Walk(site.client())
    walk.fill(
        reporter={"name": canary},
        child_1={"name": canary, "school_class": canary, "whereabouts": canary},
        guardian_1={"name": canary, "contact": canary},
        observations=dict.fromkeys(OBSERVATIONS, canary),
        consent={"informed_reason": canary},
    )
    walk.post("/report/observations", {"seen": f"{canary}\x00", canary: canary}, 422)
    walk.post("/report/observations", dict.fromkeys(OBSERVATIONS, canary))
    page = walk.get("/report/check")
    with monkeypatch.context() as patched:
        patched.setattr(Submit, "_store", _raising(RuntimeError(canary)))
        patched.setattr(site.app, "testing", False)
        walk.press(page, "/report/send", 500)
        patched.setattr(Submit, "_store", _raising(OperationalError(canary, None, Exception())))
        walk.press(page, "/report/send", 503)
    code = walk.send()
    walk.post("/status", {"code": f"{canary}{code}"}, 422)
    assert caplog.records
    assert canary not in caplog.text
    assert code not in caplog.text


def test_the_code_is_never_in_an_address(filled: Walk) -> None:
    code = filled.send()
    for path in ("/receipt", "/receipt/copy", "/status"):
        assert f"={code}" not in filled.get(path)
        assert f"/{code}" not in filled.get(path)
    assert filled.client.get(f"/status/{code}").status_code == 404
    assert filled.client.get(f"/status?code={code}").text.count(code) == 0


def _raising(failure: Exception) -> Any:
    def fail(*_arguments: Any, **_named: Any) -> Any:
        raise failure

    return fail
