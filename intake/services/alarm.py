"""Raise the alarm where nobody can open: in the log, and to the controller's administrators."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from intake.domain.deadline import local_date
from intake.domain.directory import Directory
from intake.domain.rule_tables import Standby
from intake.services.desks import Desks
from intake.services.openers import Openers
from intake.services.tell_once import KEPT, Telling, tell_once
from intake.store import alarms
from intake.store.database import Database

LETTER = "openers"
log = logging.getLogger(__name__)


@dataclass
class Gaps:
    """What nobody can open at one controller. ``places``: municipality and agency, where no other
    desk of the kind takes over.
    """

    agencies: list[str] = field(default_factory=list)
    places: list[tuple[str, str]] = field(default_factory=list)

    @property
    def same(self) -> list[object]:
        """What makes them the same gaps as told before."""
        return [sorted(self.agencies), sorted(self.places)]


@dataclass(frozen=True)
class Alarm:
    """Looks at every agency in use. The same gaps are told once a day, a new one at once."""

    database: Database
    directory: Directory
    openers: Openers
    standby: Mapping[str, Standby]

    def __call__(self, now: datetime) -> int:
        """Raise what has not been raised today; for how many controllers."""
        raised = sum(self._raise(one, gaps, now) for one, gaps in self._gaps(now).items())
        with self.database.write() as connection:
            alarms.purge(connection, local_date(now) - KEPT)
        return raised

    def _gaps(self, now: datetime) -> dict[str, Gaps]:
        """By controller."""
        today = local_date(now)
        openers, found = self.openers(today), defaultdict[str, Gaps](Gaps)
        for agency in self.directory.agencies.values():
            if agency.in_use and agency.id not in openers:
                found[agency.controller].agencies.append(agency.id)
        desks = Desks(self.directory, self.standby)
        for row in self.openers.by_municipality(self.directory, desks, today):
            if row.is_gap:
                found[row.agency.controller].places.append((row.municipality.id, row.agency.id))
        return found

    def _raise(self, controller: str, gaps: Gaps, now: datetime) -> bool:
        told = {"agencies": gaps.agencies, "places": gaps.places}
        if not tell_once(self.database, controller, Telling(LETTER, told, gaps.same), now):
            return False
        log.error("nobody can open the reports of %s", ", ".join(gaps.agencies))
        for municipality, agency in gaps.places:
            log.error("%s has nobody else who can open in place of %s", municipality, agency)
        return True
