"""Taking a worry in: whole with its receipt, or not at all."""

from __future__ import annotations

from dataclasses import replace
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import OperationalError

from intake.domain.answers import worry_of
from intake.services import submit
from intake.services.desks import NobodyCanOpen
from intake.services.draft import Draft, DraftChanged
from intake.services.submit import NobodyMayGetThis
from intake.store.tables import DeadlineRow, DraftRow, ReferralRow, ReportRow, SectionRow, WrapRow
from intake.vault.envelope import SLOTS
from intake.vault.own import VisitorSecret
from intake.vault.seal import seal_sections
from tests.site import ANK, DUTY, PRI, SOC, TRIAGE, YOU, Site, child_answers, worry_answers


def count(site: Site, row: Any) -> int:
    with site.parts.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(row)) or 0


def agencies(site: Site) -> set[str]:
    with site.parts.database.read() as connection:
        return set(connection.scalars(select(ReferralRow.agency_id)))


def test_a_report_is_stored_whole_and_the_draft_is_gone(site: Site) -> None:
    receipt = site.send()
    assert count(site, ReportRow) == 1
    assert count(site, SectionRow) == len(SLOTS) - 1, (
        "every slot exists; reasons are the referral's"
    )
    assert count(site, DraftRow) == 0
    assert receipt.copy == worry_answers()
    assert agencies(site) == {SOC}


def test_sending_the_same_draft_again_gives_the_same_receipt(site: Site) -> None:
    answers, secret = worry_answers(), VisitorSecret.new()
    for _ in range(3):
        site.parts.submit(secret, worry_of(answers), answers, site.hands())
    receipt = site.parts.submit.receipt(secret)
    assert receipt is not None
    assert receipt.code == secret.receipt_code
    assert count(site, ReportRow) == 1


def test_eight_simultaneous_sends_of_one_draft_store_one_report(site: Site) -> None:
    answers, secret = worry_answers(), VisitorSecret.new()
    failures: list[BaseException] = []

    def send() -> None:
        try:
            site.parts.submit(secret, worry_of(answers), answers, site.hands())
        except BaseException as error:
            failures.append(error)

    threads = [Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert count(site, ReportRow) == 1


def test_a_failed_write_after_sealing_stores_nothing_and_keeps_the_draft(site: Site) -> None:
    answers, secret = worry_answers(), VisitorSecret.new()
    drafts = Draft(site.parts.database)
    drafts.save(secret, answers, site.hands())
    site.break_writes("INSERT ON trail")
    with pytest.raises(Exception, match="full"):
        site.parts.submit(secret, worry_of(answers), answers, site.hands())
    assert count(site, ReportRow) == 0
    assert drafts.load(secret).answers == answers
    assert site.parts.submit.receipt(secret) is None


@pytest.mark.sqlite
@pytest.mark.parametrize("when", ["before_cursor_execute", "commit"])
def test_a_locked_database_is_an_error_and_not_a_receipt(site: Site, when: str) -> None:
    answers, secret = worry_answers(), VisitorSecret.new()

    def locked(*told: Any) -> None:
        if when == "commit" or "INSERT INTO report" in told[2]:
            raise OperationalError("", {}, Exception("database is locked"))

    engine = site.parts.submit.database.engine
    event.listen(engine, when, locked)
    try:
        with pytest.raises(OperationalError):
            site.parts.submit(secret, worry_of(answers), answers, site.hands())
    finally:
        event.remove(engine, when, locked)
    assert site.parts.submit.receipt(secret) is None


@pytest.mark.postgresql
def test_a_locked_table_is_an_error_and_not_a_receipt(site: Site) -> None:
    answers, secret = worry_answers(), VisitorSecret.new()
    with site.parts.database.write() as holder:
        holder.exec_driver_sql("LOCK TABLE report")
        with site.parts.submit.database.glance() as next_used:
            next_used.exec_driver_sql("SET lock_timeout = '50ms'")
        with pytest.raises(OperationalError):
            site.parts.submit(secret, worry_of(answers), answers, site.hands())
    assert site.parts.submit.receipt(secret) is None


def test_the_lead_carries_a_standby_wrap_and_the_others_do_not(site: Site) -> None:
    site.hands.move(days=-14)  # schools are still in term
    site.send(
        worry_answers(
            worry={"categories": ["bullying"], "primary": "bullying", "child_role": "victim"}
        )
    )
    with site.parts.database.read() as connection:
        rows = connection.execute(
            select(ReferralRow.agency_id, ReferralRow.is_lead, WrapRow.purpose).join(
                WrapRow, WrapRow.referral_id == ReferralRow.id
            )
        ).all()
    by_agency: dict[str, set[str]] = {}
    for row in rows:
        by_agency.setdefault(row.agency_id, set()).add(row.purpose)
        assert row.is_lead == (row.agency_id == PRI)
    assert by_agency[PRI] == {"recipient", "standby"}
    assert by_agency[SOC] == {"recipient"}


def test_without_consent_and_without_a_duty_nobody_gets_it_and_nothing_is_written(
    site: Site,
) -> None:
    answers = worry_answers(
        worry={"categories": ["gang"], "primary": "gang", "child_role": "suspected"},
        protection={"may_need_protection": "no"},
    )
    with pytest.raises(NobodyMayGetThis) as refused:
        site.send(answers)
    assert "consent_or_consult" in refused.value.plan.notices
    assert count(site, ReportRow) == 0


def test_with_consent_the_ankkuri_team_gets_it(site: Site) -> None:
    answers = worry_answers(
        worry={"categories": ["gang"], "primary": "gang", "child_role": "suspected"},
        protection={"may_need_protection": "no"},
        consent={"child_consent": "given", "consent_to": ["ANK", "YOU"]},
    )
    site.send(answers)
    assert agencies(site) == {ANK, YOU}


def test_each_agency_gets_only_the_children_that_are_its_own(site: Site) -> None:
    answers = worry_answers()
    answers["children"].append(child_answers(name="Toinen", municipality="porvoo", school="none"))
    site.send(answers)
    assert agencies(site) == {SOC, DUTY}, "nobody opens in Porvoo: the named duty desk takes it"
    for name, own in (("soc", {"identity_1", "place_1"}), ("duty", {"identity_2", "place_2"})):
        visit = site.visit(name)
        (row,) = site.parts.read.inbox(visit, ("sent",))
        sections = site.parts.read(visit, row.id, site.hands()).sections
        assert {slot for slot in sections if "_" in slot} == own


def test_an_agency_without_an_opener_gives_way_to_the_triage_desk(site: Site) -> None:
    answers = worry_answers(consent={"child_consent": "given", "consent_to": ["YOU"]})
    answers["worry"] = {"categories": ["other"], "primary": "other", "child_role": "other"}
    answers["children"] = [child_answers(municipality="kerava", school="none")]
    site.send(answers)
    assert agencies(site) == {SOC, TRIAGE}, "Kerava's youth services have nobody who can open"


def test_urgent_worries_outside_office_hours_go_to_the_duty_desk(site: Site) -> None:
    site.hands.move(hours=12)
    site.send(worry_answers(urgency={"urgency": "today"}))
    assert agencies(site) == {DUTY}


def test_when_nobody_at_all_can_open_it_is_refused(site: Site) -> None:
    with site.parts.database.write() as connection:
        connection.execute(text("UPDATE agency_grant SET withdrawn_at = '2026-01-01 00:00:00'"))
    with pytest.raises(NobodyCanOpen):
        site.send()
    assert count(site, ReportRow) == 0


def test_a_worry_from_a_later_school_year_than_the_calendar_knows_is_still_taken(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.hands.at = site.hands.at.replace(year=2035)
    answers = worry_answers(
        worry={"categories": ["bullying"], "primary": "bullying", "child_role": "victim"},
        consent={"child_consent": "given", "consent_to": ["WEL"]},
    )
    answers["children"] = [child_answers(known_by="age", age="10")]
    site.send(answers)
    assert count(site, ReportRow) == 1
    assert "extend it" in caplog.text


def test_a_notice_address_is_sealed_apart_and_never_in_the_report(site: Site) -> None:
    site.send(worry_answers(reporter={"notice_address": "outi@koulu.invalid"}))
    visit = site.visit("soc")
    row = site.parts.read.inbox(visit, ("sent",))[0]
    assert "outi@koulu" not in str(site.parts.read(visit, row.id, site.hands()))
    with site.parts.database.read() as connection:
        sealed = connection.scalar(text("SELECT sealed_address FROM notice"))
    assert sealed
    assert b"outi" not in sealed


def test_deadlines_start_at_the_arrival_and_count_by_the_law(site: Site) -> None:
    site.send()
    with site.parts.database.read() as connection:
        due = {
            row.clock: row.due_on.isoformat()
            for row in connection.execute(select(DeadlineRow.clock, DeadlineRow.due_on))
        }
    assert due == {
        "urgency": "2026-06-02",
        "lsl26_start": "2026-06-11",
        "lsl26_complete": "2026-09-02",
    }


def test_the_acknowledged_receipt_keeps_its_code_and_loses_the_copy(site: Site) -> None:
    answers, secret = worry_answers(), VisitorSecret.new()
    site.parts.submit(secret, worry_of(answers), answers, site.hands())
    site.parts.submit.acknowledge(secret, site.hands())
    receipt = site.parts.submit.receipt(secret)
    assert receipt is not None
    assert receipt.acknowledged
    assert receipt.copy is None
    assert replace(receipt, copy=answers).code == secret.receipt_code


def test_a_draft_that_changed_since_it_was_read_is_not_sent_and_stays(site: Site) -> None:
    answers, secret, drafts = worry_answers(), VisitorSecret.new(), Draft(site.parts.database)
    read = drafts.save(secret, answers, site.hands())
    drafts.save(secret, answers | {"more": "text"}, site.hands(), read)
    with pytest.raises(DraftChanged):
        site.parts.submit(secret, worry_of(answers), answers, site.hands(), draft=read)
    assert count(site, ReportRow) == count(site, ReferralRow) == 0
    assert drafts.load(secret).answers["more"] == "text"


def test_a_draft_takes_only_the_place_of_the_one_that_was_read(site: Site) -> None:
    secret, drafts = VisitorSecret.new(), Draft(site.parts.database)
    first = drafts.save(secret, {"n": 1}, site.hands())
    second = drafts.save(secret, {"n": 1}, site.hands(), first)
    assert first != second, "the same answers at the same instant are another seal"
    for over in (None, first):
        with pytest.raises(DraftChanged):
            drafts.save(secret, {"n": 3}, site.hands(), over)
    assert drafts.load(secret).answers == {"n": 1}


def test_nothing_is_stored_of_a_child_that_nobody_gets(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored: dict[str, bytes] = {}
    monkeypatch.setattr(
        submit,
        "seal_sections",
        lambda report, of, draw: stored.update(of) or seal_sections(report, of, draw),
    )
    adult = child_answers(name="Aikuinen", known_by="age", hetu="", age="19")
    site.send(worry_answers() | {"children": [child_answers(), adult]})
    assert {slot for slot in stored if "_" in slot} == {"identity_1", "place_1"}
    assert not any(b"Aikuinen" in content for content in stored.values())


def test_the_digest_of_a_plan_tells_who_gets_what(site: Site) -> None:
    worry = worry_of(worry_answers())
    plan = site.parts.route(worry, site.hands())
    (share,) = plan.shares
    assert submit.digest_of(site.parts.route(worry, site.hands())) == submit.digest_of(plan)
    for changed in (
        replace(share, lead=False),
        replace(share, slots=share.slots - {"health"}),
        replace(share, agency=site.parts.directory.agency(DUTY)),
    ):
        assert submit.digest_of(replace(plan, shares=(changed,))) != submit.digest_of(plan)
