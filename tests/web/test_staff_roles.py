"""Every page of staff by every role: open to its own, a refusal with a trail line to the others."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import select

from intake.app import create_app
from intake.domain.people import Permission
from intake.domain.trail import Action
from intake.store.tables import TrailRow
from tests.look.page_faults import page_faults
from tests.site import Site

MEMBERS = {"soc", "soc-deputy", "soc-head", "pol", "ank", "hea", "you", "wel", "pri"}
PAGES = {
    "/inbox": MEMBERS,
    "/keys": MEMBERS,
    "/deadlines": {"supervisor"},
    "/picture": {"coordinator"},
    "/rules": {"rules"},
    "/rules/sets": {"rules"},
    "/directory": {"admin"},
    "/people": {"admin"},
    "/people/entries": {"admin"},
    "/going": {"soc-head"},
    "/trail": {"auditor"},
    "/trail/unusual": {"auditor"},
    "/trail/extract": {"auditor"},
    "/account/log": MEMBERS,
}
ONE_OF_EACH = (
    "soc",
    "soc-deputy",
    "soc-head",
    "pol",
    "supervisor",
    "coordinator",
    "rules",
    "admin",
    "auditor",
)


def refusals(site: Site) -> list[tuple[object, str | None]]:
    with site.parts.database.read() as connection:
        rows = connection.execute(
            select(TrailRow.person_id, TrailRow.purpose).where(TrailRow.action == Action.REFUSED)
        )
        return [(row.person_id, row.purpose) for row in rows]


@pytest.mark.on_both
@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_a_role_opens_its_own_pages_and_leaves_a_line_at_the_others(site: Site, name: str) -> None:
    client = site.signed_in(name)
    refused = 0
    for path, allowed in PAGES.items():
        page = client.get(path)
        assert page_faults(page.text) == []
        if name in allowed:
            assert page.status_code == 200
        else:
            refused += 1
            assert page.status_code == 403
    lines = refusals(site)
    assert len(lines) == refused
    assert {person for person, _ in lines} == {site.people[name]}


NOWHERE = UUID(int=2026)


@pytest.mark.parametrize("path", [f"/referrals/{NOWHERE}", f"/referrals/{NOWHERE}/accept"])
def test_who_may_not_read_referrals_is_refused_before_any_is_looked_for(
    site: Site, path: str
) -> None:
    assert site.signed_in("supervisor").get(path).status_code == 403
    assert len(refusals(site)) == 1


def test_the_menu_has_the_pages_of_ones_role_and_no_others(site: Site) -> None:
    page = site.signed_in("supervisor").get("/deadlines").text
    assert 'href="/deadlines" aria-current="page"' in page
    assert all(f'href="{path}"' not in page for path in PAGES if path != "/deadlines")


def test_every_route_of_staff_names_a_permission(site: Site) -> None:
    doors = ["account", "agency", "colleagues", "supervisor", "coordinator", "rules", "audit"]
    doors += ["admin", "people", "security", "joining", "recovery", "absence", "reminders", "jobs"]
    views = {
        endpoint: view
        for endpoint, view in site.app.view_functions.items()
        if endpoint.startswith(tuple(f"{door}." for door in doors))
    }
    assert views
    for endpoint, view in views.items():
        assert isinstance(getattr(view, "permission", None), Permission), endpoint


@pytest.mark.parametrize(
    ("door", "name", "paths"),
    [
        ("agency", "soc", ("/inbox", "/keys")),
        ("admin", "admin", ("/directory", "/people", "/people/invite")),
        ("rules", "rules", ("/rules", "/rules/sets")),
        ("audit", "auditor", ("/trail",)),
    ],
)
def test_a_door_that_is_served_alone_shows_its_pages(
    site: Site, door: str, name: str, paths: tuple[str, ...]
) -> None:
    parts = replace(site.parts, settings=replace(site.parts.settings, doors=(door,)))
    client = create_app(parts).test_client()
    cookie = site.signed_in(name).get_cookie("ankkuri_staff")
    assert cookie is not None
    client.set_cookie("ankkuri_staff", cookie.value)
    for path in paths:
        page = client.get(path)
        assert page.status_code == 200
        assert page_faults(page.text) == []
    assert client.get("/join").status_code == (410 if door == "admin" else 404)
