"""Who may key in, for which agency and of when; and whose eyes a draft is for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from intake.app import create_app
from intake.domain.trail import Action
from intake.language import Language
from intake.services.draft import Draft
from intake.services.tidy import DRAFT_IDLE, Tidy
from intake.store.people_tables import MembershipRow
from intake.store.tables import DraftRow, ReportRow, TrailRow
from intake.vault.keyring import keyed_secret
from intake.vault.own import VisitorSecret
from intake.web.keyed.words import INSTEAD
from tests.site import POL, SOC, TRIAGE, Site, open_site, token_in
from tests.web.keying import BY_PHONE, at_first_page, begun, count, keyed
from tests.web.reporter_walk import (
    OBSERVATIONS,
    WAY,
    Walk,
    errors_in,
    hidden_in,
)

FUTURE_DAY = "The day of arrival cannot be in the future."
FUTURE_TIME = "The time of arrival cannot be in the future."
UNCLEAR = "Write the time in hours and minutes, such as 14.05."
LATE = "Write why it is keyed in only now: it came more than 30 days ago."
SKIPPED = "There was no such time on that day: the clocks were put forward over it."


@pytest.fixture(scope="module")
def one_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One site for all tests that only look at forms: each has a draft of its own."""
    with open_site(tmp_path_factory.mktemp("keyed") / "data") as opened:
        yield opened


def draft_of(walk: Walk) -> UUID:
    return UUID(walk.under.rpartition("/")[2])


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({"day": ["3", "6", "2026"]}, [FUTURE_DAY]),
        ({"day": ["2", "6", "2026"], "time": "10.48"}, [FUTURE_TIME]),
        ({"day": ["2", "6", "2026"], "time": "10.47"}, []),  # five minutes: a clock on the wall
        ({"day": ["2", "6", "2026"], "time": "0:00"}, []),
        ({"time": "24.00"}, [UNCLEAR]),
        ({"time": "14"}, [UNCLEAR]),
        ({"time": "١٤.٠٠"}, [UNCLEAR]),
        ({"time": ""}, ["Write the time at which it came."]),
        ({"day": ["", "", ""]}, ["Write the day on which it came to the agency."]),
        ({"day": ["31", "6", "2026"]}, ["There is no day 31.6.2026. Check the date."]),
        ({"day": ["3", "5", "2026"], "time": "10.43"}, []),
        ({"day": ["3", "5", "2026"], "time": "10.41"}, [LATE]),
        ({"day": ["3", "5", "2026"], "time": "10.41", "late_reason": "Hukassa."}, []),
        ({"day": ["29", "3", "2026"], "time": "3.30", "late_reason": "Hukassa."}, [SKIPPED]),
        (
            {"day": ["2", "6", "2016"], "late_reason": "Hukassa."},
            ["The day of arrival is more than five years ago. Check the year."],
        ),
        ({"channel": ""}, ["Choose how it came."]),
        ({"channel": "pigeon"}, ["“How did it come?”: choose of the options on this page."]),
        ({"agency": POL}, ["“Which agency got it?”: choose of the options on this page."]),
        ({"agency": ""}, ["Choose which agency got it."]),
    ],
    ids=str,
)
def test_an_arrival_is_in_the_past_at_an_agency_of_ones_own(
    one_site: Site, typed: dict[str, Any], wrong: list[str]
) -> None:
    walk = begun(one_site)
    path, answers = f"{walk.under}/report/arrival", BY_PHONE | typed
    if not wrong:
        walk.post(path, answers)
        return
    page = walk.post(path, answers, 422)
    assert errors_in(page) == wrong
    again = walk.get(path)
    for value in (answers["time"], *answers["day"]):
        assert f'value="{value}"' in again, "kept, also where it does not hold"


def test_a_clock_that_is_ahead_does_not_put_an_arrival_into_the_future(site: Site) -> None:
    walk = keyed(site, arrival={"day": ["2", "6", "2026"], "time": "10.47"})
    walk.send()
    with site.parts.database.read() as connection:
        (at,) = connection.scalars(select(TrailRow.at).where(TrailRow.action == Action.KEY_IN))
        arrived = connection.exec_driver_sql("SELECT arrived_at FROM referral").scalar()
    assert str(arrived).startswith(f"{at:%Y-%m-%d %H:%M}")


def test_who_is_at_one_agency_is_not_asked_which(site: Site) -> None:
    walk = begun(site, "pol")
    page = walk.get(f"{walk.under}/report/arrival")
    assert "Which agency got it?" not in page
    assert hidden_in(page)["agency"] == POL


def test_an_agency_that_was_left_meanwhile_is_asked_again(site: Site) -> None:
    walk = keyed(site, arrival={"agency": TRIAGE})
    page = walk.get(f"{walk.under}/report/check")
    with site.parts.database.write() as connection:
        connection.execute(
            update(MembershipRow)
            .where(MembershipRow.agency_id == TRIAGE)
            .values(valid_to=site.hands() - timedelta(days=1))
        )
    again = walk.press(page, f"{walk.under}/report/send", 422)
    assert errors_in(again) == ["“Which agency got it?”: choose of the options on this page."]
    assert count(site, ReportRow) == 0
    asked = walk.get(f"{walk.under}/report/arrival?from=check")
    assert 'name="agency" value="' + SOC in asked


def test_a_role_without_an_agency_keys_nothing_in_and_leaves_a_line(site: Site) -> None:
    walk = keyed(site)
    client = site.signed_in("supervisor")
    for path in ("/key-in", f"{walk.under}/report/check", f"{walk.under}/receipt"):
        assert client.get(path).status_code == 403
    with site.parts.database.read() as connection:
        refused = connection.scalars(
            select(TrailRow.purpose)
            .where(TrailRow.action == Action.REFUSED)
            .order_by(TrailRow.sequence)
        ).all()
    assert refused == [
        "page agency.key_in.start",
        "page agency.key_in.check",
        "page agency.key_in.receipt",
    ]
    page = site.signed_in("auditor").get("/trail").text
    assert "Sivu: Kirjaa ilmoitus palveluun" in page


def test_another_worker_at_the_same_address_finds_nothing(site: Site) -> None:
    walk = keyed(site)
    colleague = Walk(site.signed_in("soc-deputy"), walk.under)
    for name in {*WAY, "arrival", "primary"} - {"reporter"}:
        page = colleague.get(f"{walk.under}/report/{name}")
        assert "Keksitty" not in page
        assert OBSERVATIONS["seen"] not in unescape(page)
    colleague.get(f"{walk.under}/report/check", 404)
    walk.send()
    colleague.get(f"{walk.under}/receipt", 404)
    assert colleague.client.get("/key-in").status_code == 303


def test_the_reporters_door_does_not_open_it(site: Site) -> None:
    walk = keyed(site)
    draft = draft_of(walk)
    visit = site.visit("soc")
    drafts = Draft(site.parts.database)
    assert drafts.load(keyed_secret(visit.key, draft)).answers["observations"]
    nonce = VisitorSecret((draft.bytes * 2)[:32])
    for secret in (nonce, keyed_secret(site.visit("soc-deputy").key, draft)):
        assert drafts.load(secret).answers == {}
    reporter = Walk(walk.client)  # the same browser, at the reporter's pages
    assert "Keksitty" not in reporter.get("/report/check", 404)
    for cookie in ("ankkuri_keyed_" + visit.person.id.hex, "ankkuri_staff"):
        kept = walk.client.get_cookie(cookie)
        assert kept is not None
        other = Walk(site.client())
        other.client.set_cookie("ankkuri_draft", kept.value)
        other.get("/report/check", 404)


def test_a_draft_is_purged_like_a_reporters(site: Site) -> None:
    keyed(site)
    site.hands.move(hours=12, seconds=1)
    assert timedelta(hours=12) == DRAFT_IDLE
    Tidy(site.parts.database)(site.hands())
    assert count(site, DraftRow) == 0


def test_an_agencys_door_alone_keys_in_without_the_reporters(site: Site) -> None:
    alone = replace(site.parts, settings=replace(site.parts.settings, doors=("agency",)))
    site.app = create_app(alone)
    walk = keyed(site)
    walk.send()
    receipt = walk.get(f"{walk.under}/receipt")
    assert "/status" not in receipt
    walk.post_with(token_in(receipt), f"{walk.under}/receipt/noted", {"noted": "y"})
    assert "/status" not in walk.get(f"{walk.under}/receipt/noted")
    walk.get(f"{at_first_page(walk).under}/report/check", 404)


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
@pytest.mark.parametrize("kind", ["professional", "private_person", "guardian", "child"])
def test_no_page_speaks_to_staff_as_to_the_reporter(
    one_site: Site, language: str, kind: str
) -> None:
    walk = keyed(
        one_site,
        language=language,
        who={"kind": kind},
        reporter=None,
        urgency={"urgency": "emergency"},
    )
    say = Language(language).gettext
    wrong = {say(text) for text in INSTEAD} - {say(text) for text in INSTEAD.values()}
    pages = [*WAY, "arrival", "primary", "children", "guardians", "check", "erase", "call-112"]
    for page in pages:
        shown = unescape(walk.get(f"{walk.under}/report/{page}"))
        assert f'<html lang="{language}">' in shown
        texts = {text.strip() for text in re.split("[<>\n]", shown)}
        assert texts.isdisjoint(wrong), page


def test_an_arrival_of_winter_is_counted_on_helsinkis_clocks(site: Site) -> None:
    site.hands.at = datetime(2026, 12, 2, 8, 0, tzinfo=UTC)
    walk = keyed(site, arrival={"day": ["1", "12", "2026"], "time": "23.30"})
    walk.send()
    with site.parts.database.read() as connection:
        arrived = connection.exec_driver_sql("SELECT arrived_at FROM referral").scalar()
    assert str(arrived).startswith("2026-12-01 21:30")


def test_a_browser_does_not_write_the_workers_own_details_into_a_report(one_site: Site) -> None:
    walk = keyed(one_site)
    page = walk.get(f"{walk.under}/report/reporter")
    assert set(re.findall('autocomplete="(.*?)"', page)) == {"off"}
