"""Who has looked at a report: for those of the agency that has it. And a worker's own log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from intake.domain.people import Permission
from intake.services.open_detail import opened_detail
from intake.services.read import Read
from intake.services.sign_in import Visit
from intake.store import people, referrals, trail
from intake.store.columns import AnyRow
from intake.store.database import Database
from intake.vault.keyring import PrivateKey, open_grant


@dataclass(frozen=True)
class Looked:
    """The lines of a report at the reader's own agencies; ``details``: what was sealed with them,
    by line, as far as the reader's keys open it. ``masked``: whether no other agency is named that
    tells where a child is.
    """

    referral: AnyRow
    lines: Sequence[AnyRow]
    details: Mapping[UUID, Mapping[str, Any]]
    masked: bool


@dataclass(frozen=True)
class WhoLooked:
    """Reading of what the trail has of one report, or of oneself."""

    database: Database
    read: Read

    def __call__(self, visit: Visit, referral_id: UUID, now: datetime) -> Looked:
        """All lines of the report's referrals at this person's agencies, oldest first.

        Raises ReferralNotYours, with a line in the trail.
        """
        row = self.read.entitled(visit, referral_id, now)
        own = visit.person.agencies(Permission.READ_REFERRALS)
        with self.database.read() as connection:
            every = referrals.of_report(connection, row.report_id)
            ids = [each.id for each in every if each.agency_id in own]
            lines = trail.lines_about(connection, ids, own)
        masked = self.read.is_masked(visit, row)
        return Looked(row, lines, self._details(visit, lines), masked)

    def own(self, visit: Visit, limit: int, offset: int = 0) -> Sequence[AnyRow]:
        """This person's newest lines."""
        with self.database.read() as connection:
            return trail.lines_by(connection, visit.person.id, limit, offset)

    def _details(self, visit: Visit, lines: Sequence[AnyRow]) -> dict[UUID, Mapping[str, Any]]:
        keys: dict[str, PrivateKey | None] = {}
        details: dict[UUID, Mapping[str, Any]] = {}
        for line in lines:
            if line.sealed_detail is None or line.detail_key_id is None:
                continue
            if line.detail_key_id not in keys:
                keys[line.detail_key_id] = self._key(visit, line.detail_key_id)
            key = keys[line.detail_key_id]
            if key is None:
                continue
            details[line.id] = opened_detail(key, line.action, line.referral_id, line.sealed_detail)
        return details

    def _key(self, visit: Visit, key_id: str) -> PrivateKey | None:
        with self.database.read() as connection:
            sealed = people.grant(connection, key_id, visit.person.id)
        return open_grant(visit.key, sealed, key_id, visit.person.id) if sealed else None
