"""Every route says who may enter, and a walk over all of them finds it true."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

import config
from intake.domain.people import AGENCY_ROLES, PERMISSIONS, Permission
from intake.domain.trail import Action
from intake.services.rule_editor import Editor
from intake.store import factors, rules
from intake.store.people_tables import MembershipRow
from intake.store.tables import DeadlineRow, ReferralRow, TrailRow
from intake.web.page import HEADERS
from tests.look.page_faults import page_faults
from tests.site import DUTY, PEOPLE, SOC, TRIAGE, Site, make_app

PROBES = ("probe.alive", "probe.serves")  # for a proxy, which has no account
OPEN_DOORS = (
    "reporter.",
    "joining.",
    "recovery.come_back",
    "account.sign_in",
    "account.front",
    "static",
    *PROBES,
)


SCHOOL, TEAM_AGREEMENT = "school-tikkukivi", "agreement-vantaa-2026"
LINE = "line-vantaa-kerava-emergency"
ENTRIES = {
    "admin.school": SCHOOL,
    "admin.close_school": SCHOOL,
    "admin.agreement": TEAM_AGREEMENT,
    "admin.remove_agreement": TEAM_AGREEMENT,
    "admin.line": LINE,
    "admin.remove_line": LINE,
}
OWN = {
    "admin": {"admin.agency", "admin.agency_out_of_use", "admin.line", "admin.remove_line"},
    "admin-vantaa": {"admin.school", "admin.close_school"},
    "admin-police": {"admin.agreement"},
}
"""Which pages about the entries above belong to whom; people of the county are the first one's."""
NOWHERE = {
    "people.withdraw",
    "colleagues.give_key",
    "colleagues.new_key",
    "admin.remove_agreement",
    "security.add_passkey",
    "agency.lift_recusal",
    "supervisor.lift_recusal",
    "agency.release",
    "agency.section_request",
}
"""What is not there: an invitation, a colleague without the key, an agreement not begun, passkeys
at the bare IP address of the tests' site, somebody who is shut out, a request for further parts,
a hold.
"""
OF_HOLDERS = {"colleagues.change_key", "colleagues.changing"}
"""What only members who have the agency's key get."""


def permission_of(site: Site, endpoint: str) -> Any:
    return getattr(site.app.view_functions[endpoint], "permission", None)


def staff_routes(site: Site) -> list[Any]:
    return [
        rule
        for rule in site.app.url_map.iter_rules()
        if permission_of(site, rule.endpoint) not in (None, Permission.ANYONE)
    ]


class Addresses:
    """Of pages about things that are there, of the county or of ``who`` where they can be."""

    def __init__(self, site: Site, who: str = "soc") -> None:
        self._adapter = site.app.url_map.bind("localhost")
        with site.parts.database.read() as connection:
            referral = connection.scalar(
                select(ReferralRow.id).where(ReferralRow.agency_id.like("soc-%"))
            )
            role = connection.scalar(
                select(MembershipRow.id).where(MembershipRow.person_id == site.people["wel"])
            )
            deadline = connection.scalar(
                select(DeadlineRow.id).where(DeadlineRow.referral_id == referral)
            )
            factor = factors.factors(connection, site.people[who])[0].id
            publication = rules.publications(connection, "ita-uusimaa")[0].id
            rule_drafts = rules.drafts(connection)
        self._values: dict[str, Any] = {
            "referral_id": referral,
            "move": "accept",
            "clock": "urgency",
            "person_id": site.people["wel"],
            "factor_id": factor,
            "member_id": uuid4(),
            "absence_id": uuid4(),
            "role_id": role,
            "invitation_id": UUID(int=1),
            "waiting_id": uuid4(),
            "draft": uuid4(),
            "number": 1,
            "letter_id": uuid4(),
            "recusal_id": uuid4(),
            "request_id": uuid4(),
            "hold_id": uuid4(),
            "deadline_id": deadline,
            "draft_id": rule_drafts[0].id if rule_drafts else uuid4(),
            "publication_id": publication,
            "layer": "ita-uusimaa",
        }

    def __call__(self, rule: Any) -> str:
        """That of a route."""
        values = self._values | {
            "entry_id": ENTRIES.get(rule.endpoint, SOC),
            "name": "child" if rule.endpoint.endswith((".person", ".remove")) else "who",
            "agency_id": SOC if rule.endpoint.startswith("colleagues.") else TRIAGE,
        }
        return self._adapter.build(rule.endpoint, {name: values[name] for name in rule.arguments})


def test_every_route_declares_a_permission(site: Site) -> None:
    undeclared = [
        rule.endpoint
        for rule in site.app.url_map.iter_rules()
        if rule.endpoint != "static"
        and not isinstance(permission_of(site, rule.endpoint), Permission)
    ]
    assert undeclared == []


@pytest.mark.parametrize("door", config.DOORS)
def test_every_route_of_a_door_by_itself_declares_a_permission(site: Site, door: str) -> None:
    settings = replace(site.parts.settings, doors=(door,))
    app = make_app(replace(site.parts, settings=settings))
    undeclared = [
        name
        for name, view in app.view_functions.items()
        if name != "static" and not isinstance(getattr(view, "permission", None), Permission)
    ]
    assert undeclared == []


def test_a_view_that_declares_nothing_opens_to_nobody(site: Site) -> None:
    app = make_app(site.parts)
    app.add_url_rule("/forgotten", "forgotten", lambda: "all the reports")
    answer = app.test_client().get("/forgotten")
    assert answer.status_code == 403
    assert "all the reports" not in answer.text


def test_only_the_reporters_pages_and_the_sign_in_are_open_to_anyone(site: Site) -> None:
    opened = [
        rule.endpoint
        for rule in site.app.url_map.iter_rules()
        if permission_of(site, rule.endpoint) in (None, Permission.ANYONE)
    ]
    assert [name for name in opened if not name.startswith(OPEN_DOORS)] == []
    assert len(staff_routes(site)) >= 10


def test_nobody_gets_a_staff_page_without_signing_in(site: Site) -> None:
    site.send()
    client, address = site.client(), Addresses(site)
    for rule in staff_routes(site):
        for method in sorted(rule.methods & {"GET", "POST"}):
            answer = client.open(address(rule), method=method)
            keeps_what_was_typed = method == "POST" and "GET" in rule.methods
            assert answer.status_code == (307 if keeps_what_was_typed else 303), rule.endpoint
            assert answer.location.partition("?")[0] == "/sign-in", rule.endpoint


@pytest.mark.parametrize("name", sorted(PEOPLE))
def test_each_person_gets_exactly_the_pages_of_their_roles(site: Site, name: str) -> None:
    site.send()
    site.parts.rule_drafts.begin(Editor(None), "ita-uusimaa", site.hands())
    client, address = site.signed_in(name), Addresses(site, name)
    memberships = PEOPLE[name][1]
    held = {p for m in memberships for p in PERMISSIONS[m.role]} | {Permission.SIGNED_IN}
    of_its_agency = any(m.agency == SOC for m in memberships)
    whole: set[str] = set()
    for rule in staff_routes(site):
        permission = permission_of(site, rule.endpoint)
        if "GET" not in rule.methods or rule.endpoint == "account.front":
            continue
        answer = client.get(address(rule))
        hidden = (
            rule.endpoint in NOWHERE
            or ("referral_id" in rule.arguments and not of_its_agency)
            or (rule.endpoint in OF_HOLDERS and not of_its_agency)
            or {"letter_id", "member_id", "waiting_id"} & rule.arguments
            or ("entry_id" in rule.arguments and rule.endpoint not in OWN.get(name, ()))
            or ("person_id" in rule.arguments and name != "admin")
            or ({"draft_id", "publication_id"} & rule.arguments and name == "rules-police")
        )
        expected = {403} if permission not in held else {404} if hidden else {200}
        if permission is Permission.KEY_IN and permission in held:
            expected = {200, 303, 404}  # of a draft that nobody has begun
        if rule.endpoint == "rules.desk.withdraw" and expected == {200}:
            expected = {409}  # it is in force
        if rule.endpoint == "agency.ask_sections" and expected == {200}:
            expected = {409}  # nobody else leads it
        if rule.endpoint == "agency.take_over" and permission in held:
            expected = {
                409 if any(m.agency == DUTY for m in memberships) else 404
            }  # none is silent
        assert answer.status_code in expected, (name, rule.endpoint, answer.status_code)
        page = re.sub(r"\b\d{3} \d{3} \d{3}\b", "", answer.text)  # the number of the request
        if answer.mimetype == "text/html" and answer.status_code != 303 and page not in whole:
            assert page_faults(page) == [], rule.endpoint
            whole.add(page)


def test_a_page_of_another_role_leaves_a_line(site: Site) -> None:
    client = site.signed_in("supervisor")

    def refusals() -> int:
        with site.parts.database.read() as connection:
            return (
                connection.scalar(
                    select(func.count())
                    .select_from(TrailRow)
                    .where(TrailRow.action == Action.REFUSED)
                )
                or 0
            )

    before = refusals()
    assert client.get("/inbox").status_code == 403
    assert refusals() == before + 1


def test_every_page_carries_the_security_headers_and_is_never_kept(site: Site) -> None:
    for path in ("/", "/status", "/sign-in", "/nowhere"):
        answer = site.client().get(path)
        for name, value in HEADERS.items():
            assert answer.headers[name] == value
        assert answer.headers["Cache-Control"] == "no-store"
        assert "unsafe" not in answer.headers["Content-Security-Policy"]


def test_cookies_are_kept_from_scripts_and_from_other_sites(site: Site) -> None:
    client = site.signs_in("soc")
    cookie = client.get_cookie("ankkuri_staff")
    assert cookie is not None
    assert cookie.http_only
    assert cookie.same_site == "Lax"


def test_the_agency_roles_are_those_that_read_move_and_key_in() -> None:
    for permission in (Permission.READ_REFERRALS, Permission.MOVE_REFERRALS, Permission.KEY_IN):
        assert {role for role, held in PERMISSIONS.items() if permission in held} == AGENCY_ROLES


def test_choosing_a_language_never_leads_to_another_host(site: Site) -> None:
    answer = site.client().get("//evil.invalid/?lang=sv")
    assert answer.status_code in (303, 404)
    assert not (answer.location or "/").startswith("//")
