"""The demo is whole, covers what there is to see, and its people and worries are invented."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from stdnum.fi import hetu

import config
from intake import demo, demo_data, demo_story, wiring
from intake.domain.answers import worry_of
from intake.domain.calendar import load_calendar
from intake.domain.deadline import local_date
from intake.domain.people import Role
from intake.domain.referral import State
from intake.domain.report import CATEGORIES
from intake.parts import Parts
from intake.services.chase import Chase
from intake.services.status import Stage, Status
from intake.store import people
from intake.store.reminder_tables import ReminderRow
from intake.store.tables import (
    ChaseRow,
    DeadlineRow,
    MoveRow,
    NoteRow,
    OutboxRow,
    ReferralRow,
    ReportRow,
)
from intake.vault.own import ReceiptCode
from intake.web.forms import words
from tests.site import CHEAP, TUESDAY

JULY = datetime(2026, 7, 18, 20, 30, tzinfo=UTC)
"""A Saturday evening while schools are closed."""
DEMO = demo_data.read_demo()


def settings_in(folder: Path) -> config.Settings:
    return config.load(demo.environment(8123, {"ANKKURI_DATA": str(folder)}))


def built(folder: Path, now: datetime) -> Parts:
    demo_story.make(settings_in(folder), now, CHEAP)
    return replace(wiring.build(settings_in(folder), lambda: now), cost=CHEAP)


def every_answer() -> list[dict[str, Any]]:
    return [demo_data.answers_of(w, DEMO["answers"], date(2026, 6, 2)) for w in DEMO["worry"]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    folder = tmp_path_factory.mktemp("demo") / "data"
    killed = folder.with_name("data.unfinished")
    killed.mkdir()
    (killed / "intake.sqlite3").write_text("left by a killed making")
    parts = built(folder, TUESDAY)
    yield parts
    parts.database.engine.dispose()


def count(parts: Parts, what: Any, *where: Any) -> int:
    with parts.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(what).where(*where)) or 0


def states(parts: Parts) -> set[str]:
    with parts.database.read() as connection:
        return set(connection.scalars(select(ReferralRow.state).distinct()))


def late(parts: Parts, now: datetime) -> int:
    return count(parts, DeadlineRow, DeadlineRow.met_at.is_(None), DeadlineRow.due_at <= now)


def test_there_are_25_reports_in_every_state_and_at_least_four_deadlines_are_late(
    made: Parts,
) -> None:
    assert count(made, ReportRow) == 25
    assert states(made) == set(State) - {State.CANARY}
    unopened = (ReferralRow.state == State.SENT, ReferralRow.opened_at.is_(None))
    opened = (ReferralRow.state == State.SENT, ReferralRow.opened_at.is_not(None))
    assert count(made, ReferralRow, *unopened) >= 3
    assert count(made, ReferralRow, *opened) >= 2
    assert late(made, TUESDAY) >= 4
    clocks = {"urgency", "accept", "lsl26_start", "school_talk"}
    for clock in clocks:
        running = (DeadlineRow.clock == clock, DeadlineRow.met_at.is_(None))
        assert count(made, DeadlineRow, *running, DeadlineRow.due_at <= TUESDAY), clock


def test_in_term_everything_that_is_told_has_happened(made: Parts) -> None:
    steps = [s for w in DEMO["worry"] for visit in w.get("since", ()) for s in visit["moves"]]
    notes = sum(step in ("note", "contact") for step in steps)
    assert count(made, NoteRow) == notes > 0
    withdrawn = steps.count("withdraw")  # recorded at both agencies
    assert count(made, MoveRow) == len(steps) - notes + withdrawn


def test_nothing_has_happened_after_now(made: Parts) -> None:
    assert not count(made, ReportRow, ReportRow.received_at > TUESDAY)
    assert not count(made, MoveRow, MoveRow.made_at > TUESDAY)
    assert not count(made, ChaseRow, ChaseRow.chased_at > TUESDAY)


def test_a_running_chaser_would_have_left_the_same(made: Parts) -> None:
    assert made.chase(TUESDAY) == 0
    assert not count(made, DeadlineRow, DeadlineRow.next_chase_at <= TUESDAY)
    roles = {role for role in Role if count(made, ChaseRow, ChaseRow.to_role == role)}
    assert roles == {Role.WORKER, Role.DEPUTY, Role.HEAD, Role.SUPERVISOR}
    letters = list(made.settings.letters.glob("*.eml"))
    assert len(letters) == count(made, OutboxRow) > 0


def test_somebody_is_absent_and_what_came_in_one_morning_was_told_in_one_letter(
    made: Parts,
) -> None:
    assert count(made, ReminderRow, ReminderRow.for_id.is_not(None)) > 0
    assert count(made, OutboxRow, OutboxRow.letter == "digest") > 0
    assert count(made, ReminderRow, ReminderRow.letter_id.is_(None)) == 0


def test_reporters_who_asked_for_it_were_told_of_news_and_may_stop_it(made: Parts) -> None:
    assert count(made, OutboxRow, OutboxRow.report_id.is_not(None)) >= 4
    texts = [path.read_text("utf-8") for path in made.settings.letters.glob("*.eml")]
    told = [text for text in texts if f"{made.settings.base_url}/status" in text]
    assert len(told) == count(made, OutboxRow, OutboxRow.report_id.is_not(None))
    codes = re.findall(r"^  ((?:\w{4}-){5}\w{4}) ", demo.welcome(made.settings), re.MULTILINE)
    status = Status(made.database, made.directory)
    assert any(status.by_code(ReceiptCode.parse(code)).notices for code in codes)


def test_every_agency_has_somebody_who_can_open(made: Parts) -> None:
    with made.database.read() as connection:
        assert people.openers(connection, TUESDAY.date()).keys() == made.directory.agencies.keys()


def test_every_role_has_a_person_who_can_sign_in(made: Parts) -> None:
    held = {m.role for person in DEMO["person"] for m in demo_data.memberships(person)}
    assert held == set(Role)
    sign_in = made.sign_in
    for person in DEMO["person"]:
        half = sign_in.half(sign_in(person["sign_in"], DEMO["passphrase"], TUESDAY), TUESDAY)
        assert half is not None
        code = made.second_step.code_of(half, demo_data.TOTP_SECRET, TUESDAY)
        assert code
        secret = made.second_step.by_code(half, code, TUESDAY, None)
        assert secret is not None
        visit = sign_in.resume(secret, TUESDAY)
        assert visit is not None
        assert set(visit.person.memberships) == set(demo_data.memberships(person))


def test_the_codes_shown_find_reports_in_different_stages(made: Parts) -> None:
    codes = re.findall(r"^  ((?:\w{4}-){5}\w{4}) ", demo.welcome(made.settings), re.MULTILINE)
    status = Status(made.database, made.directory)
    leads = [status.by_code(ReceiptCode.parse(code)).agencies[0] for code in codes]
    assert {lead.stage for lead in leads} == {Stage.STORED, Stage.MOVED, Stage.CLOSED}


def test_the_welcome_names_address_passphrase_people_and_letters(made: Parts) -> None:
    text = demo.welcome(made.settings)
    assert "http://127.0.0.1:8123/" in text
    assert DEMO["passphrase"] in text
    assert str(made.settings.letters) in text
    assert all(person["sign_in"] in text for person in DEMO["person"])


def test_making_again_keeps_what_is_there(
    made: Parts, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ANKKURI_DATA", str(made.settings.data))
    before = demo.welcome(made.settings)
    handler = signal.getsignal(signal.SIGTERM)
    try:
        assert demo.run(8123, only_make=True) == 0
    finally:
        signal.signal(signal.SIGTERM, handler)
    assert before in capsys.readouterr().out
    assert count(made, ReportRow) == 25


def test_an_interrupted_making_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(Chase, "__call__", interrupted)
    settings = settings_in(tmp_path / "data")
    with pytest.raises(KeyboardInterrupt):
        demo_story.make(settings, TUESDAY, CHEAP)
    assert list(tmp_path.iterdir()) == []
    assert not demo_story.is_made(settings)


def test_it_can_be_made_while_schools_are_closed(tmp_path: Path) -> None:
    parts = built(tmp_path / "data", JULY)
    assert count(parts, ReportRow) == 25
    assert states(parts) == set(State) - {State.CANARY}
    assert late(parts, JULY) >= 4
    parts.database.engine.dispose()


def test_another_sites_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "intake.sqlite3").write_text("a real site")
    with pytest.raises(config.SettingsUnusable, match="not a demo"):
        demo_story.is_made(settings_in(tmp_path))


def test_a_taken_port_is_told_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANKKURI_DATA", str(tmp_path / "data"))
    handler = signal.getsignal(signal.SIGTERM)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        try:
            with pytest.raises(config.SettingsUnusable, match="cannot be used"):
                demo.run(taken.getsockname()[1], only_make=False)
        finally:
            signal.signal(signal.SIGTERM, handler)
    assert list(tmp_path.iterdir()) == []


def test_the_demo_heeds_no_setting_but_the_folder() -> None:
    given = {"ANKKURI_DATA": "here", "ANKKURI_DOORS": "audit", "ANKKURI_MAIL": "null", "HOME": "/"}
    environ = demo.environment(8123, given)
    assert environ["HOME"] == "/"
    settings = config.load(environ)
    assert settings.doors == config.DOORS
    assert (settings.mail, settings.banner, settings.secure_cookies) == ("files", "demo", False)
    assert settings.data == Path("here").absolute()


def test_every_identity_code_is_valid_and_nobodys() -> None:
    codes = [c["hetu"] for w in DEMO["worry"] for c in w["children"] if c.get("hetu")]
    assert len(codes) == len(set(codes)) >= 10
    for code in codes:
        assert hetu.is_valid(code, allow_temporary=True), code
        assert 900 <= int(code[7:10]) <= 999
    text = demo_data.DEMO.read_text("utf-8")
    assert sorted(re.findall(r"\d{6}[-+A-FU-Y]\d{3}.", text)) == sorted(codes)


def test_the_worries_cover_categories_reporters_and_children() -> None:
    worries = [worry_of(answers) for answers in every_answer()]
    concerns = [worry.concern for worry in worries]
    children = [child for worry in worries for child in worry.children]
    assert {c for concern in concerns for c in concern.categories} == set(CATEGORIES)
    assert {c.urgency for c in concerns} == dict(words.URGENCIES).keys()
    assert {w.reporter.kind for w in worries} == dict(words.REPORTER_KINDS).keys()
    sectors = {w.reporter.sector for w in worries if w.reporter.kind == "professional"}
    assert sectors == dict(words.SECTORS).keys()
    assert any(w.reporter.anonymous for w in worries)
    assert any(w.guardian_suspected for w in worries)
    assert any(len(w.children) > 1 for w in worries)
    assert any(child.unborn for child in children)
    assert {"unknown", "pukkila"} <= {child.municipality for child in children}
    assert {child.turvakielto for child in children} == {"yes", "no", "unknown"}


def test_every_answer_is_one_that_the_forms_offer() -> None:
    offered = {
        "urgency": words.URGENCIES,
        "threat_to_life": words.THREATS,
        "weapon": words.YES_NO_UNKNOWN,
        "crime_against_child": words.CRIMES,
        "may_need_protection": words.PROTECTION,
        "made_together": words.YES_NO,
        "child_role": words.CHILD_ROLES,
        "child_informed": words.INFORMED,
        "guardian_informed": words.INFORMED,
        "child_consent": words.CHILD_CONSENT,
        "guardian_consent": words.GUARDIAN_CONSENT,
    }
    for worry, answers in zip(DEMO["worry"], every_answer(), strict=True):
        pages = [page for page in answers.values() if isinstance(page, dict)]
        for name, choices in offered.items():
            (given,) = [page[name] for page in pages if name in page]
            assert given in dict(choices), (worry["arrived"], name)
        known = {name for page in [*pages, *DEMO["answers"].values()] for name in page}
        assert worry.keys() - known <= {"arrived", "reporter", "children", "guardians"} | {
            "since",
            "keyed",
            "shown",
        }, worry["arrived"]


def test_days_are_counted_back_in_working_days() -> None:
    calendar = load_calendar()
    sunday = datetime(2026, 5, 31, 12, tzinfo=UTC)
    assert local_date(demo_data.instant("0 09:00", sunday, calendar)) == date(2026, 5, 29)
    midsummer_monday = datetime(2026, 6, 22, 12, tzinfo=UTC)
    assert demo_data.instant("1 09:30", midsummer_monday, calendar) == datetime(
        2026, 6, 18, 6, 30, tzinfo=UTC
    )
    assert demo_data.instant("-35", sunday, calendar) == sunday.replace(hour=11, minute=25)


@pytest.mark.slow
def test_it_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    demo_story.make(settings_in(tmp_path / "data"), datetime.now(UTC), CHEAP)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environ = {**os.environ, "ANKKURI_DATA": str(tmp_path / "data")}
    command = [sys.executable, "-m", "intake.cli", "demo", "--port", str(port)]
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert any(line.startswith("Valmis") for line in process.stdout)
            page = http.client.HTTPConnection("127.0.0.1", port)
            page.request("GET", "/sign-in")
            assert page.getresponse().status == 200
            page.close()
        finally:
            process.terminate()
        assert process.wait(timeout=20) == 0
    with socket.socket() as trial, pytest.raises(ConnectionRefusedError):
        trial.connect(("127.0.0.1", port))
