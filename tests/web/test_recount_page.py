"""The page of calendar changes: old day, new day, why; changed by the supervisor alone."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert, select, update

from intake.store.recount_tables import RecountRow
from intake.store.tables import DeadlineRow
from tests.calendars import use, with_holiday
from tests.look.page_faults import page_faults
from tests.site import POL, SOC, Site, token_in

PAGE = "/deadlines/recount"


@pytest.fixture
def changed(site: Site, tmp_path: Path) -> Site:
    """A report of 2 June, and since then a public holiday on 9 June that the job has found."""
    site.send()
    site.parts.recount(site.hands.move(minutes=11))
    use(site, with_holiday(tmp_path, "2026-06-09"))
    site.parts.recount(site.hands())
    return site


def english(site: Site, name: str) -> FlaskClient:
    client = site.signed_in(name)
    client.set_cookie("ankkuri_language", "en")
    return client


def row(site: Site) -> tuple[object, date]:
    with site.parts.database.read() as connection:
        found = connection.execute(
            select(DeadlineRow.id, DeadlineRow.due_on).where(DeadlineRow.clock == "lsl26_start")
        ).one()
        return found.id, found.due_on


def test_the_page_shows_both_days_and_the_day_that_differs(changed: Site) -> None:
    page = english(changed, "supervisor").get(PAGE)
    assert page.status_code == 200
    assert page_faults(page.text) == []
    for text in (
        "Thu 11 June 2026",
        "Fri 12 June 2026",
        "Tue 9 June 2026 (Day of celebration): does not count any more",
        "Service-needs assessment started",
    ):
        assert text in page.text, text
    for secret in ("Kaisla", "Lapsi on tullut", "Outi Opettaja"):
        assert secret not in page.text


@pytest.mark.on_both
def test_one_word_changes_one_deadline(changed: Site) -> None:
    client = english(changed, "supervisor")
    target, due_on = row(changed)
    page = client.get(PAGE).text
    answer = client.post(f"{PAGE}/{target}", data={"csrf_token": token_in(page)})
    assert answer.status_code == 303
    assert row(changed) == (target, date(2026, 6, 12))
    after = client.get(answer.location).text
    assert "1 deadline was changed." in after
    assert "No running deadline would change." in after
    assert due_on == date(2026, 6, 11)


@pytest.mark.on_both
def test_one_word_changes_a_group(changed: Site) -> None:
    client = english(changed, "supervisor")
    page = client.get(PAGE).text
    answer = client.post(f"{PAGE}/{SOC}/lsl26_start", data={"csrf_token": token_in(page)})
    assert answer.status_code == 303
    assert row(changed)[1] == date(2026, 6, 12)


@pytest.mark.parametrize("path", ["{target}", SOC + "/lsl26_start"])
def test_without_the_pages_own_token_nothing_changes(changed: Site, path: str) -> None:
    client = english(changed, "supervisor")
    target, due_on = row(changed)
    assert client.post(f"{PAGE}/{path.format(target=target)}").status_code == 422
    assert row(changed) == (target, due_on)


@pytest.mark.parametrize("name", ["soc", "soc-head", "coordinator", "admin", "auditor", "rules"])
def test_nobody_else_gets_in_or_changes_anything(changed: Site, name: str) -> None:
    client = english(changed, name)
    target, due_on = row(changed)
    assert client.get(PAGE).status_code == 403
    assert client.post(f"{PAGE}/{target}").status_code == 403
    assert client.post(f"{PAGE}/{SOC}/lsl26_start").status_code == 403
    assert row(changed) == (target, due_on)


@pytest.mark.on_both
def test_what_is_another_controllers_is_not_found(changed: Site) -> None:
    client = english(changed, "supervisor")
    token = token_in(client.get(PAGE).text)
    with changed.parts.database.write() as connection:
        connection.execute(update(DeadlineRow).values(agency_id=POL))
    target, due_on = row(changed)
    for path in (str(target), f"{POL}/lsl26_start", str(uuid4()), "nonsense/urgency"):
        answer = client.post(f"{PAGE}/{path}", data={"csrf_token": token})
        assert answer.status_code == 404, path
    assert row(changed) == (target, due_on)
    assert "12 June" not in client.get(PAGE).text


def test_a_calendar_that_was_not_kept_is_said_to_be_unknown(changed: Site) -> None:
    with changed.parts.database.write() as connection:
        connection.execute(update(RecountRow).values(differs=None))
    page = english(changed, "supervisor").get(PAGE).text
    assert "The earlier calendar was not kept" in page


@pytest.mark.on_both
def test_more_than_a_page_goes_on(changed: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("intake.web.supervisor.recount.ROWS", 1)
    client = english(changed, "supervisor")
    with changed.parts.database.write() as connection:
        (first,) = connection.execute(select(RecountRow.__table__)).all()
        other = connection.execute(
            select(DeadlineRow.id, DeadlineRow.due_at).where(DeadlineRow.clock == "lsl26_complete")
        ).one()
        more = {**first._mapping, "deadline_id": other.id, "was_due_at": other.due_at}
        connection.execute(insert(RecountRow).values(more))
    page = client.get(PAGE).text
    assert page.count("Thu 11 June 2026") + page.count("Wed 2 September 2026") == 1
    following = page.partition("?after=")[2].partition('"')[0]
    further = client.get(f"{PAGE}?after={following}").text
    assert further.count("Thu 11 June 2026") + further.count("Wed 2 September 2026") == 1
    assert "To the first page" in further
    assert client.get(f"{PAGE}?after=nonsense&changed=x").status_code == 200
