"""The form of each move: what it asks, what it refuses, what it keeps, what it records."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from intake.domain.referral import Move, State
from intake.services.record import Entry
from tests.look.page_faults import page_faults
from tests.services.sending import gang
from tests.site import TRIAGE, Site, token_in, worry_answers
from tests.web.test_staff_referral import english, referral_of

DAY = ["3", "6", "2026"]
REASON = "Perhe on jo lastensuojelun asiakas."


@pytest.fixture
def referral(site: Site) -> UUID:
    """A referral of social services, taken up on the day after its arrival."""
    site.send()
    found = referral_of(site, "soc")
    site.hands.move(days=1)
    site.parts.respond(site.visit("soc"), found, Entry(Move.ACCEPT), site.hands())
    site.hands.move(minutes=1)
    return found


def post(client: FlaskClient, referral: UUID, move: str, **data: Any):  # type: ignore[no-untyped-def]  # Flask's test response
    page = client.get("/inbox")
    typed = {"csrf_token": token_in(page.text)} | data
    return client.post(f"/referrals/{referral}/{move}", data=typed)


def moves_made(site: Site, referral: UUID) -> list[str]:
    opened = site.parts.read(site.visit("soc"), referral, site.hands())
    return [move.move for move in opened.moves]


def test_accept_is_one_button_on_the_page_and_on_its_own(site: Site) -> None:
    site.send()
    found = referral_of(site, "soc")
    client = english(site, "soc")
    page = client.get(f"/referrals/{found}").text
    assert f'action="/referrals/{found}/accept"' in page
    form = client.get(f"/referrals/{found}/accept")
    assert form.status_code == 200
    assert page_faults(form.text) == []
    answer = post(client, found, "accept")
    assert answer.status_code == 303
    after = client.get(answer.location).text
    assert page_faults(after) == []
    assert "Recorded:</strong> Accepted" in after
    assert f'action="/referrals/{found}/accept"' not in after
    assert "Saana Sosiaali" in client.get("/inbox").text


@pytest.mark.parametrize(
    ("move", "typed"),
    [
        (Move.RECORD_URGENCY, {"choice": "urgent"}),
        (Move.ASSESSMENT_STARTED, {"happened_on": DAY}),
        (Move.ASSESSMENT_NOT_NEEDED, {"happened_on": DAY, "reason": REASON}),
        (Move.ALREADY_CLIENT, {"happened_on": DAY, "reason": REASON}),
        (Move.ASSESSMENT_COMPLETE, {"happened_on": DAY}),
        (Move.RESPOND, {"choice": "contacted"}),
        (Move.HAND_IN, {}),
        (Move.CLOSE, {"reason": REASON}),
    ],
)
def test_each_move_asks_and_records(
    site: Site, referral: UUID, move: Move, typed: dict[str, Any]
) -> None:
    client = english(site, "soc")
    form = client.get(f"/referrals/{referral}/{move}")
    assert form.status_code == 200
    assert page_faults(form.text) == []
    assert f'href="/referrals/{referral}/{move}"' in client.get(f"/referrals/{referral}").text
    answer = post(client, referral, move, **typed)
    assert answer.status_code == 303, answer.text
    assert moves_made(site, referral) == ["accept", move.value]
    page = client.get(answer.location)
    assert page.status_code == 200
    if "reason" in typed:
        assert f"Reason: {REASON}" in page.text


def test_return_asks_a_reason_and_hands_the_report_to_the_desk_that_stands_by(site: Site) -> None:
    site.send(gang())
    found = referral_of(site, "ank")
    client = english(site, "ank")
    asked = client.get(f"/referrals/{found}/return").text
    assert post(client, found, "return", reason=" ").status_code == 422
    assert post(client, found, "return", reason="Ei kuulu meille.").status_code == 303
    page = english(site, "soc").get(f"/referrals/{referral_of(site, 'soc')}").text
    assert "returned this report. Their reason:" in page
    assert "Ei kuulu meille." in page
    assert "Contact for support.</strong> Social services assess what support" in page
    gone = client.get(f"/referrals/{found}").text
    assert page_faults(gone) == []
    assert "Returned" in gone
    reception = site.parts.directory.agency(TRIAGE).name["en"]
    assert f"It goes to: {reception}." in asked
    assert f"Moved to: {reception}" in gone


@pytest.mark.parametrize(
    ("move", "typed", "error"),
    [
        (Move.RECORD_URGENCY, {}, "Choose how urgent the matter is."),
        (Move.RECORD_URGENCY, {"choice": "forged"}, "choose of the options on this page"),
        (Move.RESPOND, {"reason": REASON}, "Choose what has been done."),
        (Move.ASSESSMENT_STARTED, {"happened_on": ["", "", ""]}, "Write the day on which"),
        (Move.ASSESSMENT_STARTED, {"happened_on": ["1", "6", "2026"]}, "Give a day from"),
        (Move.ASSESSMENT_STARTED, {"happened_on": ["4", "6", "2026"]}, "Give a day from"),
        (Move.ASSESSMENT_STARTED, {"happened_on": ["31", "6", "2026"]}, "no day 31.6.2026"),
        (Move.ASSESSMENT_STARTED, {"happened_on": ["x", "6", "2026"]}, "in numbers"),
        (Move.ASSESSMENT_STARTED, {"happened_on": ["3", "6"]}, "in numbers"),
        (Move.ALREADY_CLIENT, {"happened_on": DAY, "reason": ""}, "Write the reason."),
        (Move.ALREADY_CLIENT, {"happened_on": DAY, "reason": "x" * 4001}, "Shorten the text"),
        (Move.ALREADY_CLIENT, {"happened_on": DAY, "reason": "a\x00b"}, "cannot be used"),
        (Move.CLOSE, {}, "Write the reason."),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_recorded(
    site: Site, referral: UUID, move: Move, typed: dict[str, Any], error: str
) -> None:
    answer = post(english(site, "soc"), referral, move, **typed)
    assert answer.status_code == 422
    assert page_faults(answer.text) == []
    assert answer.text.count(error) == 2  # in the summary, linked, and beside the field
    for kept in (*typed.get("happened_on", ()), typed.get("reason", "")[:50]):
        assert kept.replace("\x00", "") in answer.text.replace("\x00", "")
    assert moves_made(site, referral) == ["accept"]


def test_every_fault_of_a_form_is_named_at_once(site: Site, referral: UUID) -> None:
    typed = {"happened_on": ["1", "1", "2020"], "reason": ""}
    page = post(english(site, "soc"), referral, "already_client", **typed).text
    assert "Give a day from the arrival" in page
    assert "Write the reason." in page


def test_a_deadline_that_was_closed_over_is_not_shown_as_met(site: Site, referral: UUID) -> None:
    client = english(site, "soc")
    assert post(client, referral, "record_urgency", choice="urgent").status_code == 303
    assert post(client, referral, "close", reason=REASON).status_code == 303
    page = client.get(f"/referrals/{referral}").text
    assert page.count("Not met: the handling ended") == 2
    assert page_faults(page) == []


def test_an_expired_form_keeps_what_was_typed(site: Site, referral: UUID) -> None:
    client = english(site, "soc")
    data = {"csrf_token": "old", "happened_on": DAY, "reason": REASON}
    answer = client.post(f"/referrals/{referral}/already_client", data=data)
    assert answer.status_code == 422
    assert "The page had been open too long." in answer.text
    assert REASON in answer.text
    assert moves_made(site, referral) == ["accept"]


def test_a_referral_that_someone_else_moved_meanwhile_is_told_and_the_text_kept(
    site: Site, referral: UUID
) -> None:
    client = english(site, "soc")
    site.parts.respond(
        site.visit("soc-head"), referral, Entry(Move.CLOSE, reason="valmis"), site.hands()
    )
    answer = post(client, referral, "already_client", happened_on=DAY, reason=REASON)
    assert answer.status_code == 409
    assert page_faults(answer.text) == []
    assert "This cannot be recorded now" in answer.text
    assert REASON in answer.text
    assert client.get(f"/referrals/{referral}/already_client").status_code == 409
    assert client.get(f"/referrals/{referral}").status_code == 200


def test_a_move_that_comes_too_early_says_what_comes_first(site: Site) -> None:
    site.send()
    found = referral_of(site, "soc")
    answer = post(english(site, "soc"), found, "close", reason=REASON)
    assert answer.status_code == 409
    assert "once the report has been taken up" in answer.text
    assert "cannot record this" in post(english(site, "soc"), found, "return", reason="x").text
    assert REASON in answer.text
    assert moves_made(site, found) == []


def test_a_move_whose_clock_the_report_never_had_is_not_for_this_agency(site: Site) -> None:
    site.send(
        worry_answers(
            worry={"categories": ["other"], "primary": "other"},
            protection={"may_need_protection": "no"},
        )
    )
    found, client = referral_of(site, "soc"), english(site, "soc")
    new = post(client, found, "assessment_started", happened_on=DAY)
    assert post(client, found, "accept").status_code == 303
    accepted = post(client, found, "assessment_started", happened_on=DAY)
    for answer in (new, accepted):
        assert answer.status_code == 409
        assert "cannot record this" in answer.text


def test_a_reason_that_nobody_can_see_is_none(site: Site, referral: UUID) -> None:
    answer = post(english(site, "soc"), referral, "close", reason="\u200b\u3164")
    assert answer.status_code == 422
    assert "Write the reason." in answer.text


def test_a_return_that_no_desk_can_take_says_so_and_keeps_the_reason(site: Site) -> None:
    site.send(gang())
    found = referral_of(site, "ank")
    with site.parts.database.write() as connection:
        connection.execute(
            text(
                "UPDATE agency_grant SET withdrawn_at = granted_at WHERE agency_key_id LIKE 'soc-%'"
            )
        )
    answer = post(english(site, "ank"), found, "return", reason=REASON)
    assert answer.status_code == 409
    assert "no other desk can take it" in answer.text
    assert REASON in answer.text


@pytest.mark.parametrize("move", ["handed_over", "nonsense", "open"])
def test_an_unknown_move_is_not_found(site: Site, referral: UUID, move: str) -> None:
    client = site.signed_in("soc")
    assert client.get(f"/referrals/{referral}/{move}").status_code == 404
    assert post(client, referral, move).status_code == 404


def test_social_services_are_not_offered_a_return(site: Site, referral: UUID) -> None:
    client = site.signed_in("soc")
    assert f"/referrals/{referral}/return" not in client.get(f"/referrals/{referral}").text
    answer = post(client, referral, "return", reason=REASON)
    assert answer.status_code == 409
    assert "Tämä viranomainen ei voi kirjata tätä" in answer.text


def test_a_form_shows_nothing_of_the_report(site: Site, referral: UUID) -> None:
    client = site.signed_in("soc")
    for move in Move:
        page = client.get(f"/referrals/{referral}/{move}").text
        for told in ("eväitä", "Kaisla", "Outi"):
            assert told not in page


def test_the_inbox_sorts_by_deadline_and_filters_by_state(site: Site, referral: UUID) -> None:
    site.hands.move(days=20)
    site.send()
    client = english(site, "soc")
    page = client.get("/inbox").text
    assert page_faults(page) == []
    assert "2 reports, the most pressing first" in page
    assert "1 late" in page
    old, new = sorted(
        site.parts.read.inbox(site.visit("soc"), tuple(State)), key=lambda row: row.arrived_at
    )
    assert page.index(old.reference) < page.index(new.reference)
    assert "Late by" in page
    assert "Today" in page
    assert old.reference not in client.get("/inbox?state=closed").text
    assert old.reference in client.get("/inbox?state=all").text
    assert client.get("/inbox?state=nonsense").status_code == 200
