"""What neighbouring systems get wrong about reminders (domain.md 6), and this one must not."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from intake.domain.chase import Chasing
from intake.domain.deadline import local_instant
from intake.domain.quiet import Quiet
from intake.domain.referral import Move, State
from intake.post.letter import Letter, LetterNotTaken, LetterRefused
from intake.services.chase import Chase
from intake.services.deliver import Deliver
from intake.services.gather import Gather
from intake.services.record import Entry
from intake.services.reminded import Reminded
from intake.services.sign_in import Visit
from intake.store.columns import AnyRow
from intake.store.people_tables import PersonRow
from intake.store.reminder_tables import ReminderRow
from intake.store.tables import ChaseRow, DeadlineRow, OutboxRow
from tests.services.sending import clocks, tell
from tests.services.test_absence import away
from tests.services.test_chase import Post, chases, letters, simple
from tests.site import Site


def reminders(site: Site) -> list[Any]:
    with site.parts.database.read() as connection:
        return list(connection.execute(select(ReminderRow).order_by(ReminderRow.created_at)))


def test_a_reminder_is_not_cleared_because_someone_merely_opened(site: Site) -> None:
    site.send()
    site.parts.chase(site.hands.move(hours=1, minutes=1))
    visit = site.visit("soc")
    reminded = Reminded(site.parts.database)

    def shown(visit: Visit) -> Sequence[AnyRow]:
        return reminded(visit, site.hands(), 0, 50)[0]

    assert reminded.unseen(visit) == 1
    assert [row.seen_at for row in shown(visit)] == [None]
    (row,) = site.parts.read.inbox(visit, tuple(State))
    site.parts.read(visit, row.id, site.hands())
    assert reminded.unseen(visit) == 0, "it is seen"
    assert len(shown(visit)) == 1, "and still there"
    site.parts.chase(site.hands.move(hours=1))
    assert chases(site, "urgency")[-1] == ("same-day-120", "deputy")
    entry = Entry(Move.RECORD_URGENCY, choice="not_urgent")
    site.parts.respond(site.visit("soc"), row.id, entry, site.hands())
    assert shown(site.visit("soc")) == []


class Choosy(Post):
    """A post with something against three readers, each of its own kind."""

    def send(self, letter: Letter) -> None:
        """Refuse, fail or break."""
        if letter.to_address.startswith("soc@"):
            raise LetterRefused("550")
        if letter.to_address.startswith("soc-deputy@"):
            raise LetterNotTaken("451")
        self.taken.append(letter)


def test_readers_who_are_absent_bounce_fail_left_or_cannot_be_written_to_silence_no_other(
    site: Site,
) -> None:
    site.send()
    site.parts.chase(site.hands.move(days=30))
    tell(site)
    away(site, "supervisor")
    with site.parts.database.write() as connection:
        gone = update(PersonRow).where(PersonRow.sign_in_name == "soc-head")
        connection.execute(gone.values(left_at=site.hands()))
        broken = update(OutboxRow).where(OutboxRow.person_id == site.people["supervisor"])
        connection.execute(broken.values(params={}))
    site.send()
    site.parts.chase(site.hands.move(hours=3))
    post = Choosy()

    def write(row: Any) -> Letter:
        if not row.params:
            raise KeyError("reference")
        return simple(row)

    Deliver(site.parts.database, post, write)(site.hands())
    assert "soc-head@ankkuri.invalid" not in {letter.to_address for letter in post.taken}
    site.send()
    with site.parts.database.write() as connection:
        back = update(PersonRow).where(PersonRow.sign_in_name == "soc-head")
        connection.execute(back.values(left_at=None))
    site.parts.chase(site.hands.move(hours=3, minutes=1))
    Deliver(site.parts.database, post, write)(site.hands())
    assert "soc-head@ankkuri.invalid" in {letter.to_address for letter in post.taken}
    assert Reminded(site.parts.database).unseen(site.visit("soc")) > 0, "on the page it is told"


def test_one_person_whose_letter_cannot_be_gathered_silences_no_other(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    site.send()
    site.parts.chase(site.hands.move(days=9))
    with site.parts.database.write() as connection:
        connection.execute(update(ReminderRow).values(letter_id=None))
    tell_all = Gather._tell

    def breaking(self: Gather, people: Any, now: Any) -> int:
        if site.people["soc"] in people:
            raise ValueError("broken")
        return tell_all(self, people, now)

    monkeypatch.setattr(Gather, "_tell", breaking)
    Gather(site.parts.database)(site.hands.move(minutes=2))
    untold = {row.person_id for row in reminders(site) if row.letter_id is None}
    assert untold == {site.people["soc"]}
    assert "no letter for person" in caplog.text


def test_a_letter_is_not_marked_sent_before_the_post_took_it(site: Site) -> None:
    site.send()
    site.parts.chase(site.hands.move(hours=1, minutes=1))
    seen: list[Any] = []

    class Looking(Post):
        def send(self, letter: Letter) -> None:
            """Look whether it is marked."""
            seen.extend(row.sent_at for row in letters(site))
            super().send(letter)

    Deliver(site.parts.database, Looking(), simple)(site.hands())
    assert seen == [None]
    assert all(row.sent_at for row in letters(site))


def without(site: Site, *ids: str) -> Chase:
    """The sweep under rules that have these steps no more."""
    chasing = site.parts.chasing
    kept = tuple(step for step in chasing.steps if step.id not in ids)
    return Chase(site.parts.database, site.parts.directory, Chasing(kept, chasing.calendar))


def test_a_step_taken_out_of_the_rules_escalates_no_more_and_the_others_do(site: Site) -> None:
    site.send()
    chase = without(site, "days-late-1", "days-late-10")
    for _ in range(40):
        chase(site.hands.move(days=1))
    assert [step for step, _ in chases(site, "lsl26_start")] == [
        *("days-before-3", "days-before-1", "days-due", "days-late-3", "days-late-5"),
    ]


def test_a_step_that_the_rules_took_out_while_it_repeated_comes_no_more(site: Site) -> None:
    site.send()
    for _ in range(40):
        site.parts.chase(site.hands.move(days=1))
    before = chases(site, "lsl26_start")
    assert ("days-late-10.2", "supervisor") in before
    chase = without(site, "days-late-10")
    for _ in range(30):
        chase(site.hands.move(days=1))
    assert chases(site, "lsl26_start") == before


def test_steps_stay_as_promised_where_the_rules_only_gain_or_move_some(site: Site) -> None:
    site.send()
    chasing = site.parts.chasing
    first, *others = chasing.steps
    moved = [replace(step, to="supervisor") for step in others]
    new = replace(first, id="new-step", clocks=frozenset())
    rules = Chasing((first, *moved, new), chasing.calendar)
    chase = Chase(site.parts.database, site.parts.directory, rules)
    for _ in range(12):
        chase(site.hands.move(days=1))
    assert chases(site, "lsl26_start")[:4] == [
        *(("days-before-3", "worker"), ("days-before-1", "worker"), ("days-due", "worker")),
        ("days-late-1", "deputy"),
    ]


def test_where_a_step_was_renamed_the_rules_in_force_take_its_place(site: Site) -> None:
    site.send()
    chasing = site.parts.chasing
    renamed = tuple(
        replace(step, id="after-five") if step.id == "days-late-5" else step
        for step in chasing.steps
    )
    rules = Chasing(renamed, chasing.calendar)
    chase = Chase(site.parts.database, site.parts.directory, rules)
    for _ in range(30):
        chase(site.hands.move(days=1))
    names = [step for step, _ in chases(site, "lsl26_start")]
    assert "days-late-5" not in names
    assert "days-late-10" in names, "somebody goes on to be told"


def test_where_the_step_that_repeats_was_renamed_what_is_long_late_is_told_of_still(
    site: Site,
) -> None:
    site.send()
    for _ in range(40):
        site.parts.chase(site.hands.move(days=1))
    before = chases(site, "lsl26_start")
    chasing = site.parts.chasing
    renamed = tuple(
        replace(step, id="every-week") if step.id == "days-late-10" else step
        for step in chasing.steps
    )
    rules = Chasing(renamed, chasing.calendar)
    chase = Chase(site.parts.database, site.parts.directory, rules)
    for _ in range(15):
        chase(site.hands.move(days=1))
    after = chases(site, "lsl26_start")[len(before) :]
    assert len(after) == 2, "one in five working days, and none of those of before"
    assert {step.partition(".")[0] for step, _ in after} == {"every-week"}


def test_a_plan_taken_out_whole_rests_with_a_word_in_the_log(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.send()
    chase = without(site, *(step.id for step in site.parts.chasing.steps))
    assert chase(site.hands.move(days=40)) == 0
    with site.parts.database.read() as connection:
        due = select(func.count()).where(DeadlineRow.next_chase_at <= site.hands())
        assert connection.scalar(due) == 0
        assert connection.scalar(select(func.count()).select_from(ChaseRow)) == 0
    assert "has no step left to chase it by" in caplog.text


def test_two_schedulers_at_once_record_and_tell_each_step_once(site: Site) -> None:
    for _ in range(4):
        site.send()
    now = site.hands.move(days=9)
    with ThreadPoolExecutor(4) as pool:
        done = sum(pool.map(lambda _: site.parts.chase(now), range(4)))
        later = site.hands.move(minutes=2)
        list(pool.map(lambda _: Gather(site.parts.database)(later), range(4)))
    with site.parts.database.read() as connection:
        recorded = connection.scalar(select(func.count()).select_from(ChaseRow))
    assert recorded == done > 0
    told = [row.letter_id for row in reminders(site)]
    assert None not in told
    assert set(told) == {row.id for row in letters(site)}
    gathered = [row for row in letters(site) if "reminders" in row.params]
    assert len(gathered) == len({row.person_id for row in gathered})


def test_what_comes_in_one_morning_is_one_letter_and_what_is_urgent_goes_alone(site: Site) -> None:
    for _ in range(3):
        site.send()
    site.parts.chase(site.hands.move(hours=1, minutes=1))
    assert [row.letter for row in letters(site)] == ["chase"] * 3, "urgent: alone, and at once"
    due = clocks(site, UUID(reminders(site)[0].params["referral"]))["lsl26_start"]
    site.hands.at = local_instant(due.due_on, site.hands().time().replace(hour=9, minute=0))
    site.parts.chase(site.hands())
    before = len(letters(site))
    site.parts.chase(site.hands.move(seconds=59))
    assert len(letters(site)) == before, "more may come"
    site.parts.chase(site.hands.move(seconds=2))
    (digest,) = [
        row
        for row in letters(site)
        if row.created_at == site.hands() and row.person_id == site.people["soc"]
    ]
    assert digest.letter == "digest"
    assert len(digest.params["reminders"]) >= 3


def test_letters_that_can_wait_do_so_in_quiet_hours_and_urgent_ones_do_not(site: Site) -> None:
    site.send()
    site.parts.chase(site.hands.move(days=9, hours=10))  # 20.42 in Helsinki
    tell(site)
    post, quiet = Post(), Quiet.of({"from": "20:00", "to": "07:00"})
    deliver = Deliver(site.parts.database, post, simple, quiet)
    deliver(site.hands())
    waiting = [row for row in letters(site) if row.sent_at is None]
    assert {row.params.get("urgent", False) for row in waiting} == {False}
    assert post.taken, "the urgent ones went"
    assert {f"{row.next_attempt_at:%H:%M}" for row in waiting} == {"04:00"}
    assert all(row.attempts == 0 for row in waiting)
    deliver(site.hands.move(hours=8))
    deliver(site.hands.move(hours=3))
    assert all(row.sent_at for row in letters(site))


@pytest.mark.parametrize(
    ("hours", "moment", "ends"),
    [
        (("20:00", "07:00"), "2026-06-02T19:59:59+03:00", None),
        (("20:00", "07:00"), "2026-06-02T20:00+03:00", "2026-06-03T07:00+03:00"),
        (("20:00", "07:00"), "2026-06-03T06:59+03:00", "2026-06-03T07:00+03:00"),
        (("20:00", "07:00"), "2026-06-03T07:00+03:00", None),
        (("01:00", "05:00"), "2026-06-03T04:00+03:00", "2026-06-03T05:00+03:00"),
        (("01:00", "05:00"), "2026-06-03T05:00+03:00", None),
        (("20:00", "07:00"), "2026-10-24T23:00+03:00", "2026-10-25T07:00+02:00"),
    ],
)
def test_quiet_hours_end_by_the_local_clock(
    hours: tuple[str, str], moment: str, ends: str | None
) -> None:
    quiet = Quiet.of({"from": hours[0], "to": hours[1]})
    assert quiet is not None
    found = quiet.ends(datetime.fromisoformat(moment))
    assert found == (datetime.fromisoformat(ends) if ends else None)
