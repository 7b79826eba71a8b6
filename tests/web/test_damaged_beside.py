"""What is damaged beside the report: a calm page all the same, and one line."""

from __future__ import annotations

import logging
import re

import pytest
from sqlalchemy import select

from intake.domain.trail import Action
from intake.services.notify import NOTICE_ADDRESS
from intake.services.same_child import RECOGNISING
from intake.store.people_tables import GrantRow
from intake.store.same_child_tables import AgencyIndexKeyRow
from intake.store.tables import DecisionRow, FactsKeyRow, NoticeRow
from intake.vault.seal import PublicKey, seal_for
from tests.look.page_faults import page_faults
from tests.services.test_same_child import told_of
from tests.site import SOC, Site, worry_answers
from tests.web.rule_desk import PARISH, Editor, in_force
from tests.web.test_admin_directory import post
from tests.web.test_admin_people import NEW, invited, joins
from tests.web.test_damaged import CHANGES, lines, rewrite
from tests.web.test_rule_changes import asked, of_a_parish
from tests.web.test_staff_referral import english

EACH_CHANGE = pytest.mark.parametrize("change", CHANGES)
UNKNOWN = "could not be found out"


@EACH_CHANGE
def test_where_the_secret_of_the_marks_does_not_open_the_report_does_and_says_so(
    site: Site, change: str
) -> None:
    told_of(site)
    site.hands.move(hours=1)
    site.send()
    client = english(site, "soc")
    found = site.parts.read.inbox(site.visit("soc"), ("sent",))
    newest = max(found, key=lambda row: row.arrived_at).id
    rewrite(site, AgencyIndexKeyRow.sealed_secret, lambda all_: [CHANGES[change](a) for a in all_])
    page = client.get(f"/referrals/{newest}")
    assert page.status_code == 200
    assert page_faults(page.text) == []
    assert UNKNOWN in page.text
    assert "Kaisla" in page.text
    (line,) = lines(site, Action.DAMAGED)
    assert (line.person_id, line.agency_id) == (site.people["soc"], SOC)
    assert (line.referral_id, line.purpose) == (newest, RECOGNISING)


@pytest.mark.on_both
def test_where_the_secrets_of_two_agencies_are_changed_about_neither_opens(site: Site) -> None:
    site.send(worry_answers(protection={"crime_against_child": "violence"}))
    for name in ("soc", "pol"):
        (row,) = site.parts.read.inbox(site.visit(name), ("sent",))
        assert UNKNOWN not in english(site, name).get(f"/referrals/{row.id}").text
    site.hands.move(hours=1)
    site.send(worry_answers(protection={"crime_against_child": "violence"}))
    rewrite(site, AgencyIndexKeyRow.sealed_secret, lambda all_: [*all_[1:], all_[0]])
    for name in ("soc", "pol"):
        found = site.parts.read.inbox(site.visit(name), ("sent",))
        newest = max(found, key=lambda row: row.arrived_at).id
        assert UNKNOWN in english(site, name).get(f"/referrals/{newest}").text
    assert len(lines(site, Action.DAMAGED)) == 2
    assert english(site, "auditor").get("/trail").status_code == 200


@pytest.mark.parametrize("change", sorted(CHANGES.keys() - {"empty"}))  # that says erased
def test_a_damaged_address_gets_no_letter_and_leaves_one_line_however_often_it_is_tried(
    site: Site, change: str, caplog: pytest.LogCaptureFixture
) -> None:
    site.send(worry_answers(reporter={"notice_address": "outi@ankkuri.invalid"}))
    (row,) = site.parts.read.inbox(site.visit("soc"), ("sent",))
    site.parts.read(site.visit("soc"), row.id, site.hands())
    assert site.parts.notify(site.hands()) == 1
    rewrite(site, NoticeRow.sealed_address, lambda all_: [CHANGES[change](a) for a in all_])
    for _ in range(3):
        site.parts.deliver(site.hands())
        site.hands.move(hours=1)
    (line,) = lines(site, Action.DAMAGED)
    assert (line.person_id, line.purpose) == (None, NOTICE_ADDRESS)
    assert "cannot be written: Envelope" in caplog.text
    assert "outi@" not in caplog.text


@pytest.mark.parametrize("content", [b"{", b"\xff", b'{"address": 1}', b'{"address": "a@b.fi"}'])
def test_an_address_that_somebody_else_sealed_gets_no_letter(site: Site, content: bytes) -> None:
    report = site.send(worry_answers(reporter={"notice_address": "outi@ankkuri.invalid"})).report_id
    (row,) = site.parts.read.inbox(site.visit("soc"), ("sent",))
    site.parts.read(site.visit("soc"), row.id, site.hands())
    public = site.parts.submit.replay_key
    assert isinstance(public, PublicKey)
    forged = seal_for(public, content, NOTICE_ADDRESS, report.bytes)
    rewrite(site, NoticeRow.sealed_address, lambda _: [forged])
    assert site.parts.notify(site.hands()) == 1
    site.parts.deliver(site.hands())
    (line,) = lines(site, Action.DAMAGED)
    assert (line.person_id, line.purpose) == (None, NOTICE_ADDRESS)


@EACH_CHANGE
def test_who_gives_a_key_on_that_does_not_open_gives_nothing(site: Site, change: str) -> None:
    joins(site, invited(site))
    colleague = english(site, "soc")
    give = re.search(rf'href="(/keys/{SOC}/[\w-]+)"', colleague.get("/keys").text)
    assert give
    words = site.words("maija.m")
    rewrite(site, GrantRow.sealed_key, lambda all_: [CHANGES[change](a) for a in all_])
    for path in ("/keys", give[1]):
        assert page_faults(colleague.get(path).text) == []
    with site.parts.database.read() as connection:
        before = connection.execute(select(GrantRow.id)).all()
    answer = post(colleague, give[1], words=words)
    assert answer.status_code == 409
    assert page_faults(answer.text) == []
    assert len(lines(site, Action.DAMAGED)) == 1
    with site.parts.database.read() as connection:
        assert connection.execute(select(GrantRow.id)).all() == before
    assert site.signed_in("maija.m", NEW).get("/keys").status_code == 200


@pytest.mark.parametrize("column", [DecisionRow.sealed_facts, FactsKeyRow.sealed_key], ids=str)
def test_facts_that_do_not_open_are_left_out_of_what_a_draft_would_have_done(
    site: Site, column: object, caplog: pytest.LogCaptureFixture
) -> None:
    of_a_parish(site, 12)
    site.hands.move(days=1)
    one = Editor(site)
    draft = one.drafted(in_force(site) + PARISH)
    assert "10 of 10 reports would move" in one.get(f"{draft}/impact")
    for number, change in enumerate(CHANGES.values(), 2):
        kept: list[bytes] = []
        rewrite(site, column, lambda all_: [kept.append(a) or change(a) for a in all_])  # type: ignore[func-returns-value]  # noqa: B023 (used at once)
        caplog.clear()
        page = one.get(f"{draft}/impact")
        assert "&lt;5 of &lt;5 reports would move" in page
        assert len(asked(site)) == number, "the look leaves its line all the same"
        assert [r for r in caplog.records if r.levelno >= logging.ERROR] == []
        rewrite(site, column, lambda _: kept)  # noqa: B023 (used at once)
