"""Times, states and counts for supervisors and coordinators; never content."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from intake.domain.directory import Agency, Directory
from intake.domain.people import Permission, Person
from intake.services.gather import about
from intake.store import (
    chasing,
    counts,
    directory,
    lists,
    outbox,
    recounts,
    recusals,
    referrals,
)
from intake.store.columns import AnyRow
from intake.store.database import Database

MOST_LETTERS = 100
DEAD_SHOWN_FOR = timedelta(days=30)
LONG_WAIT = timedelta(hours=1)


@dataclass(frozen=True)
class Running:
    """How many deadlines of a clock run at an agency; ``late`` and ``soon`` are among them."""

    agency: Agency
    clock: str
    late: int
    soon: int
    running: int


@dataclass(frozen=True)
class Watched:
    """One page of running deadlines, with who was chased when, and the counts of all of them."""

    deadlines: Sequence[AnyRow]
    chases: Mapping[UUID, Sequence[AnyRow]]
    counts: tuple[Running, ...]


@dataclass(frozen=True)
class Dead:
    """A letter that the post never took. ``about``: the reference and the clock of each of its
    reminders that concerns one's own controllers' agencies.
    """

    id: UUID
    reader: str
    about: tuple[tuple[str, str], ...]
    dead_at: datetime
    attempts: int


@dataclass(frozen=True)
class Undelivered:
    """Letters that the post never took, the newest first, and how many have waited long for it."""

    dead: tuple[Dead, ...]
    waiting: int


def own_agencies(
    directory: Directory, person: Person, permission: Permission = Permission.WATCH_DEADLINES
) -> frozenset[str]:
    """The agencies of whose controllers this person holds the permission."""
    controllers = person.controllers(permission)
    listed = directory.agencies.values()
    return frozenset(agency.id for agency in listed if agency.controller in controllers)


@dataclass(frozen=True)
class Oversee:
    """The supervisor's and the coordinator's views."""

    database: Database
    directory: Directory

    def deadlines(
        self,
        person: Person,
        now: datetime,
        soon: datetime,
        limit: int,
        *,
        agency: str | None = None,
        clock: str | None = None,
        span: lists.Span = lists.ANY_TIME,
        after: lists.Place | None = None,
    ) -> Watched:
        """The most pressing ones after a place, of all agencies and clocks or one, without those of
        reports that the person is shut out of; all counts, with them.

        ``soon``: until when a deadline counts as due soon; ``span``: those that fall there alone.
        """
        own = self.agencies(person)
        asked = own if agency is None else own & {agency}
        with self.database.read() as connection:
            shut = recusals.shut_to(connection, person.id)
            rows = lists.watched(connection, asked, limit, shut, span, after, clock)
            chases = referrals.chases(connection, [row.key for row in rows])
            counted = counts.running(connection, own, now, soon)
        by_deadline: dict[UUID, list[AnyRow]] = {}
        for chase in chases:
            by_deadline.setdefault(chase.deadline_id, []).append(chase)
        at_each = [
            Running(
                self.directory.agency(c.agency_id),
                c.clock,
                c.late,
                c.late_or_soon - c.late,
                c.running,
            )
            for c in counted
        ]
        at_each.sort(key=lambda c: (-c.late, -c.soon, -c.running, c.agency.id, c.clock))
        return Watched(rows, by_deadline, tuple(at_each))

    def undelivered(self, person: Person, now: datetime) -> Undelivered:
        """Reminders about one's own controllers' agencies that have not reached their readers."""
        agencies = self.agencies(person)
        with self.database.read() as connection:
            dead = outbox.dead_letters(connection, agencies, now - DEAD_SHOWN_FOR, MOST_LETTERS)
            waiting = outbox.waiting_letters(connection, agencies, now - LONG_WAIT, now)
            told = {UUID(one["referral"]) for row in dead for one in about(row.params)}
            shut = recusals.of_referrals(connection, told)
        letters = (_dead(row, agencies, shut, person.id) for row in dead)
        return Undelivered(tuple(letter for letter in letters if letter.about), waiting)

    def provisional(self, person: Person) -> int:
        """How many open deadlines of one's own controllers' agencies were counted with a calendar
        that did not reach far enough.
        """
        with self.database.read() as connection:
            return recounts.provisional(connection, self.agencies(person))

    def agencies(self, person: Person) -> frozenset[str]:
        """The agencies of this person's own controllers."""
        return own_agencies(self.directory, person)

    def last_run(self, job: str) -> datetime | None:
        """When a job last ended well."""
        with self.database.read() as connection:
            return chasing.last_run(connection, job)

    def picture(self) -> Mapping[str, Mapping[str, int]]:
        """Referrals by kind of agency and month (YYYY-MM): {month: {kind: count}}."""
        with self.database.read() as connection:
            rows = referrals.counts_by_agency_and_month(connection)
            kinds = directory.kinds(connection)
        months: dict[str, dict[str, int]] = {}
        for row in rows:
            kind = kinds[row.agency_id]  # also of an agency that is no longer listed
            month = months.setdefault(f"{row.year}-{row.month:02}", {})
            month[kind] = month.get(kind, 0) + row.referrals
        return months


def _dead(
    row: AnyRow, agencies: Collection[str], shut: Mapping[UUID, frozenset[UUID]], person: UUID
) -> Dead:
    """Of what neither the letter's reader nor the person is ``shut`` out of."""
    own = [
        told
        for told in about(row.params)
        if told["agency"] in agencies
        and shut.get(UUID(told["referral"]), frozenset()).isdisjoint({person, row.person_id})
    ]
    named = tuple((told["reference"], told["clock"]) for told in own)
    return Dead(row.id, row.name, named, row.dead_at, row.attempts)
