"""Delete what has had its time: untouched drafts, reporters' copies and addresses, sessions…"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from intake.domain.trail import kept_since
from intake.services.sign_in import IDLE, LONGEST
from intake.services.tries import DEVICES_KNOWN, KEPT_FOR
from intake.store import (
    chasing,
    checkpoints,
    deletions,
    drafts,
    factors,
    notices,
    people,
    reports,
    rotation,
    sessions,
    trail,
)
from intake.store.database import Database

DRAFT_IDLE = timedelta(hours=12)
COPY_KEPT = timedelta(hours=12)
NOTICE_ADDRESSES_KEPT = timedelta(days=180)  # or until the handling has ended everywhere
HEARTBEATS_KEPT = timedelta(days=30)
FORMER_KEYS_KEPT = timedelta(days=1)  # a report on its way may still be sealed to one
LISTED_FOR = timedelta(days=60)  # twice as long as backups are kept


@dataclass(frozen=True)
class Tidy:
    """The purge that a job runs. After it, what was erased is in no file of the database."""

    database: Database

    def __call__(self, now: datetime) -> int:
        """Purge; how many rows went."""
        with self.database.write() as connection:
            purged = (
                drafts.purge(connection, now - DRAFT_IDLE)
                + reports.purge_copies(connection, now - COPY_KEPT)
                + notices.purge(connection, now - NOTICE_ADDRESSES_KEPT, now)
                + sessions.purge(connection, now - LONGEST - IDLE)
                + factors.purge_devices(connection, now - DEVICES_KNOWN)
                + people.purge_attempts(connection, now - KEPT_FOR)
                + chasing.purge_heartbeats(connection, now - HEARTBEATS_KEPT)
                + rotation.forget_keys(connection, now - FORMER_KEYS_KEPT)
                + deletions.purge(connection, now - LISTED_FOR)
                + _expire_trail(connection, now)
            )
        self.database.empty_log()
        return purged


def _expire_trail(connection: Connection, now: datetime) -> int:
    """What was signed so long ago, too: so that a line's absence is known to be right."""
    since = kept_since(now)
    return trail.expire(connection, since, checkpoints.last_size_before(connection, since))
