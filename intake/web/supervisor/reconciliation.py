"""Whether what was sent is stored, routed, and opened or being chased: day by day, by agency."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any, NamedTuple

from flask import Response, request

from intake.language import Language
from intake.services.reconcile import ShowReconciliation
from intake.services.sign_in import Visit
from intake.store.columns import AnyRow
from intake.store.reconciling import Counts, counts_of
from intake.web.page import reader_language
from intake.web.supervisor.room import Room

LATE_AFTER = timedelta(minutes=30)
_COUNTED = tuple(field.name for field in fields(Counts) if field.name != "agency_id")


class _Line(NamedTuple):
    """A row of a table: of an agency or of a day, or of both."""

    name: str
    day: str
    counts: Counts
    differs: bool


@dataclass(frozen=True)
class Reconciliation:
    """The page."""

    room: Room
    show: ShowReconciliation

    def reconciliation(self, visit: Visit) -> Response:
        """The last 30 days: what differs first, then each agency, or each day of one agency."""
        now, language = self.room.now(), reader_language()
        shown = self.show(visit.person, now)
        own = self.show.agencies(visit.person)
        asked = request.args.get("agency", "")
        asked = asked if asked in own else ""
        differing = [row for row in shown.days if counts_of(row).differ]
        by_day = [row for row in shown.days if row.agency_id == asked]
        return self.room.render(
            "supervisor/reconciliation.html",
            asked=asked,
            agencies=[self.room.directory.agency(agency) for agency in sorted(own)],
            checked_at=shown.checked_at,
            overdue=shown.checked_at is None or now - shown.checked_at > LATE_AFTER,
            whole_since=shown.whole_since,
            lost=[(row.reference, self._name(language, row), row.arrived_at) for row in shown.lost],
            differing=[self._of_day(language, row) for row in differing],
            lines=(
                [self._of_day(language, row) for row in by_day]
                if asked
                else self._by_agency(language, shown.days)
            ),
        )

    def _of_day(self, language: Language, row: AnyRow) -> _Line:
        counts = counts_of(row)
        return _Line(self._name(language, row), language.date(row.day), counts, counts.differ)

    def _by_agency(self, language: Language, days: Sequence[AnyRow]) -> list[_Line]:
        """All days together, those at which something differs first."""
        found: dict[str, list[AnyRow]] = {}
        for row in days:
            found.setdefault(row.agency_id, []).append(row)
        lines = [
            _Line(
                self._name(language, rows[0]),
                "",
                _sum(agency, map(counts_of, rows)),
                any(counts_of(row).differ for row in rows),
            )
            for agency, rows in found.items()
        ]
        return sorted(lines, key=lambda line: (not line.differs, line.name))

    def _name(self, language: Language, row: AnyRow) -> str:
        return language.text(self.room.directory.agency(row.agency_id).name)


def _sum(agency: str, counts: Iterable[Counts]) -> Counts:
    every: list[Any] = list(counts)
    return Counts(agency, **{name: sum(getattr(c, name) for c in every) for name in _COUNTED})
