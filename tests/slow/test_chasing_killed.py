"""Schedulers killed at any moment, two and four at once: each step recorded once, each reminder in
one letter, each letter taken at least once under one name.

``ANKKURI_CHASE_ROUNDS`` says how often; the whole proof is 200 rounds (``make prove-chase``).
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

import config
from intake.domain.promised import look
from intake.parts import Parts
from intake.store.reminder_tables import ReminderRow
from intake.store.tables import ChaseRow, DeadlineRow, OutboxRow
from tests import databases
from tests.post.mail_server import HOST, PASSWORD, USER, Authority, Postmaster, running
from tests.processes import free_port
from tests.site import Site, environment, open_site, worry_answers
from tests.slow.test_schedulers_in_trouble import scheduler, timetable

pytestmark = pytest.mark.slow
SEED = 20260602
ROUNDS = int(os.environ.get("ANKKURI_CHASE_ROUNDS", "12"))
BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


class _Noting(Postmaster):
    """A server that writes down the name of each letter before it says that it has taken it."""

    def __init__(self, book: Path) -> None:
        self.file = book.open("a", encoding="ascii", buffering=1)
        super().__init__()

    async def handle_DATA(self, server: object, session: object, envelope: object) -> str:
        """Take the letter."""
        answer = await super().handle_DATA(server, session, envelope)
        self.file.write(f"{self.message_ids[-1]}\n")
        return answer


@contextmanager
def mail_office(folder: Path, port: int) -> Iterator[Path]:
    """A mail server in a process of its own; the file in which it notes what it took."""
    book, authority = folder / "taken", Authority(folder)
    ready, done = os.pipe(), os.pipe()
    child = os.fork()
    if not child:
        try:
            starttls = authority.server(HOST)
            with running(_Noting(book), starttls=starttls, login=True, port=port):
                os.write(ready[1], b"x")
                os.read(done[0], 1)
        finally:
            os._exit(0)
    os.read(ready[0], 1)
    try:
        yield book
    finally:
        os.write(done[1], b"x")
        os.waitpid(child, 0)


def with_post(site: Site, folder: Path, port: int) -> Parts:
    """The parts of a scheduler: the role of the jobs, and a mail server to bring letters to."""
    settings = site.parts.settings
    password = settings.keys / "smtp.secret"
    password.write_text(PASSWORD, "ascii")
    password.chmod(0o600)
    told = {
        "ANKKURI_SECURE_COOKIES": "yes",
        "ANKKURI_MAIL": "smtp",
        "ANKKURI_SMTP_HOST": HOST,
        "ANKKURI_SMTP_PORT": str(port),
        "ANKKURI_SMTP_TLS": "starttls",
        "ANKKURI_SMTP_CA": str(folder / "authority.pem"),
        "ANKKURI_SMTP_USER": USER,
        "ANKKURI_SMTP_FROM": "Ankkuri <ankkuri@intake.invalid>",
        "ANKKURI_BASE_URL": "https://ankkuri.invalid",
    }
    loaded = config.load(environment(settings.data) | told)
    own = databases.of_role(site.parts.database, "jobs")
    return replace(site.parts, settings=loaded, database=own)


def assert_each_step_is_recorded_once(site: Site, now: datetime) -> None:
    """Every step that has come, also again, of every deadline that nobody met, and none twice."""
    with site.parts.database.read() as connection:
        due = [
            (row.id, taking.name)
            for row in connection.execute(select(DeadlineRow))
            for taking in look(row.steps, BEFORE_ALL, now, site.parts.calendar)[0]
        ]
        recorded = [
            (row.deadline_id, row.step)
            for row in connection.execute(select(ChaseRow.deadline_id, ChaseRow.step))
        ]
    assert any("." in name for _, name in due), "some came again"
    assert sorted(recorded) == sorted(due)


def assert_each_reminder_is_in_one_letter_that_was_taken(site: Site, book: Path) -> None:
    """Each letter tells as many reminders as name it, and was taken under its one name."""
    with site.parts.database.read() as connection:
        letters = {
            row.id: row.params
            for row in connection.execute(
                select(OutboxRow.id, OutboxRow.params).where(OutboxRow.sent_at.is_not(None))
            )
        }
        all_letters = connection.scalar(select(func.count()).select_from(OutboxRow))
        told = Counter(connection.scalars(select(ReminderRow.letter_id)))
        reached = connection.scalar(select(func.count(ReminderRow.chase_id.distinct())))
        pairs = connection.execute(select(ReminderRow.chase_id, ReminderRow.person_id)).all()
    assert len(letters) == all_letters == len(told)
    assert len(pairs) == len(set(pairs))
    assert reached
    for letter, count in told.items():
        assert len(letters[letter].get("reminders", "x")) == count
    assert any("reminders" in params for params in letters.values()), "some were gathered"
    taken = Counter(book.read_text("ascii").split())
    assert taken.keys() == {f"<{letter}@intake>" for letter in letters}


@pytest.mark.parametrize("schedulers", [2, 4])
def test_schedulers_killed_at_any_moment_lose_nothing_and_say_nothing_twice(
    tmp_path: Path, schedulers: int
) -> None:
    chance = random.Random(SEED + schedulers)  # noqa: S311 (moments, not secrets)
    port = free_port()
    rounds = max(ROUNDS // 2, 3)
    with mail_office(tmp_path, port) as book, open_site(tmp_path / "data") as site:
        for _ in range(4):
            site.send()
            site.send(worry_answers(protection={"crime_against_child": "violence"}))
        jobs = with_post(site, tmp_path, port)
        began = time.monotonic()
        os.waitpid(scheduler(jobs, site.hands.move(hours=3)), 0)
        whole = time.monotonic() - began  # how long a run takes that nobody kills
        deaths = 0  # rounds in which at least one was killed before its end
        for number in range(4 * rounds):
            # Hours in turn with minutes: what has been recorded is gathered a minute later.
            by = chance.uniform(1, 12) if number % 2 else chance.uniform(0.02, 0.2)
            at = site.hands.move(hours=by * (100 / rounds if number % 2 else 1))
            began = time.monotonic()
            children = [scheduler(jobs, at) for _ in range(schedulers)]
            moments = sorted(chance.uniform(0, whole) for _ in children)
            for child, moment in zip(children, moments, strict=True):
                time.sleep(max(0, began + moment - time.monotonic()))  # the kill's moment
                os.kill(child, signal.SIGKILL)
            ends = [os.waitpid(child, 0)[1] for child in children]
            deaths += any(map(os.WIFSIGNALED, ends))
            if deaths == rounds:
                break
        assert deaths == rounds, "most had ended before the kill"
        # By day, when nothing waits for the morning; then what was left to be gathered, and then
        # what a killed one had claimed.
        site.hands.at = site.hands.move(days=3).replace(hour=10)
        for _ in range(3):
            assert timetable(jobs, site.hands.move(minutes=6)).once() == 0
        assert_each_step_is_recorded_once(site, site.hands())
        assert_each_reminder_is_in_one_letter_that_was_taken(site, book)
