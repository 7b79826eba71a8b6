"""A county's own clock holds wherever its rules do, and a deadline stays as it was counted."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

import config
from intake.domain.clock import Kind, Rule
from intake.domain.rule_tables import BESIDE
from intake.services.route import _shortest
from routing_rules.book import load_book
from tests.services.publishing import LAYER, live, published
from tests.services.sending import at, clocks, gang, hand_over
from tests.site import ANK, YOU, Site

BASE = load_book(config.RULES, date(2026, 6, 2), BESIDE).base.beside["clock"]
ACCEPT = """
[[clock]]
id = "accept"
title = {{ fi = "Käsittelyyn ottaminen", sv = "Upptagning till behandling", en = "Taken up" }}
law = ""
kind = "working_days"
count = {days}
today = {{ kind = "same_day" }}
met_by = ["accept", "return", "hand_over"]
valid_from = 2026-01-01
"""


def give_days(site: Site, days: int) -> None:
    """Let the county's rules give agencies so many working days to accept."""
    document = site.parts.rule_drafts.last(LAYER)
    assert document is not None
    head, rule, rest = document.text.partition("\n[[rule]]")
    head = head.partition("\n[[clock]]")[0]
    published(site, head + ACCEPT.format(days=days) + rule + rest)
    site.hands.move(minutes=2)
    site.parts = live(site)


def test_a_county_s_own_clock_runs_there_also_for_what_is_handed_over(site: Site) -> None:
    give_days(site, 1)
    site.send(gang())
    first = at(site, ANK)
    assert clocks(site, first.id)["accept"].due_on == date(2026, 6, 3)
    ank = site.visit("ank")
    new = hand_over(site, ank, first.id, YOU, "consent", ["concern", "identity_1"], "Nuori itse.")
    handed = clocks(site, new)["accept"]
    assert (handed.rule, handed.due_on) == ("working_days 1", date(2026, 6, 3))


@pytest.mark.parametrize("days", [1, 4])
def test_a_certificate_counts_as_it_was_counted_then(site: Site, days: int) -> None:
    give_days(site, days)
    site.send(gang())
    referral = at(site, ANK).id
    due = clocks(site, referral)["accept"].due_on
    give_days(site, 3)
    client = site.signed_in("ank")
    client.set_cookie("ankkuri_language", "en")
    page = client.get(f"/referrals/{referral}/deadlines/accept").text
    assert f"{due:%a} {due.day} June 2026" in page
    assert f"Day {days}" in page
    assert f"Day {days + 1}" not in page


def test_a_length_is_read_as_it_was_written() -> None:
    for rule in (Rule(Kind.SAME_DAY, 0), Rule(Kind.WORKING_DAYS, 7), Rule(Kind.MONTHS, 3)):
        assert Rule.read(str(rule)) == rule


def test_of_several_clocks_the_shorter_for_what_is_urgent_counts() -> None:
    long = replace(BASE["accept"], rule=Rule(Kind.WORKING_DAYS, 2))
    short = replace(long, rule=Rule(Kind.WORKING_DAYS, 1), today=None)
    assert _shortest([long, short], today=False) is short
    assert _shortest([long, short], today=True) is long, "on the same day"
