"""Quiet hours: when letters that can wait are not sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from intake.domain.deadline import HELSINKI, local_instant


@dataclass(frozen=True)
class Quiet:
    """From one local time of day to another, also over midnight; the last instant is not quiet."""

    since: time
    until: time

    @classmethod
    def of(cls, table: Mapping[str, str]) -> Quiet | None:
        """The ``[quiet]`` table as ``rule_tables`` read it; None where there is none."""
        if not table:
            return None
        return cls(time.fromisoformat(table["from"]), time.fromisoformat(table["to"]))

    def ends(self, now: datetime) -> datetime | None:
        """The UTC instant at which the quiet hours of now are over; None where it is not quiet."""
        local = now.astimezone(HELSINKI)
        at, day = local.time(), local.date()
        if self.since <= self.until:
            return local_instant(day, self.until) if self.since <= at < self.until else None
        if at >= self.since:
            return local_instant(day + timedelta(days=1), self.until)
        return local_instant(day, self.until) if at < self.until else None
