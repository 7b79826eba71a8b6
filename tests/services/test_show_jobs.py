"""What the page of the jobs knows: every process's runs, and which job is overdue."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import event

from intake.jobs import SECONDS, patience
from intake.services.show_jobs import Runs, ShowJobs
from intake.store import chasing
from tests import databases
from tests.site import Site

MINUTE = timedelta(minutes=1)


def watch(site: Site, door: str = "supervisor") -> dict[str, Runs]:
    """As a door has it."""
    database = site.parts.database
    own = databases.of_role(database, door) if databases.has_roles() else database
    return {runs.job: runs for runs in ShowJobs(own, SECONDS, patience)(site.hands())}


def run(
    site: Site, job: str, began: datetime, took: timedelta | None, *, failed: bool = False
) -> None:
    """A run of a job in some process; one without a duration has not ended."""
    with site.parts.database.write() as connection:
        beat = chasing.begin_heartbeat(connection, job, began)
        if took is not None:
            handled = None if failed else 7
            chasing.end_heartbeat(connection, beat, began + took, handled, failed)


@pytest.mark.parametrize("door", ["supervisor", "admin", "jobs"])
def test_every_job_of_the_timetable_is_there_and_overdue_until_it_has_run(
    site: Site, door: str
) -> None:
    found = watch(site, door)
    assert list(found) == list(SECONDS)
    for job, runs in found.items():
        assert runs.overdue
        assert (runs.last, runs.good_at, runs.ended, runs.failures) == (None, None, 0, 0)
        assert runs.every == timedelta(seconds=SECONDS[job])


@pytest.mark.parametrize("job", sorted(SECONDS))
def test_a_job_is_overdue_once_its_last_good_run_is_older_than_patience_allows(
    site: Site, job: str
) -> None:
    longest = patience(SECONDS[job])
    run(site, job, site.hands() - MINUTE, MINUTE)
    site.hands.at += longest
    assert not watch(site)[job].overdue
    site.hands.at += timedelta(microseconds=1)
    assert watch(site)[job].overdue


def test_failing_runs_do_not_keep_a_job_from_being_overdue(site: Site) -> None:
    begun = site.hands()
    run(site, "chase", begun, MINUTE)
    for _ in range(5):
        site.hands.move(minutes=5)
        run(site, "chase", site.hands() - MINUTE, MINUTE, failed=True)
    chase = watch(site)["chase"]
    assert chase.overdue
    assert chase.good_at == begun + MINUTE
    assert chase.last is not None
    assert (chase.last.failed, chase.last.handled) == (True, None)
    assert (chase.ended, chase.failures) == (6, 5)


def test_the_last_run_is_that_which_ended_last_in_whichever_process(site: Site) -> None:
    now = site.hands()
    run(site, "deliver", now - 3 * MINUTE, 2 * MINUTE)
    run(site, "deliver", now - 2 * MINUTE, timedelta(seconds=1))
    last = watch(site)["deliver"].last
    assert last is not None
    assert (last.started_at, last.finished_at) == (now - 3 * MINUTE, now - MINUTE)
    assert last.handled == 7


def test_runs_of_the_last_24_hours_are_counted_by_their_end(site: Site) -> None:
    day_ago = site.hands() - timedelta(hours=24)
    run(site, "tidy", day_ago - MINUTE, MINUTE)
    run(site, "tidy", day_ago - MINUTE, MINUTE - timedelta(microseconds=1), failed=True)
    tidy = watch(site)["tidy"]
    assert (tidy.ended, tidy.failures) == (1, 0)


def test_what_goes_on_in_several_processes_is_told_from_what_was_killed(site: Site) -> None:
    now, longest = site.hands(), patience(SECONDS["chase"])
    run(site, "chase", now - longest, None)
    run(site, "chase", now - timedelta(seconds=3), None)
    run(site, "chase", now - longest - timedelta(seconds=1), None)
    run(site, "chase", now - timedelta(hours=25), None)
    chase = watch(site)["chase"]
    assert chase.running == (now - longest, now - timedelta(seconds=3))
    assert chase.broken_off == 1


@pytest.mark.parametrize("failing", [False, True])
def test_heartbeats_are_read_by_the_index_of_jobs(site: Site, failing: bool) -> None:
    run(site, "chase", site.hands() - MINUTE, MINUTE, failed=failing)
    database, asked = site.parts.database, []

    def note(_conn: object, _cursor: object, statement: str, given: object, *_: object) -> None:
        if "heartbeat" in statement:
            asked.append((statement, given))

    event.listen(database.engine, "before_cursor_execute", note)
    ShowJobs(database, {"chase": 30}, patience)(site.hands())
    event.remove(database.engine, "before_cursor_execute", note)
    assert len(asked) == 3 + failing
    sqlite = database.engine.dialect.name == "sqlite"
    with database.read() as connection:
        if not sqlite:
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        for statement, given in asked:
            explain = "EXPLAIN QUERY PLAN " if sqlite else "EXPLAIN "
            plan = str(connection.exec_driver_sql(explain + statement, given).all())  # type: ignore[arg-type]  # as the driver had it
            assert "ix_heartbeat_job_finished_at" in plan, plan
