"""A referral's page: who sees what of it, and only after a line in the trail."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, select, update

from intake.domain.referral import Move, State
from intake.domain.trail import Action
from intake.services.record import Entry
from intake.store.people_tables import GrantRow
from intake.store.tables import DeadlineRow, TrailRow
from tests.calendars import use, with_holiday
from tests.look.page_faults import page_faults
from tests.site import Site, child_answers, worry_answers

SEEN = "Lapsi on tullut kouluun ilman eväitä"
HETU = "010516A901V"


def english(site: Site, name: str) -> FlaskClient:
    client = site.signed_in(name)
    client.set_cookie("ankkuri_language", "en")
    return client


def referral_of(site: Site, name: str) -> UUID:
    (row,) = site.parts.read.inbox(site.visit(name), tuple(State))
    found: UUID = row.id
    return found


def lines(site: Site, action: str) -> int:
    with site.parts.database.read() as connection:
        return len(connection.execute(select(TrailRow.id).where(TrailRow.action == action)).all())


def family(**changes: Any) -> dict[str, Any]:
    answers = worry_answers()
    answers["children"] = [child_answers(**changes)]
    answers["guardians"] = [
        {
            "name": "Kari Keksitty",
            "contact": "040 000 0009",
            "lives_with_child": "part_time",
            "suspected_perpetrator": "yes",
        }
    ]
    return answers


def test_the_page_tells_the_sections_in_words_and_why_it_came(site: Site) -> None:
    site.send()
    page = english(site, "soc").get(f"/referrals/{referral_of(site, 'soc')}")
    assert page.status_code == 200
    assert page_faults(page.text) == []
    for text in (
        SEEN,
        "Arvioin, että kotona on vaikeaa.",
        "Kaisla Keksitty",
        "Sun 1 May 2016 (age 10)",
        "Tikkukiven koulu",
        "Outi Opettaja",
        "Not verified",
        "Child welfare notification",
        "By the reporter&#39;s answer the child may need protection.",
        "A professional&#39;s child welfare notification",
        "417/2007 §25.1",
        "To be confirmed",
        "Lead agency",
        "Urgency assessed",
        "Thu 11 June 2026",
    ):
        assert text in page.text, text
    for code in ("may_need_protection", "dont_know", "child_welfare_notification", "school-"):
        assert code not in page.text


@pytest.mark.on_both
def test_nothing_shows_when_the_trail_cannot_be_written(site: Site) -> None:
    site.send()
    referral = referral_of(site, "soc")
    client = site.signed_in("soc")
    site.break_writes("INSERT ON trail")
    page = client.get(f"/referrals/{referral}")
    assert page.status_code == 500
    for told in (SEEN, "Kaisla", HETU, "Outi Opettaja"):
        assert told not in page.text


def test_each_opening_leaves_a_line_and_the_inbox_none(site: Site) -> None:
    site.send()
    referral = referral_of(site, "soc")
    client = site.signed_in("soc")
    assert client.get("/inbox").status_code == 200
    assert lines(site, Action.OPEN) == 0
    client.get(f"/referrals/{referral}")
    client.get(f"/referrals/{referral}")
    assert lines(site, Action.OPEN) == 2


def test_the_inbox_has_no_content(site: Site) -> None:
    site.send(family())
    page = site.signed_in("soc").get("/inbox?state=all").text
    for told in (SEEN, "Kaisla", "Keksitty", HETU, "Tikkukiv", "laiminlyön", "Outi"):
        assert told not in page


def test_an_agency_sees_only_the_sections_that_the_rules_give_it(site: Site) -> None:
    site.hands.move(days=-7)  # in term
    answers = worry_answers(
        worry={"categories": ["bullying"], "primary": "bullying", "child_role": "victim"},
        protection={"may_need_protection": "no"},
        observations={"health": "Lapsella on diabetes."},
        consent={"child_consent": "given", "consent_to": ["PRI", "WEL"]},
    )
    answers["guardians"] = family()["guardians"]
    site.send(answers)
    school = english(site, "pri").get(f"/referrals/{referral_of(site, 'pri')}").text
    assert SEEN in school
    assert "diabetes" not in school
    assert "Kari Keksitty" not in school
    assert "<h2>Guardians</h2>" not in school
    assert "<h2>Health</h2>" not in school


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("yes", "<strong>Protected address.</strong>"),
        ("unknown", "The reporter does not know whether the address is protected."),
    ],
)
def test_a_protected_address_is_a_warning_and_the_place_is_masked(
    site: Site, answer: str, told: str
) -> None:
    site.send(family(turvakielto=answer))
    page = english(site, "soc").get(f"/referrals/{referral_of(site, 'soc')}").text
    assert page_faults(page) == []
    assert told in page
    assert "Protected address: the place is masked." in page
    assert "4 B" not in page


def test_an_identity_code_is_folded_away(site: Site) -> None:
    site.send()
    page = english(site, "soc").get(f"/referrals/{referral_of(site, 'soc')}").text
    assert page.count(HETU) == 1
    assert HETU in page.partition("Show the personal identity code")[2].partition("</details>")[0]


def test_a_suspected_guardian_is_a_warning(site: Site) -> None:
    site.send(family())
    page = english(site, "soc").get(f"/referrals/{referral_of(site, 'soc')}").text
    assert "<strong>A guardian is suspected.</strong>" in page
    assert "Nothing of this may be told to the guardians yet." not in page  # once is enough


def test_two_children_and_one_unborn_are_told_apart(site: Site) -> None:
    answers = worry_answers()
    unborn = {"name": "", "known_by": "unborn", "hetu": "", "due_date": "2026-09-01", "school": ""}
    estimate = {"name": "Ruoko", "known_by": "age", "hetu": "", "age": "7", "school": "none"}
    answers["children"] = [child_answers(**estimate), child_answers(**unborn)]
    site.send(answers)
    page = english(site, "soc").get(f"/referrals/{referral_of(site, 'soc')}").text
    assert page_faults(page) == []
    for told in ("Child 1", "about 7 years", "Does not go to school", "Child 2", "Not born yet"):
        assert told in page


@pytest.mark.parametrize("path", ["", "/accept", "/deadlines/urgency"])
def test_another_agencys_referral_is_not_found_and_leaves_a_line(site: Site, path: str) -> None:
    site.send()
    referral = referral_of(site, "soc")
    page = site.signed_in("pol").get(f"/referrals/{referral}{path}")
    assert page.status_code == 404
    assert page_faults(page.text) == []
    assert lines(site, Action.REFUSED) == 1
    assert site.signed_in("pol").get(f"/referrals/{uuid4()}{path}").status_code == 404
    assert lines(site, Action.REFUSED) == 2


def test_a_member_without_the_key_is_told_so_and_leaves_a_line(site: Site) -> None:
    site.send()
    referral = referral_of(site, "soc")
    with site.parts.database.write() as connection:
        connection.execute(delete(GrantRow).where(GrantRow.person_id == site.people["soc-deputy"]))
    client = english(site, "soc-deputy")
    for path in ("", "/accept", "/deadlines/urgency"):
        page = client.get(f"/referrals/{referral}{path}")
        assert page.status_code == 403
        assert "You have not been given the key" in page.text
        assert SEEN not in page.text
    assert lines(site, Action.REFUSED) == 3


def test_the_steps_tell_who_did_what_with_which_reason(site: Site) -> None:
    site.send()
    visit, referral = site.visit("soc"), referral_of(site, "soc")
    site.hands.move(days=2)
    for entry in (
        Entry(Move.RECORD_URGENCY, choice="urgent"),
        Entry(Move.ACCEPT),
        Entry(Move.ALREADY_CLIENT, reason="Oma työntekijä jatkaa.", happened_on=date(2026, 6, 3)),
    ):
        site.parts.respond(site.visit("soc"), referral, entry, site.hands())
    page = english(site, "soc-head").get(f"/referrals/{referral}").text
    assert page_faults(page) == []
    assert visit.person.name in page
    assert "Saana Sosiaali · Urgent" in page
    assert "happened on Wed 3 June 2026 · Reason: Oma työntekijä jatkaa." in page
    assert "(after the deadline)" in page  # the urgency, recorded two days late


def test_an_english_and_a_swedish_page_are_whole(site: Site) -> None:
    site.send(family(turvakielto="yes"))
    referral = referral_of(site, "soc")
    client = site.signed_in("soc")
    for code in ("fi", "sv", "en"):
        client.set_cookie("ankkuri_language", code)
        for path in (
            "/inbox",
            f"/referrals/{referral}",
            f"/referrals/{referral}/deadlines/urgency",
        ):
            page = client.get(path)
            assert page.status_code == 200
            assert page_faults(page.text) == []


@pytest.mark.parametrize(
    ("clock", "told"),
    [
        ("urgency", ["Day of arrival: due the same day"]),
        ("lsl26_start", ["Weekend (Saturday): does not count", "Day 7", "Thu 11 June 2026"]),
        ("lsl26_complete", ["Days 1–91", "Day 92", "Wed 2 September 2026"]),
    ],
)
def test_a_certificate_shows_each_day(site: Site, clock: str, told: list[str]) -> None:
    site.send()
    referral = referral_of(site, "soc")
    page = english(site, "soc").get(f"/referrals/{referral}/deadlines/{clock}")
    assert page.status_code == 200
    assert page_faults(page.text) == []
    for text in (*told, "417/2007 §26", "Tue 2 June 2026 at 10:42"):
        assert text in page.text, text
    assert "another version of the calendar" not in page.text
    assert SEEN not in page.text


@pytest.mark.on_both
def test_a_certificate_says_if_the_calendar_has_changed_since(site: Site) -> None:
    site.send()
    referral = referral_of(site, "soc")
    with site.parts.database.write() as connection:
        connection.execute(update(DeadlineRow).values(calendar_version="an older one"))
    page = english(site, "soc").get(f"/referrals/{referral}/deadlines/lsl26_start").text
    assert "another version of the calendar (an older one)" in page


def test_a_certificate_is_counted_with_the_calendar_of_then(site: Site, tmp_path: Path) -> None:
    site.send()
    referral = referral_of(site, "soc")
    site.parts.recount(site.hands.move(minutes=11))
    before = site.parts.calendar.version
    use(site, with_holiday(tmp_path, "2026-06-09"))
    page = english(site, "soc").get(f"/referrals/{referral}/deadlines/lsl26_start").text
    assert page_faults(page) == []
    assert "The calendar has changed since this deadline was set." in page
    assert "Day of celebration" not in page
    assert "Thu 11 June 2026" in page
    assert before in page
    assert site.parts.calendar.version not in page


def test_without_the_calendar_of_then_a_certificate_tells_both_days(
    site: Site, tmp_path: Path
) -> None:
    site.send()
    referral = referral_of(site, "soc")
    use(site, with_holiday(tmp_path, "2026-06-09"))  # and the earlier one was never kept
    page = english(site, "soc").get(f"/referrals/{referral}/deadlines/lsl26_start").text
    assert "another version of the calendar" in page
    assert "By the present calendar it would be Fri 12 June 2026." in page
    assert "Thu 11 June 2026" in page


def test_a_certificate_can_be_printed_without_a_script(site: Site) -> None:
    site.send()
    page = english(site, "soc").get(f"/referrals/{referral_of(site, 'soc')}/deadlines/urgency")
    assert "The page can be printed from the browser" in page.text


def test_a_clock_that_the_referral_has_not_is_not_found(site: Site) -> None:
    site.send()
    referral = referral_of(site, "soc")
    client = site.signed_in("soc")
    for clock in ("school_talk", "nonsense"):
        assert client.get(f"/referrals/{referral}/deadlines/{clock}").status_code == 404
