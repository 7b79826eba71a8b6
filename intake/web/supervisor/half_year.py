"""The half-year statistics of a county: exact on the page, protected where they leave it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, NoReturn

from flask import Response, abort, redirect, request, url_for

from intake.domain.deadline import local_date
from intake.domain.half_year import Period, PeriodUnknown, periods, protect_kept
from intake.domain.message import mark
from intake.domain.referral import Move
from intake.domain.small_numbers import shown
from intake.services.half_year import (
    CountyFigures,
    CountyNotYours,
    DayNotPossible,
    Figures,
    HalfYear,
)
from intake.services.sign_in import Visit
from intake.web.forms.half_year import NOT_POSSIBLE, ReportedForm
from intake.web.page import reader_language
from intake.web.supervisor.half_year_file import file_of
from intake.web.supervisor.room import Room

TITLES: Mapping[str, str] = {
    "lsl26_start": mark("Assessments of service needs started"),
    "lsl26_complete": mark("Assessments of service needs completed"),
}
KEPT: Mapping[str, str] = {
    "in_time": mark("In time"),
    "over_time": mark("Over time"),
    "moved": mark("Over time, but by the day to which the deadline may move"),
    "all": mark("In all"),
}
WITHOUT: Mapping[str, str] = {
    Move.ASSESSMENT_NOT_NEEDED: mark("Assessment obviously unnecessary"),
    Move.ALREADY_CLIENT: mark("Already a client"),
    Move.CLOSE: mark("Handling ended without it"),
}
MOVED_ON = mark("Moved to another agency, which counts it")
WAITING = mark("Still not recorded, though its deadline ended in the half-year")


class Number(NamedTuple):
    """A number of the statistics: its name, how many it is, and how many of it are late.

    ``told``: as it may be shown outside; None where it may not.
    """

    name: str
    exact: int
    told: int | None
    late: int = 0


class Subject(NamedTuple):
    """One deadline of the law in numbers."""

    title: str
    kept: tuple[Number, ...]
    others: tuple[Number, ...]


def subject_of(clock: str, figures: Figures) -> Subject:
    """The numbers of a clock, as they stand and as they may be shown outside."""
    kept, told = figures.kept, protect_kept(figures.kept)
    late = {"over_time": kept.over_time, "moved": kept.moved, "all": kept.over_time}
    others = {WITHOUT[move]: figures.without[move] for move in WITHOUT}
    others |= {MOVED_ON: figures.moved_on}
    return Subject(
        TITLES[clock],
        tuple(
            Number(title, getattr(kept, name), getattr(told, name), late.get(name, 0))
            for name, title in KEPT.items()
        ),
        (
            *(Number(name, count, shown(count)) for name, count in others.items()),
            # The half-years together are what is late now, which the files of deadlines tell.
            Number(WAITING, figures.waiting, None),
        ),
    )


@dataclass(frozen=True)
class HalfYears:
    """The page of a county and a period, its file, and what was reported."""

    room: Room
    half_year: HalfYear

    def half_year_page(self, visit: Visit) -> Response:
        """The statistics of the period and the county that were asked for."""
        return self._page(visit, self.room.form(visit, ReportedForm))

    def half_year_file(self, visit: Visit) -> Response:
        """The same as a file for others, small numbers protected, after a line in the trail."""
        county, period = self._asked(visit)
        try:
            found = self.half_year.take_out(visit, county, period, self.room.now())
        except CountyNotYours:
            self._refuse(visit)
        return file_of(reader_language(), found, self._subjects(found))

    def reported(self, visit: Visit) -> Any:
        """Record on which day the figures were reported, or take back that they were."""
        form = self.room.form(visit, ReportedForm)
        takes_back = "take_back" in request.form
        if not (form.csrf_token.validate(form) if takes_back else form.validate()):
            return self._page(visit, form, 422)
        county, period = self._asked(visit)
        day = None if takes_back else form.reported_on.data
        try:
            self.half_year.record(visit, county, period, day, self.room.now())
        except CountyNotYours:
            self._refuse(visit)
        except DayNotPossible:
            form.reported_on.errors = [reader_language().gettext(NOT_POSSIBLE)]
            return self._page(visit, form, 422)
        page = url_for(
            "supervisor.half_year_page",
            period=period,
            county=county,
            done="taken_back" if takes_back else "recorded",
        )
        return redirect(page, 303)

    def _refuse(self, visit: Visit) -> NoReturn:
        self.room.refuse(visit, request.endpoint or "")
        abort(404)

    def _asked(self, visit: Visit) -> tuple[str, Period]:
        """The county and the period of the address; untold one's own, and the last that ended."""
        own = [county.id for county in self.half_year.counties(visit.person)]
        county = request.args.get("county") or next(iter(own), "")
        _running, ended, *_ = offered = periods(self.room.now())
        try:
            period = Period.read(request.args.get("period", ""))
        except PeriodUnknown:
            return county, ended
        return county, period if period in offered else ended

    def _page(self, visit: Visit, form: ReportedForm, status: int = 200) -> Response:
        now, counties = self.room.now(), self.half_year.counties(visit.person)
        county, period = self._asked(visit)
        found = None
        if counties:
            try:
                found = self.half_year(visit.person, county, period, now)
            except CountyNotYours:
                self._refuse(visit)
        return self.room.render(
            "supervisor/half_year.html",
            status,
            form=form,
            counties=counties,
            periods=periods(now),
            found=found,
            subjects=self._subjects(found) if found else (),
            period=period,
            now=now,
            running=period.ends_at > now,
            overdue=local_date(now) > period.report_by,
            done=request.args.get("done", ""),
        )

    def _subjects(self, found: CountyFigures) -> list[Subject]:
        return [subject_of(clock, figures) for clock, figures in found.by_clock.items()]
