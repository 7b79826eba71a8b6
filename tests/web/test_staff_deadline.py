"""The supervisor's page of one deadline, and the page of today."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import insert, select

from intake.domain.referral import Move
from intake.services.record import Entry
from intake.store.reminder_tables import AbsenceRow
from intake.store.tables import ChaseRow, DeadlineRow
from tests.look.page_faults import page_faults
from tests.services.sending import at
from tests.site import POL, SOC, Site, token_in, worry_answers
from tests.web.test_staff_referral import english, lines


def address(site: Site, clock: str, agency: str = SOC) -> str:
    with site.parts.database.read() as connection:
        found = connection.scalar(
            select(DeadlineRow.id).where(
                DeadlineRow.agency_id == agency, DeadlineRow.clock == clock
            )
        )
    return f"/deadlines/{found}"


def post(client: Any, path: str, **typed: str) -> Any:
    return client.post(path, data={"csrf_token": token_in(client.get(path).text), **typed})


def test_the_list_leads_to_who_was_reminded_when_and_with_what_result(site: Site) -> None:
    site.send()
    site.parts.chase(site.hands.move(hours=1, minutes=1))
    site.parts.deliver(site.hands())
    site.hands.move(minutes=30)
    client, path = english(site, "supervisor"), address(site, "urgency")
    assert f'href="{path}"' in client.get("/deadlines").text
    page = client.get(path).text
    assert "Saana Sosiaali: by mail" in page
    assert "Nothing recorded yet" in page
    entry = Entry(Move.RECORD_URGENCY, choice="not_urgent")
    site.parts.respond(site.visit("soc"), at(site, SOC).id, entry, site.hands())
    page = client.get(path).text
    assert "Recorded 2 June 2026" in page or "Recorded" in page.partition("Result")[2]
    assert "Remind now" not in page
    assert page_faults(page) == []


def test_a_supervisor_reminds_by_hand_and_is_told_why_not_a_second_time(site: Site) -> None:
    site.send()
    client, path = english(site, "supervisor"), address(site, "lsl26_start")
    assert post(client, path).status_code == 422
    answer = post(client, path, to="head")
    assert (answer.status_code, answer.location) == (303, f"{path}?done=remind")
    page = client.get(answer.location).text
    assert "The reminder is on its way." in page
    assert "Eero Esihenkilö: the letter waits" in page
    again = post(client, path, to="head")
    assert again.status_code == 409
    assert "has been reminded of this by hand today already" in again.text
    assert page_faults(again.text) == []


@pytest.mark.on_both
def test_the_desk_that_stands_by_is_let_in_after_a_question(site: Site) -> None:
    site.send()
    client, path = english(site, "supervisor"), address(site, "urgency")
    assert f'href="{path}/standby"' in client.get(path).text
    asked = client.get(f"{path}/standby")
    assert "may take the report over" in asked.text
    assert page_faults(asked.text) == []
    assert post(client, f"{path}/standby").status_code == 303
    assert "/take_over" in english(site, "duty").get("/inbox").text
    page = client.get(path).text
    assert "let in by the supervisor" in page
    assert "that it may take it over." in page
    assert f'href="{path}/standby"' not in page
    again = post(client, f"{path}/standby")  # from a second tab
    assert again.status_code == 409
    assert "The desk that stands by was told so today already." in again.text


def test_what_is_taken_up_cannot_be_handed_on_and_the_page_says_why(site: Site) -> None:
    site.send()
    site.parts.respond(site.visit("soc"), at(site, SOC).id, Entry(Move.ACCEPT), site.hands())
    client, path = english(site, "supervisor"), address(site, "lsl26_start")
    page = client.get(f"{path}/standby")
    assert page.status_code == 200
    assert page_faults(page.text) == []
    assert "This cannot be handed to the desk that stands by" in page.text
    assert f'href="{path}"' in page.text.partition("This cannot be handed")[2]
    refused = client.post(f"{path}/standby", data={"csrf_token": token_in(client.get(path).text)})
    assert refused.status_code == 409
    assert refused.text.count("This cannot be handed to the desk that stands by") == 1


def test_an_address_alone_says_of_nothing_that_it_was_done(site: Site) -> None:
    site.send()
    client, path = english(site, "supervisor"), address(site, "urgency")
    for done in ("remind", "standby", "nonsense"):
        page = client.get(f"{path}?done={done}").text
        assert "The reminder is on its way." not in page
        assert "The desk that stands by may take the report over now" not in page


def test_a_last_day_that_may_move_is_shown_beside_the_one_that_alarms_go_by(site: Site) -> None:
    site.hands.at = datetime(2026, 6, 10, 7, 42, tzinfo=UTC)
    site.send()
    page = english(site, "supervisor").get(address(site, "lsl26_start")).text
    assert "Fri 19 June 2026" in page  # Midsummer Eve
    assert "moved forward: Mon 22 June 2026" in page


def test_a_late_deadline_says_so_on_its_page_until_it_is_recorded(site: Site) -> None:
    site.send()
    path = address(site, "urgency")
    assert "Late by" not in english(site, "supervisor").get(path).text
    site.hands.move(days=4)
    client = english(site, "supervisor")
    assert "Late by 4 d" in client.get(path).text
    entry = Entry(Move.RECORD_URGENCY, choice="not_urgent")
    site.parts.respond(site.visit("soc"), at(site, SOC).id, entry, site.hands())
    assert "Late by" not in client.get(path).text


def test_another_controllers_deadline_is_not_found_and_leaves_a_line(site: Site) -> None:
    site.send(worry_answers(protection={"crime_against_child": "violence"}))
    client, foreign = english(site, "supervisor"), address(site, "accept", POL)
    refused = lines(site, "refused")
    token = token_in(client.get("/deadlines").text)
    for path in (foreign, f"{foreign}/standby", f"/deadlines/{uuid4()}"):
        assert client.get(path).status_code == 404
        typed = {"csrf_token": token, "to": "worker"}
        assert client.post(path, data=typed).status_code == 404
    assert lines(site, "refused") == refused + 6
    with site.parts.database.read() as connection:
        assert connection.execute(select(ChaseRow)).all() == []


def test_today_has_what_is_due_whom_to_call_and_who_is_absent(site: Site) -> None:
    site.send()
    with site.parts.database.write() as connection:
        connection.execute(
            insert(AbsenceRow).values(
                id=uuid4(),
                person_id=site.people["soc"],
                first_day=site.hands().date(),
                last_day=None,
                stand_in_id=site.people["soc-deputy"],
                recorded_by=site.people["soc"],
                recorded_at=site.hands(),
            )
        )
    page = english(site, "supervisor").get("/deadlines/today").text
    agency = site.parts.directory.agency(SOC)
    assert f'href="tel:{agency.phone.replace(" ", "")}"' in page
    assert "Saana Sosiaali (worker), until further notice; in place: Disa Sijainen" in page
    assert f'href="{address(site, "urgency")}"' in page
    assert address(site, "lsl26_start") not in page  # it is due next week
    assert page_faults(page) == []


@pytest.mark.on_both
def test_today_shows_no_other_controllers_agency(site: Site) -> None:
    site.send(worry_answers(protection={"crime_against_child": "violence"}))
    site.hands.move(days=5)
    page = english(site, "supervisor").get("/deadlines/today").text
    assert address(site, "accept", POL) not in page
    assert site.parts.directory.agency(POL).phone not in page


def test_today_says_when_more_is_due_than_it_shows(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.send()
    site.send()
    said = "There is more than is shown here: the %s longest late, and the %s that are due first."
    page = english(site, "supervisor").get("/deadlines/today").text
    assert said % (200, 200) not in page
    for module in ("intake.services.due_today", "intake.web.supervisor.today"):
        monkeypatch.setattr(f"{module}.MOST", 1)
    assert said % (1, 1) in english(site, "supervisor").get("/deadlines/today").text
