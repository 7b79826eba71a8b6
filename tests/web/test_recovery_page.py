"""The pages of recovery codes: shown once, used once, and never in an address."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from intake.services.invite import Newcomer
from tests import databases
from tests.look.page_faults import page_faults
from tests.site import PASSPHRASE, Site, make_app, token_in
from tests.web.reporter_walk import hidden_in

NEW = "uusi lause kuusen alla"
CODE = re.compile(r'<p class="check-code">((?:[0-9A-Z]{4}-){5}[0-9A-Z]{4})</p>')


def code_of(site: Site, name: str = "soc") -> str:
    """Made on the page, by a person who is signed in."""
    client = site.signed_in(name)
    page = client.get("/recovery-code").text
    assert page_faults(page) == []
    shown = client.post("/recovery-code", data=hidden_in(page))
    assert shown.status_code == 200
    assert shown.headers["Cache-Control"] == "no-store"
    assert page_faults(shown.text) == []
    found = CODE.search(shown.text)
    assert found
    return found[1]


@pytest.mark.on_both
def test_a_page_that_is_sent_twice_makes_one_recovery_code(site: Site) -> None:
    first, client = code_of(site), site.signed_in("soc")
    typed = hidden_in(client.get("/recovery-code?lang=en", follow_redirects=True).text)
    shown = CODE.search(client.post("/recovery-code", data=typed).text)
    assert shown
    again = client.post("/recovery-code", data=typed)
    assert (again.status_code, page_faults(again.text)) == (422, [])
    assert not CODE.search(again.text)
    assert "This page has made a code already." in again.text
    third = CODE.search(client.post("/recovery-code", data=hidden_in(again.text)).text)
    assert third
    assert len({first, shown[1], third[1]}) == 3


@pytest.mark.on_both
def test_a_lost_passphrase_is_replaced_by_the_printed_code(site: Site) -> None:
    code, client = code_of(site), site.client()
    assert "/recover" in client.get("/sign-in").text
    page = client.get("/recover").text
    assert page_faults(page) == []
    empty = client.post("/recover", data=hidden_in(page))
    assert (empty.status_code, page_faults(empty.text)) == (422, [])
    typed = {"name": "soc", "code": code, "passphrase": NEW, "again": NEW}
    answer = client.post("/recover", data=typed | {"csrf_token": token_in(page)})
    assert answer.status_code == 200
    assert page_faults(answer.text) == []
    found = CODE.search(answer.text)
    assert found
    assert found[1] != code
    assert site.parts.sign_in("soc", NEW, site.hands())


@pytest.mark.on_both
@pytest.mark.parametrize(
    ("door", "name"),
    [
        ("agency", "soc"),
        ("supervisor", "supervisor"),
        ("coordinator", "coordinator"),
        ("rules", "rules"),
        ("audit", "auditor"),
    ],
)
def test_a_process_of_one_door_alone_lets_its_staff_come_back(
    site: Site, door: str, name: str
) -> None:
    parts = site.parts
    settings = replace(parts.settings, doors=(door,))
    own = databases.of_role(parts.database, door) if databases.has_roles() else parts.database
    alone = make_app(replace(parts, settings=settings, database=own))
    client = alone.test_client()
    site.second_step(client, site.first_step(client, name).location)
    token = token_in(client.get("/recovery-code").text)
    made = client.post("/recovery-code", data={"csrf_token": token})
    code = CODE.search(made.text)
    assert code
    client = alone.test_client()
    assert 'href="/recover"' in client.get("/sign-in").text
    typed = {"name": name, "code": code[1], "passphrase": NEW, "again": NEW}
    token = token_in(client.get("/recover").text)
    answer = client.post("/recover", data=typed | {"csrf_token": token})
    assert CODE.search(answer.text), answer.text
    assert site.first_step(client, name, NEW).status_code == 303


def test_a_wrong_code_and_an_unknown_name_get_the_same_page(site: Site) -> None:
    code = code_of(site)
    pages = []
    for name in ("pol", "nobody"):
        client = site.client()
        token = token_in(client.get("/recover").text)
        typed = {"name": name, "code": code, "passphrase": NEW, "again": NEW, "csrf_token": token}
        answer = client.post("/recover", data=typed)
        assert answer.status_code == 422
        assert page_faults(answer.text) == []
        pages.append(answer.text.replace(name, "").replace(token, ""))
    assert pages[0] == pages[1]
    assert "väärä, tai koodi on jo käytetty" in pages[0]


def test_a_slip_in_the_code_is_told_and_counts_as_no_try(site: Site) -> None:
    code, client = code_of(site), site.client()
    token = token_in(client.get("/recover").text)
    slip = code[:-1] + ("0" if code[-1] != "0" else "1")
    typed = {"name": "soc", "code": slip, "passphrase": NEW, "again": NEW, "csrf_token": token}
    for _ in range(6):
        assert "Palautuskoodissa on virhe" in client.post("/recover", data=typed).text
    assert client.post("/recover", data=typed | {"code": code}).status_code == 200


def test_a_form_of_another_browser_recovers_nothing(site: Site) -> None:
    code = code_of(site)
    token = token_in(site.client().get("/recover").text)
    typed = {"name": "soc", "code": code, "passphrase": NEW, "again": NEW, "csrf_token": token}
    assert site.client().post("/recover", data=typed).status_code == 422
    assert site.visit("soc")


def test_a_new_code_takes_a_fresh_factor(site: Site) -> None:
    client = site.signed_in("soc")
    site.hands.move(minutes=11)
    answer = client.get("/recovery-code")
    assert answer.status_code == 303
    assert "/account/confirm" in answer.location


def test_who_joins_is_shown_a_code_that_works(site: Site) -> None:
    admin = site.visit("admin").person.as_administrator()
    newcomer = Newcomer("maija", "Maija Uusi", "maija@ankkuri.invalid", "fi")
    secret = site.parts.invite(admin, newcomer, [], site.hands())
    client = site.client()
    client.get(f"/join/{secret.cookie}")
    page = client.get("/join").text
    typed = {"passphrase": PASSPHRASE, "again": PASSPHRASE, "csrf_token": token_in(page)}
    joined = client.post("/join", data=typed)
    assert page_faults(joined.text) == []
    codes = CODE.findall(joined.text)
    assert len(codes) == 1
    other = site.client()
    token = token_in(other.get("/recover").text)
    typed = {"name": "maija", "code": codes[0], "passphrase": NEW, "again": NEW}
    assert other.post("/recover", data=typed | {"csrf_token": token}).status_code == 200
    assert site.parts.sign_in("maija", NEW, site.hands())
