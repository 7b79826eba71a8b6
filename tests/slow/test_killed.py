"""kill -9 of the web process at any moment of sending: whole with its receipt, or not at all."""

from __future__ import annotations

import http.client
import random
import time
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import func, select

from intake import wiring
from intake.services.draft import Draft
from intake.store.tables import (
    ReportRow,
)
from intake.vault.own import VisitorSecret
from tests import databases
from tests.processes import Answer, Server
from tests.site import enrol_everyone, lay_out
from tests.slow.sending import stored
from tests.web.filled import typed_worry
from tests.web.reporter_walk import hidden_in

ROUNDS = 15
MORE = 20  # rounds, where the first all fell on one side


@pytest.mark.slow
@pytest.mark.parametrize("seed", [20260602, 20260603])
def test_a_report_is_whole_or_not_at_all_whenever_the_server_is_killed(
    tmp_path: Path, seed: int
) -> None:
    settings = lay_out(tmp_path)
    parts = wiring.build(settings)
    enrol_everyone(parts, parts.now())
    drafts, database = Draft(parts.database), parts.database
    server = Server(tmp_path)
    chance = random.Random(seed)  # noqa: S311 (moments, not secrets)
    outcomes = {True: 0, False: 0}
    longest, rounds, made = 0.0, databases.rounds(ROUNDS), 0
    server.start()
    try:
        for number in range(-3, rounds + MORE):  # three not killed tell how long it takes
            if number >= rounds and min(outcomes.values()) > 0:
                break  # the kills fell on both sides
            secret = VisitorSecret.new()
            drafts.save(secret, typed_worry(), parts.now())
            form = hidden_in(server.get("/report/check", secret.cookie).text)
            answers: list[Answer] = []

            def send(
                to: list[Answer] = answers, who: str = secret.cookie, by: dict[str, str] = form
            ) -> None:
                try:
                    to.append(server.post("/report/send", who, by))
                except (OSError, http.client.HTTPException):
                    return  # the server died under us, as it should

            sender = Thread(target=send)
            began = time.monotonic()
            sender.start()
            if number < 0:
                sender.join()
                longest = max(longest, time.monotonic() - began)
            else:
                time.sleep(chance.uniform(0, longest * 1.2))  # the moment of the kill, not a wait
            server.kill()
            sender.join()
            there = stored(database, secret)
            if answers and answers[0].status == 303:
                assert there, "acknowledged and lost"
            if number >= 0:
                outcomes[there] += 1
                made += 1
            server.start()
            if there:
                assert secret.receipt_code.text in server.get("/receipt", secret.cookie).text
            else:
                form = hidden_in(server.get("/report/check", secret.cookie).text)
                sent = server.post("/report/send", secret.cookie, form)
                assert sent.status == 303, "the draft is intact and can be sent"
                assert stored(database, secret)
    finally:
        server.kill()
    with database.read() as connection:
        reports = connection.scalar(select(func.count()).select_from(ReportRow))
    assert reports == made + 3
    assert min(outcomes.values()) > 0, f"the kills all fell on one side: {outcomes}"
    database.engine.dispose()
