"""Whoever looks at something of a report leaves a line, whichever page it is on."""

from __future__ import annotations

from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from intake.domain.people import Membership, Permission, Role
from intake.domain.trail import HANDLING, Action, ReadingBasis
from intake.store import people
from intake.store.columns import AnyRow
from intake.store.tables import DeadlineRow, ReferralRow, TrailRow
from intake.web.looked import DOORS, NOTHING_OF_REPORTS, SAID, leaves_line
from tests.services.sending import at, silence
from tests.site import ANK, POL, SOC, Site, token_in, worry_answers
from tests.web.keying import keyed

pytestmark = pytest.mark.on_both
CONSENT = {"child_consent": "given", "consent_to": ["ANK"]}
RESTS_ON = {
    Action.READ_TRAIL: ReadingBasis.OVERSIGHT,
    Action.EXTRACT: ReadingBasis.EXTRACT,
}
PARTS = "concern, guardians, health, identity, place, reporter"


def lines(site: Site, *where: Any) -> list[AnyRow]:
    with site.parts.database.read() as connection:
        asked = select(TrailRow.__table__).where(*where).order_by(TrailRow.at, TrailRow.sequence)
        return list(connection.execute(asked))


def pages(site: Site) -> list[str]:
    """The endpoints that staff may GET."""
    return sorted(
        rule.endpoint
        for rule in site.app.url_map.iter_rules()
        if "GET" in (rule.methods or ())
        and getattr(site.app.view_functions[rule.endpoint], "permission", Permission.ANYONE)
        is not Permission.ANYONE
    )


def test_of_every_page_it_is_known_which_line_it_leaves_or_why_none(site: Site) -> None:
    for endpoint in pages(site):
        parts = endpoint.split(".")
        without = any(".".join(parts[:n]) in NOTHING_OF_REPORTS for n in range(1, len(parts)))
        known = [leaves_line(endpoint), endpoint in SAID, without and endpoint not in SAID]
        assert sum(known) == 1, f"{endpoint}: say in intake/web/looked.py which line it leaves"
    assert set(SAID) <= set(pages(site))
    assert {endpoint.partition(".")[0] for endpoint in pages(site)} >= DOORS


def test_each_page_about_reports_leaves_its_line(site: Site) -> None:
    site.send()
    with site.parts.database.read() as connection:
        referral = connection.scalar(select(ReferralRow.id).where(ReferralRow.agency_id == SOC))
        deadline = connection.scalar(
            select(DeadlineRow.id).where(DeadlineRow.referral_id == referral)
        )
    (sent,) = lines(site, TrailRow.action == Action.SEND, TrailRow.agency_id == SOC)
    assert sent.basis
    values: dict[str, Any] = {
        "referral_id": referral,
        "deadline_id": deadline,
        "move": "record_urgency",
        "clock": "lsl26_start",
        "agency_id": POL,
    }
    seen = 0
    for rule in site.app.url_map.iter_rules():
        asked = leaves_line(rule.endpoint) or SAID.get(rule.endpoint, "") in (
            Action.OPEN,
            Action.EXPORT,
            Action.READ_TRAIL,
        )
        if not asked or "GET" not in (rule.methods or ()):
            continue
        named = {name: values.get(name, uuid4()) for name in rule.arguments}
        with site.app.test_request_context():
            address = site.app.url_for(rule.endpoint, **named)
        door = rule.endpoint.partition(".")[0]
        who = {"supervisor": "supervisor", "audit": "auditor"}.get(door, "soc")
        before = {line.id for line in lines(site)}
        answer = site.signed_in(who).get(address)
        new = [line for line in lines(site) if line.id not in before]
        if answer.status_code != 200:
            continue
        seen += 1
        expected = SAID.get(rule.endpoint, Action.LOOK)
        found = [line for line in new if line.action == expected]
        assert found, f"{rule.endpoint} left no line"
        assert {line.person_id for line in found} == {site.people[who]}
        if "referral_id" in named or "deadline_id" in named:
            assert {(line.referral_id, line.agency_id) for line in found} == {(referral, SOC)}
            assert {line.role for line in found} <= {"worker", "supervisor"}
        of_report = door == "agency" and ("referral_id" in named or "deadline_id" in named)
        basis = sent.basis if of_report else RESTS_ON.get(expected, ReadingBasis.TASK)
        assert {line.basis for line in found} == {basis}, f"{rule.endpoint} is on no basis"
    assert seen > 15


def test_a_desk_that_looks_at_what_it_may_take_over_has_no_report_yet(site: Site) -> None:
    site.send()
    silence(site, hours=4)
    referral = at(site, SOC).id
    assert site.signed_in("duty").get(f"/referrals/{referral}/take_over").status_code == 200
    (line,) = lines(site, TrailRow.action == Action.LOOK)
    assert (line.referral_id, line.agency_id, line.basis) == (referral, SOC, ReadingBasis.TASK)


def test_who_watches_deadlines_does_so_on_that_task_alone_also_where_they_have_the_report(
    site: Site,
) -> None:
    site.send()
    watches = Membership(Role.SUPERVISOR, controller=site.parts.directory.agency(SOC).controller)
    with site.parts.database.write() as connection:
        people.add_membership(connection, site.people["soc"], watches, site.hands())
        own = DeadlineRow.referral_id == at(site, SOC).id
        deadline = connection.scalars(select(DeadlineRow.id).where(own)).first()
    assert site.signed_in("soc").get(f"/deadlines/{deadline}").status_code == 200
    (line,) = lines(site, TrailRow.action == Action.LOOK)
    assert (line.referral_id, line.basis) == (at(site, SOC).id, ReadingBasis.TASK)


def test_a_report_that_was_keyed_in_is_read_with_its_parts_on_its_basis_and_the_pages_say_so(
    site: Site,
) -> None:
    keyed(site).send()
    here = at(site, SOC)
    client = site.signed_in("soc")
    client.set_cookie("ankkuri_language", "en")
    assert client.get(f"/referrals/{here.id}").status_code == 200
    (sent,) = lines(site, TrailRow.action == Action.SEND, TrailRow.agency_id == SOC)
    (line,) = lines(site, TrailRow.action == Action.OPEN)
    assert (line.purpose, line.basis) == (f"{HANDLING}: {sent.purpose}", sent.basis)
    assert line.basis == "417/2007 §25.1; soc_care"
    auditor = site.signed_in("auditor")
    auditor.set_cookie("ankkuri_language", "en")
    named = f"references={here.reference}"
    for reader, address in (
        (client, f"/referrals/{here.id}/lookers"),
        (client, "/account/log"),
        (auditor, "/trail?action=open"),
        (auditor, f"/trail/extract?{named}"),
        (auditor, f"/trail/extract.csv?{named}"),
    ):
        page = unescape(reader.get(address).text)
        told = page[page.index("Handling the report") :][:300]
        assert "Handling the report. Parts: Worry, Guardians, Health, Child, Place" in told, address
        assert "417/2007 §25.1" in told, address
    log = unescape(auditor.get("/trail?action=read_trail").text)
    assert "Oversight of data protection (GDPR art. 39.1 b)" in log
    log = unescape(client.get(f"/referrals/{here.id}/lookers").text)
    assert "Right of access (GDPR art. 15)" in log
    client.get("/inbox")
    log = unescape(client.get("/account/log").text)
    assert "Task of an authority (GDPR art. 6.1 e)" in log
    site.signed_in("supervisor").get("/deadlines")
    looks = lines(site, TrailRow.action == Action.LOOK, TrailRow.role == "supervisor")
    assert {each.basis for each in looks} == {ReadingBasis.TASK}


def test_a_list_of_one_agency_says_of_which(site: Site) -> None:
    site.signed_in("soc").get(f"/inbox?agency={SOC}")
    site.signed_in("soc").get(f"/inbox?agency={POL}")
    assert [line.agency_id for line in lines(site, TrailRow.action == Action.LOOK)] == [SOC, None]


def test_a_page_that_was_refused_was_not_looked_at(site: Site) -> None:
    site.send()
    with site.parts.database.read() as connection:
        referral = connection.scalar(select(ReferralRow.id).where(ReferralRow.agency_id == SOC))
    assert site.signed_in("pol").get(f"/referrals/{referral}/note").status_code == 404
    assert site.signed_in("pol").get("/deadlines").status_code == 403
    assert lines(site, TrailRow.action == Action.LOOK) == []
    assert len(lines(site, TrailRow.action == Action.REFUSED)) == 2


def test_a_refusal_names_the_role_and_the_report_that_the_address_was_of(site: Site) -> None:
    site.send()
    with site.parts.database.read() as connection:
        referral = connection.scalar(select(ReferralRow.id).where(ReferralRow.agency_id == SOC))
    assert site.signed_in("supervisor").get(f"/referrals/{referral}").status_code == 403
    assert site.signed_in("rules").get(f"/referrals/{uuid4()}").status_code == 403
    assert site.signed_in("pol").get(f"/referrals/{referral}").status_code == 404
    told = [
        (line.role, line.agency_id, line.referral_id)
        for line in lines(site, TrailRow.action == Action.REFUSED)
    ]
    assert sorted(told, key=str) == sorted(
        [("supervisor", SOC, referral), ("rule_editor", None, None), (None, SOC, referral)],
        key=str,
    )


def test_a_form_of_somebody_else_leaves_a_line_and_one_of_ones_own_none(site: Site) -> None:
    site.send()
    with site.parts.database.read() as connection:
        referral = connection.scalar(select(ReferralRow.id).where(ReferralRow.agency_id == SOC))
    client = site.signed_in("soc")
    page = f"/referrals/{referral}/note"
    own = token_in(client.get(page).text)
    assert client.post(page, data={"csrf_token": own, "text": ""}).status_code == 422
    assert lines(site, TrailRow.action == Action.REFUSED) == []
    assert client.post(page, data={"csrf_token": "x", "text": "y"}).status_code == 422
    (line,) = lines(site, TrailRow.action == Action.REFUSED)
    assert (line.purpose, line.role, line.referral_id) == (
        "form token, page agency.note",
        "worker",
        referral,
    )
    log = unescape(client.get("/account/log").text)
    assert "Lomake ei kuulunut tähän istuntoon. Sivu: " in log


def test_where_the_line_cannot_be_written_nothing_is_shown(site: Site) -> None:
    site.send()
    client = site.signed_in("soc")
    site.app.testing = False
    site.break_writes("INSERT ON trail")
    assert client.get("/inbox").status_code == 500
    site.mend_writes("trail")
    assert client.get("/inbox").status_code == 200


def test_a_disclosure_names_its_recipient(site: Site) -> None:
    site.send(worry_answers(worry={"categories": ["neglect"], "primary": "neglect"}))
    sent = lines(site, TrailRow.action == Action.SEND)
    assert sent
    assert {line.recipient for line in sent} == {line.agency_id for line in sent}


def test_a_report_that_was_sent_says_of_each_recipient_what_it_got_and_on_which_basis(
    site: Site,
) -> None:
    gang = {"categories": ["gang"], "primary": "gang", "child_role": "suspected"}
    site.send(worry_answers(worry=gang, consent=worry_answers()["consent"] | CONSENT))
    told = {line.agency_id: line for line in lines(site, TrailRow.action == Action.SEND)}
    assert (told[SOC].basis, told[SOC].purpose) == ("417/2007 §25.1", PARTS)
    assert (told[ANK].basis, told[ANK].purpose) == (
        "consent",
        PARTS.replace("health, ", ""),
    )
    with site.parts.database.read() as connection:
        here = select(ReferralRow.reference).where(ReferralRow.agency_id == SOC)
        reference = connection.scalar(here)
    auditor = site.signed_in("auditor")
    auditor.set_cookie("ankkuri_language", "en")
    for address in ("extract", "extract.csv"):
        shown = unescape(auditor.get(f"/trail/{address}?references={reference}").text)
        assert "417/2007 §25.1" in shown
        assert "Parts: Worry, Guardians, Health, Child, Place of residence and school" in shown
        assert "Consent to give the information" not in shown  # another controller's
