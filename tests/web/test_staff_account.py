"""Signing in, staying in, and getting out."""

from __future__ import annotations

import re
from datetime import date
from html import escape
from unittest.mock import patch

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from intake.services.sign_in import IDLE, LONGEST, SignIn
from intake.services.tries import FREE_TRIES
from intake.store.people_tables import MembershipRow, PersonRow
from intake.vault.passphrase import HashingBusy
from intake.web.kept import MOST_FIELDS
from intake.web.second_step import COOKIE
from tests.look.page_faults import page_faults
from tests.services.sending import gang
from tests.site import PASSPHRASE, Site, token_in
from tests.web.reporter_walk import hidden_in
from tests.web.test_staff_referral import referral_of

FIRST_PAGES = {
    "soc": "/inbox",
    "soc-head": "/inbox",
    "supervisor": "/deadlines",
    "coordinator": "/picture",
    "rules": "/rules",
    "admin": "/directory",
    "auditor": "/trail",
}


def browser(site: Site) -> FlaskClient:
    client = site.client()
    client.set_cookie("ankkuri_language", "en")
    return client


def sign_in(client: FlaskClient, name: str, passphrase: str, path: str = "/sign-in"):  # type: ignore[no-untyped-def]  # Flask's test response
    """The first step."""
    token = token_in(client.get("/sign-in").text)
    data = {"name": name, "passphrase": passphrase, "csrf_token": token}
    return client.post(path, data=data)


@pytest.mark.parametrize(("name", "first"), FIRST_PAGES.items())
def test_sign_in_leads_to_ones_own_first_page(site: Site, name: str, first: str) -> None:
    client = browser(site)
    answer = sign_in(client, name, PASSPHRASE)
    assert (answer.status_code, answer.location) == (303, "/sign-in/second?next=/staff")
    answer = site.second_step(client, answer.location)
    assert (answer.status_code, answer.location) == (303, "/staff")
    assert client.get("/staff").location == first
    page = client.get(first)
    assert page.status_code == 200
    assert page_faults(page.text) == []


@pytest.mark.parametrize(
    ("name", "passphrase"),
    [("soc", "not-this-one"), ("nobody", PASSPHRASE)],
)
def test_a_wrong_name_or_passphrase_is_one_sentence_that_tells_not_which(
    site: Site, name: str, passphrase: str
) -> None:
    answer = sign_in(browser(site), name, passphrase)
    assert answer.status_code == 422
    assert answer.text.count("The user name or the passphrase is wrong.") == 1
    assert "a space at its end" in answer.text, "a passphrase is taken as it was typed"
    assert page_faults(answer.text) == []
    assert f'value="{name}"' in answer.text
    assert passphrase not in answer.text


@pytest.mark.parametrize(
    ("name", "passphrase", "errors"),
    [
        ("", "", {"#name": "Write your user name.", "#passphrase": "Write your passphrase."}),
        ("soc", "x" * 5000, {"#passphrase": "The passphrase is too long"}),
        ("x" * 5000, "x", {"#name": "1,000"}),
    ],
)
def test_what_is_missing_or_too_long_is_named_and_linked(
    site: Site, name: str, passphrase: str, errors: dict[str, str]
) -> None:
    page = sign_in(browser(site), name, passphrase).text
    assert page_faults(page) == []
    for href, words in errors.items():
        assert re.search(f'href="{href}">[^<]*{words}', page), words
    assert len(passphrase) < 2 or passphrase not in page


def test_after_the_free_tries_one_is_told_how_long_to_wait(site: Site) -> None:
    for _ in range(FREE_TRIES):
        assert sign_in(browser(site), "soc", "not-this-one").status_code == 422
    answer = sign_in(browser(site), "soc", PASSPHRASE)
    assert answer.status_code == 429
    assert "Too many attempts. Wait 2 seconds and try again." in answer.text
    assert sign_in(browser(site), "pol", PASSPHRASE).status_code == 303
    site.hands.move(seconds=3)
    assert sign_in(browser(site), "soc", PASSPHRASE).status_code == 303


def kept_waiting(site: Site, client: FlaskClient, path: str = "/sign-in") -> str:
    """The page that says so: somebody else tries this name."""
    for _ in range(FREE_TRIES):
        assert sign_in(browser(site), "soc", "not-this-one").status_code == 422
    answer = sign_in(client, "soc", PASSPHRASE, path)
    assert (answer.status_code, page_faults(answer.text)) == (429, [])
    page: str = answer.text
    return page


@pytest.mark.on_both
def test_a_printed_code_beside_the_passphrase_needs_no_wait_and_is_the_second_step(
    site: Site,
) -> None:
    visit, client = site.visit("soc"), browser(site)
    codes = site.parts.factors.print_codes(visit, site.hands())
    assert 'name="printed_code"' not in client.get("/sign-in").text, "asked for when needed"
    page = kept_waiting(site, client, "/sign-in?next=/keys")
    who = {"name": "soc", "passphrase": PASSPHRASE}
    for shown, told in (
        ("0123-4567", "A printed code has twelve letters and figures"),
        ("0123-4567-89AB", "This is no printed code of this user name that is left"),
    ):
        typed = hidden_in(page) | who | {"printed_code": shown}
        page = client.post("/sign-in?next=/keys", data=typed).text
        assert page_faults(page) == []
        assert re.search(f'href="#printed_code">[^<]*{told}', page)
        assert f'value="{shown}"' in page
    typed = hidden_in(page) | who | {"printed_code": codes[3].lower()}
    answer = client.post("/sign-in?next=/keys", data=typed)
    assert (answer.status_code, answer.location) == (303, "/keys")
    assert client.get("/keys").status_code == 200
    assert site.parts.factors(visit)[1] == len(codes) - 1
    client.post("/sign-out", data={"csrf_token": token_in(client.get("/keys").text)})
    assert sign_in(client, "soc", PASSPHRASE).status_code == 303, "a known browser now"


def test_a_printed_code_that_is_no_good_leads_on_to_the_second_step_as_ever(site: Site) -> None:
    client = browser(site)
    data = {"name": "soc", "passphrase": PASSPHRASE, "printed_code": "0123-4567-89AB"}
    answer = client.post("/sign-in", data=data | hidden_in(client.get("/sign-in").text))
    assert (answer.status_code, page_faults(answer.text)) == (422, [])
    assert "The printed code is wrong, or it has been used." in answer.text
    typed = hidden_in(answer.text) | {"factor_code": site.code()}
    assert client.post("/sign-in/second", data=typed).status_code == 303


def test_what_was_typed_before_comes_back_after_a_printed_code_too(site: Site) -> None:
    codes = site.parts.factors.print_codes(site.visit("ank"), site.hands())
    client, path, door = ended_while_typing(site)
    who = {"name": "ank", "passphrase": PASSPHRASE, "printed_code": codes[0]}
    welcome = client.post(f"/sign-in?next={path}", data=hidden_in(door) | who)
    assert (welcome.status_code, page_faults(welcome.text)) == (200, [])
    assert hidden_in(welcome.text)["reason"] == REASON


def test_a_full_queue_of_hashes_asks_to_wait(site: Site) -> None:
    client = browser(site)
    token = token_in(client.get("/sign-in").text)
    data = {"name": "soc", "passphrase": PASSPHRASE, "csrf_token": token}
    with patch.object(SignIn, "__call__", side_effect=HashingBusy):
        answer = client.post("/sign-in", data=data)
    assert answer.status_code == 503
    assert "The service is busy." in answer.text


def test_a_form_of_another_browser_does_not_sign_in(site: Site) -> None:
    token = token_in(browser(site).get("/sign-in").text)
    client = browser(site)
    client.get("/sign-in")
    data = {"name": "soc", "passphrase": PASSPHRASE, "csrf_token": token}
    answer = client.post("/sign-in", data=data)
    assert answer.status_code == 422
    assert "The page had been open too long." in answer.text
    assert client.get_cookie(COOKIE) is None


@pytest.mark.on_both
def test_each_sign_in_is_a_new_session_and_ends_the_old_one(site: Site) -> None:
    client = browser(site)
    token = token_in(client.get("/sign-in").text)
    before = client.get_cookie("ankkuri_sign_in")
    site.second_step(client, sign_in(client, "soc", PASSPHRASE).location)
    first = client.get_cookie(COOKIE)
    assert before is not None
    assert first is not None
    client.set_cookie("ankkuri_sign_in", before.value)  # a page left open in another tab
    data = {"name": "pol", "passphrase": PASSPHRASE, "csrf_token": token}
    answer = client.post("/sign-in", data=data)
    assert site.second_step(client, answer.location).status_code == 303
    second = client.get_cookie(COOKIE)
    assert second is not None
    assert second.value != first.value
    client.set_cookie(COOKIE, first.value)
    assert client.get("/inbox").status_code == 303


@pytest.mark.parametrize("away", [IDLE, LONGEST])
def test_an_ended_session_is_told_at_the_door(site: Site, away: object) -> None:
    client = site.signed_in("soc")
    client.set_cookie("ankkuri_language", "en")
    site.hands.at += away  # type: ignore[operator]
    site.hands.move(seconds=1)
    answer = client.get("/inbox")
    assert (answer.status_code, answer.location) == (303, "/sign-in?next=/inbox")
    assert "Your session has ended. Sign in again." in client.get("/sign-in").text
    assert "Your session has ended" not in browser(site).get("/sign-in").text


REASON = "Ei kuulu\nmeille <b>."


def ended_while_typing(site: Site, **typed: str) -> tuple[FlaskClient, str, str]:
    """A browser whose session ended under a form; the form's path, and the sign-in page it got."""
    site.send(gang())
    client = site.signed_in("ank")
    client.set_cookie("ankkuri_language", "en")
    path = f"/referrals/{referral_of(site, 'ank')}/return"
    form = {"csrf_token": token_in(client.get(path).text), "reason": REASON} | typed
    site.hands.at += IDLE
    site.hands.move(seconds=1)
    turned = client.post(path, data=form)
    assert (turned.status_code, turned.location) == (307, f"/sign-in?next={path}")
    door = client.post(turned.location, data=form)
    assert door.status_code == 422
    assert page_faults(door.text) == []
    return client, path, door.text


def test_what_was_typed_when_the_session_ended_comes_back_after_signing_in(site: Site) -> None:
    client, path, door = ended_while_typing(site)
    assert "has not been recorded yet" in door
    address, who = f"/sign-in?next={path}", {"name": "ank", "passphrase": "x"}
    wrong = client.post(address, data=hidden_in(door) | who)
    assert wrong.status_code == 422
    who["passphrase"] = PASSPHRASE
    typed = hidden_in(wrong.text) | who
    second = client.post(address, data=typed)
    assert second.status_code == 200
    assert page_faults(second.text) == []
    step = f"/sign-in/second?next={path}"
    assert f'action="{step}"' in second.text
    slip = client.post(step, data=hidden_in(second.text) | {"factor_code": "000000"})
    assert slip.status_code == 422
    welcome = client.post(step, data=hidden_in(slip.text) | {"factor_code": site.code()})
    assert welcome.status_code == 200
    assert page_faults(welcome.text) == []
    assert f'action="{path}"' in welcome.text
    again = client.post(address, data=typed)
    assert again.status_code == 422, "reloaded: the page's token has had its use"
    assert hidden_in(again.text)["kept.reason"] == REASON
    back = client.post(path, data=hidden_in(welcome.text))
    assert back.status_code == 422, "checked before it is saved"
    assert escape(REASON) in back.text
    saved = client.post(path, data={"csrf_token": token_in(back.text), "reason": REASON})
    assert saved.status_code == 303


def test_nobody_else_gets_what_was_typed_when_the_session_ended(site: Site) -> None:
    client, path, door = ended_while_typing(site)
    who = {"name": "pol", "passphrase": PASSPHRASE}
    answer = client.post(f"/sign-in?next={path}", data=hidden_in(door) | who)
    assert (answer.status_code, answer.location) == (303, f"/sign-in/second?next={path}")
    forged = {name: value for name, value in hidden_in(door).items() if name != "csrf_token"}
    token = {"csrf_token": token_in(client.get(answer.location).text)}
    code = {"factor_code": site.code()}
    answer = client.post(answer.location, data=forged | token | code)
    assert (answer.status_code, answer.location) == (303, path)


@pytest.mark.parametrize("forged", [{"csrf_token": "0" * 64}, {"reason": "x" * 310_001}])
def test_only_what_a_page_of_ours_may_hold_is_kept(site: Site, forged: dict[str, str]) -> None:
    _, _, door = ended_while_typing(site, **forged)
    assert set(hidden_in(door)) == {"csrf_token"}


def test_more_fields_than_a_page_has_are_not_kept(site: Site) -> None:
    client = browser(site)
    token = token_in(client.get("/sign-in").text)
    many = {f"kept.{number}": "" for number in range(MOST_FIELDS + 1)}
    data = {"csrf_token": token, "name": "ank", "passphrase": ""} | many
    assert "kept." not in client.post("/sign-in", data=data).text


HERE = {"Sec-Fetch-Site": "same-origin"}


def test_what_was_typed_when_the_session_was_ended_elsewhere_can_be_copied(site: Site) -> None:
    client = browser(site)
    typed = {"csrf_token": "x", "reason": REASON, "new_passphrase": "ei tätä näin", "choice": "yes"}
    door = client.post("/sign-in?next=/referrals/x", data=typed, headers=HERE)
    assert door.status_code == 422
    assert page_faults(door.text) == []
    assert escape(REASON) in door.text
    assert "Copy it somewhere safe" in door.text
    assert "ei tätä näin" not in door.text
    assert door.headers["Cache-Control"] == "no-store"
    for other in ({}, {"Sec-Fetch-Site": "cross-site"}):
        door = client.post("/sign-in?next=/referrals/x", data=typed, headers=other)
        assert escape(REASON) not in door.text


def test_what_somebody_typed_before_another_signed_in_can_be_copied(site: Site) -> None:
    site.send(gang())
    path = f"/referrals/{referral_of(site, 'ank')}/note"
    client = site.signed_in("coordinator")
    client.set_cookie("ankkuri_language", "en")
    answer = client.post(path, data={"text": REASON}, headers=HERE)
    assert answer.status_code == 403
    assert page_faults(answer.text) == []
    assert escape(REASON) in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_page_that_was_signed_in_meanwhile_gets_back_what_it_posts(site: Site) -> None:
    client = site.signed_in("ank")
    answer = client.post("/sign-in?next=/referrals/x", data={"reason": REASON})
    assert (answer.status_code, answer.location) == (307, "/referrals/x")


def test_signing_out_ends_the_session_on_the_server(site: Site) -> None:
    client = site.signed_in("soc")
    cookie = client.get_cookie(COOKIE)
    assert cookie is not None
    token = token_in(client.get("/inbox").text)
    answer = client.post("/sign-out", data={"csrf_token": token})
    assert (answer.status_code, answer.location) == (303, "/sign-in")
    client.set_cookie(COOKIE, cookie.value)
    assert client.get("/inbox").status_code == 303


def test_a_forged_sign_out_asks_again(site: Site) -> None:
    client = site.signed_in("soc")
    assert client.get("/sign-out").status_code == 405
    answer = client.post("/sign-out", data={"csrf_token": "forged"})
    assert answer.status_code == 422
    assert page_faults(answer.text) == []
    assert client.get("/inbox").status_code == 200


@pytest.mark.parametrize(
    ("wanted", "led_to"),
    [
        ("/referrals/x", "/referrals/x"),
        ("//elsewhere.invalid", "/staff"),
        ("/\\elsewhere.invalid", "/staff"),
        ("https://elsewhere.invalid", "/staff"),
        ("/\t/elsewhere.invalid", "/staff"),
    ],
)
def test_sign_in_leads_on_only_within_the_service(site: Site, wanted: str, led_to: str) -> None:
    client = browser(site)
    token = token_in(client.get("/sign-in").text)
    data = {"name": "soc", "passphrase": PASSPHRASE, "csrf_token": token}
    answer = client.post("/sign-in", query_string={"next": wanted}, data=data)
    assert site.second_step(client, answer.location).location == led_to


def test_a_person_without_a_role_in_force_is_told_so(site: Site) -> None:
    with site.parts.database.write() as connection:
        connection.execute(
            update(MembershipRow)
            .where(MembershipRow.person_id == site.people["coordinator"])
            .values(valid_to=date(2026, 6, 1))
        )
    client = site.signed_in("coordinator")
    page = client.get("/staff")
    assert page.status_code == 200
    assert page_faults(page.text) == []
    assert client.get("/picture").status_code == 403


def test_ones_own_language_is_spoken_from_sign_in_on_unless_another_was_chosen(site: Site) -> None:
    with site.parts.database.write() as connection:
        connection.execute(
            update(PersonRow).where(PersonRow.id == site.people["soc"]).values(language="sv")
        )
    for chosen, inbox in ((None, "Inkomna"), ("fi", "Saapuneet")):
        client = site.client()
        if chosen:
            client.get(f"/sign-in?lang={chosen}")
        answer = sign_in(client, "soc", PASSPHRASE)
        assert site.second_step(client, answer.location).status_code == 303
        site.hands.move(minutes=1)
        assert inbox in client.get("/inbox").text
