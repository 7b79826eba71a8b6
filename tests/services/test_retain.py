"""Content that has had its time is deleted, keys and all, and nothing brings it back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import make_url, select

from intake import upkeep
from intake.domain.note import Note
from intake.domain.referral import Move, State
from intake.domain.row_id import new_id
from intake.domain.trail import Action
from intake.services import retain
from intake.services.list_deletions import read_list
from intake.services.past import Past
from intake.services.record import Entry, MoveNotOpen, Recording
from intake.services.status import Status
from intake.store import reconciling
from intake.store.retention import put_hold
from intake.store.tables import (
    DecisionRow,
    MoveRow,
    NoteRow,
    NoticeRow,
    ReceiptRow,
    ReferralRow,
    ReportRow,
    SectionRow,
    WrapRow,
)
from tests.lived import empty_place, key_pair, making, opened, rows_of
from tests.services.asking import granted, sent
from tests.services.recorded import count, preview, record, recorded, with_figures
from tests.services.sending import at, gang, hand_over, lines, row_of
from tests.services.test_hold import put
from tests.services.test_recuse import recuse
from tests.site import ANK, COUNTY, SOC, YOU, Site, built, worry_answers

DAYS = 90


def run(site: Site, **by: float) -> int:
    return site.parts.retain(site.hands.move(**by))


def sealed_of(site: Site, report: UUID) -> dict[str, list[bytes]]:
    """Every sealed value of a report, by its column."""
    referrals = select(ReferralRow.id).where(ReferralRow.report_id == report)
    asked: list[tuple[Any, Any]] = [
        (SectionRow.sealed_content, SectionRow.report_id == report),
        (WrapRow.sealed_keys, WrapRow.referral_id.in_(referrals)),
        (ReferralRow.sealed_reasons, ReferralRow.report_id == report),
        (MoveRow.sealed_reason, MoveRow.referral_id.in_(referrals)),
        (NoteRow.sealed_content, NoteRow.referral_id.in_(referrals)),
        (NoticeRow.sealed_address, NoticeRow.report_id == report),
        (DecisionRow.sealed_facts, DecisionRow.report_id == report),
        (ReceiptRow.sealed_copy, ReceiptRow.report_id == report),
    ]
    with site.parts.database.read() as connection:
        return {
            str(column): [
                value for value in connection.scalars(select(column).where(where)) if value
            ]
            for column, where in asked
        }


def test_nothing_goes_before_its_day_and_on_it_everything_sealed_does(site: Site) -> None:
    notice = worry_answers(reporter={"notice_address": "outi@koulu.invalid"})
    report, referral = recorded(site, answers=notice)
    before = sealed_of(site, report)
    assert all(before.values()), before
    assert run(site, days=DAYS - 1) == 0
    assert all(before.values())
    assert run(site, days=1) == 1
    assert not any(sealed_of(site, report).values())
    assert run(site, days=1) == 0
    assert row_of(site, referral).state == State.ACCEPTED


def test_times_states_moves_deadlines_and_the_trail_stay(site: Site) -> None:
    report, referral = recorded(site)
    kept = ("report", "referral", "deadline", "move", "trail", "receipt", "decision")
    site.hands.move(days=DAYS)
    before = rows_of(site.parts.database)
    assert run(site) == 1
    after = rows_of(site.parts.database)
    for table in kept:
        missing = len(before[table]) - len(after[table])
        assert missing == (-1 if table == "trail" else 0), table
    plain = [{k: v for k, v in row.items() if not k.startswith("sealed_")} for row in after["move"]]
    assert plain == [
        {k: v for k, v in row.items() if not k.startswith("sealed_")} for row in before["move"]
    ]
    (line,) = lines(site, Action.DELETE_CONTENT)
    assert (line.referral_id, line.agency_id, line.person_id) == (referral, SOC, None)
    with site.parts.database.read() as connection:
        at_ = connection.scalar(select(ReportRow.content_deleted_at).where(ReportRow.id == report))
    assert at_ == site.hands()


def test_while_an_agency_has_not_recorded_it_nothing_goes(site: Site) -> None:
    site.send()
    record(site, at(site, SOC).id, hand_in=False)
    assert run(site, days=1000) == 0
    assert count(site, SectionRow) > 0


def test_what_was_handed_over_goes_with_what_it_became(site: Site) -> None:
    site.send(gang())
    first = at(site, ANK)
    new = hand_over(site, site.visit("ank"), first.id, YOU, "consent", ["concern"], "Nuori.")
    assert run(site, days=DAYS) == 0
    for entry in (Entry(Move.ACCEPT), Entry(Move.RESPOND, choice="contacted"), Entry(Move.HAND_IN)):
        site.parts.respond(site.visit("you"), new, entry, site.hands.move(minutes=1))
    site.parts.respond(
        site.visit("you"), new, Entry(Move.CLOSE, reason="Tapaaminen pidetty."), site.hands()
    )
    assert run(site, days=DAYS - 1) == 0
    assert run(site, days=1) == 1
    assert not any(sealed_of(site, first.report_id).values())


def test_a_controller_may_have_figures_of_its_own(site: Site) -> None:
    recorded(site)
    directory = with_figures(site.parts.directory, COUNTY, keep_days=10)
    own = replace(site.parts.retain, directory=directory)
    assert own(site.hands.move(days=9)) == 0
    assert own(site.hands.move(days=1)) == 1


def test_a_run_that_was_stopped_is_gone_on_with(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        recorded(site)
    monkeypatch.setattr(retain, "BATCH", 2)
    site.hands.move(days=DAYS + 1)
    assert [run(site) for _ in range(3)] == [2, 1, 0]


def test_a_failure_in_the_middle_of_a_report_leaves_it_whole(site: Site) -> None:
    report, _ = recorded(site)
    before = sealed_of(site, report)
    site.break_writes("INSERT ON trail")
    site.hands.move(days=DAYS)
    with pytest.raises(Exception, match="full"):
        run(site)
    site.mend_writes("trail")
    assert sealed_of(site, report) == before
    assert run(site) == 1


def test_the_agency_reads_the_steps_and_that_the_content_is_gone(site: Site) -> None:
    _, referral = recorded(site)
    run(site, days=DAYS)
    found = site.parts.read(site.visit("soc"), referral, site.hands())
    assert found.sections == {}
    assert found.reasons == {}
    assert found.move_reasons == {}
    assert found.notes == []
    assert found.referral.content_deleted_at == site.hands()
    assert [move.move for move in found.moves][-1] == Move.HAND_IN
    assert lines(site, Action.OPEN)[-1].purpose == "history of a deleted referral"


def test_nothing_can_be_recorded_or_written_on_it_any_more(site: Site) -> None:
    _, referral = recorded(site)
    run(site, days=DAYS)
    soc = site.visit("soc")
    offered = site.parts.respond.offered(soc, referral, site.hands())
    assert offered.moves == ()
    with pytest.raises(MoveNotOpen):
        site.parts.respond(soc, referral, Entry(Move.RESPOND, choice="contacted"), site.hands())
    with pytest.raises(MoveNotOpen):
        site.parts.write_note(
            soc, referral, new_id(site.hands()), Note("Vielä yksi."), site.hands()
        )
    with pytest.raises(MoveNotOpen):
        site.parts.hand_over.choices(soc, referral, site.hands())


def test_a_move_that_was_begun_before_the_deleting_is_not_recorded_after_it(site: Site) -> None:
    _, referral = recorded(site)
    site.hands.move(days=DAYS)
    offered = site.parts.respond.offered(site.visit("soc"), referral, site.hands())
    assert Move.RESPOND in offered.moves
    run(site)
    soc = site.visit("soc")
    late = Recording.of(
        soc,
        offered.referral,
        Entry(Move.RESPOND, choice="contacted", reason="Liian myöhään."),
        site.hands(),
        key=site.parts.respond.key_of(offered.referral, site.hands()),
        to_state=None,
    )
    with pytest.raises(MoveNotOpen), site.parts.database.write() as connection:
        late.write(connection, site.parts.clocks)


def test_the_reporter_s_code_says_when_it_was_deleted(site: Site) -> None:
    receipt = site.send()
    record(site, at(site, SOC).id)
    status = Status(site.parts.database, site.parts.directory)
    assert status.by_code(receipt.code).content_deleted_at is None
    run(site, days=DAYS)
    told = status.by_code(receipt.code)
    assert told.content_deleted_at == site.hands()
    assert [each.agency.id for each in told.agencies] == [SOC]


def test_what_is_deleted_counts_as_stored_and_its_facts_are_not_replayed(site: Site) -> None:
    recorded(site)
    directory = with_figures(site.parts.directory, COUNTY, keep_days=1)
    assert replace(site.parts.retain, directory=directory)(site.hands.move(days=1)) == 1
    site.parts.reconcile(site.hands())
    with site.parts.database.read() as connection:
        assert reconciling.count_differing(connection, site.hands().date() - timedelta(9)) == 0
    past: Past = site.parts.past
    assert past.count() == 0
    with past.kept() as kept:
        assert list(kept) == []


@pytest.mark.sqlite
def test_what_was_sealed_is_in_no_file_of_the_database(site: Site) -> None:
    report, _ = recorded(site)
    other, _ = recorded(site)
    site.hands.move(days=DAYS)
    gone = [value for values in sealed_of(site, report).values() for value in values]
    kept = sealed_of(site, other)[str(SectionRow.sealed_content)]
    path = Path(make_url(site.parts.database.url).database or "")

    def holding(values: list[bytes]) -> int:
        content = [file.read_bytes() for file in path.parent.glob(f"{path.name}*")]
        return sum(any(value[-100:] in each for each in content) for value in values)

    assert holding(gone) == len(gone)
    with site.parts.database.write() as connection:
        key = site.parts.respond.key_of(at(site, SOC), site.hands())
        row = at(site, SOC)
        put_hold(
            connection,
            {
                "id": new_id(site.hands()),
                "report_id": other,
                "referral_id": row.id,
                "put_by": site.people["soc-head"],
                "put_at": site.hands(),
                "last_day": None,
                "agency_key_id": key.key_id,
                "sealed_reason": b"sealed",
            },
        )
    assert run(site) == 1
    assert holding(gone) == 0
    assert holding(kept) == len(kept)


def test_a_restored_older_backup_has_nothing_of_it(site: Site, tmp_path: Path) -> None:
    report, referral = recorded(site)
    other = site.send().report_id
    private = key_pair(site, tmp_path)
    file = making(site)(tmp_path, site.hands()).file
    run(site, days=DAYS)
    after = sealed_of(site, report)
    site.parts.list_deletions(site.hands())
    place = empty_place(tmp_path / "new")
    listed = read_list(site.parts.list_deletions.file)
    with upkeep.restore(place) as restore:
        restore(opened(file, private), listed, site.hands())
    parts = built(place, site.hands)
    try:
        there = Site(parts, site.hands, site.people)
        assert sealed_of(there, report) == after
        assert not any(after.values())
        assert there.parts.read(there.visit("soc"), referral, site.hands()).sections == {}
        assert sealed_of(there, other)[str(SectionRow.sealed_content)]
    finally:
        parts.database.engine.dispose()


def test_the_preview_names_the_day_and_the_referrals(site: Site) -> None:
    report, referral = recorded(site)
    assert preview(site, 30) == []
    site.hands.move(days=DAYS - 30)
    (going,) = preview(site, 30)
    assert going.report_id == report
    assert [row.id for row in going.referrals] == [referral]
    assert going.on == (site.hands() + timedelta(days=30)).date()
    assert site.parts.retain.preview(site.hands(), 30, [YOU]) == []
    assert len(site.parts.retain.preview(site.hands(), 30, [SOC])) == 1


def test_two_schedulers_at_once_delete_each_report_once(site: Site) -> None:
    reports = {recorded(site)[0] for _ in range(4)}
    now = site.hands.move(days=DAYS + 1)
    with ThreadPoolExecutor(2) as pool:
        deleted = sum(pool.map(lambda _: site.parts.retain(now), range(2)))
    assert deleted == len(reports)
    assert len(lines(site, Action.DELETE_CONTENT)) == len(reports)
    assert count(site, SectionRow) == 0


def test_what_was_asked_held_and_declared_goes_with_the_content(site: Site) -> None:
    lead, asker = sent(site)
    granted(site, lead, asker)
    recuse(site, "soc", at(site, SOC).id, "soc-deputy", words="Naapuri.")
    put(site, at(site, SOC).id, site.hands().date())
    done = (Entry(Move.ACCEPT), Entry(Move.HAND_IN), Entry(Move.CLOSE, reason="Valmis."))
    for name, agency in (("ank", ANK), ("you", YOU), ("soc", SOC)):
        for entry in done:
            visit, now = site.visit(name), site.hands.move(minutes=1)
            site.parts.respond(visit, at(site, agency).id, entry, now)
    assert run(site, days=DAYS) == 1
    found = rows_of(site.parts.database)
    for table in ("section_request", "recusal", "content_hold"):
        (row,) = found[table]
        sealed = {name: value for name, value in row.items() if name.startswith("sealed_")}
        assert sealed, table
        assert set(sealed.values()) == {None}, table
    head, now = site.visit("soc-head"), site.hands()
    (shut,) = site.parts.recuse.shut_out(head, row_of(site, at(site, SOC).id))
    assert shut.why is None
    for name, referral in (("ank", lead), ("you", asker), ("soc", at(site, SOC).id)):
        assert site.parts.read(site.visit(name), referral, now).sections == {}
