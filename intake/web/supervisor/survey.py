"""The supervisor's tables to plan by: open reports by age, times taken, and what comes due."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import dropwhile
from typing import NamedTuple

from babel.dates import format_date
from flask import Response, request, url_for

from intake.domain.ageing import CLASSES
from intake.domain.forecast import DayAhead
from intake.domain.message import Message, mark
from intake.domain.timing import LONGEST, Times, What, longest_in, shortest_in
from intake.language import Language
from intake.services.sign_in import Visit
from intake.services.survey import Survey, Timed
from intake.web.case import clock_title
from intake.web.page import reader_language
from intake.web.supervisor.room import Room

_HOUR, _HOURS_UP_TO = timedelta(hours=1), timedelta(days=2)


class _Row(NamedTuple):
    """A row of times: of what, how many, the two figures in words, and in hours for the bar."""

    name: str
    href: str
    referrals: int
    median: str
    slow: str
    median_hours: int
    slow_hours: int


class _Day(NamedTuple):
    """A day ahead: what is due of each clock, in their order."""

    name: str
    note: str
    is_off: bool
    due: Sequence[int]
    together: int


@dataclass(frozen=True)
class Surveys:
    """Pages of counts. An agency in the address that is none of the reader's own is ignored."""

    room: Room
    survey: Survey

    def ageing(self, visit: Visit) -> Response:
        """Open reports by age, by agency."""
        language = reader_language()
        ages = self.survey.ages(visit.person, self.room.now())
        return self.room.render(
            "supervisor/ageing.html",
            classes=[age_class(language, number) for number in range(len(CLASSES))],
            rows=ages,
            most=max((sum(of.open) for of in ages), default=0),
            sums=[sum(of.open[number] for of in ages) for number in range(len(CLASSES))],
        )

    def times(self, visit: Visit) -> Response:
        """How long agencies took to take reports up and to answer, in the last twelve months."""
        language, own = reader_language(), self.survey.own(visit.person)
        agency = _asked(own)
        taken = self.survey.taken(visit.person, self.room.now(), agency)
        by_agency = [
            (language.text(of.name), url_for("supervisor.times", agency=of.id), timed)
            for of, timed in taken.agencies
        ]
        by_month = [
            (month_name(language, month), "", timed)
            for month, timed in dropwhile(_nothing_in, taken.months)
        ]
        shows_agencies = agency is None and len(by_agency) > 1
        return self.room.render(
            "supervisor/times.html",
            agency=agency,
            agencies=[self.room.directory.agency(each) for each in sorted(own)],
            counted=bool(by_month),
            tables=[
                (
                    what,
                    [_row(language, *of, what) for of in by_agency] if shows_agencies else [],
                    [_row(language, *of, what) for of in reversed(by_month)],
                )
                for what in What
            ],
        )

    def ahead(self, visit: Visit) -> Response:
        """What falls due on each day until the 20th working day."""
        language, own = reader_language(), self.survey.own(visit.person)
        agency = _asked(own)
        ahead = self.survey.ahead(visit.person, self.room.now(), agency)
        every = [ahead.late, *(due for _, due in ahead.days)]
        titles = {
            clock: clock_title(language, self.room.clocks, clock)
            for clock in sorted({clock for due in every for clock in due})
        }
        clocks = sorted(titles, key=titles.__getitem__)
        days = [_day(language, day, due, clocks) for day, due in ahead.days]
        return self.room.render(
            "supervisor/ahead.html",
            agency=agency,
            agencies=[self.room.directory.agency(each) for each in sorted(own)],
            clocks=[titles[clock] for clock in clocks],
            late=[ahead.late.get(clock, 0) for clock in clocks],
            days=days,
            most=max((sum(due.values()) for due in every), default=0),
        )


def age_class(language: Language, number: int) -> str:
    """A class of ages in words."""
    youngest, oldest = CLASSES[number]
    if oldest is None:
        over = Message(mark("Over %(days)s days"), {"days": youngest - 1})
        return language.message(over)
    ends = {"youngest": youngest, "oldest": oldest}
    return language.message(Message(mark("%(youngest)s–%(oldest)s days"), ends))


def month_name(language: Language, month: str) -> str:
    """A month (YYYY-MM) in words."""
    return format_date(date.fromisoformat(f"{month}-01"), "LLLL y", locale=language.code)


def _nothing_in(month: tuple[str, Timed]) -> bool:
    return not any(times.count for times in month[1].values())


def _asked(own: frozenset[str]) -> str | None:
    agency = request.args.get("agency", "")
    return agency if agency in own else None


def _row(language: Language, name: str, href: str, timed: Timed, what: What) -> _Row:
    times: Times = timed[what]
    median, slow = (_time(language, bucket) for bucket in (times.median, times.slow))
    hours = (_hours(times.median), _hours(times.slow))
    return _Row(name, href, times.count, median, slow, *hours)


def _time(language: Language, bucket: int | None) -> str:
    """The end of a bucket in words: hours up to two days, then days."""
    if bucket is None:
        return "–"
    longest = longest_in(bucket)
    if longest is None:
        days = shortest_in(bucket).days
        return language.message(Message(mark("%(days)s d or more"), {"days": days}))
    if longest <= _HOURS_UP_TO:
        return language.message(Message(mark("%(hours)s h"), {"hours": longest // _HOUR}))
    return language.message(Message(mark("%(days)s d"), {"days": longest.days}))


def _hours(bucket: int | None) -> int:
    """The end of a bucket in hours, for a bar; of the last one its beginning."""
    if bucket is None:
        return 0
    return (longest_in(min(bucket, LONGEST - 1)) or timedelta()) // _HOUR


def _day(language: Language, day: DayAhead, due: Mapping[str, int], clocks: Sequence[str]) -> _Day:
    names = day.off.name if day.off else day.eve
    counts = [due.get(clock, 0) for clock in clocks]
    note = language.text(names) if names else ""
    return _Day(language.date(day.date), note, day.off is not None, counts, sum(counts))
