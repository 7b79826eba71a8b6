"""What is typed for a caller is neither lost nor sent twice, whatever happens meanwhile."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest

from intake.services.route import Route
from intake.services.sign_in import IDLE
from intake.services.submit import Submit
from intake.store.tables import DraftRow, ReportRow
from tests.look.page_faults import page_faults
from tests.site import PASSPHRASE, Site, token_in
from tests.web.keying import count, keyed, tab
from tests.web.reporter_walk import (
    CHILD,
    OBSERVATIONS,
    code_in,
    errors_in,
    hidden_in,
    hidden_pairs,
)


def test_a_form_of_another_site_writes_nothing(site: Site) -> None:
    walk = keyed(site)
    forged = OBSERVATIONS | {"seen": "Muuta tekstiä"}
    page = walk.post_with("f" * 64, f"{walk.under}/report/observations", forged, 422)
    assert "The page had been open too long." in errors_in(page)[0]
    assert "Muuta tekstiä" not in walk.get(f"{walk.under}/report/observations")
    walk.post_with("f" * 64, f"{walk.under}/report/send", {}, 422)
    walk.post_with("f" * 64, f"{walk.under}/report/erase", {}, 422)
    assert (count(site, ReportRow), count(site, DraftRow)) == (0, 1)


@pytest.mark.on_both
def test_the_longest_page_comes_back_when_the_session_had_ended(site: Site) -> None:
    walk = keyed(site, child_1=None)
    path = f"{walk.under}/report/child/1"
    form = hidden_in(walk.get(path)) | CHILD | {"whereabouts": "koulussa", "unborn": "y"}
    site.hands.move(seconds=IDLE.total_seconds() + 1)
    turned = walk.client.post(path, data=form)
    assert (turned.status_code, turned.location) == (307, f"/sign-in?next={path}")
    door = walk.client.post(turned.location, data=form)
    assert "has not been recorded yet" in door.text
    held = [*hidden_pairs(door.text), ("name", "soc"), ("passphrase", PASSPHRASE)]
    second = walk.client.post(turned.location, data=multi(held))
    held = [*hidden_pairs(second.text), ("factor_code", site.code())]
    welcome = walk.client.post(f"/sign-in/second?next={path}", data=multi(held))
    assert welcome.status_code == 200
    assert page_faults(welcome.text) == []
    back = walk.client.post(path, data=multi(hidden_pairs(welcome.text)))
    assert back.status_code == 422
    for value in ("Kaisla Keksitty", "010516A901V", "koulussa", "4 B"):
        assert value in back.text
    walk.post_with(token_in(back.text), path, CHILD)
    assert "Kaisla Keksitty" in walk.get(f"{walk.under}/report/check"), "and the draft is there"


def multi(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


@pytest.mark.on_both
def test_two_clicks_at_once_make_one_report(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    walk = keyed(site)
    other = tab(site, walk)
    page, second = (w.get(f"{walk.under}/report/check") for w in (walk, other))
    answers: list[Any] = []
    route = Route.__call__

    def overtaken(*arguments: Any) -> Any:
        if not answers:
            answers.append(None)
            answers.append(other.press(second, f"{walk.under}/report/send"))
        return route(*arguments)

    monkeypatch.setattr(Route, "__call__", overtaken)
    assert walk.press(page, f"{walk.under}/report/send") == f"{walk.under}/receipt"
    receipts = [code_in(w.get(f"{walk.under}/receipt")) for w in (walk, other)]
    assert receipts[0] == receipts[1]
    assert count(site, ReportRow) == 1


def test_what_another_window_changed_is_not_sent_unseen(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    walk = keyed(site)
    other = tab(site, walk)
    page = walk.get(f"{walk.under}/report/check")
    submit = Submit.__call__
    done: list[bool] = []

    def overtaken(*arguments: Any, **named: Any) -> Any:
        if not done:
            done.append(True)
            other.post(f"{walk.under}/report/observations", OBSERVATIONS | {"seen": "Vielä tämä."})
        return submit(*arguments, **named)

    monkeypatch.setattr(Submit, "__call__", overtaken)
    again = walk.press(page, f"{walk.under}/report/send", 422)
    assert "were changed in another window" in errors_in(again)[0]
    assert count(site, ReportRow) == 0
    walk.send_from(again)


@pytest.mark.on_both
def test_a_failed_write_stores_nothing_and_keeps_the_text(site: Site) -> None:
    walk = keyed(site)
    page = walk.get(f"{walk.under}/report/check")
    site.break_writes("INSERT ON trail")
    kept = walk.press(page, f"{walk.under}/report/send", 503)
    assert OBSERVATIONS["seen"] in unescape(kept)
    assert "What has the reporter seen or heard?" in kept
    assert count(site, ReportRow) == 0
    walk.get(f"{walk.under}/receipt", 404)
    walk.get(f"{walk.under}/receipt/noted", 404)
