"""A hold keeps content that has had its time, until it is released or its last day is over."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest

from intake.domain.people import Membership, Permission, Role
from intake.domain.trail import Action
from intake.services.hold import DayTooFar, Hold
from intake.services.read import ReferralNotYours
from intake.services.record import MoveNotOpen, ReasonMissing
from intake.services.respond import DayImpossible
from intake.store import people
from intake.store.tables import SectionRow
from tests.services.recorded import count, recorded
from tests.services.sending import lines
from tests.services.test_recuse import recuse
from tests.site import TRIAGE, Site

WHY = "Oikeudenkäynti on kesken."


def hold(site: Site) -> Hold:
    parts = site.parts
    return Hold(parts.database, parts.read, parts.respond, parts.retain)


def put(site: Site, referral: UUID, last_day: date | None = None) -> UUID:
    head = site.visit("soc-head")
    hold(site).put(head, referral, WHY, last_day, site.hands())
    found: UUID = hold(site).holds(head, referral, site.hands())[1][-1].id
    return found


def run(site: Site, **by: float) -> int:
    return site.parts.retain(site.hands.move(**by))


def test_while_a_hold_stands_nothing_goes_and_after_its_release_it_does(site: Site) -> None:
    _, referral = recorded(site)
    held = put(site, referral)
    assert run(site, days=360) == 0
    assert count(site, SectionRow) > 0
    head = site.visit("soc-head")
    with pytest.raises(ReasonMissing):
        hold(site).release(head, referral, held, "", site.hands())
    hold(site).release(head, referral, held, "Tuomio on annettu.", site.hands())
    assert run(site) == 1
    for action in (Action.HOLD_CONTENT, Action.RELEASE_CONTENT):
        (line,) = lines(site, action)
        assert line.sealed_detail is not None
        assert WHY not in f"{line.purpose}"


def test_a_hold_with_a_last_day_ends_by_itself(site: Site) -> None:
    _, referral = recorded(site)
    last = site.hands().date() + timedelta(days=100)
    put(site, referral, last)
    assert run(site, days=100) == 0
    assert run(site, days=1) == 1


def test_a_hold_lasts_no_longer_than_the_log_that_tells_why(site: Site) -> None:
    _, referral = recorded(site)
    today = site.hands().date()
    latest = today.replace(year=today.year + 12)
    with pytest.raises(DayTooFar) as far:
        put(site, referral, latest + timedelta(days=1))
    assert far.value.latest == latest
    assert put(site, referral, latest)
    site.hands.move(days=(date(2028, 2, 29) - today).days)
    site.sign_again(site.hands())
    with pytest.raises(DayTooFar) as far:
        put(site, referral, date(2040, 3, 1))
    assert far.value.latest == date(2040, 2, 29)


def test_of_two_holds_each_keeps_it(site: Site) -> None:
    _, referral = recorded(site)
    first, _second = put(site, referral), put(site, referral)
    hold(site).release(site.visit("soc-head"), referral, first, "Ei enää.", site.hands())
    assert run(site, days=400) == 0


def test_the_head_reads_why_and_nobody_else_holds_or_releases(site: Site) -> None:
    _, referral = recorded(site)
    held = put(site, referral)
    _, (shown,) = hold(site).holds(site.visit("soc-head"), referral, site.hands())
    assert (shown.reason, shown.by, shown.own) == (WHY, "Eero Esihenkilö", True)
    for name in ("soc", "soc-deputy", "pol"):
        with pytest.raises(ReferralNotYours):
            hold(site).put(site.visit(name), referral, WHY, None, site.hands())
        with pytest.raises(ReferralNotYours):
            hold(site).release(site.visit(name), referral, held, WHY, site.hands())
    with pytest.raises(ReferralNotYours):
        hold(site).release(site.visit("soc-head"), referral, UUID(int=1), WHY, site.hands())


def test_what_cannot_be_held(site: Site) -> None:
    _, referral = recorded(site)
    head = site.visit("soc-head")
    with pytest.raises(ReasonMissing):
        hold(site).put(head, referral, "", None, site.hands())
    yesterday = site.hands().date() - timedelta(days=1)
    with pytest.raises(DayImpossible):
        hold(site).put(head, referral, WHY, yesterday, site.hands())
    assert run(site, days=90) == 1
    with pytest.raises(MoveNotOpen):
        hold(site).put(site.visit("soc-head"), referral, WHY, None, site.hands())


def test_the_preview_shows_holds_and_nothing_to_who_is_shut_out(site: Site) -> None:
    _, referral = recorded(site)
    site.hands.move(days=70)
    head = site.visit("soc-head")
    (going,) = hold(site).going(head, site.hands(), 30)
    assert ([row.id for row in going.referrals], going.held) == ([referral], False)
    last = site.hands().date() + timedelta(days=60)
    put(site, referral, last)
    (going,) = hold(site).going(head, site.hands(), 30)
    assert (going.held, going.held_until) == (True, last)
    assert hold(site).going(site.visit("soc"), site.hands(), 30) == []
    recuse(site, "soc", referral, "soc-head")
    assert hold(site).going(site.visit("soc-head"), site.hands(), 30) == []


def test_who_heads_one_agency_and_works_at_another_holds_at_the_one_alone(site: Site) -> None:
    _, referral = recorded(site)
    with site.parts.database.write() as connection:
        there = Membership(Role.HEAD, TRIAGE)
        people.add_membership(connection, site.people["soc"], there, site.hands())
    visit = site.visit("soc")
    assert visit.person.may(Permission.HOLD_CONTENT)
    with pytest.raises(ReferralNotYours):
        hold(site).put(visit, referral, WHY, None, site.hands())
    assert site.parts.read.entitled(visit, referral, site.hands())
