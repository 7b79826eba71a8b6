"""Real jobs and a mail server that dies, both at any moment: every letter comes, under one name."""

from __future__ import annotations

import random
from collections import Counter
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from intake import wiring
from intake.domain.answers import worry_of
from intake.store.tables import OutboxRow
from intake.vault.own import VisitorSecret
from tests.loaded import Command
from tests.post.mail_server import HOST, PASSWORD, USER, Authority, Postmaster, running
from tests.processes import free_port
from tests.site import enrol_everyone, environment, lay_out, worry_answers

REPORTS = 8
SEED = 20260602


class Jobs:
    """A site with letters to send, and the processes that send them."""

    def __init__(self, folder: Path) -> None:
        settings = lay_out(folder / "data")
        self.parts = wiring.build(settings)
        now = self.parts.now()
        enrol_everyone(self.parts, now)
        answers = worry_answers(reporter={"notice_address": "outi@koulu.invalid"})
        for _ in range(REPORTS):
            self.parts.submit(VisitorSecret.new(), worry_of(answers), answers, now)
        self.parts.chase(now + timedelta(days=60))
        with self.parts.database.write() as connection:
            connection.exec_driver_sql("UPDATE notice SET news_at = created_at")
        self.parts.notify(now)
        self.authority = Authority(folder)
        self.port = free_port()
        password = settings.keys / "smtp.secret"
        password.write_text(PASSWORD, "ascii")
        password.chmod(0o600)
        self._environ = {
            **environment(settings.data),
            "ANKKURI_SECURE_COOKIES": "yes",
            "ANKKURI_MAIL": "smtp",
            "ANKKURI_SMTP_HOST": HOST,
            "ANKKURI_SMTP_PORT": str(self.port),
            "ANKKURI_SMTP_TLS": "starttls",
            "ANKKURI_SMTP_CA": str(self.authority.file),
            "ANKKURI_SMTP_USER": USER,
            "ANKKURI_SMTP_FROM": "Ankkuri <ankkuri@intake.invalid>",
            "ANKKURI_BASE_URL": "https://ankkuri.invalid",
        }

    def start(self) -> Command:
        """`ankkuri jobs --once`, some while after every wait and claim has ended."""
        with self.parts.database.write() as connection:
            due = update(OutboxRow).where(OutboxRow.sent_at.is_(None))
            connection.execute(due.values(next_attempt_at=self.parts.now()))
        return Command("intake.cli", "jobs", "--once", environ=self._environ)

    def rows(self) -> list[Any]:
        """Every letter."""
        with self.parts.database.read() as connection:
            return list(connection.execute(select(OutboxRow)))

    def names(self) -> set[str]:
        """What the letters are called."""
        return {f"<{row.id}@intake>" for row in self.rows()}

    @contextmanager
    def serving(self, office: Postmaster) -> Any:
        """The mail server is up."""
        starttls = self.authority.server(HOST)
        with running(office, starttls=starttls, login=True, port=self.port):
            yield


class Fate:
    """What happens in the midst of one letter of a round."""

    def __init__(self, how: str, chance: random.Random) -> None:
        self.how = how
        self.chance = chance
        self.left = chance.randrange(3)
        self.process: Command | None = None

    def __call__(self, server: Any) -> str | None:
        """Let some letters pass; then an answer or a death."""
        self.left -= 1
        if self.left >= 0:
            return None
        if self.how == "choosy":
            return "451 4.3.0 not now"
        if self.how == "server":
            server.transport.abort()
        elif self.process is not None:
            self.process.kill()
        return self.chance.choice([None, "451 4.3.0 too late"])  # taken, but they never know


@pytest.mark.slow
def test_every_letter_comes_whatever_dies_and_when(tmp_path: Path) -> None:
    jobs, chance = Jobs(tmp_path), random.Random(SEED)  # noqa: S311 (moments, not secrets)
    offices, said = [], ""
    for how in ("server", "jobs", "nobody", "choosy") * 3:
        fate = Fate(how, chance)
        offices.append(Postmaster(at_data=fate))
        up = nullcontext() if how == "nobody" else jobs.serving(offices[-1])
        with up:
            fate.process = jobs.start()
            ended = fate.process.end()
        said += ended.stderr
        if how in ("server", "nobody"):
            assert ended.returncode == 1, "the run has failed, and says so"
        assert not any(row.dead_at for row in jobs.rows())
    office = Postmaster()
    offices.append(office)
    with jobs.serving(office):
        ended = jobs.start().end()
    assert ended.returncode == 0, ended.stderr
    taken = Counter(name for office in offices for name in office.message_ids)
    assert taken.keys() == jobs.names()
    assert all(row.sent_at for row in jobs.rows())
    assert max(taken.values()) > 1, "some died between taking and telling"
    for word in ("invalid>", "@koulu", "@ankkuri", "Saana", PASSWORD):
        assert word not in said + ended.stderr


@pytest.mark.slow
def test_several_jobs_at_once_send_each_letter_once(tmp_path: Path) -> None:
    jobs, office = Jobs(tmp_path), Postmaster()
    with jobs.serving(office):
        processes = [jobs.start() for _ in range(3)]
        for process in processes:
            ended = process.end(120)
            assert ended.returncode == 0, ended.stderr
    assert Counter(office.message_ids) == dict.fromkeys(jobs.names(), 1)
    assert len(office.peers) > 1, "they shared the work"
