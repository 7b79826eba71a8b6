"""Two years of a site's life, or their beginning: invented referrals, without content.

``PER_DAY`` arrive. Of those of the last three months a quarter is still open (3 of 100 after two
years), as on a site that keeps up; besides, one social services' office (``BUSY``) has 2 of 100 of
all referrals lying open. Deadlines, chase steps and their times are counted as the site counts
them, and each step's letter was sent; a desk stands by for each lead. Sealed columns hold random
bytes of the usual size.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, insert, text

from intake.domain.chase import ChaseAt
from intake.domain.deadline import certify
from intake.domain.referral import State
from intake.domain.row_id import new_id
from intake.parts import Parts
from intake.services.gather import LETTER
from intake.services.tidy import HEARTBEATS_KEPT
from intake.store.database import Database
from intake.store.people_tables import AgencyKeyRow
from intake.store.reminder_tables import ReminderRow
from intake.store.tables import (
    ChaseRow,
    DeadlineRow,
    HeartbeatRow,
    OutboxRow,
    ReferralRow,
    ReportRow,
    WrapRow,
)

PER_DAY = 137
STAYS_OPEN, MOST_WORK = timedelta(days=90), timedelta(days=60)
OPEN, BUSY_OPEN = 0.24, 0.02
NO_DEADLINE = 0.15
"""Of the open ones: every clock is met, but nobody has closed the matter."""
KEEPS_UP = 0.9
"""Of the deadlines that have passed on open ones: met in time."""
REASONS_BYTES, WRAP_BYTES, KEY_BYTES = 4157, 1684, 1216
BATCH = 5000
TABLES = (
    *(AgencyKeyRow, ReportRow, ReferralRow, WrapRow, DeadlineRow),
    *(ChaseRow, OutboxRow, ReminderRow),
)
JOBS = {"chase": 30, "deliver": 10, "tidy": 600}

USUAL, COUNTY = "soc-vantaa-kerava-office", "county-vantaa-kerava"
BUSY, BUSY_COUNTY = "soc-keski-uusimaa-office", "county-keski-uusimaa"
TRIAGE = "soc-keski-uusimaa-triage"
CONTROLLERS = (
    COUNTY,
    BUSY_COUNTY,
    "county-ita-uusimaa",
    "police",
    "municipality-vantaa",
)
"""Whose agencies get anything."""
LEADS = {USUAL: 45, BUSY: 35, "soc-ita-uusimaa-office": 12, "soc-vantaa-kerava-duty": 8}
STANDBY = {
    USUAL: "soc-vantaa-kerava-duty",
    BUSY: "soc-keski-uusimaa-duty",
    "soc-ita-uusimaa-office": "soc-ita-uusimaa-duty",
    "soc-vantaa-kerava-duty": "soc-vantaa-kerava-triage",
}
"""Which desk stands by for whom."""
ALSO = {
    "pol-office": 0.35,
    "ank-vantaa-kerava": 0.15,
    "hea-vantaa-kerava-office": 0.12,
    "you-vantaa": 0.12,
    "wel-vantaa-kerava-office": 0.1,
    "pri-tikkukivi": 0.08,
    "hea-keski-uusimaa-office": 0.08,
}
CLOCKS: Mapping[str, tuple[str, ...]] = {
    "SOC": ("urgency", "lsl26_start", "lsl26_complete"),
    "ANK": ("accept", "ankkuri_meeting"),
    "WEL": ("accept", "school_talk"),
}


def fill(parts: Parts, referrals: int, workers: list[UUID], now: datetime) -> None:
    """Fill a site that has agencies and people only; ``workers`` have taken the referrals up."""
    life = Life(parts, workers, now, random.Random(referrals))  # noqa: S311 (no secrets)
    life.keys()
    with parts.database.write() as connection:
        for number, (agency, at, stays) in enumerate(life.arrivals(referrals)):
            life.arrive(number, agency, at, stays)
            if number % BATCH == 0:
                life.write(connection)
        life.write(connection)
    settle(parts.database)


@dataclass
class Life:
    """What is being made up: ``now`` is when it ends."""

    parts: Parts
    workers: list[UUID]
    now: datetime
    dice: random.Random
    report: UUID = field(init=False)
    rows: dict[Any, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))

    def keys(self) -> None:
        """A key of each desk that stands by, retired: nothing real is sealed to it."""
        self.rows[AgencyKeyRow] += [
            {
                "id": _key_of(desk),
                "agency_id": desk,
                "public_key": self.dice.randbytes(KEY_BYTES),
                "created_at": self.now,
                "retired_at": self.now,
            }
            for desk in STANDBY.values()
        ]

    def arrivals(self, count: int) -> Iterator[tuple[str, datetime, bool]]:
        """Where each referral arrives and when, and whether it stays open."""
        busy = round(BUSY_OPEN * count)
        age = timedelta(days=count / PER_DAY)
        recent = min(age, STAYS_OPEN)
        agencies: list[str] = []
        for at in sorted(self.within(age) for _ in range(count - busy)):
            if not agencies:
                agencies = self.recipients(at)
            stays = at > self.now - recent and self.dice.random() < OPEN
            yield agencies.pop(), at, stays
        for _ in range(busy):
            at = self.within(recent)
            self.recipients(at)
            yield BUSY, at, True

    def within(self, past: timedelta) -> datetime:
        """Any instant of this past."""
        return self.now - past * self.dice.random()

    def recipients(self, at: datetime) -> list[str]:
        """Of one new report, whose referrals come next."""
        self.report = new_id(at)
        self.rows[ReportRow].append({"id": self.report, "received_at": at})
        lead = self.dice.choices(list(LEADS), list(LEADS.values()))
        return lead + [agency for agency, share in ALSO.items() if self.dice.random() < share]

    def arrive(self, number: int, agency: str, at: datetime, stays: bool) -> None:
        """One referral with its deadlines and the reminders of them."""
        moved_at = at + min(self.now - at, MOST_WORK) * self.dice.random()
        referral = new_id(at)
        all_met = not stays or self.dice.random() < NO_DEADLINE
        clocks = CLOCKS.get(self.parts.directory.agency(agency).kind, ("accept",))
        met = [self._deadline(referral, agency, clock, at, moved_at, all_met) for clock in clocks]
        accepted = all_met or met[0]
        state = self.dice.choices((State.CLOSED, State.RETURNED, State.HANDED_OVER), (90, 4, 6))[0]
        if stays:
            state = State.ACCEPTED if accepted else State.SENT
        self.rows[ReferralRow].append(
            {
                "id": referral,
                "report_id": self.report,
                "agency_id": agency,
                "reference": f"A1-{number:06d}",
                "state": state.value,
                "is_lead": agency in LEADS,
                "arrived_at": at,
                "opened_at": at + (moved_at - at) * self.dice.random() if accepted else None,
                "moved_at": moved_at if accepted else at,
                "worker_id": self.dice.choice(self.workers) if accepted else None,
                "sealed_reasons": self.dice.randbytes(REASONS_BYTES),
            }
        )
        if agency in LEADS:
            self.rows[WrapRow].append(
                {
                    "id": new_id(at),
                    "referral_id": referral,
                    "purpose": "standby",
                    "agency_id": STANDBY[agency],
                    "agency_key_id": _key_of(STANDBY[agency]),
                    "sealed_keys": self.dice.randbytes(WRAP_BYTES),
                }
            )

    def _deadline(
        self,
        referral: UUID,
        agency: str,
        clock: str,
        at: datetime,
        moved_at: datetime,
        all_met: bool,
    ) -> bool:
        """Whether it has been met."""
        counted = certify(self.parts.clocks[clock], at, self.parts.calendar, municipality="vantaa")
        steps = self.parts.chasing.times(counted)
        met = all_met or (counted.due_at <= self.now and self.dice.random() < KEEPS_UP)
        until = min(moved_at, counted.due_at) if met else self.now
        deadline = new_id(at)
        self.rows[DeadlineRow].append(
            {
                "id": deadline,
                "referral_id": referral,
                "agency_id": agency,
                "clock": clock,
                "started_at": at,
                "today": False,
                "municipality": None,
                "due_on": counted.due,
                "rule": str(counted.rule),
                "due_extended_on": counted.due_extended,
                "due_at": counted.due_at,
                "calendar_version": counted.calendar,
                "steps": [step.entry for step in steps],
                "next_chase_at": None if met else next((s.at for s in steps if s.at > until), None),
                "met_at": until if met else None,
                "met_by": "close" if met else None,
            }
        )
        for step in steps:
            if step.at <= until:
                self._chase(deadline, agency, clock, step)
        return met

    def _chase(self, deadline: UUID, agency: str, clock: str, step: ChaseAt) -> None:
        """A step that was recorded, and its letter, which the post took."""
        chase, letter, reader = new_id(step.at), new_id(step.at), self.dice.choice(self.workers)
        params = {"agency": agency, "clock": clock}
        self.rows[ChaseRow].append(
            {
                "id": chase,
                "deadline_id": deadline,
                "step": step.step_id,
                "to_role": step.to,
                "chased_at": step.at,
                "letters": 1,
            }
        )
        self.rows[OutboxRow].append(
            {
                "id": letter,
                "person_id": reader,
                "letter": LETTER,
                "params": params,
                "created_at": step.at,
                "next_attempt_at": step.at,
                "attempts": 1,
                "sent_at": step.at,
            }
        )
        self.rows[ReminderRow].append(
            {
                "id": new_id(step.at),
                "person_id": reader,
                "deadline_id": deadline,
                "chase_id": chase,
                "role": step.to,
                "urgent": False,
                "params": params,
                "created_at": step.at,
                "letter_id": letter,
            }
        )

    def write(self, connection: Connection) -> None:
        """Write what there is."""
        for table in TABLES:
            if rows := self.rows.pop(table, []):
                connection.execute(insert(table), rows)


def _key_of(desk: str) -> str:
    return f"{desk} once"


def beat(database: Database, now: datetime) -> None:
    """The heartbeats that a site keeps."""
    with database.write() as connection:
        for job, seconds in JOBS.items():
            runs = int(HEARTBEATS_KEPT.total_seconds()) // seconds
            starts = [now - timedelta(seconds=seconds * run + 1) for run in range(runs)]
            for first in range(0, runs, BATCH):
                batch = starts[first : first + BATCH]
                connection.execute(insert(HeartbeatRow), [_run(job, at) for at in batch])


def _run(job: str, at: datetime) -> dict[str, Any]:
    ended = at + timedelta(milliseconds=100)
    ids = {"id": new_id(at), "job": job, "handled": 0, "failed": False}
    return {**ids, "started_at": at, "finished_at": ended}


def settle(database: Database) -> None:
    """What PostgreSQL does by itself within minutes; SQLite does nothing of the kind."""
    if database.engine.dialect.name == "postgresql":
        with database.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").execute(
                text("VACUUM ANALYZE")
            )
