"""Show the trail to the auditor; looking at it leaves a line too."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from intake.domain.deadline import local_date
from intake.domain.people import Permission, Role
from intake.domain.trail import Action, ReadingBasis
from intake.domain.unusual import SPAN, Found, unusual
from intake.services.sign_in import Visit
from intake.store import recusals, trail, unusual_reading
from intake.store.columns import AnyRow
from intake.store.database import Database
from intake.store.trail import EVERY, Wanted

SEARCHED = "searched: "
_ROOM = 80  # of a line's purpose
_OF_NAME = 30
_BASES = {
    Action.READ_TRAIL: ReadingBasis.OVERSIGHT,
    Action.EXTRACT: ReadingBasis.EXTRACT,
}


@dataclass(frozen=True)
class Extract:
    """All that is logged of a report at the auditor's own controllers."""

    references: Sequence[str]
    lines: Sequence[AnyRow]


@dataclass(frozen=True)
class Audit:
    """Reading of the trail: metadata of the auditor's own controllers, never content, and no lines
    of reports that the auditor is shut out of.
    """

    database: Database

    def __call__(
        self,
        visit: Visit,
        now: datetime,
        limit: int = 200,
        *,
        wanted: Wanted = EVERY,
        offset: int = 0,
    ) -> list[AnyRow]:
        """The newest lines, after a line of this reading."""
        self._say(visit, Action.READ_TRAIL, _searched(wanted) or "oversight of use", now)
        with self.database.read() as connection:
            own = visit.person.controllers(Permission.READ_TRAIL)
            shut = recusals.shut_to(connection, visit.person.id)
            return list(trail.lines_of(connection, own, limit, shut, wanted, offset))

    def extract(self, visit: Visit, references: Collection[str], now: datetime) -> Extract:
        """Every view and disclosure of the reports that these references name; a line of each
        referral that was found, beside that of how many were asked for.
        """
        self._say(visit, Action.EXTRACT, f"references: {len(references)}", now)
        with self.database.read() as connection:
            own = visit.person.controllers(Permission.READ_TRAIL)
            shut = recusals.shut_to(connection, visit.person.id)
            found, lines = trail.extract(connection, references, own, shut)
        self._say_each(visit, found, now)
        return Extract([row.reference for row in found], lines)

    def unusual(self, visit: Visit, now: datetime, always_open: Collection[str]) -> list[Found]:
        """Who read otherwise in SPAN than colleagues did. ``always_open``: those agencies."""
        self._say(visit, Action.READ_TRAIL, "unusual reading", now)
        with self.database.read() as connection:
            own = visit.person.controllers(Permission.READ_TRAIL)
            return unusual(unusual_reading.openings(connection, own, now - SPAN, always_open))

    def _say_each(self, visit: Visit, found: Sequence[AnyRow], now: datetime) -> None:
        who = {
            "person_id": visit.person.id,
            "role": Role.AUDITOR,
            "basis": ReadingBasis.EXTRACT,
        }
        about = [{"agency_id": row.agency_id, "referral_id": row.id, **who} for row in found]
        with self.database.write() as connection:
            trail.write_lines(connection, at=now, action=Action.EXTRACT, about=about)

    def _say(self, visit: Visit, action: Action, purpose: str, now: datetime) -> None:
        with self.database.write() as connection:
            trail.write_line(
                connection,
                at=now,
                action=action,
                person_id=visit.person.id,
                role=Role.AUDITOR,
                purpose=purpose,
                basis=_BASES[action],
            )


def _searched(wanted: Wanted) -> str:
    """What was looked for, as the trail has it; nothing where it was everything."""
    first = local_date(wanted.since).isoformat() if wanted.since else ""
    last = local_date(wanted.until - timedelta(hours=1)).isoformat() if wanted.until else ""
    days = f"{first}–{last}" if first or last else ""
    told = [part for part in (wanted.person[:_OF_NAME], wanted.action, days, wanted.agency) if part]
    return f"{SEARCHED}{', '.join(told)}"[:_ROOM] if told else ""
