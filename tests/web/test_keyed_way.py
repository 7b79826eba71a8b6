"""A worry that came by telephone goes the whole way: keyed in, routed, opened, followed."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest
from sqlalchemy import func, select

from intake.domain.referral import Move
from intake.services.record import Entry
from intake.store.tables import (
    DeadlineRow,
    DraftRow,
    ReceiptRow,
    ReferralRow,
    ReportRow,
    TrailRow,
)
from tests.site import ANK, POL, SOC, TRIAGE, Site, token_in
from tests.web.keying import at_first_page, begun, keyed
from tests.web.reporter_walk import OBSERVATIONS, Walk, errors_in

CALL = datetime(2026, 6, 1, 11, 0, tzinfo=UTC)
"""Monday 1 June 2026 at 14.00 in Helsinki; the site's clock stands at Tuesday 10.42."""
GANG = {"categories": ["gang"], "child_role": "suspected"}
PARTS = "concern, guardians, health, identity, place, reporter"
CONSENT = {"child_consent": "given", "consent_to": ["ANK"]}


def rows(site: Site, *columns: Any, **where: Any) -> list[Any]:
    found = select(*columns).filter_by(**where)
    with site.parts.database.read() as connection:
        return list(connection.execute(found).all())


def count(site: Site, row: Any) -> int:
    with site.parts.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(row)) or 0


def starts(site: Site) -> dict[str, dict[str, datetime]]:
    found: dict[str, dict[str, datetime]] = {}
    for row in rows(site, DeadlineRow.agency_id, DeadlineRow.clock, DeadlineRow.started_at):
        found.setdefault(row.agency_id, {})[row.clock] = row.started_at
    return found


def test_a_call_of_yesterday_is_due_by_yesterday(site: Site) -> None:
    walk = keyed(site, guardian_1=None)
    check = unescape(walk.get(f"{walk.under}/report/check"))
    assert "knows this worry already and is one of its recipients" in check
    assert "count from the arrival, Mon 1 June 2026 at 14:00" in check
    code = walk.send()
    assert starts(site)[SOC] == dict.fromkeys(("urgency", "lsl26_start", "lsl26_complete"), CALL)
    (row,) = rows(site, ReferralRow.id, ReferralRow.arrived_at, ReferralRow.opened_at)
    assert (row.arrived_at, row.opened_at) == (CALL, site.hands())
    (report,) = rows(site, ReportRow.received_at)
    assert report.received_at == site.hands()
    receipt = walk.get(f"{walk.under}/receipt")
    assert f'href="/referrals/{row.id}"' in receipt
    certificate = walk.get(f"/referrals/{row.id}/deadlines/lsl26_start")
    assert "Mon 1 June 2026 at 14:00" in certificate
    assert "Wed 10 June 2026" in certificate
    page = unescape(walk.get(f"/referrals/{row.id}"))
    for told in (
        "Mon 1 June 2026 at 14:00\nBy telephone · Wellbeing Services County of Vantaa and Kerava",
        "Saana Sosiaali (worker)\nTue 2 June 2026 at 10:42",
        OBSERVATIONS["seen"],
        "Outi Opettaja",
    ):
        assert told in page, told
    assert "Opened for the first time" not in page
    walk.press(page, f"/referrals/{row.id}/accept")
    reporter = Walk(site.client())
    status = reporter.post("/status", {"code": code.lower()}, 200)
    assert "Käsittelyssä" in status
    assert OBSERVATIONS["seen"] not in unescape(status)


def test_what_came_to_the_police_reaches_social_services_now(site: Site) -> None:
    walk = keyed(site, "pol", {"agency": POL})
    check = unescape(walk.get(f"{walk.under}/report/check"))
    assert "knows this worry already, but the routing rules do not name it" in check
    walk.send()
    assert {row.agency_id for row in rows(site, ReferralRow.agency_id)} == {SOC}
    assert set(starts(site)[SOC].values()) == {site.hands()}
    (row,) = rows(site, ReferralRow.id, ReferralRow.arrived_at, ReferralRow.opened_at)
    assert (row.arrived_at, row.opened_at) == (site.hands(), None)
    assert 'href="/referrals/' not in walk.get(f"{walk.under}/receipt")
    assert walk.client.get(f"/referrals/{row.id}").status_code == 404
    social = site.signed_in("soc")
    social.set_cookie("ankkuri_language", "en")
    page = unescape(social.get(f"/referrals/{row.id}").text)
    assert "Pekka Poliisi (worker)" in page
    assert "By telephone · Eastern Uusimaa Police" in page


def test_at_another_desk_of_the_authority_the_laws_time_counts_from_the_call(site: Site) -> None:
    walk = keyed(site, "soc", {"agency": TRIAGE})
    check = unescape(walk.get(f"{walk.under}/report/check"))
    assert "is another unit of the same authority" in check
    walk.send()
    assert set(starts(site)) == {SOC}
    assert set(starts(site)[SOC].values()) == {CALL}, "all three are set by law"
    (row,) = rows(site, ReferralRow.arrived_at, ReferralRow.opened_at)
    assert (row.arrived_at, row.opened_at) == (site.hands(), None)


def test_each_authority_has_its_own_arrival(site: Site) -> None:
    walk = keyed(site, "ank", {"agency": ANK}, worry=GANG, consent=CONSENT)
    walk.send()
    found = starts(site)
    assert set(found[ANK].values()) == {CALL}
    assert set(found[SOC].values()) == {site.hands()}


def test_the_trail_names_who_disclosed_to_whom(site: Site) -> None:
    walk = keyed(site, "pol", {"agency": POL})
    walk.send()
    person = site.people["pol"]
    columns = (TrailRow.action, TrailRow.agency_id, TrailRow.role, TrailRow.purpose, TrailRow.basis)
    (referral,) = rows(site, ReferralRow.id)
    lines = rows(site, *columns, TrailRow.referral_id, person_id=person)
    assert {tuple(line) for line in lines if line.referral_id} == {
        ("send", SOC, "worker", PARTS, "417/2007 §25.1; soc_care", referral.id),
        ("key_in", POL, "worker", f"keyed in: {PARTS}", "417/2007 §25.1; soc_care", referral.id),
    }
    page = site.signed_in("auditor").get("/trail").text
    assert "Osat: Huoli" in page
    assert "Sosiaalipalvelut vastaavat lapsen avun tarpeen arvioinnista" in page
    assert "Pekka Poliisi" in page, "the recipient's auditor sees who disclosed it"


def test_nobody_may_get_it_and_the_agency_is_told_to_go_on_by_itself(site: Site) -> None:
    walk = keyed(site, "pol", {"agency": POL}, worry=GANG, protection={"may_need_protection": "no"})
    check = unescape(walk.get(f"{walk.under}/report/check"))
    assert "handle the worry at your agency and in its own client system" in check
    assert "Send the report" not in check
    token = token_in(check)
    walk.post_with(token, f"{walk.under}/report/send", {}, 422)
    assert count(site, ReportRow) == 0


@pytest.mark.parametrize(("name", "agency", "told"), [("pol", POL, True), ("soc", SOC, False)])
def test_who_keys_in_has_the_duty_to_notify_unless_social_services_took_it(
    site: Site, name: str, agency: str, told: bool
) -> None:
    """A private person's worry for the Ankkuri team alone."""
    walk = keyed(
        site,
        name,
        {"agency": agency},
        who={"kind": "private_person"},
        reporter=None,
        worry=GANG,
        protection={"may_need_protection": "no"},
        consent=CONSENT,
    )
    walk.post(f"{walk.under}/report/reporter", {"anonymous": "y"})
    check = unescape(walk.get(f"{walk.under}/report/check"))
    assert ("and you have that duty too" in check) is told
    walk.send()
    assert {row.agency_id for row in rows(site, ReferralRow.agency_id)} == {ANK}


def test_sending_twice_makes_one_report_with_the_same_code(site: Site) -> None:
    walk = keyed(site)
    page = walk.get(f"{walk.under}/report/check")
    codes = {walk.send_from(page) for _ in range(3)}
    assert len(codes) == count(site, ReportRow) == 1
    assert count(site, DraftRow) == 0
    again = Walk(site.signed_in("soc"), walk.under)
    assert codes.pop() in again.get(f"{walk.under}/receipt"), "also after signing in anew"


@pytest.mark.on_both
def test_no_copy_is_kept_and_the_code_is_shown_until_it_was_given(site: Site) -> None:
    walk = keyed(site)
    code = walk.send()
    (row,) = rows(site, ReceiptRow.sealed_copy)
    assert row.sealed_copy is None
    receipt = walk.get(f"{walk.under}/receipt")
    assert "Read the code to the reporter" in receipt
    assert walk.client.get(f"{walk.under}/receipt/copy").status_code == 404
    begin = walk.get("/key-in")
    assert f'href="{walk.under}/receipt"' in begin
    walk.press(receipt, f"{walk.under}/receipt/noted", 422)
    walk.post_with(token_in(receipt), f"{walk.under}/receipt/noted", {"noted": "y"})
    assert code not in walk.get(f"{walk.under}/receipt/noted")
    assert walk.client.get("/key-in").status_code == 303


def test_a_page_left_open_does_not_write_into_the_next_worry(site: Site) -> None:
    walk = keyed(site)
    left_open = walk.get(f"{walk.under}/report/observations")
    receipt = f"{walk.under}/receipt"
    walk.send()
    walk.post_with(token_in(walk.get(receipt)), f"{receipt}/noted", {"noted": "y"})
    other = at_first_page(walk)
    assert other.under != walk.under
    other.post(f"{other.under}/report/who", {"kind": "guardian"})
    late = OBSERVATIONS | {"seen": "Toisen lapsen asia."}
    page = walk.post_with(token_in(left_open), f"{walk.under}/report/observations", late, 422)
    assert "This report has been sent already" in errors_in(page)[0]
    assert "Toisen lapsen asia." not in other.get(f"{other.under}/report/observations")


@pytest.mark.on_both
def test_what_was_begun_is_found_again_and_can_be_erased(site: Site) -> None:
    walk = begun(site)
    walk.post(f"{walk.under}/report/observations", OBSERVATIONS)
    walk.get(f"{walk.under}/report/check")
    page = walk.get("/key-in")
    assert f'href="{walk.under}/report/check"' in page
    walk.post(f"{walk.under}/report/erase", {})
    assert count(site, DraftRow) == 0
    walk.get(f"{walk.under}/report/erased")
    assert walk.client.get("/key-in").status_code == 303


def test_what_was_due_before_it_was_keyed_in_is_chased_at_once(site: Site) -> None:
    keyed(site).send()
    assert site.parts.chase(site.hands()) > 0
    assert site.parts.deliver(site.hands()) > 0
    assert site.parts.chase(site.hands()) == 0, "each step once"


def test_a_desk_to_which_it_is_returned_still_reads_how_it_came(site: Site) -> None:
    walk = keyed(site, "ank", {"agency": ANK}, worry=GANG, consent=CONSENT)
    walk.send()
    (row,) = rows(site, ReferralRow.id, agency_id=ANK)
    entry = Entry(Move.RETURN, reason="Ei kuulu meille.")
    site.parts.respond(site.visit("ank"), row.id, entry, site.hands.move(hours=1))
    (taken,) = rows(site, ReferralRow.id, came_from=row.id)
    social = site.signed_in("soc")
    social.set_cookie("ankkuri_language", "en")
    page = unescape(Walk(social).get(f"/referrals/{taken.id}"))
    assert "By telephone · Ankkuri team Vantaa–Kerava" in page
    assert "Arrived here, returned" in page


def test_a_page_leads_back_and_into_another_language_without_losing_its_draft(site: Site) -> None:
    walk = begun(site)
    first, who = f"{walk.under}/report/arrival", f"{walk.under}/report/who"
    assert walk.post(first, {"leave": "back"}) == "/inbox"
    assert walk.post(first, {"time": "14.00", "leave": "sv"}) == f"{first}?lang=sv"
    assert walk.client.get(f"{first}?lang=sv").location == first
    assert 'value="14.00"' in walk.get(first)
    assert walk.post(who, {"kind": "child", "leave": "back"}) == first
    assert walk.client.get(f"{walk.under}/report").location == first


def test_the_inbox_leads_there(site: Site) -> None:
    assert 'href="/key-in"' in site.signed_in("soc-deputy").get("/inbox").text


@pytest.mark.on_both
def test_a_letter_may_tell_less_than_a_reporter_on_the_web(site: Site) -> None:
    walk = keyed(
        site,
        arrival={"channel": "letter", "day": ["1", "5", "2026"], "late_reason": "Hukassa."},
        reporter=dict.fromkeys(("post", "organisation", "phone"), ""),
        guardian_1=None,
    )
    walk.send()
    (row,) = rows(site, ReferralRow.id)
    page = unescape(walk.get(f"/referrals/{row.id}"))
    assert "By letter or on paper" in page
    assert "Hukassa." in page
    assert re.search(r"<dt>Why it was keyed in only then</dt>", page)
