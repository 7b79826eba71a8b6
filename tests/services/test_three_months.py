"""The three months of §26 run from the arrival, whatever is decided when (AVI 2019)."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import select

from intake.domain.referral import Move
from intake.services.record import Entry
from intake.store.columns import AnyRow
from intake.store.tables import DeadlineRow
from tests.site import Site


def complete(site: Site) -> AnyRow:
    with site.parts.database.read() as connection:
        return connection.execute(
            select(DeadlineRow.__table__).where(DeadlineRow.clock == "lsl26_complete")
        ).one()


def test_three_months_run_from_the_arrival_and_never_from_the_decision(site: Site) -> None:
    site.send()
    before = complete(site)
    assert before.due_on == date(2026, 9, 2)
    referral, soc = before.referral_id, site.visit("soc")
    record = site.parts.respond
    record(soc, referral, Entry(Move.RECORD_URGENCY, choice="urgent"), site.hands.move(hours=1))
    record(soc, referral, Entry(Move.ACCEPT), site.hands.move(hours=20))
    soc = site.visit("soc")
    started = Entry(Move.ASSESSMENT_STARTED, happened_on=date(2026, 6, 9))
    record(soc, referral, started, site.hands.move(days=7))
    after = complete(site)
    assert (after.started_at, after.due_on, after.due_at) == (
        before.started_at,
        date(2026, 9, 2),
        before.due_at,
    )
    soc = site.visit("soc")
    record(soc, referral, Entry(Move.CLOSE, "siirtyy"), site.hands.move(days=1))
    head = site.visit("soc-head")
    record(head, referral, Entry(Move.REOPEN, "jatkuu"), site.hands.move(days=30))
    again = complete(site)
    assert (again.started_at, again.due_on, again.met_at) == (
        before.started_at,
        date(2026, 9, 2),
        None,
    )
    assert again.started_at == before.started_at
    assert again.due_at - again.started_at < timedelta(days=93)
