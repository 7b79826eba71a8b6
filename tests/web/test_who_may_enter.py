"""Every route, every role, own and others' things: as expected, or the build fails."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests import databases
from tests.look.page_faults import page_faults
from tests.site import PEOPLE, Site
from tests.web.expected import OBJECTS, OPEN, PLAIN, Expected
from tests.web.things import Thing, furnish
from tests.web.walking import Walkers, address, methods, routes, with_a_name

ONE_OF_EACH = frozenset(
    {memberships[0].role: name for name, (_, memberships) in PEOPLE.items()}.values()
)
"""Somebody of each role: who posts where their role has no business."""
ROOMS = sorted({endpoint.rpartition(".")[0] for endpoint in OBJECTS})


def body_of(answer: TestResponse, path: str) -> str:
    """Its words, without the address that was asked for and the number of the request."""
    return re.sub(r"\b\d{9}\b|\b\d{3} \d{3} \d{3}\b", "", answer.text.replace(path, ""))


def test_every_route_is_expected_and_nothing_else_is(site: Site) -> None:
    found = {str(rule.endpoint) for rule in routes(site)}
    expected = OBJECTS.keys() | PLAIN.keys() | OPEN
    assert found - expected == set(), "give these their expectation in tests/web/expected.py"
    assert expected - found == set(), "these are gone: take them out of tests/web/expected.py"
    assert len(OBJECTS) + len(PLAIN) + len(OPEN) == len(expected)


def test_every_route_with_a_thing_in_its_address_is_expected_by_its_thing(site: Site) -> None:
    named = {str(rule.endpoint) for rule in routes(site) if rule.arguments}
    assert named & PLAIN.keys() == set()
    anyones = {"joining.arrive", "reporter.page", "reporter.person", "reporter.remove", "static"}
    assert named & OPEN == anyones  # a link that is its own key, a page's name, a file's


@pytest.mark.on_both
def test_a_route_without_an_object_opens_to_its_own_roles_alone(site: Site) -> None:
    site = with_a_name(site)
    walkers = Walkers(site)
    for rule in routes(site):
        if rule.endpoint not in PLAIN or rule.endpoint == "account.sign_out":
            continue
        path, ways = address(site, rule, {}), methods(rule)
        for method in ways:
            assert site.client().open(path, method=method).location.startswith("/sign-in"), path
        walkers.refusals()
        for (name, browser), method in product(walkers.browsers.items(), ways):
            gets_in = name in PLAIN[rule.endpoint]
            if method != ways[0] and (gets_in or name not in ONE_OF_EACH):
                continue  # what it does is of other tests
            token = {} if gets_in or method == "GET" else {"csrf_token": walkers.token(name)}
            status = browser.open(path, method=method, data=token).status_code
            told = walkers.refusals()
            if gets_in:
                assert status in (200, 303, 422), (path, name)
            else:
                assert (status, told) == (403, 1), (method, path, name)


class Walk:
    """The walk over the routes of a room."""

    def __init__(self, site: Site, things: dict[str, Thing]) -> None:
        self.site, self.things, self.walkers = site, things, Walkers(site)

    def at(self, rule: Rule, expected: Expected) -> None:
        """Everybody at every thing of this route."""
        hidden: dict[tuple[str, str], str] = {}
        for thing in filter(None, (expected.none, *expected.things)):
            path = address(self.site, rule, {**expected.also, **self.things[thing]})
            self._without_signing_in(rule, path)
            self.walkers.refusals()
            for name, method in product(_who_ask(expected), methods(rule)):
                told = f"{name}: {method} {rule.endpoint} of {thing}"
                gets_in = name in expected.may & expected.things.get(thing, frozenset())
                if method == "POST" != methods(rule)[0] and (
                    gets_in or (name not in expected.may and name not in ONE_OF_EACH)
                ):
                    continue  # what it does is of other tests, and the guard was asked by GET
                answer = self._ask(name, method, path)
                left = self.walkers.refusals()
                if gets_in:
                    assert answer.status_code == expected.odd.get(thing, expected.answer), told
                    assert answer.status_code in (204, 303) or page_faults(answer.text) == [], told
                    continue
                status = expected.typed if method == "POST" else 404
                assert answer.status_code == (status if name in expected.may else 403), told
                is_gone = expected.leaves and thing == expected.none and name in expected.may
                assert left == (0 if is_gone else 1), told
                words = body_of(answer, path)
                assert hidden.setdefault((method, name), words) == words, told

    def _ask(self, name: str, method: str, path: str) -> TestResponse:
        data = {"csrf_token": self.walkers.token(name)} if method == "POST" else None
        return self.walkers.browsers[name].open(path, method=method, data=data)

    def _without_signing_in(self, rule: Rule, path: str) -> None:
        for method in methods(rule):
            answer = self.site.client().open(path, method=method)
            kept = method == "POST" and "GET" in methods(rule)
            assert answer.status_code == (307 if kept else 303), rule.endpoint
            assert answer.location.partition("?")[0] == "/sign-in", rule.endpoint


def _who_ask(expected: Expected) -> list[str]:
    """Everybody; on PostgreSQL, which only has to take what is said, somebody of each role and
    all who get in at some thing of the route, so that these come to others' things too.
    """
    if not databases.has_roles():
        return list(PEOPLE)
    return sorted(ONE_OF_EACH.union(*expected.things.values()) & PEOPLE.keys())


@pytest.mark.on_both
@pytest.mark.parametrize("room", ROOMS)
def test_each_person_gets_ones_own_and_of_the_rest_not_even_a_hint(
    site: Site, tmp_path: Path, room: str
) -> None:
    walk = Walk(site, furnish(site, tmp_path))
    found = {str(rule.endpoint): rule for rule in routes(site)}
    for endpoint, expected in OBJECTS.items():
        if endpoint.rpartition(".")[0] == room:
            walk.at(found[endpoint], expected)
