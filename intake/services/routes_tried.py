"""How the routes are along which invented reports are sent each day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from intake.domain.directory import Directory
from intake.store import canaries as store
from intake.store.columns import AnyRow

MOST_TRIES = 3
"""How often one is sent that the service did not take; then something is wrong."""


@dataclass(frozen=True)
class Tried:
    """The routes of the last day on which they were tried: how many there are, how many arrive, and
    those with a fault; and which agencies in use none of them has reached.
    """

    day: date | None
    routes: int
    arrive: int
    faulty: Sequence[AnyRow]
    unreached: Sequence[str]


def tried(connection: Connection, directory: Directory) -> Tried:
    """How the routes are."""
    day = store.last_day(connection)
    rows = list(store.latest(connection, day).values()) if day else []
    reached = {agency for row in rows for agency in row.reached}
    faulty = store.faulty(rows, MOST_TRIES)
    return Tried(
        day,
        len(rows),
        sum(row.arrived_at is not None and row.fault is None for row in rows),
        faulty,
        [a.id for a in directory.agencies.values() if a.in_use and a.id not in reached],
    )
