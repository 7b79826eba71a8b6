"""Notes and contacts on the page: written once, shown among the steps, lost never."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from intake.domain.referral import Move
from intake.services.record import Entry
from intake.store.tables import NoteRow
from tests.look.page_faults import page_faults
from tests.services.sending import at
from tests.site import SOC, Site, token_in
from tests.web.reporter_walk import hidden_in
from tests.web.test_staff_referral import english

TEXT = "Soitettu koululle.\nPalataan maanantaina."


@pytest.fixture
def referral(site: Site) -> UUID:
    site.send()
    site.hands.move(days=1)
    found: UUID = at(site, SOC).id
    return found


def count(site: Site) -> int:
    with site.parts.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(NoteRow)) or 0


def page_id(page: str) -> str:
    found = re.search(r'name="note_id" value="([^"]+)"', page)
    assert found
    return found[1]


def form(client: FlaskClient, referral: UUID, kind: str, **data: Any) -> dict[str, Any]:
    page = client.get(f"/referrals/{referral}/{kind}")
    assert page.status_code == 200
    assert page_faults(page.text) == []
    typed = {"csrf_token": token_in(page.text), "note_id": page_id(page.text)}
    contact = {
        "on": ["2", "6", "2026"],
        "at": "14.30",
        "means": "phone",
        "with_whom": "Äiti",
        "reached": "no",
    }
    return typed | (contact if kind == "contact" else {}) | {"text": TEXT} | data


def test_a_note_stands_among_the_steps_the_newest_last(site: Site, referral: UUID) -> None:
    client = english(site, "soc")
    typed = form(client, referral, "note")
    done = client.post(f"/referrals/{referral}/note", data=typed)
    assert done.status_code == 303
    page = client.get(done.location).text
    assert page_faults(page) == []
    assert "Recorded:</strong> Note saved" in page
    steps = page[page.index("Steps so far") :]
    assert steps.index("Arrived in the service") < steps.index("Palataan maanantaina.")
    assert "Saana Sosiaali" in steps


def test_a_contact_tells_when_how_with_whom_and_whether_reached(site: Site, referral: UUID) -> None:
    client = english(site, "soc-head")
    done = client.post(f"/referrals/{referral}/contact", data=form(client, referral, "contact"))
    page = client.get(done.location).text
    assert page_faults(page) == []
    for told in (
        "Contact: Telephone",
        "Eero Esihenkilö · Not reached",
        "When: Tue 2 June 2026 at 14:30",
        "With whom: Äiti",
        "Palataan maanantaina.",
    ):
        assert told in page, told


@pytest.mark.on_both
def test_the_same_page_sent_twice_makes_one_note(site: Site, referral: UUID) -> None:
    client = english(site, "soc")
    typed = form(client, referral, "note")
    for _ in range(2):
        assert client.post(f"/referrals/{referral}/note", data=typed).status_code == 303
    assert count(site) == 1


@pytest.mark.on_both
@pytest.mark.parametrize("kind", ["note", "contact"])
def test_the_same_words_from_another_page_are_saved_only_by_who_says_so(
    site: Site, referral: UUID, kind: str
) -> None:
    client, address = english(site, "soc"), f"/referrals/{referral}/{kind}"
    assert client.post(address, data=form(client, referral, kind)).status_code == 303
    typed = form(client, referral, kind)  # as after Back: the page is new, the words are the old
    asked = client.post(address, data=typed)
    assert (asked.status_code, page_faults(asked.text)) == (422, [])
    assert "You wrote the very same" in asked.text
    assert "Palataan maanantaina." in asked.text
    assert count(site) == 1
    head = english(site, "soc-head")
    assert head.post(address, data=form(head, referral, kind)).status_code == 303
    assert client.post(address, data=typed | hidden_in(asked.text)).status_code == 303
    assert count(site) == 3


def test_the_same_page_sent_again_with_other_words_keeps_them_for_a_note_of_their_own(
    site: Site, referral: UUID
) -> None:
    client = english(site, "soc")
    typed = form(client, referral, "note")
    address = f"/referrals/{referral}/note"
    assert client.post(address, data=typed).status_code == 303
    again = client.post(address, data=typed | {"text": "Muut sanat."})
    assert again.status_code == 422
    assert page_faults(again.text) == []
    assert "saved once before, with other words" in again.text
    assert "Muut sanat." in again.text
    fresh = typed | {"text": "Muut sanat.", "note_id": page_id(again.text)}
    assert client.post(address, data=fresh).status_code == 303
    assert count(site) == 2


@pytest.mark.parametrize(
    ("kind", "data", "error"),
    [
        ("note", {"text": " "}, "Write the note."),
        ("note", {"text": "x" * 4001}, "Shorten the text"),
        ("note", {"note_id": ""}, "had been open too long"),
        ("note", {"note_id": "no id"}, "had been open too long"),
        ("note", {"csrf_token": "old"}, "had been open too long"),
        ("contact", {"on": ["", "", ""]}, "Write the day of the contact."),
        ("contact", {"on": ["4", "6", "2026"]}, "Give a time from the day of arrival"),
        ("contact", {"on": ["1", "6", "2026"]}, "Give a time from the day of arrival"),
        ("contact", {"on": ["31", "6", "2026"]}, "no day 31.6.2026"),
        ("contact", {"at": "half past"}, "Write the time in figures"),
        ("contact", {"at": "25.00"}, "Write the time in figures"),
        ("contact", {"at": "at three o'clock"}, "Write the time in figures"),
        ("contact", {"on": ["4", "6", "2026"], "means": ""}, "Give a time from the day of arrival"),
        ("contact", {"means": ""}, "Choose how the contact was made."),
        ("contact", {"means": "pigeon"}, "choose of the options on this page"),
        ("contact", {"with_whom": ""}, "Write with whom the contact was."),
        ("contact", {"reached": ""}, "Choose whether the person was reached."),
    ],
)
def test_what_is_wrong_is_named_and_nothing_typed_is_lost(
    site: Site, referral: UUID, kind: str, data: dict[str, Any], error: str
) -> None:
    client = english(site, "soc")
    answer = client.post(f"/referrals/{referral}/{kind}", data=form(client, referral, kind, **data))
    assert answer.status_code == 422
    assert page_faults(answer.text) == []
    assert error in answer.text
    assert data.get("text", "Palataan maanantaina.")[:50] in answer.text
    assert UUID(page_id(answer.text))
    assert count(site) == 0


def test_without_a_time_a_contact_has_its_day_alone(site: Site, referral: UUID) -> None:
    client = english(site, "soc")
    typed = form(client, referral, "contact", at="", text="")
    done = client.post(f"/referrals/{referral}/contact", data=typed)
    assert "When: Tue 2 June 2026<" in client.get(done.location).text


@pytest.mark.on_both
def test_after_the_ending_only_a_note_is_offered(site: Site, referral: UUID) -> None:
    client = english(site, "soc")
    contact = form(client, referral, "contact")
    for entry in (Entry(Move.ACCEPT), Entry(Move.CLOSE, reason="Valmis.")):
        site.parts.respond(site.visit("soc-head"), referral, entry, site.hands.move(minutes=1))
    page = english(site, "soc-head").get(f"/referrals/{referral}").text
    assert f"/referrals/{referral}/note" in page
    assert f"/referrals/{referral}/contact" not in page
    late = client.post(f"/referrals/{referral}/contact", data=contact)
    assert late.status_code == 409
    assert page_faults(late.text) == []
    assert "Palataan maanantaina." in late.text
    note = form(client, referral, "note")
    assert client.post(f"/referrals/{referral}/note", data=note).status_code == 303


def test_text_of_staff_is_never_html(site: Site, referral: UUID) -> None:
    client = english(site, "soc")
    typed = form(client, referral, "note", text="<b>lihava</b>")
    done = client.post(f"/referrals/{referral}/note", data=typed)
    assert "&lt;b&gt;lihava&lt;/b&gt;" in client.get(done.location).text


@pytest.mark.parametrize("kind", ["note", "contact"])
def test_another_agency_s_report_is_not_found(site: Site, referral: UUID, kind: str) -> None:
    assert site.signed_in("pol").get(f"/referrals/{referral}/{kind}").status_code == 404
    assert site.signed_in("supervisor").get(f"/referrals/{referral}/{kind}").status_code == 403
