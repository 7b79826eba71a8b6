"""The notice address on the reporter's pages: what it is for, and how it is taken back."""

from __future__ import annotations

from email import message_from_bytes, policy

import pytest
from sqlalchemy import select

from intake.domain.referral import State
from intake.store.tables import NoticeRow
from intake.vault.own import VisitorSecret
from tests.site import Site, token_in
from tests.web.reporter_walk import REPORTER, WAY, Walk, errors_in, hidden_in

ADDRESS = "outi.opettaja@koulu.invalid"
STOP = "Lopeta viestit ja poista osoitteeni"
EXPIRED = "Sivu oli auki liian kauan. Tekstisi on yhä tässä: tarkista se ja lähetä uudelleen."
STOPPED = "Sähköpostiviestit on lopetettu ja osoitteesi on poistettu."


@pytest.fixture
def walk(site: Site) -> Walk:
    return Walk(site.client())


def kept(site: Site) -> int:
    with site.parts.database.read() as connection:
        return len(connection.execute(select(NoticeRow.report_id)).all())


def with_address(walk: Walk) -> str:
    """The code of a report whose reporter wants to be told of news."""
    walk.fill(reporter={"notice_address": ADDRESS})
    return walk.send()


def test_the_page_that_asks_for_an_address_says_what_is_written_to_it(walk: Walk) -> None:
    walk.post("/report/who", WAY["who"])
    page = walk.get("/report/reporter")
    for told in ("enintään kerran tunnissa", "eivätkä viranomaiset näe sitä", "lopettaa viestit"):
        assert told in page
    assert "180 päivän" in walk.get("/privacy")


@pytest.mark.parametrize(
    "address",
    ["outi@koulu", "säde@koulu.fi", "a b@koulu.fi", "a@b@koulu.fi", "@koulu.fi", "a@koulu.fi>"],
)
def test_an_address_that_no_letter_reaches_is_told_at_once(walk: Walk, address: str) -> None:
    walk.post("/report/who", WAY["who"])
    page = walk.post("/report/reporter", REPORTER | {"notice_address": address}, 422)
    (error,) = errors_in(page)
    assert error.startswith("Kirjoita sähköpostiosoite kokonaan")


def test_the_letter_is_in_the_language_of_the_page_that_sent_the_report(
    site: Site, walk: Walk
) -> None:
    walk.fill(reporter={"notice_address": f"  {ADDRESS} "})
    walk.client.set_cookie("ankkuri_language", "sv")
    walk.press(walk.get("/report/check"), "/report/send")
    soc = site.visit("soc")
    (row,) = site.parts.read.inbox(soc, (State.SENT,))
    site.parts.read(soc, row.id, site.hands())
    site.parts.notify(site.hands())
    site.parts.deliver(site.hands())
    (letter,) = site.parts.settings.letters.glob("*.eml")
    mail = message_from_bytes(letter.read_bytes(), policy=policy.default)
    assert (mail["To"], mail["Content-Language"]) == (ADDRESS, "sv")


@pytest.mark.on_both
def test_the_status_page_stops_the_letters_and_erases_the_address(site: Site, walk: Walk) -> None:
    code = with_address(walk)
    visitor = Walk(site.client())
    page = visitor.post("/status", {"code": code}, 200)
    assert STOP in page
    assert ADDRESS not in page
    form = hidden_in(page) | {"stop": "y"}
    assert kept(site) == 1, "looking changes nothing"
    for _ in range(2):  # the browser's reload posts again
        page = visitor.post("/status", form, 200)
        assert STOPPED in page
        assert STOP not in page
        assert kept(site) == 0
    assert STOP not in visitor.post("/status", {"code": code}, 200)


@pytest.mark.on_both
def test_nothing_is_stopped_without_the_reports_code(site: Site, walk: Walk) -> None:
    with_address(walk)
    for code in ("", "K7-2041", VisitorSecret.new().receipt_code.text):
        page = walk.post("/status", {"code": code, "stop": "y"}, 422)
        assert STOPPED not in page
    assert kept(site) == 1


@pytest.mark.parametrize("token", ["", "f" * 64])
def test_another_sites_form_with_the_code_stops_nothing(site: Site, walk: Walk, token: str) -> None:
    code = with_address(walk)
    page = walk.post_with(token, "/status", {"code": code, "stop": "y"}, 422)
    assert errors_in(page) == [EXPIRED]
    assert kept(site) == 1
    assert STOPPED in walk.post("/status", {"code": code, "stop": "y"}, 200)
    assert kept(site) == 0


def test_who_comes_by_the_link_in_a_letter_may_ask_at_once(site: Site, walk: Walk) -> None:
    code = with_address(walk)
    visitor = site.client()
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document"}
    page = visitor.get("/status", headers=link).text
    data = {"code": code, "csrf_token": token_in(page)}
    answer = visitor.post("/status", data=data, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 200
    assert STOP in answer.text


def test_a_browser_that_lost_its_cookie_asks_once_more_with_the_code_still_there(
    site: Site, walk: Walk
) -> None:
    code = with_address(walk)
    visitor = Walk(site.client())
    token = token_in(visitor.get("/status"))
    visitor.client.delete_cookie("ankkuri_draft")
    page = visitor.post_with(token, "/status", {"code": code}, 422)
    assert errors_in(page) == [EXPIRED]
    assert f'value="{code}"' in page
    assert STOP in visitor.post_with(token_in(page), "/status", {"code": code}, 200)


def test_a_report_without_an_address_offers_nothing_to_stop(walk: Walk) -> None:
    walk.fill()
    code = walk.send()
    page = walk.post("/status", {"code": code}, 200)
    assert STOP not in page
    assert code not in page
