"""Acts of weight ask for a second factor shown a short while ago, and lose nothing by it."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from intake.domain.people import Permission
from intake.domain.trail import Action
from intake.services.sign_in import FRESH
from intake.services.tries import FREE_TRIES
from intake.store.tables import TrailRow
from intake.vault.totp import step_at
from tests.look.page_faults import page_faults
from tests.services import asking
from tests.services.sending import at
from tests.site import SOC, TOTP_SECRET, Site, token_in
from tests.web.reporter_walk import hidden_in
from tests.web.test_routes import Addresses, permission_of, staff_routes

GIVES = "lets somebody open an agency's reports, or a part of one"
ACCESS = "gives or ends somebody's access"
ROUTES = "says which agency gets reports"
LEAVES = "takes figures, or what is logged of somebody, out of the service"
OWN = "changes by what one signs in"
FRESH_ROUTES = {
    **dict.fromkeys(("colleagues.give_key", "colleagues.new_key"), GIVES),
    **dict.fromkeys(
        ("colleagues.change_key", "people.confirm_entry", "people.refuse_entry"), GIVES
    ),
    **dict.fromkeys(("agency.section_request", "agency.lift_recusal"), GIVES),
    **dict.fromkeys(("agency.what_and_why", "supervisor.lift_recusal"), GIVES),
    "agency.recuse_colleague": "shuts somebody out of a report",
    **dict.fromkeys(("admin.new_agency", "admin.agency", "admin.agency_out_of_use"), ROUTES),
    **dict.fromkeys(("admin.confirm_agency", "admin.refuse_agency"), ROUTES),
    **dict.fromkeys(("people.new", "people.known", "people.anew"), ACCESS),
    **dict.fromkeys(("people.give", "people.end_role", "people.leave"), ACCESS),
    **dict.fromkeys(("supervisor.pressing_csv", "supervisor.ageing_csv"), LEAVES),
    **dict.fromkeys(("supervisor.times_csv", "supervisor.ahead_csv"), LEAVES),
    **dict.fromkeys(("supervisor.half_year_file", "audit.extract", "audit.extract_csv"), LEAVES),
    **dict.fromkeys(("security.add_app", "security.app_picture", "security.add_passkey"), OWN),
    **dict.fromkeys(("security.remove", "security.codes", "security.passphrase"), OWN),
    **dict.fromkeys(("security.end_session", "security.forget_device"), OWN),
    "recovery.new_recovery_code": OWN,
}
WHO = {
    "admin": "admin",
    "agency": "soc-head",
    "audit": "auditor",
    "colleagues": "soc",
    "people": "admin",
    "recovery": "soc",
    "security": "soc",
    "supervisor": "supervisor",
}


def stale(site: Site, name: str) -> FlaskClient:
    client = site.signed_in(name)
    client.set_cookie("ankkuri_language", "en")
    site.hands.at += FRESH
    site.hands.move(seconds=1)
    return client


def count(site: Site, action: Action) -> int:
    with site.parts.database.read() as connection:
        lines = select(func.count()).where(TrailRow.action == action)
        return connection.scalar(lines) or 0


def confirm(site: Site, client: FlaskClient, asked: Any, **more: str) -> Any:
    """Answer the page that asks for the second factor."""
    path = asked.location
    page = client.get(path)
    typed = {"csrf_token": token_in(page.text), "factor_code": site.code()} | more
    return client.post(path, data=typed)


def test_the_routes_that_ask_for_a_fresh_factor_are_these(site: Site) -> None:
    found = {
        rule.endpoint
        for rule in staff_routes(site)
        if getattr(site.app.view_functions[rule.endpoint], "fresh", False)
    }
    assert found == set(FRESH_ROUTES)


@pytest.mark.on_both
def test_a_stale_session_gets_nothing_of_them(site: Site) -> None:
    site.send()
    clients = {door: site.signed_in(name) for door, name in WHO.items()}
    site.hands.at += FRESH
    site.hands.move(seconds=1)
    rules = [rule for rule in staff_routes(site) if rule.endpoint in FRESH_ROUTES]
    addresses = {door: Addresses(site, name) for door, name in WHO.items()}
    asked = 0
    for rule in rules:
        door = rule.endpoint.partition(".")[0]
        client = clients[door]
        for method, code in (("GET", 303), ("POST", 307)):
            if method in rule.methods:
                answer = client.open(addresses[door](rule), method=method)
                assert answer.status_code == code, rule.endpoint
                assert answer.location.startswith("/account/confirm?next=/"), rule.endpoint
                asked += 1
    assert count(site, Action.NOT_FRESH) == asked


@pytest.mark.on_both
def test_a_right_code_leads_on_to_the_page_with_its_filter(site: Site) -> None:
    client = stale(site, "supervisor")
    asked = client.get("/deadlines/pressing.csv?agency=" + SOC)
    assert asked.status_code == 303
    page = client.get(asked.location)
    assert page_faults(page.text) == []
    answer = confirm(site, client, asked)
    assert (answer.status_code, answer.location) == (303, f"/deadlines/pressing.csv?agency={SOC}")
    assert client.get(answer.location).mimetype == "text/csv"
    assert count(site, Action.CONFIRM) == 1


def test_what_was_typed_goes_on_and_is_done_after_one_more_press(site: Site) -> None:
    client = site.signed_in("admin")
    client.set_cookie("ankkuri_language", "en")
    wel = site.people["wel"]
    path = f"/people/{wel}/anew"
    form = {"csrf_token": token_in(client.get(path).text), "knowing": "y"}
    site.hands.at += FRESH
    site.hands.move(seconds=1)
    turned = client.post(path, data=form)
    assert turned.status_code == 307
    page = client.post(turned.location, data=form)
    assert page.status_code == 200
    assert page_faults(page.text) == []
    held = hidden_in(page.text)
    assert held["kept.knowing"] == "y"
    wrong = client.post(turned.location, data=held | {"factor_code": "000000"})
    assert wrong.status_code == 422
    right = client.post(turned.location, data=hidden_in(wrong.text) | {"factor_code": site.code()})
    assert right.status_code == 200
    assert page_faults(right.text) == []
    done = client.post(path, data=hidden_in(right.text))
    assert done.status_code == 200
    assert "/join/" in done.text


@pytest.mark.on_both
def test_parts_are_given_as_they_were_chosen_before_the_factor_was_asked_for(site: Site) -> None:
    lead, asker = asking.sent(site)
    path = f"/referrals/{lead}/parts/{asking.asked(site, lead, asker)}"
    client = site.signed_in("ank")
    client.set_cookie("ankkuri_language", "en")
    form = {
        "csrf_token": token_in(client.get(path).text),
        "step": "grant",
        "sections": ["guardians"],
        "way": "consent",
        "consent": asking.CONSENT,
    }
    site.hands.at += FRESH
    site.hands.move(seconds=1)
    turned = client.post(path, data=form)
    assert turned.status_code == 307
    held = hidden_in(client.post(turned.location, data=form).text)
    assert "guardians" not in asking.sections(site, "you", asker)
    right = client.post(turned.location, data=held | {"factor_code": site.code()})
    assert page_faults(right.text) == []
    assert client.post(path, data=hidden_in(right.text)).status_code == 303
    assert "guardians" in asking.sections(site, "you", asker)


def test_an_extract_is_made_of_the_reports_that_were_asked_for_before(site: Site) -> None:
    site.send()
    reference = at(site, SOC).reference
    client = stale(site, "auditor")
    path = f"/trail/extract.csv?references={reference}"
    asked = client.get(path)
    assert count(site, Action.EXTRACT) == 0
    answer = confirm(site, client, asked)
    assert answer.location == path
    assert client.get(path).mimetype == "text/csv"
    assert count(site, Action.EXTRACT) == 2, "that it was made, and of which report"


@pytest.mark.parametrize("forged", [{"csrf_token": "0" * 64}, {}])
def test_what_no_page_of_ours_posted_is_not_kept(site: Site, forged: dict[str, str]) -> None:
    client = stale(site, "admin")
    page = client.post("/account/confirm?next=/people/known", data={"knowing": "y"} | forged)
    assert page.status_code == 200
    assert "kept." not in page.text


def test_a_forged_confirmation_confirms_nothing(site: Site) -> None:
    client = stale(site, "admin")
    data = {"factor_code": site.code(), "csrf_token": "0" * 64}
    assert client.post("/account/confirm?next=/people/known", data=data).status_code == 422
    assert client.get("/people/known").status_code == 303


def test_guessing_at_the_confirmation_waits_as_at_the_sign_in(site: Site) -> None:
    client = stale(site, "soc")
    asked = client.get("/account/codes")
    for _ in range(FREE_TRIES):
        assert confirm(site, client, asked, factor_code="000000").status_code == 422
    assert confirm(site, client, asked).status_code == 429
    assert count(site, Action.CONFIRM_FAILED) == FREE_TRIES


@pytest.mark.on_both
def test_only_ones_own_second_factor_confirms(site: Site) -> None:
    client = stale(site, "soc")
    codes = site.parts.factors.print_codes(site.visit("pol"), site.hands())
    asked = client.get("/account/codes")
    assert confirm(site, client, asked, factor_code=codes[0]).status_code == 422
    own = site.parts.factors.print_codes(site.visit("soc"), site.hands())
    assert confirm(site, client, asked, factor_code=own[0]).status_code == 303


def test_a_code_that_let_one_in_confirms_nothing_more(site: Site) -> None:
    client = site.signs_in("soc")
    site.hands.move(minutes=11)
    asked = client.get("/account/codes")
    used = TOTP_SECRET.code(step_at(site.hands()))
    assert confirm(site, client, asked, factor_code=used).status_code == 303
    site.hands.move(minutes=10, seconds=1)
    asked = client.get("/account/codes")
    assert confirm(site, client, asked, factor_code=used).status_code == 422


def test_confirming_leads_on_within_the_service_only(site: Site) -> None:
    client = stale(site, "soc")
    page = client.get("/account/confirm?next=//elsewhere.invalid")
    typed = {"csrf_token": token_in(page.text), "factor_code": site.code()}
    answer = client.post("/account/confirm?next=//elsewhere.invalid", data=typed)
    assert answer.location == "/staff"
    assert permission_of(site, "security.confirm") is Permission.SIGNED_IN
