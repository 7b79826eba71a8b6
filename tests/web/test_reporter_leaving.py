"""Back and the languages keep what is on the page; nothing of it is checked."""

from __future__ import annotations

import re

import pytest

from tests.site import Site, token_in
from tests.web.reporter_walk import CHILD, OBSERVATIONS, URGENCY, Walk, errors_in, hidden_in

HALF = OBSERVATIONS | {"seen": "", "own_view": "Keksitty näkemys kesken"}


@pytest.fixture
def walk(site: Site) -> Walk:
    walk = Walk(site.client())
    walk.post("/report/who", {"kind": "professional"})
    return walk


def test_back_keeps_what_is_not_finished(walk: Walk) -> None:
    to = walk.post("/report/observations", HALF | {"leave": "back"})
    assert to == "/report/protection"
    page = walk.get("/report/observations")
    assert HALF["own_view"] in page
    assert errors_in(page) == []


def test_a_language_keeps_the_page_and_shows_it_in_that_language(walk: Walk) -> None:
    to = walk.post("/report/observations?from=check", HALF | {"leave": "sv"})
    assert to == "/report/observations?from=check&lang=sv"
    walk.client.get(to)
    page = walk.get("/report/observations")
    assert '<html lang="sv">' in page
    assert HALF["own_view"] in page


def test_a_half_told_child_is_kept_and_an_untouched_one_is_not_added(walk: Walk) -> None:
    empty = dict.fromkeys(CHILD, "") | {"birth_date": ["", "", ""], "due_date": ["", "", ""]}
    walk.post("/report/child/1", empty | {"leave": "back"})
    assert walk.client.get("/report/children").location == "/report/child/1"
    walk.post("/report/child/1", empty | {"name": "Kaisla", "leave": "back"})
    assert "Kaisla" in walk.get("/report/children")


def test_emptying_a_page_and_leaving_it_is_kept_too(walk: Walk) -> None:
    walk.post("/report/observations", OBSERVATIONS)
    walk.post("/report/observations", dict.fromkeys(OBSERVATIONS, "") | {"leave": "back"})
    assert OBSERVATIONS["seen"] not in walk.get("/report/observations")


def test_a_page_that_cannot_be_stored_is_not_left(walk: Walk) -> None:
    page = walk.post_with("stale", "/report/observations", HALF | {"leave": "back"}, 422)
    assert HALF["own_view"] in page
    walk.post_with(token_in(page), "/report/observations", HALF | {"leave": "back"})


def test_no_other_word_leads_anywhere(walk: Walk) -> None:
    for word in ("//evil.invalid", "xx", ""):
        assert walk.post("/report/urgency", URGENCY | {"leave": word}) == "/report/protection"


def test_enter_continues(walk: Walk) -> None:
    page = walk.get("/report/observations")
    first = re.search(r"<button[^>]*>", page)
    assert first
    assert 'form="page"' in first[0]
    assert "name=" not in first[0]
    assert hidden_in(page)
