"""A holiday added later: open deadlines are shown, and changed only on the supervisor's word."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Connection, event, func, select, update
from sqlalchemy.exc import DBAPIError

from intake.domain.calendar import Calendar
from intake.domain.kept_calendar import as_plain, from_plain
from intake.domain.people import Permission
from intake.domain.referral import Move
from intake.domain.trail import Action
from intake.services.accept_recount import AcceptRecount, NothingToRecount
from intake.services.record import Entry
from intake.services.recount import SETTLED, Recount
from intake.store import recounts
from intake.store.columns import AnyRow
from intake.store.recount_tables import DeadlineChangeRow, RecountLookRow, RecountRow
from intake.store.tables import ChaseRow, DeadlineRow, TrailRow
from tests import databases
from tests.calendars import ABSENCE, FIRST_YEAR_ALONE, calendar_of, use, with_holiday
from tests.site import POL, SOC, Site

TUESDAY_9 = "2026-06-09"


def deadline(site: Site, clock: str) -> AnyRow:
    with site.parts.database.read() as connection:
        rows = connection.execute(select(DeadlineRow.__table__).where(DeadlineRow.clock == clock))
        return rows.all()[-1]


def found(site: Site) -> Sequence[AnyRow]:
    with site.parts.database.read() as connection:
        return connection.execute(
            select(DeadlineRow.clock, *RecountRow.__table__.c)
            .join(DeadlineRow, DeadlineRow.id == RecountRow.deadline_id)
            .order_by(DeadlineRow.clock)
        ).all()


def rows(site: Site, table: Any) -> Sequence[AnyRow]:
    with site.parts.database.read() as connection:
        return connection.execute(select(table.__table__)).all()


def accept(site: Site) -> AcceptRecount:
    own = databases.of_role(site.parts.database, "supervisor") if databases.has_roles() else None
    database = own or site.parts.database
    return AcceptRecount(database, site.parts.directory, site.parts.calendar)


@pytest.fixture
def changed(site: Site, tmp_path: Path) -> Site:
    """A site with a report of 2 June, and since then a public holiday on 9 June."""
    site.send()
    site.parts.recount(site.hands.move(minutes=11))
    use(site, with_holiday(tmp_path, TUESDAY_9))
    return site


def test_the_job_proposes_the_other_day_and_changes_nothing(changed: Site) -> None:
    before = deadline(changed, "lsl26_start")
    assert changed.parts.recount(changed.hands()) == 3, "urgency, and both of §26"
    (proposal,) = found(changed)
    assert (proposal.clock, proposal.due_on, before.due_on) == (
        "lsl26_start",
        date(2026, 6, 12),
        date(2026, 6, 11),
    )
    assert proposal.differs == [
        {
            "date": TUESDAY_9,
            "counts": False,
            "name": {"fi": "Juhlapäivä", "sv": "Festdag", "en": "Day of celebration"},
        }
    ]
    assert deadline(changed, "lsl26_start") == before


def test_what_was_looked_at_under_the_present_calendar_is_not_read_again(changed: Site) -> None:
    assert changed.parts.recount(changed.hands()) == 3
    assert changed.parts.recount(changed.hands.move(minutes=5)) == 0
    assert len(found(changed)) == 1
    changed.send()
    assert changed.parts.recount(changed.hands.move(minutes=11)) == 0, "counted with it already"


def test_the_job_reads_by_the_ids_alone_and_writes_no_row_of_a_deadline(changed: Site) -> None:
    changed.parts.recount(changed.hands())
    said: list[str] = []
    engine = changed.parts.recount.database.engine
    event.listen(engine, "before_cursor_execute", lambda *args: said.append(args[2]))
    changed.parts.recount(changed.hands.move(minutes=5))
    assert not [text for text in said if text.startswith("UPDATE deadline")]
    assert not [text for text in said if "INSERT INTO recount" in text]


def test_batches_go_on_where_the_last_one_ended(
    changed: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        changed.send()
    before = deadline(changed, "urgency").calendar_version
    with changed.parts.database.write() as connection:
        connection.execute(update(DeadlineRow).values(calendar_version=f"older than {before}"[:80]))
    changed.hands.move(minutes=11)
    monkeypatch.setattr("intake.services.recount.BATCH", 2)
    monkeypatch.setattr("intake.services.recount.MOST_A_RUN", 4)
    looked = [changed.parts.recount(changed.hands()) for _ in range(4)]
    assert looked == [4, 4, 4, 0]


def test_two_jobs_at_once_look_at_each_deadline_once(changed: Site) -> None:
    """The second begins with the same place, and finds that the first has gone on."""
    job = changed.parts.recount
    other = Recount(job.database, job.clocks, job.calendar, job.chasing)
    begun = other._begin(changed.hands())
    assert job(changed.hands()) == 3
    object.__setattr__(other, "_begin", lambda _: begun)
    other(changed.hands())
    assert len(found(changed)) == 1


def test_jobs_that_begin_a_look_at_once_all_end_well_and_propose_once(
    changed: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    look, all_have_looked = recounts.look, Barrier(4)

    def looked(connection: Connection) -> AnyRow | None:
        seen = look(connection)
        all_have_looked.wait(timeout=30)
        return seen

    monkeypatch.setattr(recounts, "look", looked)
    with ThreadPoolExecutor(4) as jobs:
        began = [jobs.submit(changed.parts.recount, changed.hands()) for _ in range(4)]
    assert all(one.exception() is None for one in began)
    assert [proposal.clock for proposal in found(changed)] == ["lsl26_start"]


def test_a_deadline_written_a_moment_ago_waits_for_a_later_run(site: Site, tmp_path: Path) -> None:
    site.parts.recount(site.hands())
    site.send()
    use(site, with_holiday(tmp_path, TUESDAY_9))
    assert site.parts.recount(site.hands.move(minutes=5)) == 0
    assert site.parts.recount(site.hands.move(minutes=6)) == 3
    assert timedelta(minutes=5) < SETTLED < timedelta(minutes=11)


def test_on_the_supervisors_word_the_deadline_changes_with_its_steps_and_a_line(
    changed: Site,
) -> None:
    before = deadline(changed, "lsl26_start")
    changed.parts.recount(changed.hands())
    accept(changed).one(changed.visit("supervisor"), before.id, changed.hands())
    after = deadline(changed, "lsl26_start")
    assert (after.due_on, after.due_at - before.due_at) == (date(2026, 6, 12), timedelta(days=1))
    assert after.started_at == before.started_at
    assert after.calendar_version == changed.parts.calendar.version
    assert [s["at"][:10] for s in after.steps] == [
        *("2026-06-08", "2026-06-11", "2026-06-12", "2026-06-15", "2026-06-17", "2026-06-19"),
        "2026-06-26",
    ]
    assert after.next_chase_at.date() == date(2026, 6, 8)
    assert found(changed) == []
    (change,) = rows(changed, DeadlineChangeRow)
    assert (change.kind, change.reason, change.person_id) == (
        "recounted",
        "calendar",
        changed.people["supervisor"],
    )
    assert (change.was_due_at, change.due_at) == (before.due_at, after.due_at)
    assert (change.was_calendar, change.calendar) == (
        before.calendar_version,
        after.calendar_version,
    )
    (line,) = (row for row in rows(changed, TrailRow) if row.action == Action.RECOUNT)
    assert (line.referral_id, line.agency_id) == (before.referral_id, SOC)
    assert line.purpose == "lsl26_start: 2026-06-11 2026-06-12"


def test_a_step_already_taken_is_not_taken_again_after_a_recount(changed: Site) -> None:
    changed.hands.at = changed.hands.at.replace(day=8, hour=7)  # the first reminder: 8 June 9.00
    changed.parts.chase(changed.hands())
    changed.parts.recount(changed.hands())
    before = deadline(changed, "lsl26_start")
    accept(changed).one(changed.visit("supervisor"), before.id, changed.hands())
    for _ in range(24 * 20):
        changed.parts.chase(changed.hands.move(hours=1))
    with changed.parts.database.read() as connection:
        steps = connection.scalars(
            select(ChaseRow.step)
            .where(ChaseRow.deadline_id == before.id)
            .order_by(ChaseRow.chased_at)
        ).all()
    assert steps == [
        *("days-before-3", "days-before-1", "days-due", "days-late-1"),
        *("days-late-3", "days-late-5", "days-late-10"),
    ]


def test_a_step_that_has_come_and_is_not_taken_yet_is_taken_after_a_recount(changed: Site) -> None:
    """Only the calendar's name differs, and no scheduler has run since before the reminder."""
    changed.parts.recount(changed.hands())
    before = deadline(changed, "lsl26_start")
    with changed.parts.database.write() as connection:
        connection.execute(update(RecountRow).values(steps=before.steps, due_at=before.due_at))
    changed.hands.at = changed.hands.at.replace(day=8, hour=7)
    accept(changed).one(changed.visit("supervisor"), before.id, changed.hands())
    changed.parts.chase(changed.hands.move(minutes=1))
    with changed.parts.database.read() as connection:
        taken = select(ChaseRow.step).where(ChaseRow.deadline_id == before.id)
        assert connection.scalars(taken).all() == ["days-before-3"]


def test_a_whole_group_changes_at_one_word(changed: Site) -> None:
    changed.parts.recount(changed.hands())
    with changed.parts.database.write() as connection:
        connection.execute(update(DeadlineRow).values(calendar_version="as before"))
    use(changed, changed.parts.calendar)
    supervisor = changed.visit("supervisor")
    assert accept(changed).group(supervisor, SOC, "lsl26_start", changed.hands()) == 1
    with pytest.raises(NothingToRecount):
        accept(changed).group(supervisor, SOC, "lsl26_start", changed.hands())
    with pytest.raises(NothingToRecount):
        accept(changed).group(supervisor, SOC, "urgency", changed.hands())


def test_what_is_due_or_met_is_never_rewritten(changed: Site) -> None:
    changed.parts.recount(changed.hands())
    before = deadline(changed, "lsl26_start")
    supervisor = changed.visit("supervisor")
    soc = changed.visit("soc")
    changed.parts.respond(soc, before.referral_id, Entry(Move.ACCEPT), changed.hands.move(hours=1))
    started = Entry(Move.ASSESSMENT_STARTED, happened_on=date(2026, 6, 2))
    changed.parts.respond(soc, before.referral_id, started, changed.hands.move(hours=1))
    met = deadline(changed, "lsl26_start")
    assert accept(changed).proposed(supervisor.person, changed.hands(), 9).rows == []
    with pytest.raises(NothingToRecount):
        accept(changed).one(supervisor, before.id, changed.hands())
    assert deadline(changed, "lsl26_start") == met

    with changed.parts.database.write() as connection:
        connection.execute(update(DeadlineRow).values(met_at=None, met_on=None, met_by=None))
    changed.hands.at = before.due_at
    assert accept(changed).proposed(supervisor.person, changed.hands(), 9).rows == []
    late = changed.visit("supervisor")
    with pytest.raises(NothingToRecount):
        accept(changed).one(late, before.id, changed.hands())
    assert deadline(changed, "lsl26_start").due_on == date(2026, 6, 11)


def test_a_past_breach_is_not_even_looked_at(site: Site, tmp_path: Path) -> None:
    site.send()
    site.parts.recount(site.hands.move(days=10))
    use(site, with_holiday(tmp_path, TUESDAY_9))
    assert site.parts.recount(site.hands()) == 1, "the three months alone are still to come"
    assert found(site) == []


def test_a_deadline_that_runs_again_is_shown_again(changed: Site) -> None:
    referral = deadline(changed, "lsl26_start").referral_id
    soc, head = changed.visit("soc"), changed.visit("soc-head")
    hours = changed.hands
    changed.parts.respond(soc, referral, Entry(Move.ACCEPT), hours.move(minutes=1))
    changed.parts.respond(soc, referral, Entry(Move.CLOSE, "tehty"), hours.move(minutes=1))
    changed.parts.recount(hours())
    supervisor = changed.visit("supervisor").person
    assert accept(changed).proposed(supervisor, hours(), 9).rows == []
    changed.parts.respond(head, referral, Entry(Move.REOPEN, "jatkuu"), hours.move(minutes=1))
    assert len(accept(changed).proposed(supervisor, hours(), 9).rows) == 1


def test_another_controllers_supervisor_sees_and_changes_nothing(changed: Site) -> None:
    changed.parts.recount(changed.hands())
    before = deadline(changed, "lsl26_start")
    with changed.parts.database.write() as connection:
        connection.execute(update(DeadlineRow).values(agency_id=POL))
    supervisor = changed.visit("supervisor")
    shown = accept(changed).proposed(supervisor.person, changed.hands(), 9)
    assert (shown.rows, shown.groups) == ([], [])
    with pytest.raises(NothingToRecount):
        accept(changed).one(supervisor, before.id, changed.hands())
    with pytest.raises(NothingToRecount):
        accept(changed).group(supervisor, POL, "lsl26_start", changed.hands())
    assert rows(changed, DeadlineChangeRow) == []


def test_nobody_but_a_supervisor_may_change_a_deadline(changed: Site) -> None:
    changed.parts.recount(changed.hands())
    target = deadline(changed, "lsl26_start").id
    for name in ("soc", "soc-head", "coordinator", "admin", "auditor"):
        visit = changed.visit(name)
        assert not visit.person.may(Permission.CHANGE_DEADLINES)
        with pytest.raises(NothingToRecount):
            accept(changed).one(visit, target, changed.hands())


def test_a_process_with_another_calendar_accepts_nothing(changed: Site, tmp_path: Path) -> None:
    changed.parts.recount(changed.hands())
    target = deadline(changed, "lsl26_start").id
    use(changed, with_holiday(tmp_path, "2026-06-10"))
    supervisor = changed.visit("supervisor")
    assert accept(changed).proposed(supervisor.person, changed.hands(), 9).rows == []
    with pytest.raises(NothingToRecount):
        accept(changed).one(supervisor, target, changed.hands())


def test_a_calendar_that_changes_again_begins_the_look_anew(changed: Site, tmp_path: Path) -> None:
    before = changed.parts.calendar
    changed.parts.recount(changed.hands())
    use(changed, with_holiday(tmp_path, "2026-06-20"))  # a Saturday: no other day
    changed.parts.recount(changed.hands())
    assert found(changed) == []
    use(changed, before)
    assert changed.parts.recount(changed.hands()) == 3
    assert len(found(changed)) == 1
    assert len(rows(changed, RecountLookRow)) == 1


def test_a_provisional_day_is_proposed_anew_when_the_calendar_reaches_it(
    site: Site, tmp_path: Path
) -> None:
    whole = site.parts.calendar
    short: Calendar = calendar_of(tmp_path, FIRST_YEAR_ALONE)
    use(site, short)
    site.send(ABSENCE)
    site.parts.recount(site.hands.move(minutes=11))
    assert found(site) == [], "as long as the calendar is short, there is nothing to say"
    use(site, whole)
    site.parts.recount(site.hands())
    (proposal,) = (row for row in found(site) if row.clock == "school_talk")
    before = deadline(site, "school_talk")
    assert (before.due_on, proposal.due_on) == (date(2026, 6, 11), date(2026, 8, 19))
    assert before.rule == "school_days 7"
    accept(site).one(site.visit("supervisor"), before.id, site.hands())
    after = deadline(site, "school_talk")
    assert (after.due_on, after.calendar_version) == (date(2026, 8, 19), whole.version)


def test_a_calendar_that_knows_less_proposes_nothing(site: Site, tmp_path: Path) -> None:
    site.send(ABSENCE)
    use(site, calendar_of(tmp_path, FIRST_YEAR_ALONE))
    assert site.parts.recount(site.hands.move(minutes=11)) == 5
    assert found(site) == []


def test_a_kept_calendar_counts_as_it_did(site: Site) -> None:
    calendar = site.parts.calendar
    assert from_plain(calendar.version, as_plain(calendar)) == calendar


def test_a_failure_in_between_changes_nothing(changed: Site) -> None:
    changed.parts.recount(changed.hands())
    before = deadline(changed, "lsl26_start")
    supervisor = changed.visit("supervisor")
    changed.break_writes("INSERT ON trail")
    with pytest.raises(DBAPIError):
        accept(changed).one(supervisor, before.id, changed.hands())
    changed.mend_writes("trail")
    assert deadline(changed, "lsl26_start") == before
    assert rows(changed, DeadlineChangeRow) == []
    assert len(found(changed)) == 1


def test_the_database_itself_refuses_to_move_the_start_of_a_deadline(site: Site) -> None:
    site.send()
    before = deadline(site, "lsl26_start")
    later = before.started_at + timedelta(days=1)
    with (
        pytest.raises(DBAPIError, match="the start of a deadline never moves"),
        site.parts.database.write() as connection,
    ):
        connection.execute(update(DeadlineRow).values(started_at=later))
    assert deadline(site, "lsl26_start") == before
    with site.parts.database.write() as connection:
        connection.execute(update(DeadlineRow).values(started_at=DeadlineRow.started_at))
        assert connection.scalar(select(func.count()).select_from(DeadlineRow))
