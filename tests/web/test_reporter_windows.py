"""Two windows of one browser: nothing that was answered with 303 is ever lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from intake.services.draft import Draft
from intake.services.route import Route
from intake.services.submit import Submit
from intake.store.tables import DraftRow, ReportRow
from intake.vault.own import VisitorSecret
from tests.site import Site, token_in
from tests.web.reporter_walk import CHILD, OBSERVATIONS, Walk, errors_in, hidden_in

ADDED = "Lapsi kertoi vielä tämän."
LATE = OBSERVATIONS | {"seen": ADDED}
CHANGED = "Vastauksia on muutettu toisessa ikkunassa"


@pytest.fixture
def walk(site: Site) -> Walk:
    walk = Walk(site.client())
    walk.fill()
    return walk


@pytest.fixture
def other(site: Site, walk: Walk) -> Walk:
    """The other window: it has the same cookie."""
    other = Walk(site.client())
    other.client.set_cookie("ankkuri_draft", walk.cookie())
    return other


def count(site: Site, row: Any) -> int:
    with site.parts.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(row)) or 0


def typed(site: Site, walk: Walk) -> dict[str, Any]:
    return Draft(site.parts.database).load(VisitorSecret.parse(walk.cookie())).answers


def just_before(method: Callable[..., Any], act: Callable[[], object]) -> Callable[..., Any]:
    """The method, with an act of the other window before its first call."""
    done: list[bool] = []

    def overtaken(*arguments: Any, **named: Any) -> Any:
        if not done:
            done.append(True)
            act()
        return method(*arguments, **named)

    return overtaken


def test_what_is_saved_while_the_report_is_being_sent_is_neither_lost_nor_left_out(
    site: Site, walk: Walk, other: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = walk.get("/report/check")
    saving = just_before(Route.__call__, lambda: other.post("/report/observations", LATE))
    monkeypatch.setattr(Route, "__call__", saving)
    again = walk.press(page, "/report/send", 422)
    assert errors_in(again)[0].startswith(CHANGED)
    assert ADDED in again
    assert count(site, ReportRow) == 0
    assert count(site, DraftRow) == 1
    walk.send_from(again)
    assert ADDED in walk.get("/receipt/copy")


def test_what_is_erased_while_the_report_is_being_sent_is_not_sent(
    site: Site, walk: Walk, other: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = walk.get("/report/check")
    erasing = just_before(Submit.__call__, lambda: other.post("/report/erase", {}))
    monkeypatch.setattr(Submit, "__call__", erasing)
    walk.press(page, "/report/send", 422)
    assert count(site, ReportRow) == count(site, DraftRow) == 0


def test_a_page_saved_just_after_the_report_was_stored_says_that_it_was_sent(
    site: Site, walk: Walk, other: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, token = walk.get("/report/check"), token_in(other.get("/report/observations"))
    sending = just_before(Draft.save, lambda: walk.press(page, "/report/send"))
    monkeypatch.setattr(Draft, "save", sending)
    shown = other.post_with(token, "/report/observations", LATE, 422)
    assert errors_in(shown)[0].startswith("Ilmoitus on jo lähetetty")
    assert ADDED in shown
    assert count(site, DraftRow) == 0


@pytest.mark.on_both
def test_two_pages_saved_at_once_are_both_kept(
    site: Site, walk: Walk, other: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    urgency = {"urgency": "today", "threat_to_life": "none", "weapon": "no"}
    saving = just_before(Draft.save, lambda: other.post("/report/urgency", urgency))
    token = token_in(walk.get("/report/observations"))
    monkeypatch.setattr(Draft, "save", saving)
    walk.post_with(token, "/report/observations", LATE)
    assert typed(site, walk)["observations"]["seen"] == [ADDED]
    assert typed(site, walk)["urgency"]["urgency"] == ["today"]


def test_a_draft_erased_in_another_window_is_not_brought_back_by_a_page(
    site: Site, walk: Walk, other: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = token_in(walk.get("/report/observations"))
    erasing = just_before(Draft.save, lambda: other.post("/report/erase", {}))
    monkeypatch.setattr(Draft, "save", erasing)
    walk.post_with(token, "/report/observations", LATE)
    assert set(typed(site, walk)) == {"observations"}


def names(site: Site, walk: Walk) -> list[str]:
    return [child["name"][0] for child in typed(site, walk)["children"]]


def test_two_windows_that_add_a_second_child_add_two(site: Site, walk: Walk, other: Walk) -> None:
    first, second = (hidden_in(window.get("/report/child/2")) for window in (walk, other))
    for window, hidden, name in ((walk, first, "Veli"), (other, second, "Sisko")):
        child = CHILD | hidden | {"name": name}
        window.post_with(hidden["csrf_token"], "/report/child/2", child)
    assert names(site, walk) == ["Kaisla Keksitty", "Veli", "Sisko"]


def test_a_second_click_adds_nobody_but_twins_are_two(site: Site, walk: Walk) -> None:
    hidden = hidden_in(walk.get("/report/child/2"))
    for _ in range(2):
        walk.post_with(hidden["csrf_token"], "/report/child/2", CHILD | hidden)
    assert names(site, walk) == ["Kaisla Keksitty"] * 2
    walk.post("/report/child/3", CHILD)
    assert names(site, walk) == ["Kaisla Keksitty"] * 3


def test_a_wrong_answer_that_is_corrected_stays_one_child(site: Site, walk: Walk) -> None:
    hidden = hidden_in(walk.get("/report/child/2"))
    wrong = walk.post("/report/child/2", CHILD | {"name": "Veli", "hetu": "x"}, 422)
    again = hidden_in(wrong)
    assert again["was"] != hidden["was"]
    walk.post_with(again["csrf_token"], "/report/child/2", CHILD | again | {"name": "Veli"})
    assert names(site, walk) == ["Kaisla Keksitty", "Veli"]


def test_a_child_is_changed_where_it_is_now(site: Site, walk: Walk, other: Walk) -> None:
    walk.post("/report/child/2", CHILD | {"name": "Veli"})
    hidden = hidden_in(walk.get("/report/child/2"))
    other.press(other.get("/report/child/1/remove"), "/report/child/1/remove")
    walk.post_with(hidden["csrf_token"], "/report/child/2", CHILD | hidden | {"name": "Velipoika"})
    assert names(site, walk) == ["Velipoika"]


def test_a_seventh_child_from_another_window_is_refused_with_its_text(
    site: Site, walk: Walk, other: Walk
) -> None:
    for number in range(2, 6):
        walk.post(f"/report/child/{number}", CHILD | {"name": f"Lapsi {number}"})
    hidden = hidden_in(other.get("/report/child/6"))
    walk.post("/report/child/6", CHILD | {"name": "Lapsi 6"})
    late = CHILD | hidden | {"name": "Seitsemäs"}
    page = other.post_with(hidden["csrf_token"], "/report/child/6", late, 422)
    assert errors_in(page)[0].startswith("Uusi henkilö ei enää mahdu")
    assert 'value="Seitsemäs"' in page
    assert len(names(site, walk)) == 6


@pytest.mark.parametrize("number", [0, 5, 7])
def test_taking_out_nobody_is_not_found_and_takes_nobody(
    site: Site, walk: Walk, number: int
) -> None:
    token = token_in(walk.get("/report/child/1/remove"))
    walk.post_with(token, f"/report/child/{number}/remove", {"people": "1"}, 404)
    assert names(site, walk) == ["Kaisla Keksitty"]
