"""Chasing: each step once, up to the supervisor, stopped only by a recorded move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError, OperationalError

from intake.domain.referral import Move, State
from intake.post.letter import Letter, LetterNotTaken
from intake.services.chase import Chase
from intake.services.deliver import MOST_ATTEMPTS, Deliver
from intake.services.record import Entry
from intake.store.people_tables import PersonRow
from intake.store.reminder_tables import ReminderRow
from intake.store.tables import ChaseRow, DeadlineRow, OutboxRow
from tests.services.sending import tell
from tests.site import POL, TUESDAY, Site, worry_answers


def chases(site: Site, clock: str) -> list[tuple[str, str]]:
    with site.parts.database.read() as connection:
        rows = connection.execute(
            select(ChaseRow.step, ChaseRow.to_role)
            .join(DeadlineRow, DeadlineRow.id == ChaseRow.deadline_id)
            .where(DeadlineRow.clock == clock)
            .order_by(ChaseRow.chased_at, ChaseRow.step)
        )
        return [(row.step, row.to_role) for row in rows]


def letters(site: Site) -> Sequence[Any]:
    with site.parts.database.read() as connection:
        return connection.execute(select(OutboxRow).order_by(OutboxRow.created_at)).all()


def test_steps_climb_from_worker_to_deputy_to_head_to_supervisor(site: Site) -> None:
    site.send()
    for _ in range(24 * 22):
        site.parts.chase(site.hands.move(hours=1))
    assert chases(site, "lsl26_start") == [
        ("days-before-3", "worker"),
        ("days-before-1", "worker"),
        ("days-due", "worker"),
        ("days-late-1", "deputy"),
        ("days-late-3", "head"),
        ("days-late-5", "supervisor"),
    ]
    readers = {row.person_id for row in letters(site)}
    assert readers == {
        site.people[name] for name in ("soc", "soc-deputy", "soc-head", "supervisor")
    }


def test_a_sweep_again_at_the_same_instant_does_nothing(site: Site) -> None:
    site.send()
    now = site.hands.move(days=14)
    assert site.parts.chase(now) > 0
    before = len(letters(site))
    assert site.parts.chase(now) == 0
    assert len(letters(site)) == before


def test_after_a_long_silence_every_step_is_recorded_but_each_reader_gets_one_letter(
    site: Site,
) -> None:
    site.send()
    site.parts.chase(site.hands.move(days=30))
    assert [step for step, _ in chases(site, "lsl26_start")] == [
        *("days-before-1", "days-before-3", "days-due"),
        *("days-late-1", "days-late-10", "days-late-10.2", "days-late-3", "days-late-5"),
    ]
    with site.parts.database.read() as connection:
        told = connection.execute(
            select(ReminderRow.person_id, ReminderRow.params)
            .join(DeadlineRow, DeadlineRow.id == ReminderRow.deadline_id)
            .where(DeadlineRow.clock == "lsl26_start")
        ).all()
    names = ("soc", "soc-deputy", "soc-head", "supervisor")
    assert sorted(row.person_id for row in told) == sorted(site.people[name] for name in names)
    (last,) = (row.params for row in told if row.person_id == site.people["supervisor"])
    assert (last["number"], last["of"]) == (8, None)


def test_opening_does_not_stop_the_chase_but_the_recorded_move_does(site: Site) -> None:
    site.send()
    visit = site.visit("soc")
    (row,) = site.parts.read.inbox(visit, tuple(State))
    site.parts.read(visit, row.id, site.hands())
    site.parts.chase(site.hands.move(hours=1, minutes=1))
    assert chases(site, "urgency") == [("same-day-60", "worker")]
    visit = site.visit("soc")
    entry = Entry(Move.RECORD_URGENCY, choice="not_urgent")
    site.parts.respond(visit, row.id, entry, site.hands())
    site.parts.chase(site.hands.move(hours=3))
    assert chases(site, "urgency") == [("same-day-60", "worker")]


def test_the_accepting_worker_alone_is_written_to_and_a_leaver_is_not(site: Site) -> None:
    site.send(
        worry_answers(
            worry={"categories": ["gang"], "primary": "gang", "child_role": "suspected"},
            protection={"may_need_protection": "no"},
            consent={"child_consent": "given", "consent_to": ["ANK"]},
        )
    )
    visit = site.visit("ank")
    (row,) = site.parts.read.inbox(visit, tuple(State))
    site.parts.respond(visit, row.id, Entry(Move.ACCEPT), site.hands())
    with site.parts.database.write() as connection:
        connection.execute(
            update(PersonRow).where(PersonRow.id == site.people["ank"]).values(left_at=site.hands())
        )
    site.parts.chase(site.hands.move(days=14))
    tell(site)
    assert site.people["ank"] not in {row.person_id for row in letters(site)}


def record(connection: Connection, deadline_id: UUID, step: str) -> None:
    """A step of a deadline, as the sweep records it."""
    values = {"deadline_id": deadline_id, "step": step, "to_role": "worker", "letters": 0}
    connection.execute(insert(ChaseRow).values(id=uuid4(), chased_at=TUESDAY, **values))


def test_a_step_recorded_twice_is_refused_by_the_database(site: Site) -> None:
    site.send()
    site.parts.chase(site.hands.move(days=14))
    with site.parts.database.read() as connection:
        row = connection.execute(select(ChaseRow)).first()
    assert row is not None
    with pytest.raises(IntegrityError), site.parts.database.write() as connection:
        record(connection, row.deadline_id, row.step)


def test_one_broken_deadline_does_not_stop_the_others(site: Site) -> None:
    site.send()
    site.send()
    now = site.hands.move(days=14)
    with site.parts.database.write() as connection:
        first = connection.execute(
            select(DeadlineRow.id).where(DeadlineRow.clock == "urgency")
        ).first()
        assert first is not None
        broken = update(DeadlineRow).where(DeadlineRow.id == first.id)
        connection.execute(broken.values(steps=[{"step": "same-day-60", "to": "worker"}]))
    site.parts.chase(now)
    with site.parts.database.read() as connection:
        waiting = connection.execute(
            select(DeadlineRow.id).where(
                DeadlineRow.clock == "urgency", DeadlineRow.next_chase_at <= now
            )
        ).all()
    assert [row.id for row in waiting] == [first.id]
    assert len(chases(site, "lsl26_start")) > 0


class Post:
    """A post that takes what its rule lets through."""

    def __init__(self, refuses: str = "") -> None:
        self.refuses = refuses
        self.taken: list[Letter] = []

    def send(self, letter: Letter) -> None:
        if letter.to_address.startswith(self.refuses or "nobody"):
            raise LetterNotTaken("refused")
        self.taken.append(letter)

    def close(self) -> None:
        """Nothing is held."""


def simple(row: Any) -> Letter:
    return Letter(f"{row.id}@intake", row.name, row.email, row.language, "s", "t", row.created_at)


def test_a_failing_address_never_silences_the_others_and_dies_after_its_tries(site: Site) -> None:
    site.send()
    site.parts.chase(site.hands.move(days=30))
    tell(site)
    post = Post(refuses="soc-head")
    deliver = Deliver(site.parts.database, post, simple)
    deliver(site.hands())
    assert {letter.to_address for letter in post.taken} >= {"soc@ankkuri.invalid"}
    for _ in range(MOST_ATTEMPTS):
        deliver(site.hands.move(hours=7))
    dead = [row for row in letters(site) if row.dead_at is not None]
    assert {row.person_id for row in dead} == {site.people["soc-head"]}
    assert all(row.attempts == MOST_ATTEMPTS for row in dead)


def test_a_letter_taken_but_not_marked_is_sent_again_with_the_same_message_id(site: Site) -> None:
    site.send()
    site.parts.chase(site.hands.move(hours=2))
    post = Post()
    deliver = Deliver(site.parts.database, post, simple)
    site.break_writes("UPDATE OF sent_at ON outbox")
    with pytest.raises(Exception, match="full"):
        deliver(site.hands())
    site.mend_writes("outbox")
    deliver(site.hands.move(minutes=4))
    sent = [letter.message_id for letter in post.taken]
    assert sent.count(sent[0]) == 1  # it is still claimed
    deliver(site.hands.move(minutes=2))
    assert [letter.message_id for letter in post.taken] == [*sent, sent[0]]
    assert all(row.sent_at for row in letters(site))


class MeanwhilePost(Post):
    """A post during whose first sending another scheduler delivers too."""

    def __init__(self, site: Site) -> None:
        super().__init__()
        self.site = site
        self.other = Post()

    def send(self, letter: Letter) -> None:
        super().send(letter)
        if len(self.taken) == 1:
            Deliver(self.site.parts.database, self.other, simple)(self.site.hands())


def test_two_schedulers_send_each_letter_once(site: Site) -> None:
    site.send()
    site.parts.chase(site.hands.move(days=30))
    tell(site)
    post = MeanwhilePost(site)
    Deliver(site.parts.database, post, simple)(site.hands())
    sent = [letter.message_id for letter in (*post.taken, *post.other.taken)]
    assert len(post.taken) == 1
    assert len(sent) == len(set(sent)) == len(letters(site)) > 1


def test_a_letter_to_someone_who_has_left_is_given_up_unsent(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.send()
    site.parts.chase(site.hands.move(days=30))
    tell(site)
    with site.parts.database.write() as connection:
        connection.execute(
            update(PersonRow).where(PersonRow.sign_in_name == "soc").values(left_at=site.hands())
        )
    post = Post()
    Deliver(site.parts.database, post, simple)(site.hands())
    assert "soc@ankkuri.invalid" not in {letter.to_address for letter in post.taken}
    assert post.taken
    dead = [row for row in letters(site) if row.dead_at is not None]
    assert {row.person_id for row in dead} == {site.people["soc"]}
    assert all(f"letter {row.id} is given up" in caplog.text for row in dead)


def test_a_step_recorded_before_is_passed_over_and_chasing_goes_on(site: Site) -> None:
    site.send()
    now = site.hands.move(hours=2, minutes=5)
    with site.parts.database.write() as connection:
        due = connection.execute(select(DeadlineRow).where(DeadlineRow.clock == "urgency")).one()
        record(connection, due.id, due.steps[0]["step"])
    assert site.parts.chase(now) == 1
    assert [step for step, _ in chases(site, "urgency")] == ["same-day-60", "same-day-120"]
    assert not running(site, now)


def running(site: Site, now: datetime) -> Sequence[Any]:
    """The deadlines whose step has come and is not recorded."""
    with site.parts.database.read() as connection:
        return connection.execute(select(DeadlineRow).where(DeadlineRow.next_chase_at <= now)).all()


def test_a_deadline_of_an_agency_that_is_no_longer_listed_stops_no_other(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.send()
    site.send(worry_answers(protection={"crime_against_child": "violence"}))
    now = site.hands.move(days=30)
    agencies = {k: a for k, a in site.parts.directory.agencies.items() if k != POL}
    directory = replace(site.parts.directory, agencies=agencies)
    chase = Chase(site.parts.database, directory, site.parts.chasing)
    assert chase(now) > 0
    left = running(site, now)
    assert {row.agency_id for row in left} == {POL}
    assert all(f"chasing deadline {row.id} failed: AgencyUnknown" in caplog.text for row in left)
    assert chase(now) == 0


def test_rows_that_always_fail_starve_no_later_ones(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("intake.services.chase.BATCH", 2)
    for _ in range(4):
        site.send()
    now = site.hands.move(days=30)
    with site.parts.database.write() as connection:
        connection.execute(
            update(DeadlineRow)
            .where(DeadlineRow.clock == "urgency")
            .values(steps=[{"step": "s"}], next_chase_at=now - timedelta(days=29))
        )
    assert site.parts.chase(now) > 0
    assert [row.clock for row in running(site, now)] == ["urgency"] * 4


def test_a_deadline_met_while_others_are_chased_one_by_one_is_left_alone(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.send()
    now = site.hands.move(days=30)
    chase_one = Chase._chase
    seen: list[Any] = []

    def meeting(self: Chase, connection: Any, rows: Any, at: datetime) -> int:
        seen.append(rows)
        if len(seen) == 1:
            raise RuntimeError("the batch fails")
        connection.execute(update(DeadlineRow).values(met_at=now, next_chase_at=None))
        return chase_one(self, connection, rows, at)

    assert len(running(site, now)) > 1
    monkeypatch.setattr(Chase, "_chase", meeting)
    Chase(site.parts.database, site.parts.directory, site.parts.chasing)(now)
    assert len(seen) == 2


def test_a_failing_database_fails_the_run(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: Any) -> int:
        raise OperationalError("INSERT", {}, Exception("disk I/O error"))

    site.send()
    monkeypatch.setattr(Chase, "_chase", failing)
    with pytest.raises(OperationalError):
        site.parts.chase(site.hands.move(days=30))
