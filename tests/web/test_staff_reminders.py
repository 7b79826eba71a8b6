"""Reminders and absences on the pages of staff."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from intake.store.reminder_tables import AbsenceRow, ReminderRow
from tests import databases
from tests.look.page_faults import page_faults
from tests.site import Site, token_in
from tests.web.test_staff_referral import english, family


def told(first: str = "2.6.2026", last: str = "", stand_in: object = "") -> dict[str, Any]:
    """What is typed on the page of absences."""
    days = {"first_day": first.split("."), "last_day": last.split(".") if last else ["", "", ""]}
    return {**days, "stand_in": str(stand_in)}


def record(client: FlaskClient, path: str, typed: dict[str, Any]) -> Any:
    token = token_in(client.get("/absence").text)
    return client.post(path, data={"csrf_token": token, **typed})


def recorded(site: Site) -> int:
    with site.parts.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(AbsenceRow)) or 0


def test_new_reminders_are_told_on_every_page_until_they_are_looked_at(site: Site) -> None:
    site.send(family())
    site.parts.chase(site.hands.move(hours=1, minutes=1))
    client = english(site, "soc")
    assert "1 new reminder" in client.get("/inbox").text
    page = client.get("/reminders").text
    assert page_faults(page) == []
    assert "You get this as a worker of the agency." in page
    assert "Otherwise the matter goes to the deputy" in page
    for content in ("eväitä", "Kaisla", "010516A901V", "Outi", "Tikkukiv", "neglect"):
        assert content not in page
    assert "new reminder" not in client.get("/inbox").text
    assert "You have no reminders" not in client.get("/reminders").text


def test_reminders_are_ones_own_alone(site: Site) -> None:
    site.send()
    site.parts.chase(site.hands.move(hours=1, minutes=1))
    for who in ("soc-deputy", "pol", "supervisor", "coordinator"):
        client = english(site, who)
        assert "You have no reminders" in client.get("/reminders").text
    with site.parts.database.read() as connection:
        assert connection.scalar(select(func.count(ReminderRow.seen_at))) == 0


@pytest.mark.on_both
def test_a_supervisor_is_led_to_the_deadlines_never_to_the_report(site: Site) -> None:
    site.send()
    site.parts.chase(site.hands.move(days=2))
    page = english(site, "supervisor").get("/reminders").text
    assert "You get this as a supervisor of the agency&#39;s deadlines." in page
    assert "/referrals/" not in page
    # A process that serves another door alone has no such page.
    assert ('<a class="whole" href="/deadlines/' in page) is not databases.has_roles()


@pytest.mark.on_both
def test_an_absence_is_recorded_shown_and_withdrawn(site: Site) -> None:
    client = english(site, "soc")
    answer = record(client, "/absence", told(last="30.6.2026", stand_in=site.people["soc-deputy"]))
    assert answer.status_code == 303
    page = client.get(answer.location).text
    assert page_faults(page) == []
    assert "The absence has been recorded." in page
    assert "Disa Sijainen" in page
    _, _, rest = page.partition('action="/absence/')
    one = rest.partition("/withdraw")[0]
    token = token_in(page)
    assert client.post(f"/absence/{one}/withdraw", data={}).status_code == 422
    assert english(site, "pol").post(f"/absence/{one}/withdraw").status_code == 422
    gone = client.post(f"/absence/{one}/withdraw", data={"csrf_token": token})
    assert "The absence has been withdrawn." in client.get(gone.location).text


def test_an_absence_of_somebody_else_is_withdrawn_by_their_head_alone(site: Site) -> None:
    record(english(site, "soc"), "/absence", told())
    with site.parts.database.read() as connection:
        one = connection.scalar(select(AbsenceRow.id))
    for who, status in (("pol", 404), ("soc-deputy", 404), ("soc-head", 303)):
        client = english(site, who)
        token = token_in(client.get("/absence").text)
        answer = client.post(f"/absence/{one}/withdraw", data={"csrf_token": token})
        assert answer.status_code == status, who


def test_impossible_absences_are_told_what_is_wrong(site: Site) -> None:
    client = english(site, "soc")
    for typed, said in (
        (told(first=".."), "Write the first day of the absence."),
        (told(first="2.6.2028"), "may be a year ago or ahead at most"),
        (told(first="10.6.2026", last="9.6.2026"), "cannot be before the first day"),
        (told(first="1.5.2026", last="1.6.2026"), "The last day is over already."),
        (told(stand_in=site.people["pol"]), "choose of the options on this page"),
    ):
        answer = record(client, "/absence", typed)
        assert answer.status_code == 422
        assert said in answer.text
        assert page_faults(answer.text) == []
    assert recorded(site) == 0


@pytest.mark.on_both
def test_a_head_records_for_a_member_of_the_unit_and_for_nobody_else(site: Site) -> None:
    head = english(site, "soc-head")
    assert "Members of your unit" in head.get("/absence").text
    assert "Members of your unit" not in english(site, "soc").get("/absence").text
    for who, member, status in (
        (head, "soc", 303),
        (head, "pol", 404),
        (english(site, "soc-deputy"), "soc", 404),
        (english(site, "supervisor"), "soc", 404),
    ):
        path = f"/absence/of/{site.people[member]}"
        assert record(who, path, told()).status_code == status
    assert recorded(site) == 1
    assert "Saana Sosiaali" in head.get("/absence").text
