"""Reopening: the unit's head alone, and every clock as it was."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

from intake.domain.referral import Move, State
from intake.services.record import Entry, MoveNotOpen, ReasonMissing
from intake.services.status import Stage, Status
from intake.store.tables import ChaseRow, DeadlineRow
from tests.services.sending import at, clocks, row_of, silence
from tests.site import SOC, Site

AGAIN = Entry(Move.REOPEN, reason="Uusi yhteydenotto samasta asiasta.")


def closed(site: Site) -> UUID:
    """Urgency recorded late, taken up, the assessment started; closed over the last clock."""
    site.send()
    referral: UUID = at(site, SOC).id
    soc, respond = site.visit("soc"), site.parts.respond
    now = site.hands.move(days=2)
    for entry in (
        Entry(Move.RECORD_URGENCY, choice="not_urgent"),
        Entry(Move.ACCEPT),
        Entry(Move.ASSESSMENT_STARTED, happened_on=date(2026, 6, 3)),
        Entry(Move.CLOSE, reason="Perhe muutti."),
    ):
        respond(soc, referral, entry, now)
        now = site.hands.move(minutes=1)
    return referral


def test_what_the_ending_met_runs_again_and_what_others_met_stays(site: Site) -> None:
    referral = closed(site)
    before = clocks(site, referral)
    assert before["lsl26_complete"].met_by == "close"
    site.parts.respond(site.visit("soc-head"), referral, AGAIN, site.hands.move(days=30))
    after = clocks(site, referral)
    assert row_of(site, referral).state == State.ACCEPTED
    for clock in ("urgency", "lsl26_start"):
        assert after[clock] == before[clock], "a breach stays, and what was met stays met"
    again, once = after["lsl26_complete"], before["lsl26_complete"]
    assert again.met_at is again.met_on is again.met_by is None
    for name in ("started_at", "due_on", "due_extended_on", "due_at", "calendar_version", "steps"):
        assert getattr(again, name) == getattr(once, name), name


def test_steps_of_the_time_it_was_closed_are_not_caught_up(site: Site) -> None:
    referral = closed(site)
    due_at = clocks(site, referral)["lsl26_complete"].due_at
    site.hands.at = due_at.replace(hour=12)  # late by hours: reminders before it have passed
    site.parts.respond(site.visit("soc-head"), referral, AGAIN, site.hands())
    assert site.parts.chase(site.hands()) == 0
    silence(site, days=12)
    assert chased(site) == ["days-late-1", "days-late-3", "days-late-5"]


def chased(site: Site) -> list[str]:
    with site.parts.database.read() as connection:
        return list(
            connection.scalars(
                select(ChaseRow.step)
                .join(DeadlineRow, DeadlineRow.id == ChaseRow.deadline_id)
                .where(DeadlineRow.clock == "lsl26_complete")
                .order_by(ChaseRow.chased_at)
            )
        )


def test_where_every_step_is_past_the_one_that_repeats_goes_on_and_makes_up_for_none(
    site: Site,
) -> None:
    referral = closed(site)
    site.hands.move(days=200)
    site.parts.respond(site.visit("soc-head"), referral, AGAIN, site.hands())
    silence(site, days=8)
    first = chased(site)
    assert len(first) == 1
    assert first[0].startswith("days-late-10.")
    site.parts.respond(
        site.visit("soc"), referral, Entry(Move.CLOSE, reason="Perhe muutti."), site.hands()
    )
    site.parts.respond(site.visit("soc-head"), referral, AGAIN, site.hands.move(minutes=1))
    silence(site, minutes=1)
    assert chased(site) == first
    silence(site, days=8)
    assert len(chased(site)) == 2


def test_where_every_step_is_past_and_none_repeats_the_last_one_is_taken_at_once_and_once(
    site: Site,
) -> None:
    referral = closed(site)
    with site.parts.database.write() as connection:
        row = clocks(site, referral)["lsl26_complete"]
        once = [step for step in row.steps if "repeats" not in step]
        connection.execute(update(DeadlineRow).where(DeadlineRow.id == row.id).values(steps=once))
    site.hands.move(days=200)
    for entry in (AGAIN, Entry(Move.CLOSE, reason="Perhe muutti."), AGAIN):
        who = "soc-head" if entry is AGAIN else "soc"
        site.parts.respond(site.visit(who), referral, entry, site.hands.move(minutes=1))
        silence(site, days=2)
        assert chased(site) == ["days-late-5"]


def test_that_it_was_closed_and_reopened_stays_visible(site: Site) -> None:
    referral = closed(site)
    site.parts.respond(site.visit("soc-head"), referral, AGAIN, site.hands())
    opened = site.parts.read(site.visit("soc"), referral, site.hands())
    assert [move.move for move in opened.moves][-2:] == ["close", "reopen"]
    assert list(opened.move_reasons.values()) == ["Perhe muutti.", AGAIN.reason]


@pytest.mark.parametrize("name", ["soc", "soc-deputy"])
def test_nobody_but_the_head_reopens(site: Site, name: str) -> None:
    referral = closed(site)
    with pytest.raises(MoveNotOpen):
        site.parts.respond(site.visit(name), referral, AGAIN, site.hands())


def test_a_reason_is_asked(site: Site) -> None:
    with pytest.raises(ReasonMissing):
        site.parts.respond(site.visit("soc-head"), closed(site), Entry(Move.REOPEN), site.hands())


def test_it_can_be_closed_and_reopened_again(site: Site) -> None:
    referral = closed(site)
    head, respond = site.visit("soc-head"), site.parts.respond
    for _ in range(2):
        respond(head, referral, AGAIN, site.hands.move(minutes=1))
        respond(head, referral, Entry(Move.CLOSE, reason="Valmis."), site.hands.move(minutes=1))
    assert clocks(site, referral)["lsl26_complete"].met_by == "close"
    assert row_of(site, referral).state == State.CLOSED


def test_the_reporter_sees_that_it_is_being_handled_again(site: Site) -> None:
    code = site.send().code
    referral = at(site, SOC).id
    head, respond = site.visit("soc-head"), site.parts.respond
    status = Status(site.parts.database, site.parts.directory)
    seen = []
    for entry in (Entry(Move.ACCEPT), Entry(Move.CLOSE, reason="x"), AGAIN):
        respond(head, referral, entry, site.hands.move(minutes=1))
        seen.append(status.by_code(code).agencies[0].stage)
    assert seen == [Stage.HANDLED, Stage.CLOSED, Stage.HANDLED]


def test_a_clock_that_was_set_back_stops_no_chase(site: Site) -> None:
    site.send()
    referral: UUID = at(site, SOC).id
    soc, respond = site.visit("soc"), site.parts.respond
    respond(soc, referral, Entry(Move.ACCEPT), site.hands())
    steps = clocks(site, referral)["lsl26_start"].steps
    first = datetime.fromisoformat(steps[0]["at"])
    site.hands.at = first + timedelta(minutes=5)
    site.parts.chase(site.hands())
    soc = site.visit("soc")
    respond(soc, referral, Entry(Move.CLOSE, reason="Perhe muutti."), site.hands.move(minutes=1))
    site.hands.at = first - timedelta(minutes=5)
    respond(site.visit("soc-head"), referral, AGAIN, site.hands())
    for _ in range(30):
        silence(site, days=1)
    deadline = clocks(site, referral)["lsl26_start"]
    with site.parts.database.read() as connection:
        taken = select(ChaseRow.step).where(ChaseRow.deadline_id == deadline.id)
        once = [name for name in connection.scalars(taken) if "." not in name]
        assert sorted(once) == sorted(step["step"] for step in steps)
