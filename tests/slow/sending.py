"""Reports sent over HTTP by several clients at once, and whether each is there whole, once."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Thread

from sqlalchemy import func, select

from intake.parts import Parts
from intake.services.draft import Draft
from intake.store.database import Database
from intake.store.tables import (
    DeadlineRow,
    DraftRow,
    ReceiptRow,
    ReferralRow,
    ReportRow,
    SectionRow,
    TrailRow,
    WrapRow,
)
from intake.vault.envelope import SLOTS
from intake.vault.own import VisitorSecret
from tests.processes import Answer, Server
from tests.web.filled import typed_worry
from tests.web.reporter_walk import hidden_in

GIVE_UP_SECONDS = 60


def stored(database: Database, secret: VisitorSecret) -> bool:
    """Whether the report of this draft is there, whole; False only if nothing of it is."""
    with database.read() as connection:
        report = connection.scalar(
            select(ReceiptRow.report_id).where(ReceiptRow.draft_id == secret.draft_id)
        )
        draft = connection.scalar(select(DraftRow.id).where(DraftRow.id == secret.draft_id))
        assert (report is None) == (draft is not None), "both, or neither"
        if report is None:
            return False

        def count(row: type, *where: object) -> int:
            return connection.scalar(select(func.count()).select_from(row).where(*where)) or 0  # type: ignore[arg-type]  # conditions of many kinds

        referrals = list(
            connection.scalars(select(ReferralRow.id).where(ReferralRow.report_id == report))
        )
        assert referrals
        assert count(ReportRow, ReportRow.id == report) == 1
        assert count(SectionRow, SectionRow.report_id == report) == len(SLOTS) - 1
        for referral in referrals:
            assert count(WrapRow, WrapRow.referral_id == referral) >= 1
            assert count(DeadlineRow, DeadlineRow.referral_id == referral) >= 1
            assert count(TrailRow, TrailRow.referral_id == referral) == 1
        return True


@dataclass
class Sender:
    """A reporter who presses the button until the receipt is there."""

    server: Server
    secret: VisitorSecret
    form: dict[str, str]
    answers: list[Answer | None] = field(default_factory=list)

    def __call__(self) -> None:
        """Send; again while there is no answer, or one that says that it was not stored."""
        end = time.monotonic() + GIVE_UP_SECONDS
        while time.monotonic() < end:
            try:
                answer = self.server.post("/report/send", self.secret.cookie, self.form)
            except (OSError, http.client.HTTPException):
                self.answers.append(None)
                continue
            self.answers.append(answer)
            if answer.status == 303:
                return

    @property
    def was_acknowledged(self) -> bool:
        """Whether the last answer led to the receipt."""
        last = self.answers[-1] if self.answers else None
        return last is not None and last.status == 303 and last.location == "/receipt"


def senders(parts: Parts, server: Server, count: int) -> list[Sender]:
    """That many reporters whose drafts are typed and checked."""
    made, drafts = [], Draft(parts.database)
    for _ in range(count):
        secret = VisitorSecret.new()
        drafts.save(secret, typed_worry(), parts.now())
        form = hidden_in(server.get("/report/check", secret.cookie).text)
        made.append(Sender(server, secret, form))
    return made


@contextmanager
def sending(reporters: Sequence[Sender], clients: int = 8) -> Iterator[Callable[[], bool]]:
    """They send, so many at a time; what is yielded tells whether they still do."""
    waiting: SimpleQueue[Sender] = SimpleQueue()
    for reporter in reporters:
        waiting.put(reporter)

    def client() -> None:
        try:
            while True:
                waiting.get_nowait()()
        except Empty:
            return

    threads = [Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield lambda: any(thread.is_alive() for thread in threads)
    finally:
        for thread in threads:
            thread.join()


def assert_each_is_there_once(database: Database, reporters: Sequence[Sender]) -> None:
    """Every report was acknowledged in the end, is stored whole, and stored once."""
    assert all(reporter.was_acknowledged for reporter in reporters)
    assert all(stored(database, reporter.secret) for reporter in reporters)
    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(ReportRow)) == len(reporters)


def refusals(reporters: Sequence[Sender]) -> list[Answer]:
    """The answers that were no acknowledgement."""
    answers = [answer for reporter in reporters for answer in reporter.answers]
    return [answer for answer in answers if answer is not None and answer.status != 303]
