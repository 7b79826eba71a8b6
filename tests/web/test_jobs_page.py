"""The page of the jobs and the same on the command line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from intake.cli import main
from intake.jobs import SECONDS
from intake.services.sign_in import SignIn
from intake.web.jobs import JOBS
from tests import databases
from tests.look.page_faults import page_faults
from tests.services.test_show_jobs import MINUTE, run
from tests.site import Site, environment, make_app
from tests.web.test_staff_referral import english


def run_all(site: Site, at: datetime | None = None) -> None:
    for job in SECONDS:
        run(site, job, (at or site.hands()) - timedelta(seconds=2), timedelta(seconds=1.5))


def row_of(page: str, job: str) -> str:
    """The row of a job in English."""
    row = page.partition(f"{JOBS[job]}<br>")[2].partition("</tr>")[0]
    return row.replace("\N{NO-BREAK SPACE}", " ")


def test_every_job_of_the_timetable_has_words() -> None:
    assert set(JOBS) == set(SECONDS)


@pytest.mark.parametrize("name", ["supervisor", "admin"])
@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_supervisors_and_administrators_see_the_page_and_its_place_in_the_menu(
    site: Site, name: str, language: str
) -> None:
    run_all(site)
    client = site.signed_in(name)
    client.set_cookie("ankkuri_language", language)
    page = client.get("/jobs")
    assert page.status_code == 200
    assert page_faults(page.text) == []
    assert '<a href="/jobs" aria-current="page">' in page.text


def test_each_job_is_shown_with_its_last_run_and_its_counts(site: Site) -> None:
    run_all(site)
    run(site, "deliver", site.hands() - timedelta(seconds=1), timedelta(seconds=1), failed=True)
    run(site, "deliver", site.hands(), None)
    page = english(site, "admin").get("/jobs").text
    assert "Every job has ended well of late." in page
    assert "Something has not been done of late" not in page
    chase = row_of(page, "chase")
    for told in ("every 30 seconds", "In order", "handled: 7", "took 1.5 s", "runs: 1"):
        assert told in chase, told
    assert "not running" in chase
    deliver = row_of(page, "deliver")
    for told in ("failed, took 1 s", "runs: 2", "failed: 1", "1 run, since"):
        assert told in deliver, told
    assert "every 10 minutes" in row_of(page, "tidy")


def test_an_overdue_job_is_an_alarm_that_names_it(site: Site) -> None:
    run_all(site)
    site.hands.move(minutes=2, seconds=1)
    page = english(site, "supervisor").get("/jobs").text
    assert page_faults(page) == []
    late = "Something has not been done of late: Reminders of deadlines, "
    assert late in page
    assert "Every job has ended well of late." not in page
    assert "Not run of late" in row_of(page, "chase")
    assert "In order" in row_of(page, "tidy")


@pytest.mark.on_both
def test_a_site_whose_jobs_have_never_run_is_all_alarm(site: Site) -> None:
    page = english(site, "supervisor").get("/jobs").text
    assert page_faults(page) == []
    assert page.count('class="tag late"') == len(SECONDS)


@pytest.mark.on_both
@pytest.mark.parametrize("door", ["supervisor", "admin"])
def test_the_page_is_there_in_a_process_of_either_door_alone(site: Site, door: str) -> None:
    run_all(site)
    parts = site.parts
    settings = replace(parts.settings, doors=(door,))
    own = databases.of_role(parts.database, door) if databases.has_roles() else parts.database
    alone = replace(parts, settings=settings, database=own)
    assert isinstance(alone.sign_in, SignIn)
    client = make_app(alone).test_client()
    answer = site.second_step(client, site.first_step(client, door).location)
    assert answer.status_code == 303
    assert client.get("/jobs").status_code == 200


@pytest.mark.parametrize("name", ["soc", "soc-head", "coordinator", "rules", "auditor"])
def test_nobody_else_sees_the_page(site: Site, name: str) -> None:
    assert site.signed_in(name).get("/jobs").status_code == 403


@pytest.fixture
def settings(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    given: Mapping[str, str] = environment(site.parts.settings.data)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    if databases.has_roles():
        own = databases.address_of_role(given["ANKKURI_DATABASE"], "jobs")
        monkeypatch.setenv("ANKKURI_DATABASE", own)


@pytest.mark.usefixtures("settings")
def test_the_command_tells_each_job_and_ends_well_only_if_none_is_overdue(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    now = datetime.now(UTC)
    run_all(site, now)
    assert main(["jobs", "--status"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines] == [[job, "ok"] for job in SECONDS]
    assert main(["jobs", "--status", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["well"]
    assert [one["job"] for one in told["jobs"]] == list(SECONDS)
    (chase,) = (one for one in told["jobs"] if one["job"] == "chase")
    assert chase["every_seconds"] == SECONDS["chase"]
    assert (chase["last"]["handled"], chase["last"]["failed"]) == (7, False)
    assert chase["within_24_hours"] == {"ended": 1, "failures": 0, "broken_off": 0}


@pytest.mark.usefixtures("settings")
def test_the_command_says_no_while_a_job_is_overdue(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    run_all(site, datetime.now(UTC) - 3 * MINUTE)
    assert main(["jobs", "--status"]) == 1
    states = dict(line.split()[:2] for line in capsys.readouterr().out.splitlines())
    assert (states["chase"], states["tidy"]) == ("OVERDUE", "ok")
    assert main(["jobs", "--status", "--json"]) == 1
    assert not json.loads(capsys.readouterr().out)["well"]


@pytest.mark.usefixtures("settings")
def test_the_status_runs_nothing(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["jobs", "--status"]) == 1
    assert "has never ended well; 0 runs in 24 h" in capsys.readouterr().out
    assert main(["jobs", "--json"]) == 2
    assert "Give --json with --status" in capsys.readouterr().err
