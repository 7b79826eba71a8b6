"""What every answer is dressed in, and what every post must bring: walked from the URL map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import wraps
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from intake.app import MOST_BYTES
from intake.domain.deadline import local_date
from intake.domain.people import Appointment, Membership, Role
from intake.services.invite import Newcomer
from intake.store import rules
from intake.store.tables import Base, DeadlineRow
from intake.vault.keyring import InvitationSecret, SessionSecret
from intake.web.forms.base import CookieToken, TokenForged
from intake.web.joining import COOKIE as JOINING
from intake.web.page import HEADERS, TLS_ONLY
from intake.web.second_step import COOKIE, HALF
from tests.calendars import ABSENCE
from tests.services import publishing
from tests.site import PASSPHRASE, SOC, WEL, YOU, Site, token_in
from tests.web.expected import OBJECTS, PLAIN
from tests.web.keying import keyed
from tests.web.reporter_walk import Walk
from tests.web.test_admin_directory import fields, post
from tests.web.things import LAYER, Thing, furnish
from tests.web.walking import Walkers, address, methods, routes, with_a_name

SECURE = "__Host-ankkuri_staff"
EVERY_METHOD = ("GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE")
ANY: Thing = {"name": "who", "number": 1, "link": "x" * 43, "filename": "ankkuri.css"}


def who_gets_in(endpoint: str) -> tuple[str, str]:
    """Somebody who does, and to what; of a route that anyone may use nobody, to nothing."""
    if endpoint in OBJECTS:
        for thing, people in OBJECTS[endpoint].things.items():
            if within := sorted(people & OBJECTS[endpoint].may):
                return within[0], thing
        return sorted(OBJECTS[endpoint].may)[0], next(iter(OBJECTS[endpoint].things))
    return (sorted(PLAIN[endpoint])[0], "") if endpoint in PLAIN else ("", "")


def path_of(site: Site, rule: Rule, things: dict[str, Thing]) -> str:
    """To something that is there."""
    endpoint = str(rule.endpoint)
    _, thing = who_gets_in(endpoint)
    also = OBJECTS[endpoint].also if endpoint in OBJECTS else {}
    name = {"name": "child"} if "number" in rule.arguments else {}
    return address(site, rule, {**ANY, **name, **also, **things.get(thing, {})})


def dressed(answer: TestResponse, what: str) -> None:
    """It has all that protects it, and nothing weaker beside it."""
    for name, value in {**HEADERS, **TLS_ONLY}.items():
        assert answer.headers.getlist(name) == [value], (what, name)
    if "/static/" not in what:
        assert answer.headers.getlist("Cache-Control") == ["no-store"], what
    if (answer.mimetype or "").startswith("text/"):
        assert str(answer.content_type).endswith("; charset=utf-8"), what
    for name in ("Server", "X-Powered-By", "Access-Control-Allow-Origin", "ETag"):
        assert name not in answer.headers or "/static/" in what, (what, name)
    for cookie in answer.headers.getlist("Set-Cookie"):
        attributes = {part.strip().lower() for part in cookie.split(";")}
        assert {"secure", "httponly", "path=/", "samesite=lax"} <= attributes, what
        assert not any(part.startswith("domain") for part in attributes), what
        assert cookie.startswith("__Host-ankkuri_"), what


@pytest.fixture
def over_tls(site: Site, tmp_path: Path) -> tuple[Site, dict[str, Thing]]:
    """The same site as browsers see it in use."""
    things = furnish(site, tmp_path)
    settings = replace(site.parts.settings, secure_cookies=True)
    return Site(replace(site.parts, settings=settings), site.hands, site.people), things


def test_every_answer_of_every_route_is_dressed(
    over_tls: tuple[Site, dict[str, Thing]],
) -> None:
    site, things = over_tls
    walkers = Walkers(site)
    kinds = set()
    for rule in routes(site):
        path, (name, _) = path_of(site, rule, things), who_gets_in(str(rule.endpoint))
        asked = [(site.client(), method) for method in EVERY_METHOD]
        asked += [(walkers.browser(name, SECURE), method) for method in methods(rule)]
        asked += [(walkers.browser("you", SECURE), "GET")]
        for browser, method in asked:
            answer = browser.open(path, method=method, base_url="https://localhost")
            dressed(answer, f"{method} {path}")
            kinds.add((answer.status_code, answer.mimetype))
            answer.close()
    assert {code for code, _ in kinds} >= {200, 303, 307, 403, 404, 405, 409, 410, 422}
    assert {kind for _, kind in kinds} >= {"text/html", "text/csv", "text/css", "text/plain"}


def test_over_tls_the_language_is_read_of_the_cookie_that_is_bound_to_the_host(
    over_tls: tuple[Site, dict[str, Thing]],
) -> None:
    browser, url = over_tls[0].client(), "https://localhost/"
    browser.set_cookie("ankkuri_language", "sv")  # as any host beside this one could
    assert '<html lang="fi"' in browser.get("/", base_url=url).text
    chosen = browser.get("/?lang=en", base_url=url)
    assert chosen.headers["Set-Cookie"].startswith("__Host-ankkuri_language=en;")
    assert '<html lang="en"' in browser.get("/", base_url=url).text


def test_answers_to_what_fails_are_dressed_too(
    over_tls: tuple[Site, dict[str, Thing]], monkeypatch: pytest.MonkeyPatch
) -> None:
    site, _ = over_tls
    cases: tuple[tuple[str, dict[str, Any], int], ...] = (
        ("/nowhere", {}, 404),
        ("/static/nothing.css", {}, 404),
        ("/report/who/", {}, 404),
        ("/report/who", {"method": "POST", "data": {"a": "x" * MOST_BYTES}}, 413),
        ("/?lang=sv", {}, 303),
    )
    for path, sent, code in cases:
        answer = site.client().open(path, base_url="https://localhost", **sent)
        assert answer.status_code == code
        dressed(answer, path)
    site.app.testing = False
    views = site.app.view_functions
    broken_view = wraps(views["reporter.start"])(lambda: 1 / 0)
    monkeypatch.setitem(views, "reporter.start", broken_view)
    for broken in ("", "errors/500.html"):
        if broken:  # not even the page that says so can be made
            monkeypatch.setattr("intake.app.render", lambda *_: 1 / 0)
        answer = site.client().get("/", base_url="https://localhost")
        assert answer.status_code == 500
        dressed(answer, "/ that fails")


@dataclass(frozen=True)
class Place:
    """Where a form is posted from, with the token that it has there and what else it must hold."""

    browser: FlaskClient
    path: str
    token: str
    fields: Mapping[str, str] = field(default_factory=dict)


class Tokens:
    """What the forms of a request thought of its token."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen: list[bool] = []
        validate = CookieToken.validate_csrf_token

        def told(of: CookieToken, form: Any, field: Any) -> None:
            try:
                validate(of, form, field)
            except TokenForged:
                self.seen.append(False)
                raise
            self.seen.append(True)

        monkeypatch.setattr(CookieToken, "validate_csrf_token", told)

    def of(self, place: Place, data: Mapping[str, str]) -> tuple[int, list[bool]]:
        """The status of a post, and whether each of its forms took the token."""
        self.seen.clear()
        answer = place.browser.post(place.path, data={**place.fields, **data})
        return answer.status_code, list(self.seen)


UNTOLD = {"trail", "session", "attempt", "reminder"}
"""Tables in which a visit writes, whatever it asks for: that it was there, and what it has seen."""


def everything(site: Site) -> dict[str, set[str]]:
    """Every row but those that a visit leaves."""
    with site.parts.database.read() as connection:
        return {
            table.name: {repr(tuple(row)) for row in connection.execute(select(table))}
            for table in Base.metadata.sorted_tables
            if table.name not in UNTOLD
        }


def post_routes(site: Site) -> list[Rule]:
    """Every one that takes a post: each with its token."""
    return [rule for rule in routes(site) if "POST" in methods(rule)]


BESIDE = {"agency.section_request": {"step": "refuse"}, "security.confirm": {"factor_code": "0"}}
"""What else a post must hold, or it is not an answer to the page's form."""


def in_their_browsers(site: Site, walkers: Walkers, things: dict[str, Thing]) -> dict[str, Place]:
    """Each post by somebody who may make it, where its form is, with the token of that form."""
    special = _at_its_time(site, walkers) | _of_anyone(site, walkers) | _of_a_draft(site, walkers)
    found = {}
    for rule in post_routes(site):
        endpoint = str(rule.endpoint)
        name, _ = who_gets_in(endpoint)
        if name:
            path = path_of(site, rule, things)
            found[endpoint] = Place(walkers.browser(name), path, walkers.token(name))
    team = things["the team's referral"]["referral_id"]
    path = f"/referrals/{team}/hand_over/{YOU}"  # to whom they may hand over
    found["agency.what_and_why"] = Place(walkers.browser("ank"), path, walkers.token("ank"))
    leaving = Walkers(site)
    found["account.sign_out"] = Place(leaving.browser("ank"), "/sign-out", leaving.token("ank"))
    for endpoint, beside in BESIDE.items():
        found[endpoint] = replace(found[endpoint], fields=beside)
    return found | special


def _of_anyone(site: Site, walkers: Walkers) -> dict[str, Place]:
    typing, erasing, sent, signing, joining, recovering = (site.client() for _ in range(6))
    Walk(typing).fill()
    Walk(erasing).fill()
    Walk(sent).fill(reporter={"notice_address": "outi@koulu.invalid"})
    code = Walk(sent).send()
    secret = _invited(site)
    joining.set_cookie(JOINING, secret.cookie)
    token = token_in(typing.get("/report/child/1").text)
    found = {
        f"reporter.{name}": Place(typing, f"/{path}", token)
        for name, path in {
            "call_112": "report/call-112",
            "page": "report/observations",
            "person": "report/child/1",
            "remove": "report/child/1/remove",
            "send": "report/send",
        }.items()
    }
    typed = {"name": "soc", "passphrase": PASSPHRASE}
    for endpoint, name in (("sign_in_second", "soc"), ("sign_in_set_up", "newcomer")):
        half, browser = site.parts.sign_in(name, PASSPHRASE, site.hands()), site.client()
        browser.set_cookie(HALF, half.cookie)
        path = "/" + endpoint.removeprefix("sign_in_").replace("_", "-")
        found[f"account.{endpoint}"] = Place(
            browser, f"/sign-in{path}", walkers.token_of(half), {"factor_code": "0"}
        )
    return found | {
        "recovery.come_back": Place(
            recovering, "/recover", token_in(recovering.get("/recover").text)
        ),
        "reporter.erase": Place(
            erasing, "/report/erase", token_in(erasing.get("/report/erase").text)
        ),
        "reporter.noted": Place(sent, "/receipt/noted", token_in(sent.get("/receipt").text)),
        "reporter.status": Place(
            sent, "/status", token_in(sent.get("/status").text), {"code": code, "stop": "y"}
        ),
        "account.sign_in": Place(
            signing, "/sign-in", token_in(signing.get("/sign-in").text), typed
        ),
        "joining.join_in": Place(joining, "/join", walkers.token_of(secret)),
    }


def _invited(site: Site) -> InvitationSecret:
    newcomer = Newcomer("joining", "Uusi Tulokas", "uusi@ankkuri.invalid", "fi")
    role = Appointment(Membership(Role.WORKER, SOC), local_date(site.hands()))
    admin = site.visit("admin").person.as_administrator()
    return site.parts.invite(admin, newcomer, [role], site.hands())


def _of_a_draft(site: Site, walkers: Walkers) -> dict[str, Place]:
    typing, erasing, sent = keyed(site), keyed(site), keyed(site)
    sent.send()

    def place(walk: Walk, path: str) -> Place:
        cookie = walk.client.get_cookie(COOKIE)
        assert cookie is not None
        token = walkers.token_of(SessionSecret.parse(cookie.value))
        return Place(walk.client, f"{walk.under}/{path}", token)

    return {
        "agency.key_in.call_112": place(typing, "report/call-112"),
        "agency.key_in.erase": place(erasing, "report/erase"),
        "agency.key_in.noted": place(sent, "receipt/noted"),
        "agency.key_in.page": place(typing, "report/observations"),
        "agency.key_in.person": place(typing, "report/child/1"),
        "agency.key_in.remove": place(typing, "report/child/1/remove"),
        "agency.key_in.send": place(typing, "report/send"),
    }


def _at_its_time(site: Site, walkers: Walkers) -> dict[str, Place]:
    """Of what can be done only at times: what is not in force yet is withdrawn, a silent agency's
    referral is taken over.
    """
    later = local_date(site.hands()) + timedelta(days=40)
    publishing.published(site, publishing.changed(site), later)
    with site.parts.database.read() as connection:
        first = max(rules.publications(connection, LAYER), key=lambda each: each.in_force_at)
    site.send()
    site.parts.chase(site.hands.move(hours=4))
    path = "/directory/agreements"
    browser = walkers.browser("admin-police")
    post(browser, f"{path}/agreement-vantaa-2026", valid_to=["31", "8", "2026"])
    next_one = fields(browser.get(f"{path}/new?after=agreement-vantaa-2026").text)
    dated = next_one | {"valid_to": ["31", "8", "2029"]}
    _, _, renewed = browser.post(f"{path}/new", data=dated).location.partition("saved=")
    offer, *_ = site.parts.take_over.offers(site.visit("duty"))
    site.send(ABSENCE)
    with site.parts.database.read() as connection:
        extended = connection.scalars(select(DeadlineRow.id).filter_by(agency_id=WEL)).first()
    return {
        "supervisor.extend": Place(
            walkers.browser("supervisor"),
            f"/deadlines/{extended}/extend",
            walkers.token("supervisor"),
        ),
        "admin.remove_agreement": Place(
            browser, f"{path}/{renewed}/remove", walkers.token("admin-police")
        ),
        "rules.desk.withdraw": Place(
            walkers.browser("rules"),
            f"/rules/publications/{first.id}/withdraw",
            walkers.token("rules"),
        ),
        "agency.take_over": Place(
            walkers.browser("duty"),
            f"/referrals/{offer.referral_id}/take_over",
            walkers.token("duty"),
        ),
    }


def test_a_post_without_its_token_changes_nothing(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    things = furnish(site, tmp_path)
    site = with_a_name(site)
    walkers, tokens = Walkers(site), Tokens(monkeypatch)
    wrong: dict[str, dict[str, str]] = {
        "none": {},
        "empty": {"csrf_token": ""},
        "another's": {"csrf_token": walkers.token("coordinator")},
        "an earlier session's": {"csrf_token": walkers.token_of(site.session("soc"))},
        "odd": {"csrf_token": "\0ä" + "x" * 62},
    }
    places = in_their_browsers(site, walkers, things)
    assert places.keys() == {str(rule.endpoint) for rule in post_routes(site)}
    before = everything(site)
    for endpoint, place in places.items():
        for name, posted in wrong.items():
            status, took = tokens.of(place, posted)
            assert took, f"{endpoint} asked for no token ({status}), of {name}"
            assert not any(took), (endpoint, name)
            assert status != 500, (endpoint, name)
        assert everything(site) == before, endpoint


def test_the_same_posts_are_taken_with_their_token(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So it is the token that the posts above lack."""
    things = furnish(site, tmp_path)
    site, tokens = with_a_name(site), Tokens(monkeypatch)
    for endpoint, place in in_their_browsers(site, Walkers(site), things).items():
        _, took = tokens.of(place, {"csrf_token": place.token})
        assert any(took), endpoint
