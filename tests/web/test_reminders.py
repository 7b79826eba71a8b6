"""One's own reminders on a page: there whatever becomes of the mail, and stopping nothing."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select, update

from intake.domain.referral import Move
from intake.services.record import Entry
from intake.store.people_tables import MembershipRow
from intake.store.reminder_tables import ReminderRow
from intake.store.tables import DeadlineRow, OutboxRow
from tests.look.page_faults import page_faults
from tests.services.sending import at
from tests.site import BEHIND, COUNTY, SOC, Site
from tests.web.test_staff_referral import english


def test_a_reminder_is_there_also_when_its_letter_never_arrives(site: Site) -> None:
    site.send()
    site.parts.chase(site.hands.move(hours=1, minutes=1))
    with site.parts.database.write() as connection:
        connection.execute(update(OutboxRow).values(dead_at=site.hands()))
    client = english(site, "soc")
    assert "1 new reminder" in client.get("/inbox").text
    page = client.get("/reminders").text
    assert at(site, SOC).reference in page
    assert "Urgency assessed" in page
    assert page_faults(page) == []


def test_seeing_it_ends_the_notice_but_neither_the_chase_nor_the_reminder(site: Site) -> None:
    site.send()
    site.parts.chase(site.hands.move(hours=1, minutes=1))
    client = english(site, "soc")
    client.get("/reminders")
    assert "new reminder" not in client.get("/inbox").text
    assert at(site, SOC).reference in client.get("/reminders").text
    site.parts.chase(site.hands.move(hours=1))
    assert "1 new reminder" in english(site, "soc-deputy").get("/inbox").text
    entry = Entry(Move.RECORD_URGENCY, choice="not_urgent")
    site.parts.respond(site.visit("soc"), at(site, SOC).id, entry, site.hands())
    assert at(site, SOC).reference not in client.get("/reminders").text


def test_of_one_deadline_only_the_newest_is_shown_and_all_are_seen(site: Site) -> None:
    site.send()
    for _ in range(15):
        site.parts.chase(site.hands.move(days=1))
    client = english(site, "soc")
    page = client.get("/reminders").text
    with site.parts.database.read() as connection:
        mine = ReminderRow.person_id == site.people["soc"]
        told = connection.scalars(select(ReminderRow.deadline_id).where(mine)).all()
        unseen = connection.scalars(select(ReminderRow.seen_at).where(mine)).all()
    assert len(told) > len(set(told)) == page.count('role="rowheader"')
    assert None not in unseen


def test_a_long_list_goes_on_and_what_was_read_to_its_end_is_all_seen(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("intake.web.reminders.ROWS", 2)
    for _ in range(3):
        site.send()
    site.parts.chase(site.hands.move(hours=1, minutes=1))
    client = english(site, "soc")
    address, read = "/reminders", []
    for _ in range(2):
        page = client.get(address).text
        assert page_faults(page) == []
        read += re.findall(r'class="whole" href="(/referrals?/[^"]+)"', page)
        if further := re.search(r'href="(/reminders\?[^"]+)"', page):
            assert "1 new reminder" in client.get("/inbox").text
            address = further[1]
    assert len(read) == len(set(read)) == 3
    assert "new reminder" not in client.get("/inbox").text


def test_new_ones_are_counted_only_so_far(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("intake.web.reminders.MOST_COUNTED", 3)
    for said in ("1 new reminder", "2 new reminders", *["More than 2 new reminders"] * 2):
        site.send()
        site.parts.chase(site.hands.move(minutes=61))
        assert said in english(site, "soc").get("/inbox").text


@pytest.mark.parametrize("asked", ["0", "-1", "1e3", "٣", "99999999999"])
def test_a_page_that_is_none_is_the_first(site: Site, asked: str) -> None:
    site.send()
    site.parts.chase(site.hands.move(hours=1, minutes=1))
    page = english(site, "soc").get(f"/reminders?page={asked}").text
    assert at(site, SOC).reference in page


def test_what_comes_next_is_told_as_the_deadline_stands_now(site: Site) -> None:
    site.send()
    site.parts.chase(site.hands.move(hours=1, minutes=1))
    first = "Otherwise the matter goes to the deputy Tue 2 June 2026 at 12:42."
    assert first in english(site, "soc").get("/reminders").text
    site.parts.chase(site.hands.move(hours=1))  # it has gone to the deputy
    page = english(site, "soc").get("/reminders").text
    assert first not in page
    assert "Otherwise the matter goes to the unit's head Tue 2 June 2026" in page.replace(
        "&#39;", "'"
    )


@pytest.mark.on_both
def test_whose_role_is_over_reads_no_reminder_of_it_any_more(site: Site) -> None:
    site.send()
    site.parts.chase(site.hands.move(hours=1, minutes=1))
    client, reference = english(site, "soc"), at(site, SOC).reference
    assert reference in client.get("/reminders").text
    with site.parts.database.write() as connection:
        connection.execute(
            update(MembershipRow)
            .where(MembershipRow.person_id == site.people["soc"])
            .values(role="coordinator", agency_id=None, controller_id=COUNTY)
        )
    assert reference not in client.get("/reminders").text


@pytest.mark.on_both
def test_a_supervisors_reminder_leads_to_the_deadline(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(BEHIND, "reminders", "supervisor")  # the door that they have come in by
    site.send()
    site.parts.chase(site.hands.move(days=30))
    with site.parts.database.read() as connection:
        found = connection.scalar(select(DeadlineRow.id).where(DeadlineRow.clock == "urgency"))
    assert f'href="/deadlines/{found}"' in english(site, "supervisor").get("/reminders").text
