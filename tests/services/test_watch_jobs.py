"""A sweep that does not run is noticed by what still does, whichever process has died."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from intake.app import create_app
from intake.jobs import Timetable
from intake.services import watch
from intake.services.watch import Watching
from intake.store import chasing
from intake.store.people_tables import PersonRow
from intake.store.tables import OutboxRow
from tests.site import TUESDAY, Site


def run(site: Site, *jobs: str) -> None:
    """A scheduler somewhere runs these jobs well."""
    nothing = tuple((job, lambda _: 0, 30) for job in jobs)
    Timetable(site.parts.database, site.hands, nothing).once()


def told(site: Site) -> list[tuple[str, list[str]]]:
    with site.parts.database.read() as connection:
        rows = connection.execute(
            select(PersonRow.sign_in_name, OutboxRow.params)
            .join(PersonRow, PersonRow.id == OutboxRow.person_id)
            .where(OutboxRow.letter == watch.LETTER)
        )
        return sorted((row.sign_in_name, sorted(row.params["jobs"])) for row in rows)


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    ours = (r for r in caplog.records if r.name == "intake.services.watch")
    return [r.getMessage() for r in ours if r.levelno == logging.ERROR]


def test_another_schedulers_jobs_that_run_are_no_matter(site: Site) -> None:
    run(site, *watch.WATCHED)
    site.parts.watch(site.hands())
    run(site, *watch.WATCHED)
    assert site.parts.watch(site.hands.move(minutes=9)) == 0
    assert told(site) == []


def test_a_sweep_that_stopped_is_told_to_every_administrator_once_a_day(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    run(site, *watch.WATCHED)
    site.parts.watch(site.hands())
    site.hands.move(minutes=11)
    run(site, "deliver")
    assert site.parts.watch(site.hands()) == 1
    who = ["admin", "admin-police", "admin-vantaa"]
    assert told(site) == [(name, ["chase"]) for name in who]
    for _ in range(5):
        run(site, "deliver")
        site.parts.watch(site.hands.move(minutes=1))
    assert len(told(site)) == len(who)
    assert len(errors(caplog)) == 1
    assert "no run of chase has ended well since 2026-06-02T07:42:00+00:00" in errors(caplog)
    site.hands.move(days=1)
    run(site, "deliver")
    site.parts.watch(site.hands())
    assert len(told(site)) == 2 * len(who)


def test_a_job_that_fails_each_time_does_not_run_well(site: Site) -> None:
    def broken(_: Any) -> int:
        raise RuntimeError

    site.parts.watch(site.hands())
    for _ in range(12):
        Timetable(site.parts.database, site.hands, (("chase", broken, 30),)).once()
        run(site, "deliver")
        site.parts.watch(site.hands.move(minutes=1))
    assert {jobs for _, (jobs,) in told(site)} == {"chase"}


def test_a_scheduler_that_has_just_started_waits_before_it_says_anything(site: Site) -> None:
    run(site, *watch.WATCHED)
    site.hands.move(hours=9)  # all of them were stopped for the night
    assert site.parts.watch(site.hands()) == 0
    assert site.parts.watch(site.hands.move(minutes=11)) == 2


def test_of_two_schedulers_one_writes(site: Site) -> None:
    own = [replace(site.parts.watch, watching=Watching()) for _ in range(2)]
    for at in (site.hands(), site.hands.move(minutes=11)):
        for each in own:
            each(at)
    assert [name for name, _ in told(site)] == ["admin", "admin-police", "admin-vantaa"]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("fi", ("Määräaikoja ei ole käyty läpi ti 2.6.2026 klo 10.42", "Kirjeitä ei ole viety")),
        ("sv", ("Tidsfristerna har inte gåtts igenom", "Breven har inte förts")),
        ("en", ("Deadlines have not been gone through", "Letters have not been brought")),
    ],
)
def test_the_letter_says_what_has_stopped_and_since_when(
    site: Site, language: str, words: tuple[str, ...]
) -> None:
    site.parts.watch(site.hands())
    site.parts.watch(site.hands.move(minutes=11))
    with site.parts.database.write() as connection:
        connection.execute(update(PersonRow).values(language=language))
    row = next(row for row in site.claim_letters() if row.letter == watch.LETTER)
    text = site.parts.deliver.write(row).text
    assert all(each in text for each in words)


def test_a_process_of_a_staff_door_notices_by_itself_and_says_so_now_and_then(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    """No scheduler is left: only pages are served."""
    run(site, "chase")
    client = site.client()
    for minutes, count in ((9, 0), (3, 1), (5, 1), (4, 1), (2, 2)):
        site.hands.move(minutes=minutes)
        client.get("/sign-in")
        assert len(errors(caplog)) == count, minutes
    assert errors(caplog)[0].startswith("no sweep has ended well since 2026-06-02T07:42:00+00:00")
    run(site, "chase")
    site.hands.move(minutes=1)
    client.get("/sign-in")
    assert len(errors(caplog)) == 2


def test_what_reporters_ask_for_waits_for_no_look_at_the_sweep(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    run(site, "chase")
    site.hands.move(minutes=11)
    site.client().get("/")
    assert errors(caplog) == []


def door(site: Site, *doors: str) -> Any:
    settings = replace(site.parts.settings, doors=doors)
    return create_app(replace(site.parts, settings=settings, watching=Watching())).test_client()


def test_a_staff_doors_readiness_says_that_no_sweep_runs_and_stays_ready(site: Site) -> None:
    staff, reporter = door(site, "agency"), door(site, "reporter")
    run(site, "chase")
    for client in (staff, reporter):
        assert client.get("/readyz").text == "ready\n"
    site.hands.move(minutes=11)
    answer = staff.get("/readyz")
    assert answer.status_code == 200
    assert answer.text.startswith("ready\nno sweep has ended well since 2026-06-02T07:42:00")
    assert reporter.get("/readyz").text == "ready\n"


def test_a_page_is_served_though_nothing_can_be_noticed(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise OperationalError("", None, Exception("gone"))

    client = door(site, "agency")
    monkeypatch.setattr(chasing, "last_run", broken)
    assert client.get("/sign-in").status_code == 200


def test_a_clock_that_was_set_back_does_not_silence_it() -> None:
    watching = Watching()
    assert watching.may_look(TUESDAY)
    assert not watching.may_look(TUESDAY + timedelta(seconds=59))
    assert watching.may_look(TUESDAY - timedelta(hours=1))
