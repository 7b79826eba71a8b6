"""Take stock of what waits: letters, chase steps, unopened referrals, agencies nobody opens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from intake.domain.deadline import local_date
from intake.domain.directory import Directory
from intake.services.reconcile import SHOWN_FOR
from intake.services.routes_tried import tried
from intake.store import people, reconciling, stock
from intake.store.database import Database

RUNS_LOOKED_AT = timedelta(days=2)


@dataclass(frozen=True)
class Waiting:
    """How many wait, and for how many seconds the first of them has (0 where none does)."""

    waiting: int
    oldest: float


@dataclass(frozen=True)
class Stock:
    """Counts over all agencies in use; ``last_runs``: when each job last ended well.

    ``differing``: how many of the daily counts of late do not agree; ``lost``: referrals that
    nobody has opened and that nothing chases any more; ``routes``: how many invented reports have
    tried of late, of them ``routes_faulty`` do not work.
    """

    letters: Waiting
    letters_dead: int
    due: Waiting
    unopened: Waiting
    without_opener: int
    with_one_opener: int
    last_runs: Mapping[str, datetime]
    differing: int = 0
    lost: int = 0
    routes: int = 0
    routes_faulty: int = 0


@dataclass(frozen=True)
class TakeStock:
    """Counts, in one snapshot."""

    database: Database
    directory: Directory

    def __call__(self, now: datetime) -> Stock:
        """The counts at ``now``."""
        with self.database.read() as connection:
            openers = people.openers(connection, local_date(now))
            agencies = self.directory.agencies.values()
            routes = tried(connection, self.directory)
            at_agencies = [openers.get(agency.id, 0) for agency in agencies if agency.in_use]
            return Stock(
                letters=_since(stock.letters_waiting(connection, now), now),
                letters_dead=stock.letters_dead(connection),
                due=_since(stock.chase_due(connection, now), now),
                unopened=_since(stock.unopened(connection), now),
                without_opener=at_agencies.count(0),
                with_one_opener=at_agencies.count(1),
                last_runs=stock.last_runs(connection, now - RUNS_LOOKED_AT),
                differing=reconciling.count_differing(connection, local_date(now) - SHOWN_FOR),
                lost=len(reconciling.lost(connection)),
                routes=routes.routes,
                routes_faulty=len(routes.faulty),
            )


def _since(found: stock.Waiting, now: datetime) -> Waiting:
    count, first = found
    return Waiting(count, max((now - first).total_seconds(), 0.0) if first else 0.0)
