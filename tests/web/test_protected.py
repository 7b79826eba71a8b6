"""A protected address is masked on every page until somebody entitled says why they need it."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, select, update

from intake.domain.chase import DUTY_DESK
from intake.domain.press import Press
from intake.domain.trail import Action
from intake.services.line_detail import LINE_DETAIL
from intake.store import people
from intake.store.people_tables import GrantRow
from intake.store.reminder_tables import ReminderRow
from intake.vault.keyring import open_grant
from intake.vault.open import open_for
from tests.look.page_faults import page_faults
from tests.services.sending import at, gang, hand_over, lines, row_of, silence
from tests.services.test_press import deadline, press
from tests.site import ANK, HEA, PRI, SOC, YOU, Site, child_answers, token_in, worry_answers
from tests.web.reporter_walk import Walk

TELLING = ("Vantaa<", "Tikkukiven koulu", "4 B", "Mummolassa", "Kuusitie 1")
"""Where the child lives, goes to school and is, and what the guardian's contact gives away."""
WHY = {"need": "safety", "words": "Sovitaan tapaamispaikasta."}


def worry(turvakielto: str = "yes", *, sibling: bool = False) -> dict[str, Any]:
    answers = worry_answers()
    answers["children"] = [child_answers(turvakielto=turvakielto, whereabouts="Mummolassa")]
    if sibling:
        other = {"name": "Ruoko", "known_by": "age", "hetu": "", "age": "7"}
        answers["children"].append(child_answers(turvakielto="no", **other))
    answers["guardians"] = [
        {
            "name": "Kari Keksitty",
            "contact": "Kuusitie 1",
            "lives_with_child": "yes",
            "suspected_perpetrator": "no",
        }
    ]
    return answers


def given_away(page: str) -> set[str]:
    main = page.partition("<main")[2].partition("</main>")[0]
    main = main.replace("Vantaan ja Keravan", "")
    return {word for word in TELLING if word in main}


def shows(client: FlaskClient, referral: UUID, **why: str) -> Any:
    path = f"/referrals/{referral}/protected"
    token = token_in(client.get(path).text)
    return client.post(path, data={"csrf_token": token, **(why or WHY)})


@pytest.mark.parametrize("turvakielto", ["yes", "unknown"])
def test_nothing_of_the_place_is_on_the_page(site: Site, turvakielto: str) -> None:
    site.send(worry(turvakielto))
    page = site.signed_in("soc").get(f"/referrals/{at(site, SOC).id}").text
    assert page_faults(page) == []
    assert "Turvakielto: tiedot piilotettu." in page
    assert given_away(page) == set()
    assert "Kari Keksitty" in page


def test_a_sibling_s_place_is_masked_too(site: Site) -> None:
    site.send(worry(sibling=True))
    page = site.signed_in("soc").get(f"/referrals/{at(site, SOC).id}").text
    assert given_away(page) == set()
    assert page.count("Turvakielto: tiedot piilotettu.") == 2


def test_without_protection_the_place_shows_at_once(site: Site) -> None:
    site.send(worry("no"))
    page = site.signed_in("soc").get(f"/referrals/{at(site, SOC).id}").text
    assert given_away(page) == set(TELLING)


@pytest.mark.on_both
def test_it_shows_for_a_reason_in_the_answer_alone_and_the_line_holds_the_reason_sealed(
    site: Site,
) -> None:
    site.send(worry())
    referral, client = at(site, SOC).id, site.signed_in("soc")
    answer = shows(client, referral)
    assert answer.status_code == 200
    assert page_faults(answer.text) == []
    assert given_away(answer.text) == set(TELLING)
    assert given_away(client.get(f"/referrals/{referral}").text) == set()
    (line,) = lines(site, Action.SHOW_PROTECTED)
    assert (line.person_id, line.referral_id) == (site.people["soc"], referral)
    assert WHY["words"] not in line.purpose
    visit = site.visit("soc")
    with site.parts.database.read() as connection:
        grant = people.grant(connection, line.detail_key_id, visit.person.id)
    assert grant is not None
    key = open_grant(visit.key, grant, line.detail_key_id, visit.person.id)
    place = (LINE_DETAIL, Action.SHOW_PROTECTED, referral.bytes)
    assert json.loads(open_for(key, line.sealed_detail, *place)) == WHY
    log = client.get(f"/referrals/{referral}/lookers").text
    assert "Lapsen turvallisuus edellyttää sitä" in log
    assert WHY["words"] in log
    assert WHY["need"] not in log


@pytest.mark.parametrize("why", [{}, {"need": "other"}, {"need": "nonsense", "words": "x"}])
def test_without_a_reason_nothing_shows_and_no_line_says_that_it_did(
    site: Site, why: dict[str, str]
) -> None:
    site.send(worry())
    client, referral = site.signed_in("soc"), at(site, SOC).id
    path = f"/referrals/{referral}/protected"
    token = token_in(client.get(path).text)
    answer = client.post(path, data={"csrf_token": token, **why})
    assert answer.status_code == 422
    assert page_faults(answer.text) == []
    assert given_away(answer.text) == set()
    assert lines(site, Action.SHOW_PROTECTED) == []


def test_nothing_shows_where_the_line_cannot_be_written(site: Site) -> None:
    site.send(worry())
    client, referral = site.signed_in("soc"), at(site, SOC).id
    path = f"/referrals/{referral}/protected"
    token = token_in(client.get(path).text)
    site.app.testing = False
    site.break_writes("INSERT ON trail")
    answer = client.post(path, data={"csrf_token": token, **WHY})
    assert answer.status_code >= 500
    assert given_away(answer.text) == set()
    site.mend_writes("trail")


@pytest.mark.on_both
def test_a_stranger_gets_nothing_with_the_best_of_reasons(site: Site) -> None:
    site.send(worry())
    client, referral = site.signed_in("pol"), at(site, SOC).id
    assert client.get(f"/referrals/{referral}/protected").status_code == 404
    token = token_in(client.get("/inbox").text)
    path = f"/referrals/{referral}/protected"
    assert client.post(path, data={"csrf_token": token, **WHY}).status_code == 404
    assert lines(site, Action.SHOW_PROTECTED) == []
    assert len(lines(site, Action.REFUSED)) == 2


def test_the_agencies_near_the_child_are_not_told_apart_in_handing_over(site: Site) -> None:
    site.send(worry())
    found = site.parts.hand_over.choices(site.visit("soc"), at(site, SOC).id, site.hands())
    assert found.near == set(site.parts.directory.agency(SOC).municipalities)


def test_a_school_that_handed_it_over_is_named_by_its_kind(site: Site) -> None:
    bullying = {"categories": ["bullying"], "primary": "bullying", "child_role": "victim"}
    answers = worry() | {"worry": bullying}
    answers["protection"] = answers["protection"] | {"may_need_protection": "no"}
    site.hands.move(days=-20)  # a Wednesday in term
    site.send(answers)
    first = at(site, PRI)
    if first is None:
        pytest.fail("the school did not get it")
    choices = site.parts.hand_over.choices(site.visit("pri"), first.id, site.hands())
    (to,) = [agency for agency in choices.targets if agency.id == SOC]
    school = site.parts.directory.agency(PRI)
    (way, *_) = site.parts.hand_over.ways(school, to, site.hands())
    new = hand_over(site, site.visit("pri"), first.id, SOC, way.id, consent="Nuori.")
    client = site.signed_in("soc")
    name = site.parts.directory.agency(PRI).name["fi"]
    page = client.get(f"/referrals/{new}").text
    assert given_away(page) == set()
    assert name not in page
    assert name in shows(client, new).text


def handed_to_youth_services(site: Site, turvakielto: str) -> tuple[UUID, Any]:
    """By the Ankkuri team; its referral and the new one."""
    site.send(gang() | {"children": [child_answers(turvakielto=turvakielto)]})
    first = at(site, ANK).id
    site.hands.move(minutes=1)
    return first, hand_over(site, site.visit("ank"), first, YOU, "consent", consent="Nuori.")


@pytest.mark.parametrize("turvakielto", ["yes", "unknown", "no"])
def test_the_use_log_and_the_page_of_withdrawing_name_youth_services_by_their_kind(
    site: Site, turvakielto: str
) -> None:
    first, _ = handed_to_youth_services(site, turvakielto)
    client, name = site.signed_in("ank"), site.parts.directory.agency(YOU).name["fi"]
    for path in ("/lookers", "/withdraw", ""):
        page = client.get(f"/referrals/{first}{path}").text
        assert page_faults(page) == []
        assert (name in page) == (turvakielto == "no"), path
        assert "Nuorisopalvelut" in page or turvakielto == "no", path
    own = client.get("/account/log").text
    assert name not in own
    assert "Nuorisopalvelut" in own
    own = site.signed_in("you").get(f"/referrals/{at(site, YOU).id}/lookers").text
    assert name in own


def test_who_cannot_open_the_report_reads_no_place_in_its_use_log(site: Site) -> None:
    first, _ = handed_to_youth_services(site, "no")
    client, name = site.signed_in("ank"), site.parts.directory.agency(YOU).name["fi"]
    assert name in client.get(f"/referrals/{first}/lookers").text
    with site.parts.database.write() as connection:
        connection.execute(delete(GrantRow).where(GrantRow.person_id == site.people["ank"]))
    assert name not in client.get(f"/referrals/{first}/lookers").text


def test_the_one_who_has_the_code_reads_the_kind_alone_of_where_others_sent_it(site: Site) -> None:
    receipt = site.send(gang() | {"children": [child_answers(turvakielto="yes")]})
    first = at(site, ANK).id
    site.hands.move(minutes=1)
    hand_over(site, site.visit("ank"), first, YOU, "consent", consent="Nuori.")
    youth = site.parts.directory.agency(YOU)
    page = Walk(site.client()).post("/status", {"code": receipt.code.text}, 200)
    assert "Siirretty: Nuorisopalvelut" in page
    assert site.parts.directory.agency(ANK).name["fi"] in page
    assert youth.name["fi"] not in page
    assert youth.phone not in page


def test_the_desk_that_stands_by_reads_the_kind_alone_of_who_is_silent(site: Site) -> None:
    handed_to_youth_services(site, "yes")
    silence(site, days=12)
    name = site.parts.directory.agency(YOU).name["fi"]
    (offer,) = [o for o in site.parts.take_over.offers(site.visit("soc")) if o.silent.id == YOU]
    client, path = site.signed_in("soc"), f"/referrals/{offer.referral_id}/take_over"
    for page in ("/inbox", path):
        told = client.get(page).text
        assert offer.reference in told, page
        assert "Nuorisopalvelut" in told, page
        assert name not in told, page


def test_a_reminder_to_the_desk_that_stands_by_names_the_kind_alone_on_its_page(
    site: Site,
) -> None:
    site.send(worry())
    press(site, deadline(site, "urgency").id, DUTY_DESK, Press.STANDBY)
    with site.parts.database.write() as connection:
        (params,) = connection.scalars(select(ReminderRow.params))
        connection.execute(update(ReminderRow).values(params=params | {"agency": YOU}))
    page = site.signed_in("duty").get("/reminders").text
    assert params["reference"] in page
    assert "Nuorisopalvelut" in page
    assert site.parts.directory.agency(YOU).name["fi"] not in page


def test_the_auditors_list_names_youth_services_by_their_kind_beside_a_reference(
    site: Site,
) -> None:
    site.send(gang() | {"children": [child_answers(turvakielto="yes")]})
    first = hand_over(site, site.visit("ank"), at(site, ANK).id, HEA, "consent", consent="Nuori.")
    hand_over(site, site.visit("hea"), first, YOU, "consent", consent="Nuori.")
    log = site.signed_in("auditor").get("/trail").text.partition("<table")[2]
    assert row_of(site, first).reference in log
    assert "Nuorisopalvelut" in log
    assert site.parts.directory.agency(YOU).name["fi"] not in log


def test_an_extract_names_youth_services_only_where_the_auditor_says_that_it_may(
    site: Site,
) -> None:
    site.send(gang() | {"children": [child_answers(turvakielto="yes")]})
    team = at(site, ANK).id
    first = hand_over(site, site.visit("ank"), team, HEA, "consent", consent="Nuori.")
    hand_over(site, site.visit("hea"), first, YOU, "consent", consent="Nuori.")
    reference, name = row_of(site, first).reference, site.parts.directory.agency(YOU).name["fi"]
    auditor = site.signed_in("auditor")
    for path in ("/trail/extract", "/trail/extract.csv"):
        masked = auditor.get(f"{path}?references={reference}").text
        assert "Nuorisopalvelut" in masked
        assert name not in masked
        assert name in auditor.get(f"{path}?references={reference}&named=yes").text
    page = auditor.get(f"/trail/extract?references={reference}&named=yes").text
    assert page_faults(page) == []
    assert "named=yes" in page.partition("extract.csv")[2].partition('"')[0]
