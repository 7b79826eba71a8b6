"""Asking for further parts on the pages, and the lead's answers."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from intake.domain.referral import Move
from intake.domain.trail import Action
from intake.services.record import Entry
from intake.store.tables import ReferralRow
from tests.look.page_faults import page_faults
from tests.services.asking import CONSENT, WHY, asked, granted, sent, worry
from tests.services.sending import at, hand_over, lines, row_of
from tests.site import ANK, HEA, SOC, YOU, Site, child_answers, token_in
from tests.web.test_protected import shows

ASKED = {"sections": ["guardians"], "way": "consent", "consent": CONSENT, "reason": WHY}


def says(client: FlaskClient, path: str, **data: Any) -> int:
    page = client.get(path).text
    assert page_faults(page) == []
    data.setdefault("lead", page.partition('name="lead" value="')[2].partition('"')[0])
    answer = client.post(path, data={"csrf_token": token_in(page), **data})
    if answer.status_code != 303:
        assert page_faults(answer.text) == []
    return answer.status_code


def link_in(page: str, referral: object) -> str:
    start = f"/referrals/{referral}/parts/"
    return start + page.partition(f'href="{start}')[2].partition('"')[0]


@pytest.mark.on_both
def test_asked_granted_read_and_withdrawn(site: Site) -> None:
    lead, asker = sent(site)
    you, ank = site.signed_in("you"), site.signed_in("ank")
    assert "Kari Keksitty" not in you.get(f"/referrals/{asker}").text
    assert says(you, f"/referrals/{asker}/parts", **ASKED) == 303
    page = you.get(f"/referrals/{asker}?recorded=request-asked").text
    assert page_faults(page) == []
    assert "Odottaa vastausta" in page
    assert "Tallennettu:" in page
    twice = you.get(f"/referrals/{asker}/parts")
    assert twice.status_code == 409
    assert page_faults(twice.text) == []
    assert "on jo tehnyt pyynnön" in twice.text
    assert "<textarea" not in twice.text
    inbox = ank.get("/inbox").text
    assert page_faults(inbox) == []
    assert "1 pyyntö saada lisää osia odottaa viranomaisesi vastausta:" in inbox
    assert f"/referrals/{lead}#parts" in inbox
    page = ank.get(f"/referrals/{lead}").text
    assert page_faults(page) == []
    path = link_in(page, lead)
    assert WHY in ank.get(path).text
    given = {"step": "grant", "sections": ["guardians"], "way": "consent", "consent": CONSENT}
    assert says(ank, path, **given) == 303
    page = you.get(f"/referrals/{asker}").text
    assert "Kari Keksitty" in page
    assert "Myönnetty" in page
    log = you.get(f"/referrals/{asker}/lookers").text
    assert log.count("Osat: Huoltajat") == 2
    assert "guardians" not in log.partition("<main")[2]
    assert "odottaa viranomaisesi vastausta" not in ank.get("/inbox").text
    assert says(ank, path, step="withdraw") == 422
    assert says(ank, path, step="withdraw", reason="Annettu erehdyksessä.") == 303
    page = you.get(f"/referrals/{asker}").text
    assert page_faults(page) == []
    assert "Kari Keksitty" not in page
    assert "Annettu erehdyksessä." in page
    assert [line.agency_id for line in lines(site, Action.GRANT_SECTIONS)] == [
        row_of(site, asker).agency_id
    ]


@pytest.mark.on_both
def test_refused_with_a_reason(site: Site) -> None:
    lead, asker = sent(site)
    you, ank = site.signed_in("you"), site.signed_in("ank")
    wrongs: list[dict[str, Any]] = [{"sections": []}, {"way": ""}, {"reason": ""}, {"consent": ""}]
    for wrong in wrongs:
        assert says(you, f"/referrals/{asker}/parts", **ASKED | wrong) == 422
    assert says(you, f"/referrals/{asker}/parts", **ASKED) == 303
    assert says(you, f"/referrals/{asker}/parts", **ASKED) == 409
    path = link_in(ank.get(f"/referrals/{lead}").text, lead)
    assert says(ank, path, step="refuse") == 422
    assert says(ank, path, step="grant", sections=[], way="consent") == 422
    assert says(ank, path, step="refuse", reason="Ei tarpeen.") == 303
    page = you.get(f"/referrals/{asker}").text
    assert "Ei tarpeen." in page
    assert "Kari Keksitty" not in page


def test_the_asker_and_a_stranger_get_no_page_to_answer_on(site: Site) -> None:
    lead, asker = sent(site)
    you, ank = site.signed_in("you"), site.signed_in("ank")
    says(you, f"/referrals/{asker}/parts", **ASKED)
    number = link_in(ank.get(f"/referrals/{lead}").text, lead).rpartition("/")[2]
    for name, referral in (("you", asker), ("soc", at(site, SOC).id), ("pol", lead)):
        answer = site.signed_in(name).get(f"/referrals/{referral}/parts/{number}")
        assert answer.status_code == 404, name
        assert WHY not in answer.text
    assert len(lines(site, Action.REFUSED)) == 3


@pytest.mark.on_both
def test_the_lead_that_has_the_report_now_withdraws_what_a_former_one_granted(site: Site) -> None:
    lead, asker = sent(site)
    granted(site, lead, asker)
    new = hand_over(site, site.visit("ank"), lead, HEA, "consent", consent="Nuori.")
    assert "Peruuta myöntäminen" not in site.signed_in("ank").get(f"/referrals/{lead}").text
    you, hea = site.signed_in("you"), site.signed_in("hea")
    assert "Kari Keksitty" in you.get(f"/referrals/{asker}").text
    page = hea.get(f"/referrals/{new}").text
    assert page_faults(page) == []
    assert "Myönnetty" in page
    path = link_in(page, new)
    assert says(hea, path, step="refuse", reason="Ei.") == 409
    assert says(hea, path, step="withdraw", reason="Ei tarvita enää.") == 303
    page = you.get(f"/referrals/{asker}").text
    assert "Kari Keksitty" not in page
    assert "Ei tarvita enää." in page
    assert "Myöntäminen peruutettu" in hea.get(f"/referrals/{new}").text


def test_what_was_granted_is_withdrawn_also_from_an_asker_that_has_closed_the_report(
    site: Site,
) -> None:
    lead, asker = sent(site)
    granted(site, lead, asker)
    for entry in (Entry(Move.ACCEPT), Entry(Move.CLOSE, reason="Valmis.")):
        site.parts.respond(site.visit("you"), asker, entry, site.hands.move(minutes=1))
    you, ank = site.signed_in("you"), site.signed_in("ank")
    assert "Kari Keksitty" in you.get(f"/referrals/{asker}").text
    path = link_in(ank.get(f"/referrals/{lead}").text, lead)
    assert says(ank, path, step="withdraw", reason="Ei tarvita enää.") == 303
    assert "Kari Keksitty" not in you.get(f"/referrals/{asker}").text


@pytest.mark.parametrize("protected", ["yes", "unknown", "no"])
def test_who_asked_is_named_by_kind_where_an_address_is_protected(
    site: Site, protected: str
) -> None:
    site.hands.move(minutes=1)
    site.send(worry() | {"children": [child_answers(turvakielto=protected)]})
    lead, asker = at(site, ANK).id, at(site, YOU).id
    asked(site, lead, asker)
    ank = site.signed_in("ank")
    name = site.parts.directory.agency(YOU).name["fi"]
    page = ank.get(f"/referrals/{lead}").text
    kind = "Nuorisopalvelut pyysi"
    assert (name in page, kind in page) == (protected == "no", protected != "no")
    assert (name in ank.get(link_in(page, lead)).text) == (protected == "no")
    if protected != "no":
        assert f"{name} pyysi" in shows(ank, lead).text


def test_a_lead_that_may_be_asked_is_named_by_kind_where_an_address_is_protected(
    site: Site,
) -> None:
    site.send(worry() | {"children": [child_answers(turvakielto="yes")]})
    with site.parts.database.write() as connection:
        connection.execute(
            update(ReferralRow).values(is_lead=ReferralRow.agency_id.in_([ANK, YOU]))
        )
    page = site.signed_in("soc").get(f"/referrals/{at(site, SOC).id}/parts").text
    names = {one: site.parts.directory.agency(one).name["fi"] for one in (ANK, YOU)}
    assert names[ANK] in page
    assert "Nuorisopalvelut" in page
    assert names[YOU] not in page
