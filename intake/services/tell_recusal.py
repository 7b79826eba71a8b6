"""Letters on a disqualification: to who was named, and to those where nobody can open any more."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from intake.domain.deadline import local_date
from intake.domain.directory import Directory
from intake.domain.people import Role
from intake.store import people
from intake.store.columns import AnyRow
from intake.store.outbox import new_letter

NAMED, NOBODY_OPENS = "shut_out", "nobody_opens"


class NobodyToTell(Exception):
    """No head or supervisor who is not shut out would learn that nobody opens a report any more."""


def to_named(person_id: UUID, agency_id: str, now: datetime) -> dict[str, Any]:
    """That a colleague has named them; not of which report."""
    return new_letter(NAMED, now, {"agency": agency_id}, person_id=person_id)


def to_heads(
    connection: Connection,
    directory: Directory,
    wraps: Collection[AnyRow],
    shut: Collection[UUID],
    now: datetime,
) -> Iterator[dict[str, Any]]:
    """That nobody opens these wraps any more, to the heads of their agencies and the supervisors;
    not to those who are shut out themselves. Raises NobodyToTell.
    """
    today = local_date(now)
    for agency, reference in dict.fromkeys((wrap.agency_id, wrap.reference) for wrap in wraps):
        readers = {
            *people.members(connection, agency, Role.HEAD, today),
            *people.officers(
                connection, directory.agency(agency).controller, Role.SUPERVISOR, today
            ),
        }
        readers -= set(shut)
        if not readers:
            raise NobodyToTell
        for reader in sorted(readers):
            told = {"agency": agency, "reference": reference}
            yield new_letter(NOBODY_OPENS, now, told, person_id=reader)
