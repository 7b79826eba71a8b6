"""Raise the alarm where nobody can open: in the log, and to the controller's administrators."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError

from intake.domain.deadline import local_date
from intake.domain.directory import Directory
from intake.domain.people import Role
from intake.domain.row_id import new_id
from intake.services.openers import Openers
from intake.store import alarms, chasing, people
from intake.store.database import Database

LETTER = "openers"
KEPT = timedelta(days=30)
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Alarm:
    """Looks at every agency in use. The same gaps are told once a day, a new one at once."""

    database: Database
    directory: Directory
    openers: Openers

    def __call__(self, now: datetime) -> int:
        """Raise what has not been raised today; for how many controllers."""
        openers = self.openers(local_date(now))
        gaps: dict[str, list[str]] = {}
        for agency in self.directory.agencies.values():
            if agency.in_use and agency.id not in openers:
                gaps.setdefault(agency.controller, []).append(agency.id)
        raised = sum(self._raise(controller, ids, now) for controller, ids in gaps.items())
        with self.database.write() as connection:
            alarms.purge(connection, local_date(now) - KEPT)
        return raised

    def _raise(self, controller: str, agencies: Sequence[str], now: datetime) -> bool:
        today = local_date(now)
        digest = hashlib.sha256(json.dumps(sorted(agencies)).encode()).hexdigest()
        with self.database.read() as connection:
            if alarms.is_raised(connection, controller, today, digest):
                return False
        try:
            with self.database.write() as connection:
                alarms.add(
                    connection,
                    {
                        "id": new_id(now),
                        "controller_id": controller,
                        "day": today,
                        "digest": digest,
                        "raised_at": now,
                    },
                )
                readers = people.officers(connection, controller, Role.ADMINISTRATOR, today)
                chasing.put_letters(
                    connection,
                    [
                        {
                            "id": new_id(now),
                            "person_id": reader,
                            "letter": LETTER,
                            "params": {"agencies": sorted(agencies)},
                            "created_at": now,
                            "next_attempt_at": now,
                            "attempts": 0,
                        }
                        for reader in readers
                    ],
                )
        except IntegrityError:  # another scheduler has raised it
            return False
        log.error("nobody can open the reports of %s", ", ".join(sorted(agencies)))
        if not readers:
            log.error("%s has no administrator to write to", controller)
        return True
