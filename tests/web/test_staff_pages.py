"""The pages that watch and explain: deadlines, picture, rules, directory, use log."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest
from sqlalchemy import delete

from intake.services.oversee import Oversee
from intake.store import chasing
from intake.store.people_tables import GrantRow
from intake.web.supervisor.deadlines import CHASER
from tests.look.page_faults import page_faults
from tests.site import Site, worry_answers
from tests.web.test_staff_referral import english, family, lines, referral_of

CANARIES = (
    "eväitä",
    "Kaisla",
    "Kari",
    "Keksitty",
    "010516A901V",
    "Outi",
    "Tikkukiv",
    "4 B",
    "Lack",
)


def chase_once(site: Site) -> None:
    with site.parts.database.write() as connection:
        beat = chasing.begin_heartbeat(connection, CHASER, site.hands())
    site.parts.chase(site.hands())
    with site.parts.database.write() as connection:
        chasing.end_heartbeat(connection, beat, site.hands(), 1, False)


def test_the_supervisor_sees_times_and_states_and_nothing_of_the_report(site: Site) -> None:
    site.send(family())
    site.hands.move(days=10)
    chase_once(site)
    page = english(site, "supervisor").get("/deadlines")
    assert page.status_code == 200
    assert page_faults(page.text) == []
    for told in CANARIES:
        assert told not in page.text
    for told in (
        "Late by",
        "Service-needs assessment started",
        "not opened yet",
        "worker",
        "Reminders were last checked",
        "Urgency assessed",
    ):
        assert told in page.text, told
    assert "/referrals/" not in page.text
    assert lines(site, "open") == 0


def test_the_supervisor_sees_only_the_agencies_of_their_own_controller(site: Site) -> None:
    site.send(
        worry_answers(
            protection={"crime_against_child": "violence"},
            urgency={"urgency": "today", "threat_to_life": "to_others"},
        )
    )
    assert referral_of(site, "pol")
    page = english(site, "supervisor").get("/deadlines").text
    assert "Police" not in page
    assert "Wellbeing Services County of Vantaa and Kerava" in page


@pytest.mark.on_both
def test_a_chaser_that_has_not_run_is_an_alarm(site: Site) -> None:
    client = english(site, "supervisor")
    assert "They have never gone out." in client.get("/deadlines").text
    chase_once(site)
    assert "Reminders are not going out." not in client.get("/deadlines").text
    site.hands.move(minutes=11)
    page = client.get("/deadlines").text
    assert "Reminders are not going out." in page
    assert page_faults(page) == []


def test_small_numbers_are_hidden_and_nothing_gives_them_away(site: Site) -> None:
    counts: Mapping[str, Mapping[str, int]] = {
        "2026-03": {"SOC": 41, "POL": 4, "ANK": 1},
        "2026-05": {"SOC": 5, "POL": 12},
    }
    with patch.object(Oversee, "picture", return_value=counts):
        page = english(site, "coordinator").get("/picture").text
    assert page_faults(page) == []
    assert page.count("&lt;5</span>") == 2
    for shown in (">41<", ">12<", ">5<", ">0<"):
        assert shown in page
    for total in (">46<", ">17<", ">4<", ">1<"):
        assert total not in page
    told = [page.index(f"{month} 2026") for month in ("June", "May", "April", "March")]
    assert told == sorted(told), "also of a month without reports"
    assert "February 2026" not in page
    bars = re.findall(r'class="bar-all" width="([0-9.]+)"', page)
    assert sorted(set(bars)) == ["0.00", "100.00", "12.20", "29.27"]  # of 41: 41, 5 and 12


@pytest.mark.on_both
def test_the_picture_counts_what_was_sent(site: Site) -> None:
    for _ in range(5):
        site.send()
        site.hands.move(minutes=1)
    page = english(site, "coordinator").get("/picture").text
    assert ">5</span>" in page
    for told in CANARIES:
        assert told not in page


def test_every_rule_and_clock_is_told_in_words(site: Site) -> None:
    client = english(site, "rules")
    page = client.get("/rules").text
    assert page_faults(page) == []
    for rule in site.parts.book.table("vantaa").rules:
        assert f'<span class="hint">{rule.id}</span>' in page
    for told in ("7–14", "Gets it: Police", "Lead: ", "To be confirmed", "7 working days"):
        assert told in page, told
    for code in ("may_need_protection", "offence_by_child", "lsl26_start"):
        assert code not in page
    for language in ("fi", "sv"):
        client.set_cookie("ankkuri_language", language)
        assert page_faults(client.get("/rules").text) == []


def test_an_agency_without_anyone_who_can_open_is_flagged(site: Site) -> None:
    client = english(site, "admin")
    before = client.get("/directory").text
    assert page_faults(before) == []
    assert "child welfare" in before
    with site.parts.database.write() as connection:
        connection.execute(delete(GrantRow).where(GrantRow.person_id == site.people["hea"]))
    assert client.get("/directory").text.count("Nobody") == before.count("Nobody") + 1


def test_each_expired_agreement_is_flagged(site: Site) -> None:
    ends = sorted(agreement.valid_to for agreement in site.parts.directory.agreements)
    coming = next(end for end in ends if end > site.hands().date())
    for today in (coming, coming + timedelta(days=1), ends[-1] + timedelta(days=1)):
        site.hands.at = datetime(today.year, today.month, today.day, 12, tzinfo=UTC)
        site.sign_again()
        page = english(site, "admin").get("/directory/agreements").text
        assert page.count("Expired") == sum(end < today for end in ends)


def test_the_use_log_tells_who_did_what_and_that_it_was_read(site: Site) -> None:
    site.send()
    referral = referral_of(site, "soc")
    site.signed_in("soc").get(f"/referrals/{referral}")
    site.signed_in("pol").get(f"/referrals/{referral}")
    site.signed_in("soc").get("/deadlines")
    site.signed_in("supervisor").get(f"/referrals/{referral}/accept")
    site.parts.chase(site.hands.move(hours=2))
    page = english(site, "auditor").get("/trail").text
    assert page_faults(page) == []
    for told in (
        "A report was stored",
        "Opened",
        "Saana Sosiaali, worker",
        "A report of another agency",
        "Page: Deadlines",
        "Page: A move on a report",
        "Use log read",
        "Oversight of use",
        "Reminder",
        site.parts.clocks["urgency"].title["en"],
        "The agency&#39;s first key",
    ):
        assert told in page, told
    for told in CANARIES:
        assert told == "Tikkukiv" or told not in page  # the school is an agency of its own too
    assert "urgency:" not in page  # as the trail keeps it
