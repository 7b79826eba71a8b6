"""Whatever an address, a form or a cookie holds, no page fails: an answer below 500, each time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from tests.site import Site, open_site
from tests.web.expected import OBJECTS, PLAIN
from tests.web.reporter_walk import WAY, Walk
from tests.web.test_armour import path_of, who_gets_in
from tests.web.things import Thing, furnish
from tests.web.walking import Walkers, methods, routes

SET = settings(
    deadline=None,
    derandomize=True,
    max_examples=4,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow],
)
CORPUS = (
    "",
    "\0",
    "a\0b",
    "\ufffe\U0010ffff",
    "\u202eabc",
    "٣٤",
    "²",
    "-1",
    "9" * 40,
    "1e309",
    "2026-06-02",
    "0001-01-01",
    "9999-12-31",
    "late",
    "3.-62135596800000000." + "0" * 32,
    "1.99999999999999999999999." + "f" * 32,
    "0" * 32,
    "../../etc/passwd",
    "%00%ff%fe",
    "%(name)s {0} {{7*7}}",
    "'\"><script>",
    "=1+1",
    "ä" * 90,
)
"""Words that have been trouble somewhere, kept: each page is asked with all of them."""
NAMES = (
    *(
        "lang",
        "from",
        "next",
        "state",
        "agency",
        "clock",
        "after",
        "period",
        "county",
        "to",
        "find",
    ),
    *("find", "choose", "done", "changed", "recorded", "given", "saved", "draft", "municipality"),
    *("day", "age", "primary", "categories", "revived", "withdrawn", "code", "reason", "step"),
    *("name", "passphrase", "choice", "happened_on", "text", "content", "valid_from", "valid_to"),
    *(
        "email",
        "hetu",
        "birth_date",
        "leave",
        "notice_address",
        "plan",
        "stop",
        "noted",
        "file",
        "seen",
    ),
    *("references", "person", "action", "since", "until", "page", "stand", "told", "session"),
    *("device", "label", "factor_code", "ground", "words", "last_day", "need", "lead", "way"),
    *("sections", "consent", "asked", "outcome", "basis", "knowing"),
)
VALUES = st.one_of(st.sampled_from(CORPUS), st.text(max_size=60))
FIELDS = st.dictionaries(
    st.one_of(st.sampled_from(NAMES), st.text(max_size=10)), st.lists(VALUES, max_size=3)
)


@pytest.fixture(scope="module")
def furnished(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Site, dict[str, Thing], Walkers]]:
    """One site for all: nothing here is meant to be taken."""
    folder: Path = tmp_path_factory.mktemp("outside")
    with open_site(folder / "data") as site:
        things = furnish(site, folder)
        site.app.testing = False
        yield site, things, Walkers(site)


ENDPOINTS = sorted(
    name
    for name in {*OBJECTS, *PLAIN} - {"account.sign_out"}
    if not name.startswith("rules.desk.")  # each proves a set; what they read is of tests/rules
)


def below_500(answer: Any, told: object) -> None:
    busy = answer.status_code == 503  # a proof, or a hash, is under way
    assert answer.status_code < 500 or busy, told
    answer.close()


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_no_page_of_staff_fails_on_what_it_is_asked_with(
    furnished: tuple[Site, dict[str, Thing], Walkers], endpoint: str
) -> None:
    site, things, _ = furnished
    walkers = Walkers(site)
    (rule,) = (rule for rule in routes(site) if rule.endpoint == endpoint)
    path, (name, _) = path_of(site, rule, things), who_gets_in(endpoint)
    browser, token = walkers.browser(name), walkers.token(name)

    @SET
    @given(fields=FIELDS)
    def asked(fields: dict[str, list[str]]) -> None:
        for method in methods(rule):
            site.hands.move(milliseconds=2)  # Hypothesis draws the same ids each time
            if method == "GET":
                below_500(browser.get(path, query_string=MultiDict(fields)), fields)
            else:
                data = MultiDict({**fields, "csrf_token": token})
                below_500(browser.post(path, data=data), fields)

    asked()
    kept = [(each, word) for each in NAMES for word in CORPUS]
    for method in methods(rule):
        site.hands.move(milliseconds=2)
        data: Any = MultiDict([*kept, ("csrf_token", token)])
        if method == "GET":
            below_500(browser.get(path, query_string=data), "the corpus")
        else:
            below_500(browser.post(path, data=data), "the corpus")


OTHERS = ("call-112", "check", "send", "erase", "child/9", "guardian/0")


@pytest.mark.parametrize("page", [*WAY, *OTHERS])
@SET
@given(data=st.data())
def test_no_page_of_a_worry_fails_on_what_is_typed(
    furnished: tuple[Site, dict[str, Thing], Walkers], page: str, data: st.DataObject
) -> None:
    site, _, _ = furnished
    site.hands.move(milliseconds=2)
    walk = Walk(site.client())
    token = walk.get("/report/who").partition('name="csrf_token"')[2].partition('value="')[2]
    usual: dict[str, Any] = dict(WAY.get(page, {}))
    for name in data.draw(st.lists(st.sampled_from([*usual, *NAMES]), max_size=4)):
        usual[name] = data.draw(st.lists(VALUES, max_size=3))
    usual["csrf_token"] = token.partition('"')[0]
    below_500(walk.client.post(f"/report/{page}", data=MultiDict(usual)), usual)
    below_500(walk.client.get(f"/report/{page}", query_string=MultiDict(usual)), usual)


BODIES = (
    ("application/x-www-form-urlencoded", b"name=%ff%fe&passphrase=%00&csrf_token=%f0%28"),
    ("application/x-www-form-urlencoded; charset=utf-16", b"\xff\xfen\0a\0"),
    ("application/x-www-form-urlencoded", b"&".join(b"a=1" for _ in range(5000))),
    ("multipart/form-data", b"--x"),
    ("multipart/form-data; boundary=x", b"--x\r\n\r\n--x--"),
    ("multipart/form-data; boundary=" + "x" * 300, b"--x\r\nContent-Disposition: form-data\r\n"),
    ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="a'),
    ("application/json", b"[" * 5000),
    ("text/plain", b"\0" * 100),
    ("", b"\xff"),
)


@pytest.mark.parametrize(("kind", "body"), BODIES)
def test_no_body_of_a_post_makes_a_page_fail(
    furnished: tuple[Site, dict[str, Thing], Walkers], kind: str, body: bytes
) -> None:
    _, _, walkers = furnished
    for name, path in (
        ("", "/sign-in"),
        ("", "/status"),
        ("", "/report/observations"),
        ("", "/join"),
        ("admin-vantaa", "/directory/schools/register"),
        ("soc", "/sign-out"),
        ("rules", "/rules/sets/ita-uusimaa/new"),
    ):
        answer = walkers.browser(name).post(path, data=body, content_type=kind)
        below_500(answer, (path, kind))


@SET
@given(cookie=st.one_of(st.sampled_from(CORPUS), st.text(max_size=60), st.just("A" * 43)))
def test_no_cookie_and_no_link_makes_a_page_fail(
    furnished: tuple[Site, dict[str, Thing], Walkers], cookie: str
) -> None:
    site, _, _ = furnished
    header = "; ".join(
        f"{name}={cookie}"
        for name in (
            *("ankkuri_draft", "ankkuri_staff", "ankkuri_half", "ankkuri_device"),
            *("ankkuri_sign_in", "ankkuri_invitation", "ankkuri_recover"),
            *("ankkuri_language", "__Host-ankkuri_staff", ""),
        )
    )
    environ = {"HTTP_COOKIE": header.encode("utf-8", "surrogatepass").decode("latin-1")}
    entrances = ("/sign-in", "/sign-in/second", "/sign-in/set-up", "/recover", "/join")
    for path in ("/", "/report/who", "/receipt", "/staff", "/inbox", *entrances):
        below_500(site.client().get(path, environ_overrides=environ), (path, cookie))
    below_500(site.client().get(f"/join/{cookie.replace('/', '')}"), cookie)


@SET
@given(path=st.text(max_size=60), host=st.text("abc.:[]@\\0/ ", max_size=20))
def test_no_address_makes_a_page_fail(
    furnished: tuple[Site, dict[str, Thing], Walkers], path: str, host: str
) -> None:
    site, _, _ = furnished
    environ = {
        "PATH_INFO": "/" + path.encode("utf-8", "surrogatepass").decode("latin-1"),
        "HTTP_HOST": host,
    }
    for method in ("GET", "POST"):
        below_500(site.client().open("/", method=method, environ_overrides=environ), path)
