"""The doctor finds each fault that it looks for, says what to do, and finds none where none is."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, update

import config
from intake import cli
from intake.commands import doctor
from intake.doctor import running
from intake.doctor.finding import Finding, Level, Said, examine, some
from intake.domain.row_id import new_id
from intake.jobs import SECONDS, Timetable, patience
from intake.post.files import FileSender
from intake.post.letter import Letter, LetterNotTaken
from intake.services.take_stock import Stock, TakeStock, Waiting
from intake.store import people
from intake.store.people_tables import AgencyKeyRow, GrantRow
from intake.store.tables import DeadlineRow, HeartbeatRow, OutboxRow
from tests.doctor.said import bad, well
from tests.site import TUESDAY, Site, environment


class Post:
    """A post that can be asked whether it would take a letter."""

    def __init__(self, fault: str = "") -> None:
        self.fault = fault

    def close(self) -> None:
        pass

    def send(self, _letter: Letter) -> None:
        raise AssertionError("the doctor sends nothing")

    def check(self) -> None:
        if self.fault:
            raise LetterNotTaken(self.fault)


def test_mail_that_reaches_nobody_warns_and_a_post_that_takes_nothing_fails(
    tmp_path: Path,
) -> None:
    assert "mail is off" in bad(running.mail("null", Post()))[Level.WARN]
    assert "files" in bad(running.mail("files", FileSender(tmp_path)))[Level.WARN]
    assert well(running.mail("smtp", Post()))
    said = bad(running.mail("smtp", Post("no TLS")))
    assert said == {Level.FAIL: "the post takes no letters: no TLS"}


def stock_with(**changes: Any) -> Stock:
    none = Waiting(0, 0.0)
    usual: dict[str, Any] = {"letters": none, "letters_dead": 0, "due": none, "unopened": none}
    usual |= {"without_opener": 0, "with_one_opener": 0}
    usual |= {"last_runs": dict.fromkeys(SECONDS, TUESDAY)}
    return Stock(**usual | changes)


@pytest.mark.parametrize(("hours", "level"), [(0.5, Level.OK), (2, Level.WARN), (7, Level.FAIL)])
def test_letters_that_wait_for_long_warn_and_then_fail(hours: float, level: Level) -> None:
    ((said, _),) = running.letters(stock_with(letters=Waiting(3, hours * 3600)))
    assert said is level


def test_letters_given_up_warn() -> None:
    assert "2 letters" in bad(running.letters(stock_with(letters_dead=2)))[Level.WARN]


def test_a_job_that_has_not_run_fails() -> None:
    waits = {job: patience(seconds) for job, seconds in SECONDS.items()}
    assert well(running.jobs(stock_with(), waits, TUESDAY))
    later = TUESDAY + timedelta(minutes=5)
    said = running.jobs(stock_with(), waits, later)
    often = [job for job, seconds in SECONDS.items() if seconds < 100]
    assert [text.split()[0] for _, text in said] == often
    assert {"chase", "deliver"} < set(often) < set(SECONDS)
    never = stock_with(last_runs={job: TUESDAY for job in SECONDS if job != "chase"})
    assert "chase has not run" in bad(running.jobs(never, waits, TUESDAY))[Level.FAIL]


def test_a_chase_step_that_lies_about_fails() -> None:
    stock = stock_with(due=Waiting(4, 11 * 60))
    assert "4 chase steps" in bad(running.jobs(stock, {}, TUESDAY))[Level.FAIL]


def test_stock_is_what_waits_in_the_database(site: Site) -> None:
    before = site.parts.take_stock(site.hands())
    assert (before.unopened, before.due, before.letters.waiting) == (
        Waiting(0, 0),
        Waiting(0, 0),
        0,
    )
    assert before.with_one_opener > 0
    agencies = site.parts.directory.agencies
    ended = {name: replace(agency, in_use=False) for name, agency in agencies.items()}
    none = TakeStock(site.parts.database, replace(site.parts.directory, agencies=ended))
    assert none(site.hands()).with_one_opener == none(site.hands()).without_opener == 0
    site.send()
    worker = site.signed_in("soc")
    now = site.hands.move(days=30)
    waiting = site.parts.take_stock(now)
    assert waiting.unopened.waiting > 0
    assert waiting.unopened.oldest == 30 * 24 * 3600
    assert waiting.due.waiting > 0
    assert waiting.due.oldest > 20 * 24 * 3600
    jobs = (("chase", site.parts.chase, 30),)
    Timetable(site.parts.database, site.hands, jobs).once()
    after = site.parts.take_stock(now)
    assert after.due.waiting == 0
    assert after.letters.waiting > 0
    assert after.last_runs == {"chase": now}
    with site.parts.database.write() as connection:
        connection.execute(update(OutboxRow).values(dead_at=now))
        connection.execute(update(HeartbeatRow).values(failed=True))
        connection.execute(update(GrantRow).values(withdrawn_at=now))
    dead = site.parts.take_stock(now)
    assert (dead.letters.waiting, dead.letters_dead) == (0, after.letters.waiting)
    assert dead.last_runs == {}
    assert dead.without_opener == len(site.parts.directory.agencies)
    del worker


def test_a_check_that_breaks_down_is_a_failure_and_the_next_one_is_made() -> None:
    def broken() -> list[Said]:
        raise RuntimeError("kanarialintu")

    lines = examine({"first": broken, "second": lambda: [(Level.OK, "fine")]})
    assert lines == [
        Finding("first", Level.FAIL, "could not be looked at: RuntimeError"),
        Finding("second", Level.OK, "fine"),
    ]


def test_a_long_list_is_told_in_short() -> None:
    assert some(["a", "b"]) == "a, b"
    assert some("abcdef") == "a, b, c, d and 2 more"


def test_the_command_says_no_until_everything_is_there(
    site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from intake.parts import utc_now

    settings = site.parts.settings
    site.sign_for_real_clocks()
    for name, value in environment(settings.data).items():
        monkeypatch.setenv(name, value)
    assert cli.main(["doctor"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert all(line.split()[0] in tuple(Level) for line in lines)
    assert any(line.startswith("fail  jobs         chase has not run") for line in lines)
    now = utc_now()
    with site.parts.database.write() as connection:
        for job in SECONDS:
            beat = {"id": new_id(now), "job": job, "started_at": now, "finished_at": now}
            connection.execute(insert(HeartbeatRow).values(**beat, failed=False))
        for key in connection.execute(AgencyKeyRow.__table__.select()).all():
            assert key.retired_at is None
        openers = people.openers(connection, now.date())
    assert openers
    cli.main(["doctor", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert told["holds"] is all(f["level"] != "fail" for f in told["findings"])
    assert {f["check"]: f["level"] for f in told["findings"]}["jobs"] == "ok"
    failing = {f["check"] for f in told["findings"] if f["level"] == "fail"}
    failing.discard("calendars")  # the shipped one has its last year
    assert failing <= {"reachable", "file modes", "disk space", "checkpoints"}, failing
    monkeypatch.setenv("ANKKURI_DOORS", "kitchen")
    assert cli.main(["doctor"]) == 2


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (
            {"base_url": "http://ankkuri.invalid", "secure_cookies": True},
            "reports would travel open",
        ),
        ({"base_url": "https://ankkuri.invalid", "secure_cookies": False}, "cookies would travel"),
    ],
)
def test_settings_that_let_reports_travel_open_fail(
    site: Site, changes: dict[str, Any], says: str
) -> None:
    said = bad(doctor._settings(replace(site.parts.settings, **changes)))
    assert says in said[Level.FAIL]


def test_the_reporters_door_is_asked_for_its_own_keys_alone(site: Site) -> None:
    settings = replace(site.parts.settings, doors=("reporter",))
    lines = {f.check: f for f in doctor.examination(settings, site.hands)}
    assert lines["keys"].level is Level.OK
    assert "pepper" not in lines["keys"].text
    assert lines["other doors"].level is Level.FAIL, "all doors' keys lie in one folder here"


@pytest.mark.parametrize(
    ("doors", "needed"),
    [
        (("supervisor",), {config.SECRETS["staff"], config.SECRETS["pepper"]}),
        ((), set()),
        ((), {config.REPLAY_PRIVATE}),
    ],
)
def test_a_process_that_seals_nothing_is_asked_for_no_replay_key(
    site: Site, doors: tuple[str, ...], needed: set[str]
) -> None:
    settings = replace(site.parts.settings, doors=doors)
    for key in settings.keys.iterdir():
        if key.name not in needed:
            key.unlink()
    lines = {f.check: f for f in doctor.examination(settings, site.hands)}
    for check in ("keys", "replay key", "other doors"):
        assert lines[check].level is Level.OK, lines[check].text


def test_the_doctor_tells_nothing_of_a_child(site: Site) -> None:
    site.send()
    site.hands.move(days=40)
    told = str(doctor.examination(site.parts.settings, site.hands))
    with site.parts.database.read() as connection:
        deadline = connection.execute(DeadlineRow.__table__.select()).first()
    assert deadline is not None
    for word in ("Kaisla", "010516A901V", "Outi", str(deadline.referral_id)):
        assert word not in told
