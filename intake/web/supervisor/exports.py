"""The supervisor's tables as files, small numbers protected."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from flask import Response

from intake.domain.ageing import CLASSES
from intake.domain.deadline import local_date
from intake.domain.message import mark
from intake.domain.small_numbers import ShownTimes
from intake.domain.timing import longest_in, shortest_in
from intake.language import Language
from intake.services.export import Export
from intake.services.sign_in import Visit
from intake.web.case import clock_title
from intake.web.counts import HIDDEN
from intake.web.csv_file import Cell, csv_file
from intake.web.due import SOON
from intake.web.page import reader_language
from intake.web.supervisor.room import Room
from intake.web.supervisor.survey import age_class

_SUM_HIDDEN = mark("hidden")
_AGENCY, _TASK = mark("Agency"), mark("Task")
_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Exports:
    """Files of the whole table: what is asked of one agency would tell what two files differ by."""

    room: Room
    export: Export

    def pressing_csv(self, visit: Visit) -> Response:
        """What is late and due soon, by agency and task."""
        language, now = reader_language(), self.room.now()
        rows = [
            (
                language.text(row.agency.name),
                clock_title(language, self.room.clocks, row.clock),
                _count(row.late),
                _sum(language, row.soon),
            )
            for row in self.export.pressing(visit, now, now + SOON)
        ]
        heading = (_AGENCY, _TASK, mark("Late"), mark("Due within three days"))
        return self._file("deadlines-late", language, heading, rows)

    def ageing_csv(self, visit: Visit) -> Response:
        """Open reports by age, by agency."""
        language, now = reader_language(), self.room.now()
        rows = [
            (language.text(agency.name), *(_count(count) for count in ages))
            for agency, ages in self.export.ages(visit, now, now + SOON)
        ]
        classes = [age_class(language, number) for number in range(len(CLASSES))]
        return self._file("open-reports-by-age", language, (_AGENCY,), rows, classes)

    def times_csv(self, visit: Visit) -> Response:
        """How long agencies took, in hours, by agency and month."""
        language = reader_language()
        rows = [
            (
                language.text(agency.name),
                month,
                *(cell for of in taken.values() for cell in _times(of)),
            )
            for agency, month, taken in self.export.times(visit, self.room.now())
        ]
        heading = (
            _AGENCY,
            mark("Month"),
            mark("Taken up"),
            mark("Taken up: median, hours"),
            mark("Taken up: 90th percentile, hours"),
            mark("Responded to"),
            mark("Responded to: median, hours"),
            mark("Responded to: 90th percentile, hours"),
        )
        return self._file("times", language, heading, rows)

    def ahead_csv(self, visit: Visit) -> Response:
        """What is late, and what falls due on each day, by agency and task."""
        language, now = reader_language(), self.room.now()
        late = language.gettext(mark("Late"))
        rows = [
            (
                cell.day.isoformat() if cell.day else late,
                language.text(cell.agency.name),
                clock_title(language, self.room.clocks, cell.clock),
                _sum(language, cell.due) if cell.day else _count(cell.due),
            )
            for cell in self.export.ahead(visit, now, now + SOON)
        ]
        heading = (mark("Day"), _AGENCY, _TASK, mark("Due"))
        return self._file("deadlines-ahead", language, heading, rows)

    def _file(
        self,
        name: str,
        language: Language,
        heading: Iterable[str],
        rows: Iterable[tuple[Cell, ...]],
        more: Iterable[str] = (),
    ) -> Response:
        today: date = local_date(self.room.now())
        titles = [*(language.gettext(title) for title in heading), *more]
        return csv_file(f"{name}-{today.isoformat()}.csv", titles, rows)


def _count(count: int | None) -> Cell:
    return HIDDEN if count is None else count


def _sum(language: Language, count: int | None) -> Cell:
    """A sum that is hidden may be large: a part of it is small."""
    return language.gettext(_SUM_HIDDEN) if count is None else count


def _times(of: ShownTimes) -> tuple[Cell, Cell, Cell]:
    return _count(of.count), _hours(of.median), _hours(of.slow)


def _hours(bucket: int | None) -> Cell:
    """The end of a bucket in hours; nothing where it is hidden or there is none."""
    if bucket is None:
        return ""
    longest = longest_in(bucket)
    return f">{shortest_in(bucket) // _HOUR}" if longest is None else longest // _HOUR
