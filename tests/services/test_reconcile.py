"""Reports sent = stored = routed = (opened or being chased), or somebody is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, text, update

from intake.doctor import running
from intake.doctor.finding import Level
from intake.domain.deadline import local_date
from intake.domain.referral import Move
from intake.services import reconcile
from intake.services.record import Entry
from intake.store import alarms, reconciling
from intake.store.people_tables import PersonRow
from intake.store.reconciling import Counts
from intake.store.tables import (
    DeadlineRow,
    DecisionRow,
    OutboxRow,
    ReceiptRow,
    ReferralRow,
    ReportRow,
    SectionRow,
    WrapRow,
)
from intake.store.watch_tables import WHOLE, ReconciliationRow
from tests.services.sending import hand_over
from tests.site import DUTY, HEA, POL, SOC, TUESDAY, Site, worry_answers

OFFENCE = worry_answers(protection={"crime_against_child": "violence"})
"""To social services and the police."""
NOTHING = {"differ": [], "lost": [], "routes": [], "whole": False, "unsent": False}


def counted(site: Site) -> dict[str, Counts]:
    """Today's counts, as the job has kept them."""
    site.parts.reconcile(site.hands())
    with site.parts.database.read() as connection:
        rows = connection.execute(
            select(ReconciliationRow.__table__).where(
                ReconciliationRow.day == local_date(site.hands())
            )
        )
        return {row.agency_id: reconciling.counts_of(row) for row in rows}


def differing(site: Site) -> set[str]:
    return {agency for agency, counts in counted(site).items() if counts.differ}


def letters(site: Site) -> list[tuple[str, dict[str, Any]]]:
    with site.parts.database.read() as connection:
        rows = connection.execute(
            select(PersonRow.sign_in_name, OutboxRow.params)
            .join(PersonRow, PersonRow.id == OutboxRow.person_id)
            .where(OutboxRow.letter == reconcile.LETTER)
            .order_by(PersonRow.sign_in_name)
        )
        return [(row.sign_in_name, row.params) for row in rows]


def erase(site: Site, *rows: Any) -> None:
    """By hand, as no service would."""
    with site.parts.database.write() as connection:
        for row in rows:
            connection.execute(delete(row))


def silence_every_chase(site: Site) -> None:
    """Much later nothing chases what was sent: no rules lead there, but a wrong hand may."""
    site.hands.move(days=200)
    with site.parts.database.write() as connection:
        connection.execute(update(DeadlineRow).values(next_chase_at=None))


def test_what_was_sent_and_waits_agrees(site: Site) -> None:
    site.send(OFFENCE)
    site.send()
    found = counted(site)
    assert found == {
        WHOLE: Counts(WHOLE, sent=2, stored=2, routed=2, chased=2),
        SOC: Counts(SOC, sent=2, stored=2, routed=2, chased=2),
        POL: Counts(POL, sent=1, stored=1, routed=1, chased=1),
    }
    assert letters(site) == []


def test_what_is_opened_taken_up_sent_on_and_withdrawn_agrees(site: Site) -> None:
    for _ in range(3):
        site.send()
    soc = site.visit("soc")
    first, second, third = site.parts.read.inbox(soc, ("sent",))
    site.parts.read(soc, first.id, site.hands())
    site.parts.respond(soc, second.id, Entry(Move.ACCEPT), site.hands())
    hand_over(site, soc, third.id, DUTY, "competent")
    assert counted(site)[DUTY] == Counts(DUTY, sent=1, stored=1, routed=1, chased=1)
    entry = Entry(Move.WITHDRAW, reason="Väärä osoite.")
    site.parts.withdraw(soc, third.id, entry, site.hands.move(minutes=1))
    found = counted(site)
    assert found[DUTY] == Counts(DUTY, sent=1, stored=1, routed=1, moved=1)
    assert found[SOC].opened + found[SOC].chased + found[SOC].moved == 3
    assert not any(counts.differ for counts in found.values())


@pytest.mark.parametrize("row", [SectionRow, DecisionRow, ReceiptRow])
def test_a_receipt_whose_report_is_not_whole_is_found_and_told(
    site: Site, row: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Norway's portal, 2020-2023: senders had confirmations, and nothing was stored."""
    site.send()
    assert differing(site) == set()
    erase(site, row)
    assert differing(site) == {WHOLE, SOC}
    told = dict(letters(site))
    assert {"admin", "supervisor", "admin-police"} <= set(told)
    assert told["supervisor"] == NOTHING | {"differ": [SOC], "whole": True}
    assert told["admin-police"] == NOTHING | {"whole": True}
    assert f"what was sent to {SOC} is not all stored, routed and looked at" in caplog.messages
    assert "Kaisla" not in caplog.text


@pytest.mark.sqlite
def test_a_receipt_of_which_nothing_at_all_is_left_is_found(site: Site) -> None:
    site.send()
    with site.parts.database.engine.connect() as connection:
        connection.execute(text("PRAGMA foreign_keys=OFF"))
        for row in (DeadlineRow, WrapRow, ReferralRow, SectionRow, DecisionRow, ReportRow):
            connection.execute(delete(row))
        connection.commit()
    found = counted(site)
    assert found == {WHOLE: Counts(WHOLE, sent=1), SOC: Counts(SOC, sent=1)}
    assert dict(letters(site))["supervisor"]["differ"] == [SOC]


def test_a_referral_that_is_gone_but_in_the_trail_is_found(site: Site) -> None:
    site.send(OFFENCE)
    with site.parts.database.write() as connection:
        gone = select(ReferralRow.id).where(ReferralRow.agency_id == POL)
        for row in (DeadlineRow, WrapRow):
            connection.execute(delete(row).where(row.referral_id.in_(gone)))
        connection.execute(delete(ReferralRow).where(ReferralRow.agency_id == POL))
    assert differing(site) == {POL}


def test_a_referral_that_is_not_sealed_to_its_agency_is_found(site: Site) -> None:
    site.send()
    erase(site, WrapRow)
    assert differing(site) == {WHOLE, SOC}


def test_a_referral_that_nothing_chases_is_lost_on_its_day(site: Site) -> None:
    site.send()
    erase(site, DeadlineRow)
    found = counted(site)
    assert (found[SOC].lost, found[WHOLE].lost) == (1, 1)


def test_a_referral_nobody_opened_and_nothing_chases_is_found_at_any_age(site: Site) -> None:
    site.send()
    silence_every_chase(site)
    assert differing(site) == set()  # of its own day nothing is counted any more
    with site.parts.database.read() as connection:
        (row,) = reconciling.lost(connection)
    assert row.agency_id == SOC
    assert dict(letters(site))["supervisor"]["lost"] == [SOC]
    stock = site.parts.take_stock(site.hands())
    assert stock.lost == 1
    assert [level for level, _ in running.reconciled(stock)] == [Level.FAIL]


def test_what_somebody_opened_or_something_still_chases_is_not_lost(site: Site) -> None:
    site.send()
    site.send()
    soc = site.visit("soc")
    (first, _) = site.parts.read.inbox(soc, ("sent",))
    site.parts.read(soc, first.id, site.hands())
    silence_every_chase(site)
    with site.parts.database.write() as connection:
        later = site.hands() + timedelta(days=1)
        running_on = select(DeadlineRow.id).where(DeadlineRow.referral_id != first.id).limit(1)
        connection.execute(
            update(DeadlineRow)
            .where(DeadlineRow.id == running_on.scalar_subquery())
            .values(next_chase_at=later)
        )
    with site.parts.database.read() as connection:
        assert reconciling.lost(connection) == []


def test_the_same_difference_is_told_once_a_day_until_it_is_mended(site: Site) -> None:
    site.send()
    with site.parts.database.read() as connection:
        kept = [row._asdict() for row in connection.execute(select(DecisionRow.__table__))]
    erase(site, DecisionRow)
    counted(site)
    first = len(letters(site))
    site.hands.move(hours=2)
    counted(site)
    assert len(letters(site)) == first > 0
    site.hands.move(days=5)  # neither today nor yesterday
    counted(site)
    assert len(letters(site)) == 2 * first
    with site.parts.database.write() as connection:
        connection.execute(DecisionRow.__table__.insert(), kept)  # type: ignore[attr-defined]
    site.hands.move(days=1)
    counted(site)
    assert len(letters(site)) == 2 * first
    assert site.parts.take_stock(site.hands()).differing == 0


def test_of_two_schedulers_at_once_one_tells(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.send()
    erase(site, DecisionRow)
    counted(site)
    before = len(letters(site))
    monkeypatch.setattr(alarms, "is_raised", lambda *_: False)
    counted(site)
    assert len(letters(site)) == before


def test_a_day_is_helsinkis(site: Site) -> None:
    site.hands.at = TUESDAY.replace(hour=20, minute=59, second=59, microsecond=999_999)
    site.send()  # 23.59 on Tuesday
    site.hands.move(microseconds=1)
    site.send()
    site.parts.reconcile(site.hands())
    with site.parts.database.read() as connection:
        rows = connection.execute(
            select(ReconciliationRow.day, ReconciliationRow.sent).where(
                ReconciliationRow.agency_id == SOC
            )
        )
        assert {row.day.day: row.sent for row in rows} == {2: 1, 3: 1}


def test_days_on_which_no_job_ran_are_counted_afterwards(site: Site) -> None:
    site.send()
    site.hands.move(days=1)
    site.send()
    erase(site, DecisionRow)
    site.hands.move(days=10)
    with site.parts.database.read() as connection:
        assert connection.execute(select(ReconciliationRow.day)).all() == []
    site.parts.reconcile(site.hands())
    with site.parts.database.read() as connection:
        rows = connection.execute(
            select(ReconciliationRow.__table__).where(ReconciliationRow.agency_id == SOC)
        )
        assert {row.day.day: reconciling.counts_of(row).differ for row in rows} == {
            2: True,
            3: True,
        }


def test_a_day_that_agrees_is_counted_once_more_when_it_is_over_and_then_no_more(
    site: Site,
) -> None:
    site.parts.reconcile(site.hands())
    assert site.parts.reconcile(site.hands()) == 2
    site.hands.move(days=3)
    assert site.parts.reconcile(site.hands()) == 4  # it, the day without a job, and two as ever
    assert site.parts.reconcile(site.hands()) == 2


def test_counts_of_a_year_ago_are_forgotten(site: Site) -> None:
    counted(site)
    site.hands.move(days=401)
    counted(site)
    with site.parts.database.read() as connection:
        days = set(connection.scalars(select(ReconciliationRow.day)))
    assert min(days) == local_date(site.hands()) - reconcile.SHOWN_FOR


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("fi", ("Kaikkia kuitattuja ilmoituksia", "salattu niille", "ei ole avannut")),
        ("sv", ("Alla anmälningar som har bekräftats", "krypterat för dem", "ingen har öppnat")),
        ("en", ("Not every report", "sealed to them", "nobody has opened")),
    ],
)
def test_the_letter_names_agencies_and_where_to_look(
    site: Site, language: str, words: tuple[str, ...]
) -> None:
    site.send(OFFENCE)
    silence_every_chase(site)
    site.send()
    erase(site, SectionRow)
    counted(site)
    with site.parts.database.write() as connection:
        connection.execute(update(PersonRow).values(language=language))
    (row,) = [
        row
        for row in site.claim_letters()
        if row.letter == reconcile.LETTER and row.email.startswith("supervisor@")
    ]
    said = site.parts.deliver.write(row).text
    assert all(each in said for each in words)
    assert said.count(f"- {site.parts.directory.agency(SOC).name[language]}\n") == 2
    assert site.parts.directory.agency(POL).name[language] not in said
    assert "/deadlines/reconciliation" in said
    assert "%(" not in said


def page(site: Site, who: str = "supervisor", query: str = "") -> str:
    client = site.signed_in(who)
    client.set_cookie("ankkuri_language", "en")
    answer = client.get(f"/deadlines/reconciliation{query}")
    assert answer.status_code == 200
    return answer.text


def test_the_page_shows_a_supervisor_the_own_agencies_alone(site: Site) -> None:
    site.send(OFFENCE)
    silence_every_chase(site)
    site.send(OFFENCE)
    erase(site, SectionRow)
    counted(site)
    told = page(site)
    names = {agency: site.parts.directory.agency(agency).name["en"] for agency in (SOC, POL, HEA)}
    assert names[SOC] in told
    assert names[POL] not in told
    assert "Differs" in told
    with site.parts.database.read() as connection:
        references = {row.agency_id: row.reference for row in reconciling.lost(connection)}
    assert references[SOC] in told
    assert references[POL] not in told
    assert names[POL] not in page(site, query=f"?agency={POL}")
    assert "Differs" in page(site, query=f"?agency={SOC}")


def test_the_page_says_when_nothing_has_counted_of_late(site: Site) -> None:
    assert "It has never been counted" in page(site)
    counted(site)
    assert "of late" not in page(site)
    site.hands.move(minutes=31)
    assert "It was last counted" in page(site)


def test_the_page_is_for_who_watches_deadlines(site: Site) -> None:
    assert site.signed_in("admin").get("/deadlines/reconciliation").status_code == 403


def test_what_is_lost_is_found_by_the_index_of_what_nothing_chases(site: Site) -> None:
    """Neither all referrals nor all deadlines are read."""
    with site.parts.database.write() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL enable_seqscan = off"))  # so few rows
        explain = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
        asked: list[str] = []
        real = connection.execute

        def note(statement: Any, *_: Any) -> Any:
            options = {"literal_binds": True}
            asked.append(str(statement.compile(connection, compile_kwargs=options)))
            return real(statement)

        connection.execute = note  # type: ignore[method-assign,assignment]
        reconciling.lost(connection)
        plan = "\n".join(str(row) for row in real(text(f"{explain} {asked[0]}")))
    assert "ix_deadline_referral_id_unchased" in plan
    assert "SCAN referral" not in plan
    assert "Seq Scan" not in plan


def test_another_controllers_difference_is_not_told(site: Site) -> None:
    site.send(OFFENCE)
    with site.parts.database.write() as connection:
        gone = select(ReferralRow.id).where(ReferralRow.agency_id == POL)
        connection.execute(delete(WrapRow).where(WrapRow.referral_id.in_(gone)))
    counted(site)
    told = dict(letters(site))
    assert set(told) == {"admin-police"}
