"""Reminders that did not reach their readers, as the supervisor sees them and tries them again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from intake.domain.people import Membership, Role
from intake.domain.trail import Action
from intake.services.oversee import DEAD_SHOWN_FOR
from intake.store import people
from intake.store.people_tables import PersonRow
from intake.store.tables import OutboxRow, TrailRow
from tests.look.page_faults import page_faults
from tests.services.sending import tell
from tests.site import POL, SOC, Site, token_in, worry_answers
from tests.web.test_staff_pages import CANARIES
from tests.web.test_staff_referral import english, family, lines

HEADING = "Reminders that did not reach their reader"


def rows(site: Site, who: str) -> Sequence[Any]:
    with site.parts.database.read() as connection:
        return connection.execute(
            select(OutboxRow).where(OutboxRow.person_id == site.people[who])
        ).all()


def kill(site: Site, who: str) -> Any:
    """Give up the letters to this reader; one of them."""
    with site.parts.database.write() as connection:
        connection.execute(
            update(OutboxRow)
            .where(OutboxRow.person_id == site.people[who])
            .values(dead_at=site.hands(), attempts=3)
        )
    return rows(site, who)[0]


def again(client: FlaskClient, letter_id: object, token: str | None = None) -> Any:
    token = token or token_in(client.get("/deadlines").text)
    return client.post(f"/deadlines/letters/{letter_id}", data={"csrf_token": token})


@pytest.fixture
def reminded(site: Site) -> Site:
    """Reminders wait for people at social services and at the police."""
    answers = family()
    answers["protection"] |= {"crime_against_child": "violence"}
    site.send(answers)
    site.parts.chase(site.hands.move(days=3))
    tell(site)
    assert rows(site, "soc")
    assert rows(site, "pol")
    return site


def test_a_dead_letter_tells_whose_about_which_report_since_when_and_how_often(
    reminded: Site,
) -> None:
    client = english(reminded, "supervisor")
    assert HEADING not in client.get("/deadlines").text
    letter = kill(reminded, "soc")
    page = client.get("/deadlines").text
    assert page_faults(page) == []
    shown = page.partition(f"<h2>{HEADING}</h2>")[2].partition("</table>")[0]
    title = reminded.parts.clocks[letter.params["clock"]].title["en"]
    for told in ("Saana Sosiaali", letter.params["reference"], title, ">3<", "5 June 2026"):
        assert told in shown, told
    for told in CANARIES:
        assert told not in page
    assert "@ankkuri.invalid" not in page


def test_trying_again_gives_the_letter_a_new_life_and_leaves_a_line(reminded: Site) -> None:
    letter = kill(reminded, "soc")
    client = english(reminded, "supervisor")
    answer = again(client, letter.id)
    assert (answer.status_code, answer.location) == (303, "/deadlines?revived=y")
    page = client.get(answer.location).text
    assert page_faults(page) == []
    assert "The reminder waits for the post again." in page
    (row,) = [row for row in rows(reminded, "soc") if row.id == letter.id]
    assert (row.dead_at, row.attempts, row.next_attempt_at) == (None, 0, reminded.hands())
    with reminded.parts.database.read() as connection:
        line = connection.execute(select(TrailRow).where(TrailRow.action == Action.TRY_AGAIN)).one()
    assert line.person_id == reminded.people["supervisor"]
    assert (line.role, line.agency_id) == (Role.SUPERVISOR, SOC)
    assert str(line.referral_id) == letter.params["referral"]
    reminded.parts.deliver(reminded.hands())
    assert (reminded.parts.settings.letters / f"{letter.id}.eml").exists()
    log = english(reminded, "auditor").get("/trail").text
    assert "Reminder tried again" in log


@pytest.mark.on_both
def test_a_letter_that_waits_or_went_is_not_begun_anew(reminded: Site) -> None:
    letter = kill(reminded, "soc")
    client = english(reminded, "supervisor")
    token = token_in(client.get("/deadlines").text)
    assert again(client, letter.id, token).status_code == 303
    reminded.parts.deliver(reminded.hands())
    before = rows(reminded, "soc")
    assert again(client, letter.id, token).status_code == 303
    assert rows(reminded, "soc") == before
    assert lines(reminded, Action.TRY_AGAIN) == 1


def test_a_letter_about_another_controllers_agency_is_neither_seen_nor_touched(
    reminded: Site,
) -> None:
    with reminded.parts.database.write() as connection:  # a reader of both
        people.add_membership(
            connection, reminded.people["pol"], Membership(Role.WORKER, SOC), reminded.hands()
        )
    letter = kill(reminded, "pol")
    assert letter.params["agency"] == POL
    client = english(reminded, "supervisor")
    page = client.get("/deadlines").text
    assert HEADING not in page
    for letter_id in (letter.id, uuid4()):
        assert again(client, letter_id).status_code == 404
    assert rows(reminded, "pol")[0].dead_at is not None
    assert lines(reminded, Action.TRY_AGAIN) == 0
    assert lines(reminded, Action.REFUSED) == 2


@pytest.mark.parametrize("who", ["soc", "soc-head", "coordinator", "admin", "auditor"])
def test_only_a_supervisor_tries_letters_again(reminded: Site, who: str) -> None:
    letter = kill(reminded, "soc")
    assert again(reminded.signed_in(who), letter.id, "any").status_code == 403
    assert rows(reminded, "soc")[0].dead_at is not None


def test_a_letter_is_not_tried_again_without_the_pages_own_token(reminded: Site) -> None:
    letter = kill(reminded, "soc")
    answer = again(english(reminded, "supervisor"), letter.id, "forged")
    assert answer.status_code == 422
    assert page_faults(answer.text) == []
    assert rows(reminded, "soc")[0].dead_at is not None


def test_a_letter_to_someone_who_left_and_an_old_one_are_not_listed(reminded: Site) -> None:
    kill(reminded, "soc")
    reminded.hands.move(days=DEAD_SHOWN_FOR.days)
    client = english(reminded, "supervisor")
    assert HEADING in client.get("/deadlines").text
    with reminded.parts.database.write() as connection:
        left = update(PersonRow).where(PersonRow.id == reminded.people["soc"])
        connection.execute(left.values(left_at=reminded.hands()))
    assert HEADING not in client.get("/deadlines").text
    with reminded.parts.database.write() as connection:
        connection.execute(left.values(left_at=None))
    reminded.hands.move(seconds=1)
    assert HEADING not in client.get("/deadlines").text


def test_letters_that_wait_long_for_the_post_are_an_alarm(site: Site) -> None:
    site.send(worry_answers())
    site.parts.chase(site.hands.move(hours=2))
    with site.parts.database.read() as connection:
        waiting = len(connection.execute(select(OutboxRow.id)).all())
    site.hands.move(hours=1)
    client = english(site, "supervisor")

    def alarm() -> bool:
        page = client.get("/deadlines")
        assert page.status_code == 200
        assert page_faults(page.text) == []
        return f"Waiting for more than an hour: {waiting}." in page.text

    assert not alarm()
    site.hands.move(seconds=1)
    assert alarm()
    site.parts.deliver(site.hands())
    assert not alarm()
