"""Letters to a post that fails: none is lost, none silences another, each keeps its one name."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from intake.post.letter import Letter, LetterNotTaken, LetterRefused, PostOutOfReach
from intake.post.smtp import SmtpSender
from intake.services.deliver import (
    FIRST_WAIT,
    LONGEST_WAIT,
    MOST_ATTEMPTS,
    MOST_REFUSALS,
    Deliver,
)
from intake.store import outbox
from intake.store.tables import OutboxRow
from tests.post.mail_server import HOST, Authority, Postmaster, running, scripted
from tests.processes import free_port
from tests.site import Site
from tests.web.test_staff_referral import family

HEAD = "soc-head@ankkuri.invalid"


def rows(site: Site) -> Sequence[Any]:
    with site.parts.database.read() as connection:
        return connection.execute(select(OutboxRow).order_by(OutboxRow.id)).all()


@pytest.fixture
def waiting(site: Site) -> Site:
    """A site with letters to several readers in its outbox."""
    site.send(family())
    site.parts.chase(site.hands.move(days=30))
    assert len({row.person_id for row in rows(site)}) > 2
    return site


class Post:
    """A post that does with each letter what it is told to."""

    def __init__(self, does: Callable[[Letter], None] = lambda _letter: None) -> None:
        self.does = does
        self.asked: list[str] = []
        self.taken: list[str] = []
        self.closed = 0

    def send(self, letter: Letter) -> None:
        self.asked.append(letter.message_id)
        self.does(letter)
        self.taken.append(letter.message_id)

    def close(self) -> None:
        self.closed += 1


def raising(failure: Exception, to: str = "") -> Callable[[Letter], None]:
    """Fail so at each letter, or at each one to this reader."""

    def does(letter: Letter) -> None:
        if to in ("", letter.to_address):
            raise failure

    return does


def delivering(site: Site, post: Any) -> Deliver:
    return Deliver(site.parts.database, post, site.parts.deliver.write)


def test_a_post_out_of_reach_is_asked_once_and_left_alone_for_a_while(waiting: Site) -> None:
    post = Post(raising(PostOutOfReach("ConnectionRefusedError")))
    deliver = delivering(waiting, post)
    with pytest.raises(PostOutOfReach):
        deliver(waiting.hands())
    assert (len(post.asked), post.closed) == (1, 1)
    assert deliver(waiting.hands.move(seconds=59)) == 0
    assert len(post.asked) == 1
    assert {row.attempts for row in rows(waiting)} == {0}, "nobody was asked to take them"
    post.does = lambda _letter: None
    assert deliver(waiting.hands.move(seconds=1)) == len(rows(waiting))


def test_a_long_outage_lets_no_letter_die(waiting: Site) -> None:
    post = Post(raising(PostOutOfReach("TimeoutError")))
    deliver = delivering(waiting, post)
    for _ in range(24 * 7):
        with pytest.raises(PostOutOfReach):
            deliver(waiting.hands.move(hours=1))
    assert all((row.dead_at, row.attempts) == (None, 0) for row in rows(waiting))
    post.does = lambda _letter: None
    assert deliver(waiting.hands.move(hours=1)) == len(rows(waiting))


def test_a_letter_at_which_the_post_dies_lets_the_others_go_first(waiting: Site) -> None:
    post = Post(raising(PostOutOfReach("SMTPServerDisconnected", in_letter=True), HEAD))
    deliver = delivering(waiting, post)
    for _ in rows(waiting):
        with suppress(PostOutOfReach):
            deliver(waiting.hands.move(minutes=1))
    for row in rows(waiting):
        assert (row.sent_at is None) == (row.person_id == waiting.people["soc-head"])
    assert any(row.attempts for row in rows(waiting) if not row.sent_at), "it was tried"


def test_a_refusal_is_believed_at_the_third_time_half_a_day_later(
    waiting: Site, caplog: pytest.LogCaptureFixture
) -> None:
    post = Post(raising(LetterRefused("RCPT 550"), HEAD))
    deliver = delivering(waiting, post)
    for number in range(MOST_REFUSALS):
        assert not any(row.dead_at for row in rows(waiting))
        deliver(waiting.hands.move(seconds=LONGEST_WAIT.total_seconds() if number else 0))
        asked = len(post.asked)
        deliver(waiting.hands() + LONGEST_WAIT - timedelta(seconds=1))
        assert len(post.asked) == asked
    dead = [row for row in rows(waiting) if row.dead_at]
    assert {row.person_id for row in dead} == {waiting.people["soc-head"]}
    assert {row.attempts for row in dead} == {MOST_REFUSALS}
    alarms = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert len(alarms) == len(dead)
    assert all(f"letter {row.id} is given up" in caplog.text for row in dead)


def test_a_letter_not_taken_waits_twice_as_long_each_time_for_three_days(waiting: Site) -> None:
    post = Post(raising(LetterNotTaken("RCPT 450"), HEAD))
    deliver = delivering(waiting, post)
    began, waits = waiting.hands(), []
    while not any(row.dead_at for row in rows(waiting)):
        before = waiting.hands()
        deliver(before)
        due = next(row.next_attempt_at for row in rows(waiting) if not row.sent_at)
        waits.append(due - before)
        waiting.hands.at = due
    assert len(waits) == MOST_ATTEMPTS
    assert waits[:4] == [FIRST_WAIT * n for n in (1, 2, 4, 8)]
    assert max(waits) == LONGEST_WAIT
    assert timedelta(days=2.5) < waiting.hands() - began < timedelta(days=4)


def test_a_letter_that_cannot_be_written_is_told_without_its_words(
    waiting: Site, caplog: pytest.LogCaptureFixture
) -> None:
    def cannot(_row: Any) -> Letter:
        raise ValueError(f"no such address: {HEAD}")

    deliver = Deliver(waiting.parts.database, Post(), cannot)
    assert deliver(waiting.hands()) == 0
    assert "cannot be written: ValueError" in caplog.text
    assert HEAD not in caplog.text
    assert {row.attempts for row in rows(waiting)} == {1}


def test_a_sent_letter_stays_sent_whatever_a_slower_run_says_of_it(waiting: Site) -> None:
    (row, *_) = rows(waiting)
    now = waiting.hands()
    with waiting.parts.database.write() as connection:
        outbox.mark_sent(connection, row.id, now)
        assert not outbox.mark_failed(connection, row.id, now, now)
        outbox.give_up_letter(connection, row.id, now)
        outbox.put_off(connection, row.id, now + LONGEST_WAIT)
    sent = rows(waiting)[0]
    assert (sent.sent_at, sent.dead_at, sent.attempts) == (now, None, 1)


def test_a_letter_given_up_by_one_run_and_taken_from_another_is_sent(waiting: Site) -> None:
    (row, *_) = rows(waiting)
    with waiting.parts.database.write() as connection:
        outbox.give_up_letter(connection, row.id, waiting.hands())
        outbox.mark_sent(connection, row.id, waiting.hands())
    assert rows(waiting)[0].dead_at is None


def test_a_claimed_letter_is_passed_over_until_its_claim_ends(waiting: Site) -> None:
    now = waiting.hands()
    until = now + timedelta(minutes=5)
    claimed = []
    with waiting.parts.database.write() as connection:
        while row := outbox.claim_letter(connection, now, until):
            claimed.append(row.id)
        assert sorted(claimed) == [row.id for row in rows(waiting)]
        assert outbox.claim_letter(connection, until - timedelta(seconds=1), until) is None
        again = outbox.claim_letter(connection, until, until + timedelta(minutes=5))
        assert again is not None
        assert again.id in claimed


# ---- The real sender against real servers ----


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def smtp(waiting: Site, authority: Authority, port: int) -> Iterator[Deliver]:
    context = ssl.create_default_context(cafile=authority.file)
    sender = SmtpSender(
        HOST, port, "implicit", context, "Ankkuri <ankkuri@intake.invalid>", timeout=0.3
    )
    yield delivering(waiting, sender)
    sender.close()


def test_every_letter_is_taken_once_by_a_server_that_works(
    waiting: Site, smtp: Deliver, authority: Authority, port: int
) -> None:
    office = Postmaster()
    with running(office, implicit=authority.server(HOST), port=port):
        assert smtp(waiting.hands()) == len(rows(waiting))
        assert smtp(waiting.hands.move(days=1)) == 0
    assert sorted(office.message_ids) == [f"<{row.id}@intake>" for row in rows(waiting)]
    assert len(office.peers) == 1
    assert all(row.sent_at and row.attempts == 1 for row in rows(waiting))


def test_after_every_kind_of_failure_each_letter_is_taken_under_its_one_name(
    waiting: Site,
    smtp: Deliver,
    authority: Authority,
    port: int,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, logger="intake")
    here = authority.server(HOST)

    def in_vain(office: Postmaster | None = None, context: ssl.SSLContext = here) -> None:
        def round_of_letters() -> None:
            with pytest.raises(PostOutOfReach):
                smtp(waiting.hands.move(hours=7))

        if office is None:
            round_of_letters()
        else:
            with running(office, implicit=context, port=port):
                round_of_letters()

    in_vain()  # nobody there
    in_vain(Postmaster(), Authority(tmp_path).server(HOST))  # somebody else there
    silent = scripted()
    with silent as (mute, _):
        smtp.sender.port = mute  # type: ignore[attr-defined]  # of the SMTP sender
        in_vain()
        smtp.sender.port = port  # type: ignore[attr-defined]  # of the SMTP sender
    dying = Postmaster(at_data=lambda server: server.transport.abort())
    in_vain(dying)
    choosy = Postmaster(refuses={HEAD: f"450 4.2.0 <{HEAD}> later"})
    with running(choosy, implicit=here, port=port):
        assert smtp(waiting.hands.move(hours=7)) > 0
    left = [row for row in rows(waiting) if not row.sent_at]
    assert {row.person_id for row in left} == {waiting.people["soc-head"]}
    office = Postmaster()
    with running(office, implicit=here, port=port):
        assert smtp(waiting.hands.move(hours=7)) == len(left)
    names = [*choosy.message_ids, *office.message_ids]
    assert sorted(names) == [f"<{row.id}@intake>" for row in rows(waiting)]
    assert set(dying.message_ids) <= set(names), "taken by the dying one: the same letter"
    said = "".join(r.getMessage() for r in caplog.records if r.name.startswith("intake"))
    for word in ("@ankkuri", "Sosiaali", "Muistutus", "Kaisla", "K7-"):
        assert word not in said


def test_a_killed_runs_letter_is_sent_by_the_next_one_once_its_claim_ended(
    waiting: Site, smtp: Deliver, authority: Authority, port: int
) -> None:
    with waiting.parts.database.write() as connection:
        killed = outbox.claim_letter(
            connection, waiting.hands(), waiting.hands() + timedelta(minutes=5)
        )
    assert killed is not None
    office = Postmaster()
    with running(office, implicit=authority.server(HOST), port=port):
        smtp(waiting.hands())
        assert f"<{killed.id}@intake>" not in office.message_ids
        assert smtp(waiting.hands.move(minutes=5)) == 1
    assert office.message_ids[-1] == f"<{killed.id}@intake>"


def test_letters_of_unknown_readers_go_nowhere(waiting: Site) -> None:
    with waiting.parts.database.write() as connection:
        connection.execute(update(OutboxRow).values(letter="of another version"))
    post = Post()
    assert delivering(waiting, post)(waiting.hands()) == 0
    assert post.asked == []
    assert {row.attempts for row in rows(waiting)} == {1}
