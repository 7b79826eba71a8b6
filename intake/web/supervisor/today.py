"""What must be recorded today, agency by agency: with telephone numbers and who is absent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Response

from intake.domain.deadline import local_date
from intake.domain.message import Message, mark
from intake.language import Language
from intake.services.due_today import MOST, AtAgency, DueToday
from intake.services.sign_in import Visit
from intake.store.columns import AnyRow
from intake.web.case import clock_title
from intake.web.due import due
from intake.web.page import reader_language
from intake.web.supervisor.room import Room
from intake.web.words import ROLES, STATES

ABSENT = mark("%(name)s (%(role)s), until %(day)s")
ABSENT_OPEN = mark("%(name)s (%(role)s), until further notice")
STAND_IN = mark("in place: %(name)s")


@dataclass(frozen=True)
class TodayPage:
    """The morning page."""

    room: Room
    due_today: DueToday

    def today(self, visit: Visit) -> Response:
        """Late and due today, of one's own controllers' agencies."""
        now, language = self.room.now(), reader_language()
        found = self.due_today(visit.person, now)
        return self.room.render(
            "supervisor/today.html",
            day=language.date(local_date(now)),
            agencies=[self._agency(at, language) for at in found.agencies],
            late=sum(len(at.late) for at in found.agencies),
            today=sum(len(at.today) for at in found.agencies),
            absent=len({row.id for at in found.agencies for row in at.absent}),
            more=found.more,
            most=MOST,
        )

    def _agency(self, at: AtAgency, language: Language) -> dict[str, Any]:
        return {
            "agency": at.agency,
            "dial": at.agency.phone.replace(" ", ""),
            "open": at.open,
            "rows": [self._row(row, language) for row in (*at.late, *at.today)],
            "absent": [_absent(row, language) for row in at.absent],
        }

    def _row(self, row: AnyRow, language: Language) -> dict[str, Any]:
        kind, state = STATES[row.state]
        return {
            "id": row.id,
            "reference": row.reference,
            "task": clock_title(language, self.room.clocks, row.clock),
            "due": due(row.due_at, self.room.now()),
            "state_kind": kind,
            "state": language.gettext(state),
            "worker": row.worker_name or "",
        }


def _absent(row: AnyRow, language: Language) -> str:
    told = {"name": row.name, "role": language.gettext(ROLES[row.role])}
    if row.last_day:
        words = language.message(Message(ABSENT, {**told, "day": language.date(row.last_day)}))
    else:
        words = language.message(Message(ABSENT_OPEN, told))
    if row.stand_in:
        words += "; " + language.message(Message(STAND_IN, {"name": row.stand_in}))
    return words
