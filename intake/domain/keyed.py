"""A worry that did not come by the form: it reached an agency, and a member of it keys it in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from intake.domain.clock import Clock, Starts
from intake.domain.directory import Agency
from intake.domain.people import Role

LATE = timedelta(days=30)
"""Who keys a worry in later than this after its arrival gives a reason."""


class Channel(StrEnum):
    """How it came."""

    PHONE = "phone"
    LETTER = "letter"
    VISIT = "visit"
    OTHER = "other"


@dataclass(frozen=True)
class KeyedIn:
    """Who keyed a worry in, and when and how it had come to ``agency``."""

    person_id: UUID
    name: str
    role: Role
    agency: Agency
    channel: Channel
    arrived_at: datetime
    late_reason: str = ""

    def is_known_at(self, agency: Agency) -> bool:
        """Whether it is the desk that took the worry."""
        return agency.id == self.agency.id

    def arrived_at_authority(self, agency: Agency) -> bool:
        """Whether the desk belongs to the authority that took the worry."""
        return (agency.kind, agency.controller) == (self.agency.kind, self.agency.controller)

    def start_of(self, clock: Clock, agency: Agency, now: datetime) -> datetime:
        """When a clock of an agency's referral starts.

        At the desk that took the worry, all count from its arrival there. A clock set by law, or
        that starts with the arrival at the authority, counts from it at every desk of that
        authority: the law's time is the authority's (417/2007 §26), also where each desk begins
        anew what is handed over to it. Everybody else gets the worry ``now``.
        """
        the_authoritys = clock.law is not None or clock.starts is Starts.AUTHORITY
        known = self.is_known_at(agency) or (the_authoritys and self.arrived_at_authority(agency))
        return self.arrived_at if known else now

    def told(self, now: datetime) -> Mapping[str, Any]:
        """What every agency that gets the report reads of it, sealed with its reasons."""
        return {
            "name": self.name,
            "role": self.role.value,
            "agency": dict(self.agency.name),
            "channel": self.channel.value,
            "arrived_at": self.arrived_at.isoformat(),
            "keyed_at": now.isoformat(),
            "late_reason": self.late_reason,
        }
