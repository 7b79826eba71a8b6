"""One's own sign-in on the pages: set up, shown, changed and ended by its person."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from intake import demo_data
from intake.services.sign_in import HALF_OPEN
from intake.vault.keyring import SessionSecret
from intake.vault.totp import TotpSecret, step_at
from intake.web.second_step import COOKIE, DEVICE, HALF
from tests.authenticator import Authenticator
from tests.look.page_faults import page_faults
from tests.site import PASSPHRASE, Site, give_app, open_site, token_in
from tests.web.reporter_walk import hidden_in

HERE = "http://localhost:8000"
NEW = "lumme kelluu lahdella"


def with_settings(site: Site, **changes: str) -> Site:
    settings = replace(site.parts.settings, **changes)  # type: ignore[arg-type]
    return Site(replace(site.parts, settings=settings), site.hands, site.people)


@pytest.fixture
def at_localhost(tmp_path: Path) -> Iterator[Site]:
    with open_site(tmp_path / "data") as site:
        yield with_settings(site, base_url=HERE)


def english(site: Site, name: str = "soc") -> FlaskClient:
    client = site.signed_in(name)
    client.set_cookie("ankkuri_language", "en")
    return client


def without_factor(site: Site) -> FlaskClient:
    with site.parts.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM factor")
    client = site.client()
    client.set_cookie("ankkuri_language", "en")
    return client


def secret_in(page: str) -> TotpSecret:
    from base64 import b32decode

    shown = re.search(r'class="check-code">([A-Z2-7 ]{32,})<', page)
    assert shown
    return TotpSecret(b32decode(shown[1].replace(" ", "")))


def codes_in(page: str) -> list[str]:
    return re.findall(r'class="check-code">(\w{4}-\w{4}-\w{4})<', page)


def question_in(page: str) -> str:
    asked = re.search(r'data-question="([^"]+)"', page)
    assert asked
    return unescape(asked[1])


def post(client: FlaskClient, path: str, **typed: str):  # type: ignore[no-untyped-def]  # Flask's test response
    page = client.get(path)
    return client.post(path, data=hidden_in(page.text) | typed)


@pytest.mark.on_both
def test_who_has_no_factor_sets_one_up_before_anything_else(site: Site) -> None:
    client = without_factor(site)
    door = site.first_step(client, "soc")
    assert (door.status_code, door.location) == (303, "/sign-in/set-up?next=/staff")
    assert client.get("/inbox").status_code == 303
    page = client.get(door.location)
    assert page_faults(page.text) == []
    secret = secret_in(page.text)
    assert "data-question" not in page.text, "there are no passkeys at a bare IP address"
    empty = client.post(door.location, data=hidden_in(page.text) | {"label": "", "factor_code": ""})
    both = empty.text.index("Write a name for it."), empty.text.index("Write the code.")
    assert both[0] < both[1] < empty.text.index("<h1"), "the summary has each empty field"
    picture = client.get("/sign-in/picture.svg")
    assert (picture.status_code, picture.mimetype) == (200, "image/svg+xml")
    assert picture.headers["Cache-Control"] == "no-store"
    typed = hidden_in(page.text) | {"label": "puhelin", "factor_code": "000000"}
    wrong = client.post(door.location, data=typed)
    assert wrong.status_code == 422
    assert page_faults(wrong.text) == []
    assert secret_in(wrong.text) == secret
    typed["factor_code"] = secret.code(step_at(site.hands()))
    done = client.post(door.location, data=typed)
    assert done.status_code == 200
    assert page_faults(done.text) == []
    assert len(codes_in(done.text)) == 10
    assert client.get("/inbox").status_code == 200
    again = client.post(door.location, data=typed, follow_redirects=True)
    assert (again.status_code, again.request.path) == (200, "/inbox"), "the page is loaded again"
    assert secret.text not in client.get("/account").text
    assert client.get("/sign-in/picture.svg").status_code == 404


@pytest.mark.on_both
def test_a_page_that_is_sent_twice_makes_one_set_of_printed_codes(site: Site) -> None:
    client = english(site)
    for _ in range(2):  # without a former set, and with one
        typed = hidden_in(client.get("/account/codes").text)
        codes = codes_in(client.post("/account/codes", data=typed).text)
        again = client.post("/account/codes", data=typed)
        assert again.status_code == 422
        assert page_faults(again.text) == []
        assert codes_in(again.text) == []
        assert "This page has made codes already." in again.text
    assert len(codes) == 10
    answer = post(client, "/account/codes", **hidden_in(again.text))
    assert len(set(codes_in(answer.text)) - set(codes)) == 10
    other = site.client()
    door = site.first_step(other, "soc")
    assert post(other, door.location, factor_code=codes_in(answer.text)[0]).status_code == 303


@pytest.mark.on_both
def test_a_printed_code_lets_one_in_and_is_counted(site: Site) -> None:
    client = english(site)
    assert ">Add an app</a></li>" not in client.get("/account").text, "a list of one"
    asked = client.get("/account/codes")
    assert page_faults(asked.text) == []
    printed = post(client, "/account/codes")
    assert printed.status_code == 200
    assert page_faults(printed.text) == []
    codes = codes_in(printed.text)
    assert "You have 10 printed codes left." in client.get("/account").text
    other = site.client()
    door = site.first_step(other, "soc")
    answer = post(other, door.location, factor_code=codes[3])
    assert answer.status_code == 303
    assert "You have 9 printed codes left." in client.get("/account").text
    assert codes[3] not in client.get("/account").text


def test_a_wrong_code_is_told_at_its_field(site: Site) -> None:
    client = site.client()
    client.set_cookie("ankkuri_language", "en")
    door = site.first_step(client, "soc")
    for typed, told in (("000000", "The code is wrong"), ("", "Write the code.")):
        answer = post(client, door.location, factor_code=typed)
        assert answer.status_code == 422
        assert page_faults(answer.text) == []
        assert f'href="#factor_code">{told}' in answer.text
    assert client.get_cookie(COOKIE) is None


def test_the_second_step_is_over_after_five_minutes(site: Site) -> None:
    client = site.client()
    door = site.first_step(client, "soc")
    page = client.get(door.location)
    site.hands.at += HALF_OPEN
    site.hands.move(seconds=1)
    typed = hidden_in(page.text) | {"factor_code": site.code()}
    late = client.post(door.location, data=typed)
    assert (late.status_code, late.location) == (307, "/sign-in?next=/staff")
    assert client.get(door.location).status_code == 303
    assert client.post(late.location, data=typed).status_code == 422


def test_a_half_open_session_opens_no_page(site: Site) -> None:
    client = site.client()
    site.first_step(client, "soc")
    half = client.get_cookie(HALF)
    assert half is not None
    client.set_cookie(COOKIE, half.value)
    for path in ("/inbox", "/account", "/account/confirm", "/staff", "/keys"):
        assert client.get(path).location.startswith("/sign-in"), path


def test_the_browser_is_known_after_a_whole_sign_in(site: Site) -> None:
    client = site.client()
    door = site.first_step(client, "soc")
    assert client.get_cookie(DEVICE) is None
    assert site.second_step(client, door.location).status_code == 303
    device = client.get_cookie(DEVICE)
    assert device is not None
    assert (device.http_only, device.same_site) == (True, "Lax")
    assert device.max_age == 365 * 24 * 3600
    assert client.get_cookie(HALF) is None
    site.hands.move(minutes=1)
    client.delete_cookie(COOKIE)
    site.second_step(client, site.first_step(client, "soc").location)
    again = client.get_cookie(DEVICE)
    assert again is not None
    assert again.value == device.value
    client.set_cookie("ankkuri_language", "en")
    assert client.get("/account").text.count("This one") == 2, "the session and the browser"


@pytest.mark.on_both
def test_a_passkey_is_made_and_lets_one_in(at_localhost: Site) -> None:
    site, key = at_localhost, Authenticator(HERE)
    client = english(site)
    page = client.get("/account/passkey")
    assert page_faults(page.text) == []
    typed = hidden_in(page.text) | {"label": "avain"}
    typed["factor_passkey"] = key.create(question_in(page.text))
    assert client.post("/account/passkey", data=typed).location == "/account?told=added"
    assert "avain" in client.get("/account").text
    other = site.client()
    door = site.first_step(other, "soc")
    page = other.get(door.location)
    assert page_faults(page.text) == []
    typed = hidden_in(page.text) | {"factor_code": ""}
    typed["factor_passkey"] = key.get(question_in(page.text))
    assert other.post(door.location, data=typed).status_code == 303
    assert other.get("/inbox").status_code == 200
    replayed = site.client()
    door = site.first_step(replayed, "soc")
    typed["csrf_token"] = token_in(replayed.get(door.location).text)
    refused = replayed.post(door.location, data=typed)
    assert refused.status_code == 422
    assert page_faults(refused.text) == []


@pytest.mark.on_both
def test_a_first_passkey_makes_the_session_whole(at_localhost: Site) -> None:
    site, key = at_localhost, Authenticator(HERE)
    client = without_factor(site)
    door = site.first_step(client, "soc")
    page = client.get(door.location)
    assert page_faults(page.text) == []
    typed = hidden_in(page.text) | {"label": "avain", "factor_code": ""}
    typed["factor_passkey"] = key.create(question_in(page.text))
    done = client.post(door.location, data=typed)
    assert done.status_code == 200
    assert len(codes_in(done.text)) == 10
    assert client.get("/inbox").status_code == 200


@pytest.mark.on_both
def test_an_app_is_added_and_another_removed(site: Site) -> None:
    client = english(site)
    page = client.get("/account").text
    assert page_faults(page) == []
    assert "the only one" in page
    adding = client.get("/account/app")
    assert page_faults(adding.text) == []
    assert client.get("/account/app/picture.svg").status_code == 200
    code = secret_in(adding.text).code(step_at(site.hands()))
    typed = hidden_in(adding.text) | {"label": "<b>toinen</b>", "factor_code": code}
    assert client.post("/account/app", data=typed).location == "/account?told=added"
    page = client.get("/account?told=added").text
    assert page_faults(page) == []
    assert "&lt;b&gt;toinen" in page
    remove = re.findall(r'href="(/account/factors/[\w-]+/remove)"', page)
    assert len(remove) == 2
    assert page_faults(client.get(remove[0]).text) == []
    assert post(client, remove[0]).location == "/account?told=removed"
    last = post(client, remove[1])
    assert last.status_code == 422
    assert "This is your only one." in last.text
    assert english(site, "pol").get(remove[1]).status_code == 404


@pytest.mark.on_both
def test_sessions_are_listed_and_ended(site: Site) -> None:
    other, third = english(site), english(site)
    client = english(site)
    page = client.get("/account").text
    assert page.count("/account/sessions/end") == 3, "two others, and all others"
    mine = {"csrf_token": token_in(page)}
    ended = re.search(r'name="session" value="([0-9a-f]{64})"', page)
    assert ended
    end = "/account/sessions/end"
    assert client.post(end, data={"session": ended[1], "csrf_token": "x"}).location == "/account"
    assert client.post(end, data=mine | {"session": ended[1]}).location == "/account?told=ended"
    assert client.post(end, data=mine | {"session": ended[1]}).status_code == 404
    assert client.post(end, data=mine | {"session": "zz"}).status_code == 404
    assert sorted(each.get("/inbox").status_code for each in (other, third)) == [200, 303]
    assert client.post(end, data=mine | {"others": "y"}).location == "/account?told=others"
    assert [each.get("/inbox").status_code for each in (other, third, client)] == [303, 303, 200]


@pytest.mark.on_both
def test_a_browser_is_forgotten(site: Site) -> None:
    client = site.signs_in("soc")
    client.set_cookie("ankkuri_language", "en")
    page = client.get("/account").text
    known = re.search(r'name="device" value="([0-9a-f]{64})"', page)
    assert known
    typed = {"csrf_token": token_in(page), "device": known[1]}
    forget = "/account/browsers/forget"
    assert client.post(forget, data=typed).location == "/account?told=forgotten"
    assert "None yet." in client.get("/account?told=forgotten").text
    assert client.post(forget, data=typed).status_code == 404


@pytest.mark.on_both
def test_the_passphrase_is_changed_by_the_old_one(site: Site) -> None:
    other, client = english(site), english(site)
    path = "/account/passphrase"
    assert page_faults(client.get(path).text) == []
    new = {"new_passphrase": NEW, "new_again": NEW}
    for typed, told in (
        ({"my_passphrase": "väärä tunnuslause"} | new, "The passphrase is wrong."),
        ({"my_passphrase": PASSPHRASE, "new_passphrase": NEW, "new_again": "x"}, "differ"),
        (
            {"my_passphrase": PASSPHRASE} | dict.fromkeys(new, "Saana Sosiaali 2026"),
            "mostly names",
        ),
        ({"my_passphrase": PASSPHRASE} | dict.fromkeys(new, "oi maamme suomi"), "many people know"),
        ({"my_passphrase": PASSPHRASE} | dict.fromkeys(new, PASSPHRASE), "another passphrase than"),
    ):
        wrong = post(client, path, **typed)
        assert wrong.status_code == 422
        assert page_faults(wrong.text) == []
        assert told in wrong.text
        assert NEW not in wrong.text
    changed = post(client, path, my_passphrase=PASSPHRASE, **new)
    assert changed.location == "/account?told=changed"
    assert [other.get("/inbox").status_code, client.get("/inbox").status_code] == [303, 200]
    assert site.first_step(site.client(), "soc", NEW).status_code == 303
    assert site.first_step(site.client(), "soc").status_code == 422


@pytest.mark.on_both
def test_the_last_sign_ins_and_failed_tries_are_shown_to_their_own_person(site: Site) -> None:
    client = english(site)
    heading = "The last sign-ins and failed tries"
    assert "Signed in</span>" not in client.get("/account").text.partition(heading)[2]
    site.first_step(site.client(), "soc", "not-this-one")
    half = site.client()
    door = site.first_step(half, "soc").location
    post(half, door, factor_code="000000")
    site.hands.move(minutes=1)
    post(half, door, factor_code=site.code())
    page = client.get("/account").text
    assert page_faults(page) == []
    shown = page.partition(heading)[2]
    assert shown.count("Sign-in failed</span>") == 2
    assert shown.count("Passphrase right; the second step comes next</span>") == 2
    assert shown.count("Signed in</span>") == 1
    assert "Tue 2 June 2026 at 10:43" in shown
    own = english(site, "pol").get("/account").text.partition(heading)[2]
    assert "Sign-in failed" not in own


@pytest.mark.on_both
def test_who_must_wait_for_minutes_is_told_of_what_needs_no_wait(site: Site) -> None:
    client = english(site)
    for _ in range(60):
        answer = post(client, "/account/confirm", factor_code="000000")
        site.hands.move(seconds=30)
        if "printed code: they need no wait." in answer.text:
            break
    assert answer.status_code == 429
    assert "Wait 4 minutes, or use a passkey" in answer.text
    assert page_faults(answer.text) == []


@pytest.mark.parametrize("path", ["/sign-in", "/account"])
def test_a_session_cookie_that_was_planted_before_signing_in_is_not_taken_up(
    site: Site, path: str
) -> None:
    client, planted = site.client(), SessionSecret.new()
    for name in (COOKIE, HALF):
        client.set_cookie(name, planted.cookie)
    client.get(path)
    door = site.first_step(client, "soc")
    half = client.get_cookie(HALF)
    assert site.second_step(client, door.location).status_code == 303
    whole = client.get_cookie(COOKIE)
    assert half is not None
    assert whole is not None
    assert len({planted.cookie, half.value, whole.value}) == 3
    for old in (planted.cookie, half.value):
        client.set_cookie(COOKIE, old)
        assert client.get("/inbox").status_code == 303


@pytest.mark.parametrize(("banner", "published"), [("demo", False), ("none", True)])
def test_neither_a_demo_nor_the_published_secret_alone_shows_a_code(
    site: Site, banner: str, published: bool
) -> None:
    if published:
        published_app(site)
    for shown in second_pages(with_settings(site, banner=banner)):
        assert not re.search(r"Demo: \d", shown)
        assert site.code() not in "".join(shown.split())


def test_a_demo_shows_the_code_of_the_published_secret(site: Site) -> None:
    published_app(site)
    code = demo_data.TOTP_SECRET.code(step_at(site.hands()))
    for shown in second_pages(with_settings(site, banner="demo")):
        assert f"Demo: {code[:3]}\u00a0{code[3:]} is" in shown


def published_app(site: Site) -> None:
    with site.parts.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM factor")
    person = site.people["soc"]
    give_app(site.parts.database, person, site.hands(), demo_data.TOTP_SECRET)


def second_pages(site: Site) -> tuple[str, str]:
    """Of signing in, and before an act of weight."""
    client = site.client()
    client.set_cookie("ankkuri_language", "en")
    signing_in = client.get(site.first_step(client, "soc").location).text
    return signing_in, english(site).get("/account/confirm").text


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_every_page_of_ones_own_is_whole_in_each_language(
    at_localhost: Site, language: str
) -> None:
    client = at_localhost.signed_in("soc")
    client.set_cookie("ankkuri_language", language)
    for page in ("", "/confirm", "/app", "/passkey", "/codes", "/passphrase"):
        assert page_faults(client.get(f"/account{page}").text) == [], page
