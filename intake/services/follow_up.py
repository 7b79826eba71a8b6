"""What became of one deadline's reminders, for who watches it; never content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from uuid import UUID

from sqlalchemy import Connection

from intake.domain.directory import Directory
from intake.domain.people import Permission, Person
from intake.domain.referral import State
from intake.store import deadline_changes, follow_up, recusals
from intake.store.columns import AnyRow
from intake.store.database import Database


class DeadlineNotYours(Exception):
    """There is no such deadline at an agency of this person's own controllers."""


@dataclass(frozen=True)
class Followed:
    """A deadline, how it was changed, and its chases, the newest first: each with the people whom
    it told.
    """

    deadline: AnyRow
    changes: Sequence[AnyRow]
    chases: Sequence[Sequence[AnyRow]]


@dataclass(frozen=True)
class FollowUp:
    """One deadline, whether it is running or met."""

    database: Database
    directory: Directory

    def __call__(self, person: Person, deadline_id: UUID) -> Followed:
        """Raises DeadlineNotYours."""
        with self.database.read() as connection:
            found = follow_up.deadline(connection, deadline_id)
            row = own_deadline(connection, self.directory, person, found)
            changes = deadline_changes.changes(connection, [deadline_id])
            told = follow_up.told(connection, deadline_id)
        chases = [list(some) for _, some in groupby(told, key=attrgetter("id"))]
        return Followed(row, changes, chases)


def own_deadline(
    connection: Connection,
    directory: Directory,
    person: Person,
    row: AnyRow | None,
    permission: Permission = Permission.WATCH_DEADLINES,
) -> AnyRow:
    """The row, if it is of an agency of whose controller the person holds the permission, and not
    of a report that they are shut out of; that of a canary is nobody's.

    Raises DeadlineNotYours.
    """
    agency = directory.agencies.get(row.agency_id) if row else None
    if row is None or agency is None or agency.controller not in person.controllers(permission):
        raise DeadlineNotYours
    if row.state == State.CANARY or row.referral_id in recusals.shut_to(connection, person.id):
        raise DeadlineNotYours
    return row
