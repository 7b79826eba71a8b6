"""Whether what was sent is stored, routed, and opened or being chased: day by day, by agency."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any, NamedTuple

from flask import Response, request

from intake.domain.canary import Fault, place_of, titles
from intake.domain.message import mark
from intake.language import Language
from intake.services.reconcile import ShowReconciliation
from intake.services.sign_in import Visit
from intake.store.columns import AnyRow
from intake.store.reconciling import Counts, counts_of
from intake.web.page import reader_language
from intake.web.supervisor.room import Room

FAULTS: Mapping[str, str] = {
    Fault.NOT_SENT: mark("The service did not take it"),
    Fault.NOT_WHOLE: mark("It was not stored whole"),
    Fault.NO_DESK: mark("No desk of the kind that the rules name: another kind got it"),
    Fault.NOBODY_OPENS: mark("Nobody can open there: another desk got it"),
    Fault.NO_REFERRAL: mark("It did not come to the agency"),
    Fault.NO_WRAP: mark("It was not sealed to the agency's key in use"),
    Fault.NO_DEADLINE: mark("A deadline is missing"),
    Fault.NOT_CHASED: mark("The reminders' sweep has not been by it"),
    Fault.NOT_ERASED: mark("It could not be erased"),
}
"""What is wrong with a route."""
LATE_AFTER = timedelta(minutes=30)
_COUNTED = tuple(field.name for field in fields(Counts) if field.name != "agency_id")


class _Line(NamedTuple):
    """A row of a table: of an agency or of a day, or of both."""

    name: str
    day: str
    counts: Counts
    differs: bool


class _Route(NamedTuple):
    """A route that does not work: what was sent where, whom it concerns, and what is wrong."""

    what: str
    agencies: str
    fault: str


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
            routes=shown.routes,
            faulty=[self._route(language, row, own) for row in shown.routes.faulty],
            unreached=sorted(self._called(language, agency) for agency in shown.routes.unreached),
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

    def _route(self, language: Language, row: AnyRow, own: frozenset[str]) -> _Route:
        title = titles().get(row.route.partition(":")[0])
        place = language.text(place_of(self.room.directory, row.route))
        concerned = sorted(self._called(language, agency) for agency in own & set(row.agencies))
        what = f"{place}: {language.text(title)}" if title else row.route
        return _Route(what, ", ".join(concerned), language.gettext(FAULTS[row.fault]))

    def _name(self, language: Language, row: AnyRow) -> str:
        return self._called(language, row.agency_id)

    def _called(self, language: Language, agency: str) -> str:
        return language.text(self.room.directory.agency(agency).name)


def _sum(agency: str, counts: Iterable[Counts]) -> Counts:
    every: list[Any] = list(counts)
    return Counts(agency, **{name: sum(getattr(c, name) for c in every) for name in _COUNTED})
