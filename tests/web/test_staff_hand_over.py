"""The pages of handing over: found, chosen, checked, and only then done."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from intake.domain.referral import Move, State
from intake.services.hand_over import HandOver
from intake.services.record import Entry
from tests.look.page_faults import page_faults
from tests.services.sending import at, gang, hand_over, row_of
from tests.site import ANK, DUTY, HEA, POL, SOC, TRIAGE, YOU, Site, child_answers, token_in
from tests.web.test_staff_referral import english

REASON = "Nuori haluaa apua uneen.\nHän odottaa puhelua."
CONSENT = "Nuori itse tapaamisessa."


@pytest.fixture
def referral(site: Site) -> UUID:
    """A lead of the Ankkuri team."""
    site.send(gang())
    found: UUID = at(site, ANK).id
    return found


def post(client: FlaskClient, referral: UUID, to: str, **data: Any):  # type: ignore[no-untyped-def]  # Flask's test response
    typed = {
        "csrf_token": token_in(client.get("/inbox").text),
        "way": "consent",
        "consent": CONSENT,
        "sections": ["concern", "identity_1"],
        "reason": REASON,
        "step": "check",
    }
    return client.post(f"/referrals/{referral}/hand_over/{to}", data=typed | data)


def name(site: Site, agency: str) -> str:
    return site.parts.directory.agency(agency).name["en"]


def test_the_agencies_stand_by_kind_and_can_be_found_by_name_or_place(
    site: Site, referral: UUID
) -> None:
    client = english(site, "ank")
    address = f"/referrals/{referral}/hand_over"
    page = client.get(address)
    assert page.status_code == 200
    assert page_faults(page.text) == []
    shown = re.findall(r'name="to" value="([^"]+)"', page.text)
    assert set(shown) == {SOC, TRIAGE, DUTY, POL, HEA, YOU, "wel-vantaa-kerava-office"} | {
        "pri-tikkukivi"
    }
    legends = re.findall(r'<legend><span class="question">([^<]+)', page.text)
    assert legends[:2] == ["County social services", "Police"]
    found = client.get(f"{address}?find=nuoriso").text
    assert re.findall(r'name="to" value="([^"]+)"', found) == [YOU]
    by_place = client.get(f"{address}?find=vanda").text
    assert YOU in by_place
    nothing = client.get(f"{address}?find=nowhere")
    assert "No agency was found." in nothing.text
    assert page_faults(nothing.text) == []


def test_the_children_s_own_place_comes_first(site: Site) -> None:
    site.send(gang())
    chosen = site.parts.hand_over.choices(site.visit("ank"), at(site, ANK).id, site.hands())
    assert chosen.near == {"vantaa"}


def test_an_agency_must_be_chosen_and_then_has_its_page(site: Site, referral: UUID) -> None:
    client = english(site, "ank")
    address = f"/referrals/{referral}/hand_over"
    missing = client.get(f"{address}?choose=1")
    assert missing.status_code == 422
    assert page_faults(missing.text) == []
    assert "Choose the agency." in missing.text
    there = client.get(f"{address}?choose=1&to={YOU}")
    assert there.status_code == 303
    assert there.location == f"{address}/{YOU}"
    assert client.get(f"{address}?to=nowhere").status_code == 200
    assert client.get(f"{address}/nowhere").status_code == 404


def test_the_usual_parts_are_ticked_and_the_bases_are_those_that_fit(
    site: Site, referral: UUID
) -> None:
    client = english(site, "ank")
    page = client.get(f"/referrals/{referral}/hand_over/{YOU}")
    assert page.status_code == 200
    assert page_faults(page.text) == []
    ticked = re.findall(r'name="sections" value="([^"]+)"[^>]* checked', page.text)
    assert ticked == ["reporter", "concern", "identity_1"]
    assert "place_1" in page.text
    assert 'value="health"' not in page.text, "the team does not have it"
    assert re.findall(r'name="way" value="([^"]+)"', page.text) == ["consent"]
    police = client.get(f"/referrals/{referral}/hand_over/{POL}").text
    assert "(39/1889 15:10)" in police
    assert "The report goes to the police." in police


def test_nothing_is_ticked_ready_from_social_services_to_the_police(site: Site) -> None:
    answers = gang()
    answers["worry"] = {"categories": ["other"], "primary": "other", "child_role": "other"}
    answers["consent"] |= {"consent_to": ["SOC"]}
    site.send(answers)
    first, client = at(site, SOC).id, english(site, "soc")
    site.parts.respond(
        site.visit("soc"), first, Entry(Move.RECORD_URGENCY, choice="urgent"), site.hands()
    )
    page = client.get(f"/referrals/{first}/hand_over/{POL}").text
    assert page_faults(page) == []
    assert 'name="sections" value="concern"' in page
    assert " checked" not in page


def test_the_check_page_tells_all_of_it_and_nothing_has_happened_yet(
    site: Site, referral: UUID
) -> None:
    client = english(site, "ank")
    page = post(client, referral, YOU)
    assert page.status_code == 200
    assert page_faults(page.text) == []
    assert "Check before you hand over" in page.text
    assert "You are handing over 2 parts of the report." in page.text
    for told in (name(site, YOU), "Worry", "The child’s identity", CONSENT, "odottaa puhelua"):
        assert told in page.text, told
    assert row_of(site, referral).state == State.SENT


def test_the_button_of_the_check_page_hands_it_over(site: Site, referral: UUID) -> None:
    client = english(site, "ank")
    check = post(client, referral, YOU).text
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', check)
    assert {field for field, _ in fields} >= {"way", "sections", "consent", "reason"}
    done = post(client, referral, YOU, step="hand_over")
    assert done.status_code == 303
    page = client.get(done.location).text
    assert page_faults(page) == []
    assert "Recorded:</strong> Handed over" in page
    assert "Moved to another agency" in page
    for told in (
        f"Moved to: {name(site, YOU)}",
        "Legal basis: Consent to give the information to this recipient",
        "Parts: Worry, The child’s identity",
        f"Consent: {CONSENT}",
        "Ended: the report moved on",
    ):
        assert told in page, told
    there = english(site, "you").get(f"/referrals/{at(site, YOU).id}").text
    assert page_faults(there) == []
    assert f"{name(site, ANK)} handed this report over. Their reason:" in there
    assert "odottaa puhelua" in there
    assert CONSENT in there
    assert "Arrived here, handed over" in there
    assert "Outi Opettaja" not in there, "the reporter was not ticked"


def test_change_gives_back_what_was_chosen_and_typed(site: Site, referral: UUID) -> None:
    page = post(english(site, "ank"), referral, YOU, step="change")
    assert page.status_code == 200
    assert page_faults(page.text) == []
    for kept in ("odottaa puhelua", CONSENT):
        assert kept in page.text
    ticked = re.findall(r'name="sections" value="([^"]+)"[^>]* checked', page.text)
    assert ticked == ["concern", "identity_1"]
    assert row_of(site, referral).state == State.SENT


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ({"way": ""}, "Choose the legal basis."),
        ({"way": "notification"}, "choose of the options on this page"),
        ({"consent": ""}, "Write who has consented, and to what."),
        ({"sections": []}, "Choose at least one part."),
        ({"sections": ["concern", "health"]}, "choose of the options on this page"),
        ({"reason": " "}, "Write the reason."),
        ({"reason": "x" * 4001}, "Shorten the text"),
    ],
)
@pytest.mark.parametrize("step", ["check", "hand_over"])
def test_what_is_wrong_is_named_and_nothing_is_handed_over(
    site: Site, referral: UUID, data: dict[str, Any], error: str, step: str
) -> None:
    page = post(english(site, "ank"), referral, YOU, step=step, **data)
    assert page.status_code == 422
    assert page_faults(page.text) == []
    assert error in page.text
    for field, kept in (("consent", CONSENT), ("reason", "odottaa puhelua")):
        assert field in data or kept in page.text
    assert row_of(site, referral).state == State.SENT


def test_a_form_without_its_token_hands_nothing_over(site: Site, referral: UUID) -> None:
    page = post(english(site, "ank"), referral, YOU, step="hand_over", csrf_token="old")
    assert page.status_code == 422
    assert "odottaa puhelua" in page.text
    assert row_of(site, referral).state == State.SENT


def test_an_agency_that_nobody_opens_any_more_is_told_and_the_text_kept(
    site: Site, referral: UUID
) -> None:
    with site.parts.database.write() as connection:
        connection.execute(
            text("UPDATE agency_grant SET withdrawn_at = granted_at WHERE agency_key_id LIKE :it"),
            {"it": f"{YOU}%"},
        )
    page = post(english(site, "ank"), referral, YOU, step="hand_over")
    assert page.status_code == 409
    assert page_faults(page.text) == []
    assert "Choose another agency." in page.text
    assert "odottaa puhelua" in page.text
    assert row_of(site, referral).state == State.SENT


def test_a_report_that_has_moved_on_is_told_and_the_text_kept(site: Site, referral: UUID) -> None:
    client = english(site, "ank")
    hand_over(site, site.visit("ank"), referral, HEA, "consent", consent=CONSENT)
    page = post(client, referral, YOU, step="hand_over")
    assert page.status_code == 409
    assert page_faults(page.text) == []
    assert "This cannot be recorded now" in page.text
    assert "odottaa puhelua" in page.text
    assert CONSENT in page.text
    for address in ("hand_over", f"hand_over/{YOU}"):
        again = client.get(f"/referrals/{referral}/{address}")
        assert again.status_code == 409
        assert page_faults(again.text) == []


@pytest.mark.on_both
def test_a_colleague_s_move_in_the_same_moment_is_told_and_the_text_kept(
    site: Site, referral: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, check = english(site, "ank"), HandOver.check

    def meanwhile(*given: Any) -> Any:
        found = check(*given)
        later = site.hands.move(seconds=1)
        site.parts.respond(site.visit("ank"), referral, Entry(Move.ACCEPT), later)
        return found

    monkeypatch.setattr(HandOver, "check", meanwhile)
    page = post(client, referral, YOU, step="hand_over")
    assert page.status_code == 409
    assert "This cannot be recorded now" in page.text
    assert "odottaa puhelua" in page.text
    assert row_of(site, referral).state == State.ACCEPTED


def test_running_clocks_of_the_law_are_named_where_they_bind(site: Site) -> None:
    site.send()
    page = english(site, "soc").get(f"/referrals/{at(site, SOC).id}/hand_over").text
    assert page_faults(page) == []
    assert "These deadlines set by law are running." in page
    assert "Service-needs assessment started" in page
    assert re.findall(r'name="to" value="([^"]+)"', page) == [TRIAGE, DUTY]


def test_several_children_are_told_apart_part_by_part(site: Site) -> None:
    answers = gang()
    answers["children"] = [child_answers(), child_answers(name="Toinen", hetu="010517A9020")]
    site.send(answers)
    page = english(site, "ank").get(f"/referrals/{at(site, ANK).id}/hand_over/{YOU}").text
    for told in ("Child 1: The child’s identity", "Child 2: The child’s identity"):
        assert told in page


@pytest.mark.on_both
def test_what_was_typed_outlives_the_session(site: Site, referral: UUID) -> None:
    client = site.signed_in("ank")
    page = client.get(f"/referrals/{referral}/hand_over/{YOU}").text
    site.hands.move(hours=1)
    typed = {
        "csrf_token": token_in(page),
        "way": "consent",
        "consent": CONSENT,
        "sections": ["reporter", "guardians", "concern", "identity_1", "place_1"],
        "reason": REASON,
        "step": "check",
    }
    moved = client.post(f"/referrals/{referral}/hand_over/{YOU}", data=typed)
    assert moved.status_code == 307
    held = client.post(moved.location, data=typed).text
    assert "odottaa puhelua" in held
    assert held.count('name="kept.sections"') == 5


def test_the_three_pages_are_whole_in_every_language(site: Site, referral: UUID) -> None:
    client = site.signed_in("ank")
    for code in ("fi", "sv", "en"):
        client.set_cookie("ankkuri_language", code)
        for page in (
            client.get(f"/referrals/{referral}/hand_over"),
            client.get(f"/referrals/{referral}/hand_over/{YOU}"),
            post(client, referral, YOU),
        ):
            assert page.status_code == 200
            assert page_faults(page.text) == []
