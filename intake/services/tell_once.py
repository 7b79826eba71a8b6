"""Tell a controller's people of something that is wrong: the same things once a day."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.exc import IntegrityError

from intake.domain.deadline import local_date
from intake.domain.people import Role
from intake.domain.row_id import new_id
from intake.store import alarms, outbox, people, trail
from intake.store.database import Database

KEPT = timedelta(days=30)
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Telling:
    """What is told in which letter. ``same``: what makes it the same thing as told before;
    ``lines``: what the trail is told with it, as ``action``.
    """

    letter: str
    params: Mapping[str, Any]
    same: Any
    roles: Sequence[Role] = (Role.ADMINISTRATOR,)
    action: str = ""
    lines: Sequence[Mapping[str, Any]] = ()

    @property
    def digest(self) -> str:
        """What stands for it: the same thing, the same digest."""
        return hashlib.sha256(json.dumps(self.same).encode()).hexdigest()


def tell_once(database: Database, controller: str, telling: Telling, now: datetime) -> bool:
    """Write to everyone who holds one of these roles at the controller, unless that was told today;
    of several schedulers at once one does. Whether it was written now.
    """
    today = local_date(now)
    with database.read() as connection:
        if alarms.is_raised(connection, controller, today, telling.digest):
            return False
    try:
        with database.write() as connection:
            alarms.add(
                connection,
                {
                    "id": new_id(now),
                    "controller_id": controller,
                    "day": today,
                    "digest": telling.digest,
                    "raised_at": now,
                },
            )
            readers = dict.fromkeys(
                reader
                for role in telling.roles
                for reader in people.officers(connection, controller, role, today)
            )
            letters = [
                outbox.new_letter(telling.letter, now, telling.params, person_id=reader)
                for reader in readers
            ]
            outbox.put_letters(connection, letters)
            if telling.lines:
                trail.write_lines(connection, at=now, action=telling.action, about=telling.lines)
    except IntegrityError:  # another scheduler has told it
        return False
    if not readers:
        log.error("%s has no %s to write to", controller, " or ".join(telling.roles))
    return True
