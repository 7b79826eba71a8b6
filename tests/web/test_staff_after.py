"""Pages after a move: reopened, withdrawn, taken over, and what each side sees of it."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import delete, text

from intake.domain.people import Membership, Role
from intake.domain.referral import Move
from intake.services.record import Entry
from intake.store import people
from intake.store.tables import WrapRow
from tests.look.page_faults import page_faults
from tests.services.sending import at, gang, hand_over, silence
from tests.site import ANK, DUTY, SOC, YOU, Site, token_in
from tests.web.reporter_walk import Walk
from tests.web.test_staff_moves import post
from tests.web.test_staff_referral import english

REASON = "Uusi tieto perheen muutosta."


def name(site: Site, agency: str) -> str:
    return site.parts.directory.agency(agency).name["en"]


@pytest.fixture
def closed(site: Site) -> UUID:
    """Social services closed it over the clocks of the assessment."""
    site.send()
    found: UUID = at(site, SOC).id
    for entry in (Entry(Move.ACCEPT), Entry(Move.CLOSE, reason="Valmis.")):
        site.parts.respond(site.visit("soc"), found, entry, site.hands.move(minutes=1))
    site.hands.move(minutes=1)
    return found


def sent_to_youth(site: Site) -> tuple[UUID, UUID]:
    site.send(gang())
    first: UUID = at(site, ANK).id
    site.hands.move(hours=1)
    sent = hand_over(site, site.visit("ank"), first, YOU, "consent", consent="Nuori.")
    site.hands.move(hours=1)
    return first, sent


# ---- Reopening ----


@pytest.mark.on_both
def test_the_head_reopens_and_the_clocks_run_on_the_page(site: Site, closed: UUID) -> None:
    client = english(site, "soc-head")
    assert f"/referrals/{closed}/reopen" in client.get(f"/referrals/{closed}").text
    asked = client.get(f"/referrals/{closed}/reopen")
    assert page_faults(asked.text) == []
    assert "neither their start nor their last day changes" in asked.text
    assert post(client, closed, "reopen", reason="").status_code == 422
    done = post(client, closed, "reopen", reason=REASON)
    assert done.status_code == 303
    page = client.get(done.location).text
    assert page_faults(page) == []
    assert "Recorded:</strong> Reopened" in page
    assert "Not met: the handling ended" not in page
    assert "Running" in page
    for step in ("Handling ended", "Reopened", f"Reason: {REASON}"):
        assert step in page


def test_a_worker_is_told_that_only_the_head_reopens(site: Site, closed: UUID) -> None:
    client = english(site, "soc")
    assert f"/referrals/{closed}/reopen" not in client.get(f"/referrals/{closed}").text
    page = post(client, closed, "reopen", reason=REASON)
    assert page.status_code == 409
    assert "Only the unit’s head can record this." in page.text
    assert REASON in page.text


# ---- Withdrawing ----


@pytest.mark.on_both
@pytest.mark.parametrize("opened", [True, False])
def test_the_sender_withdraws_and_both_pages_say_whether_it_was_opened(
    site: Site, opened: bool
) -> None:
    first, sent = sent_to_youth(site)
    if opened:
        site.parts.read(site.visit("you"), sent, site.hands())
    client = english(site, "ank")
    assert f"/referrals/{first}/withdraw" in client.get(f"/referrals/{first}").text
    asked = client.get(f"/referrals/{first}/withdraw").text
    assert page_faults(asked) == []
    assert f"It was sent to: {name(site, YOU)}." in asked
    told = "what it says has been disclosed" if opened else "Nobody has opened it there yet."
    assert told in asked
    assert post(client, first, "withdraw", reason="").status_code == 422
    done = post(client, first, "withdraw", reason=REASON)
    assert done.status_code == 303
    page = client.get(done.location).text
    assert page_faults(page) == []
    assert "Recorded:</strong> Sending withdrawn" in page
    assert f"Withdrawn from: {name(site, YOU)}" in page
    said = "It had been opened there" if opened else "Nobody had opened it there."
    assert said in page
    assert f"/referrals/{first}/accept" in page, "it is the team's again"
    there = english(site, "you").get(f"/referrals/{sent}")
    assert there.status_code == 200
    assert page_faults(there.text) == []
    assert "has been withdrawn" in there.text
    assert f"Reason: {REASON}" in there.text
    assert f"From: {name(site, ANK)}" in there.text
    assert ("Secrecy binds whoever read it." in there.text) == opened
    for content in ("eväitä", "Kaisla", "Outi", "gang"):
        assert content not in there.text


@pytest.mark.on_both
def test_no_page_of_a_withdrawn_report_shows_or_records_anything(site: Site) -> None:
    first, sent = sent_to_youth(site)
    client = english(site, "you")
    entry = Entry(Move.WITHDRAW, reason=REASON)
    site.parts.withdraw(site.visit("ank"), first, entry, site.hands())
    for move in ("accept", "return", "close", "reopen", "note", "contact", "hand_over"):
        page = client.get(f"/referrals/{sent}/{move}")
        assert page.status_code == 409, move
        assert page_faults(page.text) == [], move
    typed = post(client, sent, "return", reason="Kirjoitin tätä pitkään.")
    assert typed.status_code == 409
    assert "Kirjoitin tätä pitkään." in typed.text
    assert client.get(f"/referrals/{sent}/deadlines/accept").status_code == 200
    inbox = client.get("/inbox?state=closed").text
    assert page_faults(inbox) == []
    assert "Withdrawn by its sender" in inbox
    assert at(site, YOU).reference not in client.get("/inbox").text


def test_a_report_that_lost_its_wraps_offers_no_move_and_keeps_what_was_typed(site: Site) -> None:
    """As between a withdrawal and its page, or restored from a backup made before it."""
    _, sent = sent_to_youth(site)
    with site.parts.database.write() as connection:
        connection.execute(delete(WrapRow).where(WrapRow.referral_id == sent))
    client = english(site, "you")
    for move in ("accept", "return", "close", "hand_over"):
        assert client.get(f"/referrals/{sent}/{move}").status_code == 409, move
    typed = post(client, sent, "return", reason="Kirjoitin tätä pitkään.")
    assert typed.status_code == 409
    assert page_faults(typed.text) == []
    assert "Kirjoitin tätä pitkään." in typed.text


def test_what_the_receiver_took_up_is_not_withdrawn_and_the_page_says_what_to_do(
    site: Site,
) -> None:
    first, sent = sent_to_youth(site)
    site.parts.respond(site.visit("you"), sent, Entry(Move.ACCEPT), site.hands())
    client = english(site, "ank")
    assert f"/referrals/{first}/withdraw" not in client.get(f"/referrals/{first}").text
    page = post(client, first, "withdraw", reason=REASON)
    assert page.status_code == 409
    assert "Call the receiving agency." in page.text
    assert REASON in page.text


# ---- Taking over ----


def test_the_inbox_offers_what_may_be_taken_over_without_content(site: Site) -> None:
    site.send()
    assert "take over" not in english(site, "duty").get("/inbox").text
    silence(site, hours=4)
    page = english(site, "duty").get("/inbox").text
    assert page_faults(page) == []
    assert "You may take over 1 report." in page
    assert at(site, SOC).reference in page
    assert name(site, SOC) in page
    assert "Urgency assessed" in page
    for content in ("eväitä", "Kaisla", "Outi", "neglect"):
        assert content not in page
    assert "take over" not in english(site, "pol").get("/inbox").text


def test_who_is_at_the_silent_agency_is_not_asked_to_take_over_from_it(site: Site) -> None:
    site.send()
    silence(site, hours=4)
    with site.parts.database.write() as connection:
        connection.execute(
            text(
                "UPDATE membership SET agency_id = :duty WHERE person_id = :who AND role='deputy'"
            ),
            {"duty": DUTY, "who": site.people["soc-deputy"].hex},
        )
        membership = Membership(Role.WORKER, SOC)
        people.add_membership(connection, site.people["soc-deputy"], membership, site.hands())
    assert site.parts.take_over.offers(site.visit("soc-deputy")) == []
    assert len(site.parts.take_over.offers(site.visit("duty"))) == 1


@pytest.mark.on_both
def test_taking_over_asks_why_and_opens_the_report(site: Site) -> None:
    site.send()
    silence(site, hours=4)
    silent, client = at(site, SOC).id, english(site, "duty")
    asked = client.get(f"/referrals/{silent}/take_over")
    assert asked.status_code == 200
    assert page_faults(asked.text) == []
    assert "eväitä" not in asked.text
    assert post(client, silent, "take_over", reason="").status_code == 422
    done = post(client, silent, "take_over", reason=REASON)
    assert done.status_code == 303
    page = client.get(done.location).text
    assert page_faults(page) == []
    assert "Recorded:</strong> Taken over" in page
    assert f"This desk took the report over from {name(site, SOC)}. The reason:" in page
    assert "eväitä" in page
    assert "You may take over" not in client.get("/inbox").text
    theirs = english(site, "soc").get(f"/referrals/{silent}").text
    assert page_faults(theirs) == []
    assert "Taken over by the desk that stands by" in theirs
    assert f"Paula Päivystys · Reason: {REASON}" in theirs
    assert f"{name(site, DUTY)} (Paula Päivystys) took the report over. The reason:" in theirs
    assert f"Moved to: {name(site, DUTY)}" in theirs
    inbox = english(site, "soc").get("/inbox?state=closed").text
    assert "Taken over by the desk that stands by" in inbox


def test_an_agency_that_answers_in_time_keeps_it_and_the_text_is_kept(site: Site) -> None:
    site.send()
    silence(site, hours=4)
    silent, client = at(site, SOC).id, english(site, "duty")
    site.parts.respond(site.visit("soc"), silent, Entry(Move.ACCEPT), site.hands())
    page = post(client, silent, "take_over", reason=REASON)
    assert page.status_code == 409
    assert page_faults(page.text) == []
    assert "cannot be taken over now" in page.text
    assert REASON in page.text
    assert client.get(f"/referrals/{silent}/take_over").status_code == 409


# ---- What others see ----


def test_the_reporter_s_page_says_withdrawn_and_taken_over_in_every_language(site: Site) -> None:
    code = site.send(gang()).code
    first = at(site, ANK).id
    hand_over(site, site.visit("ank"), first, YOU, "consent", consent="Nuori.")
    entry = Entry(Move.WITHDRAW, reason=REASON)
    site.parts.withdraw(site.visit("ank"), first, entry, site.hands.move(hours=1))
    silence(site, days=12)
    site.parts.take_over(site.visit("soc"), first, REASON, site.hands())
    words = {
        "fi": ("Peruttu: ilmoitus oli lähetetty sinne vahingossa", "otti vastuulleen"),
        "sv": ("Återtagen: anmälan hade sänts dit av misstag", "Övertagen"),
        "en": ("Withdrawn: it was sent there by mistake", "Taken over by the agency"),
    }
    for language, said in words.items():
        walk = Walk(site.client())
        walk.client.set_cookie("ankkuri_language", language)
        page = walk.post("/status", {"code": code.text}, 200)
        for word in said:
            assert word in page
        assert REASON not in page


def test_the_use_log_tells_recipient_parts_basis_and_withdrawal(site: Site) -> None:
    first, _ = sent_to_youth(site)
    entry = Entry(Move.WITHDRAW, reason=REASON)
    site.parts.withdraw(site.visit("ank"), first, entry, site.hands())
    site.send()
    hand_over(site, site.visit("soc"), at(site, SOC).id, DUTY, "competent", ["concern"])
    page = english(site, "auditor").get("/trail").text
    assert page_faults(page) == []
    for told in (
        f"To: {name(site, DUTY)}",
        "Disclosed to this agency",
        "Parts: Worry",
        "Legal basis: 434/2003 §21",
    ):
        assert told in page, told
    assert REASON not in page


def test_a_move_on_the_page_of_two_colleagues_is_recorded_once(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.send()
    referral = at(site, SOC).id
    site.parts.respond(site.visit("soc"), referral, Entry(Move.ACCEPT), site.hands())
    client = english(site, "soc")
    key_of = type(site.parts.respond).key_of

    def meanwhile(*given: object) -> object:
        monkeypatch.setattr(type(site.parts.respond), "key_of", key_of)
        entry = Entry(Move.RESPOND, choice="contacted")
        later = site.hands.move(seconds=1)
        site.parts.respond(site.visit("soc-head"), referral, entry, later)
        return key_of(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(type(site.parts.respond), "key_of", meanwhile)
    page = post(client, referral, "respond", choice="no_measures", reason="Oma muistiinpano.")
    assert page.status_code == 409
    assert "This cannot be recorded now" in page.text
    assert "Oma muistiinpano." in page.text
    opened = site.parts.read(site.visit("soc"), referral, site.hands())
    assert [move.choice for move in opened.moves if move.move == "respond"] == ["contacted"]


def test_reasons_stand_under_each_child_for_whom_they_held(site: Site) -> None:
    from tests.services.test_several_children import SIXTEEN, TEN, siblings

    site.send(siblings(TEN, SIXTEEN))
    page = english(site, "soc").get(f"/referrals/{at(site, SOC).id}").text
    assert page_faults(page) == []
    first, second = page.index("<h4>Child 1</h4>"), page.index("<h4>Child 2</h4>")
    reason = "A professional&#39;s child welfare notification."
    assert reason in page[first:second]
    assert reason in page[second:]
    assert token_in(page)
