"""A year of chasing, against a slow model that shares no code with what chases.

``ANKKURI_CHASE_REFERRALS`` says of how many; the whole proof is 3,000 (``make prove-chase``).
"""

from __future__ import annotations

import os
import random
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from heapq import heappop, heappush
from uuid import UUID
from zoneinfo import ZoneInfo

import holidays
import pytest
from sqlalchemy import Connection, func, insert, select

from intake.domain.referral import Move, State
from intake.domain.row_id import new_id
from intake.services.refer import Referred, new_reference
from intake.store import moves
from intake.store.reminder_tables import AbsenceRow, ReminderRow
from intake.store.tables import ChaseRow, DeadlineRow, ReferralRow, ReportRow
from tests.site import ANK, POL, SOC, Site

HELSINKI = ZoneInfo("Europe/Helsinki")
REFERRALS = int(os.environ.get("ANKKURI_CHASE_REFERRALS", "300"))
DAY = timedelta(days=1)
FINNISH = holidays.country_holidays("FI", years=range(2026, 2030), categories=("public",))
SWEEPS = (time(9, 0, 5), time(9, 2), time(12, 30), time(16, 45), time(22, 10))
"""When the chaser runs each day, local time."""

# The shipped plans in words of this test alone: working days after the due day, or minutes.
DAYS = (
    (-3, "days-before-3", "worker"),
    (-1, "days-before-1", "worker"),
    (0, "days-due", "worker"),
    (1, "days-late-1", "deputy"),
    (3, "days-late-3", "head"),
    (5, "days-late-5", "supervisor"),
)
MINUTES = (
    (60, "same-day-60", "worker", False),
    (120, "same-day-120", "deputy", False),
    (180, "same-day-180", "head", False),
    (240, "same-day-240", "supervisor", True),
    (300, "same-day-300", "duty_desk", True),
)
CLOCKS = {SOC: ("urgency", "lsl26_start"), ANK: ("accept", "ankkuri_meeting"), POL: ("accept",)}


def works(day: date) -> bool:
    """Whether it is a working day: both eves are."""
    eve = (day.month, day.day) == (12, 24) or (
        day.month == 6 and 19 <= day.day <= 25 and day.weekday() == 4
    )
    return day.weekday() < 5 and (eve or day not in FINNISH)


def at(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, HELSINKI).astimezone(UTC)


def steps_until(deadline: Deadline, last: date) -> list[tuple[datetime, str, str]]:
    """Every step of a deadline, day by day until a day."""
    found: list[tuple[datetime, str, str]] = []
    nine = time(9)
    if deadline.same_day:
        for minutes, name, to, urgent_only in MINUTES:
            if deadline.today or not urgent_only:
                found.append((deadline.started + timedelta(minutes=minutes), name, to))
    else:
        day = deadline.due
        for wanted, name, to in (step for step in DAYS if step[0] <= 0):
            day, left = deadline.due, -wanted
            while left and day >= deadline.arrived:
                day -= DAY
                left -= works(day)
            found.append((at(day, nine), name, to))
        found = [step for step in found if step[0] >= deadline.started]
    day, number, again = deadline.due, 0, 1
    first, every = (2, 1) if deadline.same_day else (10, 5)
    late = (
        {1: ("same-day-late-1", "supervisor")}
        if deadline.same_day
        else {number: (name, to) for number, name, to in DAYS if number > 0}
    )
    repeating = "same-day-late-2" if deadline.same_day else "days-late-10"
    while day <= last:
        day += DAY
        if not works(day):
            continue
        number += 1
        if number in late:
            found.append((at(day, nine), *late[number]))
        if number >= first and (number - first) % every == 0:
            name = repeating if again == 1 else f"{repeating}.{again}"
            found.append((at(day, nine), name, "supervisor"))
            again += 1
    return sorted(found)


@dataclass
class Deadline:
    """What the model knows of one: when it ran, and what was recorded of it."""

    id: UUID
    agency: str
    referral: UUID
    clock: str
    started: datetime
    due: date
    today: bool
    same_day: bool
    worker: bool
    runs: list[tuple[datetime, datetime | None]] = field(default_factory=list)

    @property
    def arrived(self) -> date:
        return self.started.astimezone(HELSINKI).date()


def expected(deadline: Deadline, sweeps: list[datetime]) -> list[tuple[str, str, datetime]]:
    """What the sweeps record of a deadline: each step at the first sweep after it has come, while
    the deadline runs; after a reopening only what comes from then on.
    """
    steps = steps_until(deadline, sweeps[-1].astimezone(HELSINKI).date())
    told: dict[str, tuple[str, str, datetime]] = {}
    for number, (since, until) in enumerate(deadline.runs):
        for come_at, name, to in steps:
            if name in told or (number and come_at < since):
                continue
            at_or_after = bisect_left(sweeps, max(come_at, since))
            for sweep in sweeps[at_or_after : at_or_after + 1]:
                if until is None or sweep < until:
                    told[name] = (name, to, sweep)
    return sorted(told.values())


class Life:
    """What happens in the year, at random days."""

    def __init__(self, site: Site, chance: random.Random) -> None:
        self.site, self.chance = site, chance
        self.deadlines: list[Deadline] = []
        self.events: list[tuple[datetime, str, UUID]] = []
        self.open: dict[UUID, list[Deadline]] = defaultdict(list)

    def arrive(self, connection: Connection, now: datetime) -> None:
        """One referral with the deadlines of its agency, and what will be done with it."""
        chance, refer = self.chance, self.site.parts.refer
        agency = self.site.parts.directory.agency(chance.choice((SOC, SOC, ANK, POL)))
        today, referral = chance.random() < 0.2, new_id(now)
        member = {SOC: "soc", ANK: "ank", POL: "pol"}[agency.id]
        worker = chance.random() < 0.5
        connection.execute(insert(ReportRow).values(id=referral, received_at=now))
        connection.execute(
            insert(ReferralRow).values(
                id=referral,
                report_id=referral,
                agency_id=agency.id,
                reference=new_reference(),
                state=State.ACCEPTED,
                is_lead=False,
                arrived_at=now,
                moved_at=now,
                worker_id=self.site.people[member] if worker else None,
                sealed_reasons=b"",
            )
        )
        made = Referred()
        clocks = self.site.parts.clocks
        started = dict.fromkeys(CLOCKS[agency.id], now)
        refer.start_clocks(
            made, referral, agency, started, today=today, municipality=None, now=now, clocks=clocks
        )
        connection.execute(insert(DeadlineRow), made.deadlines)
        for row in made.deadlines:
            deadline = Deadline(
                row["id"],
                agency.id,
                referral,
                row["clock"],
                now,
                row["due_on"],
                today,
                row["clock"] == "urgency" or (row["clock"] == "accept" and today),
                worker,
                [(now, None)],
            )
            self.deadlines.append(deadline)
            self.open[referral].append(deadline)
        if chance.random() < 0.9:
            closes = now + timedelta(days=chance.expovariate(1 / 12), minutes=chance.random() * 600)
            heappush(self.events, (closes, "close", referral))
            if chance.random() < 0.15:
                again = closes + timedelta(days=chance.uniform(0.1, 40))
                heappush(self.events, (again, "reopen", referral))

    def happen(self, connection: Connection, what: str, referral: UUID, now: datetime) -> None:
        """A recorded move ends the deadlines, or lets them run again."""
        if what == "close":
            moves.meet_deadlines(
                connection, referral, None, at=now, happened_on=None, move=Move.CLOSE
            )
        else:
            moves.run_again(connection, referral, Move.CLOSE, now)
        for deadline in self.open[referral]:
            if what == "close":
                since, _ = deadline.runs[-1]
                deadline.runs[-1] = (since, now)
            else:
                deadline.runs.append((now, None))


def away(connection: Connection, site: Site, who: str, days: tuple[date, date], to: str) -> None:
    connection.execute(
        insert(AbsenceRow).values(
            id=new_id(site.hands()),
            person_id=site.people[who],
            first_day=days[0],
            last_day=days[1],
            stand_in_id=site.people[to] if to else None,
            recorded_by=site.people[who],
            recorded_at=site.hands(),
        )
    )


ABSENCES = (
    ("soc", date(2026, 7, 1), date(2026, 7, 31), "soc-deputy"),
    ("soc-deputy", date(2026, 7, 13), date(2026, 7, 19), ""),
    ("soc-head", date(2026, 12, 21), date(2027, 1, 6), ""),
    ("soc", date(2027, 2, 15), date(2027, 2, 21), ""),
    ("supervisor", date(2026, 8, 3), date(2026, 8, 14), ""),
)


def readers(deadline: Deadline, to: str, day: date) -> set[tuple[str, str]]:
    """Who reads a step, as what: written out for the people of the site and the absences above."""
    gone = {who for who, first, last, _ in ABSENCES if first <= day <= last}
    named = {who: s for who, first, last, s in ABSENCES if first <= day <= last and s}
    if deadline.agency != SOC:
        # One worker and nobody above: the police and the team have no other members here. Only the
        # team is in one county, whose duty desk hears of what is urgent.
        if to == "duty_desk" and deadline.agency == ANK:
            return {("duty", to)}
        return {("ank" if deadline.agency == ANK else "pol", "worker")}
    if to == "duty_desk":
        return {("duty", "duty_desk")}
    ladder = {
        "worker": "soc",
        "deputy": "soc-deputy",
        "head": "soc-head",
        "supervisor": "supervisor",
    }
    who = ladder[to]
    if who not in gone:
        return {(who, to)}
    if who in named and named[who] not in gone:
        return {(named[who], to)}
    after = {
        "worker": ("deputy", "head", "supervisor"),
        "deputy": ("head", "supervisor", "worker"),
        "head": ("deputy", "supervisor", "worker"),
        "supervisor": ("head", "deputy", "worker"),
    }[to]
    role = next(role for role in after if ladder[role] not in gone)
    return {(ladder[role], role)}


@pytest.mark.slow
@pytest.mark.sqlite
def test_a_year_of_chasing_is_what_a_slow_model_says(site: Site) -> None:
    chance = random.Random(20260602)  # noqa: S311 (an invented year, no secrets)
    first, database = site.hands(), site.parts.database
    life = Life(site, chance)
    for _ in range(REFERRALS):
        arrives = first + timedelta(days=chance.uniform(0, 330))
        heappush(life.events, (arrives, "arrive", UUID(int=0)))
    with database.write() as connection:
        for who, since, until, to in ABSENCES:
            away(connection, site, who, (since, until), to)
    sweeps: list[datetime] = []
    day = first.astimezone(HELSINKI).date()
    for number in range(365):
        for clock in SWEEPS:
            now = at(day + number * DAY, clock)
            if now <= first:
                continue
            with database.write() as connection:
                while life.events and life.events[0][0] <= now:
                    then, what, referral = heappop(life.events)
                    if what == "arrive":
                        life.arrive(connection, then)
                    else:
                        life.happen(connection, what, referral, then)
            site.hands.at = now
            site.parts.chase(now)
            sweeps.append(now)
    recorded: dict[UUID, list[tuple[str, str, datetime]]] = defaultdict(list)
    told: dict[tuple[UUID, datetime], set[tuple[UUID, str]]] = defaultdict(set)
    with database.read() as connection:
        for row in connection.execute(select(ChaseRow)):
            recorded[row.deadline_id].append((row.step, row.to_role, row.chased_at))
        for one in connection.execute(select(ReminderRow)):
            told[one.deadline_id, one.created_at].add((one.person_id, one.role))
        untold = connection.scalar(select(func.count()).where(ReminderRow.letter_id.is_(None)))
    assert len(life.open) == REFERRALS
    assert sum(map(len, recorded.values())) > REFERRALS
    assert untold is not None
    assert sum(len(deadline.runs) > 1 for deadline in life.deadlines) > REFERRALS // 30
    for deadline in life.deadlines:
        model = expected(deadline, sweeps)
        assert sorted(recorded[deadline.id]) == model, deadline
        by_sweep: dict[datetime, set[tuple[str, str]]] = defaultdict(set)
        for _, to, sweep in model:
            by_sweep[sweep] |= readers(deadline, to, sweep.astimezone(HELSINKI).date())
        for sweep, asked in by_sweep.items():
            people = {site.people[who] for who, _ in asked}
            assert {person for person, _ in told[deadline.id, sweep]} == people, (deadline, sweep)
            assert {(site.people[w], r) for w, r in asked} >= told[deadline.id, sweep]
