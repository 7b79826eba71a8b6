"""The page that shows how the jobs have run, for supervisors and administrators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response

from intake.domain.message import mark
from intake.domain.people import Permission
from intake.language import Language
from intake.services.show_jobs import Runs, ShowJobs
from intake.services.sign_in import Visit
from intake.web.guards import Entrance, Refusal
from intake.web.page import Clock, reader_language, render

JOBS: Mapping[str, str] = {
    "chase": mark("Reminders of deadlines"),
    "notify": mark("News to reporters"),
    "deliver": mark("Letters to the post"),
    "tidy": mark("Erasing of what has expired"),
    "retain": mark("Deleting of content that has had its time"),
    "openers": mark("Watch over who can open"),
    "entries": mark("Watch over what was signed"),
    "workers": mark("Roles whose last day is over"),
    "half_year": mark("Reminders of the half-year statistics"),
    "watch": mark("Watch over the reminders and the letters"),
    "try_routes": mark("Invented reports that try each route"),
    "reconcile": mark("Reconciliation of what was sent and looked at"),
    "recount": mark("Deadlines that a changed calendar moves"),
    "sign_trail": mark("Signed checkpoints of the use log"),
    "list_deletions": mark("The list of what was erased"),
}
_MINUTE, _HOUR = 60, 3600


@dataclass(frozen=True)
class _Jobs:
    show_jobs: ShowJobs
    now: Clock

    def timetable(self, _visit: Visit) -> Response:
        """Each job: how often, how it did last, of late, and now."""
        language = reader_language()
        rows = [_row(language, runs) for runs in self.show_jobs(self.now())]
        overdue = [row["name"] for row in rows if row["overdue"]]
        return render("jobs/timetable.html", rows=rows, overdue=overdue)


def _row(language: Language, runs: Runs) -> dict[str, Any]:
    last = runs.last
    return {
        "name": language.gettext(JOBS[runs.job]),
        "every": _every(language, runs.every),
        "overdue": runs.overdue,
        "last": last,
        "took": _seconds(language, last.finished_at - last.started_at) if last else "",
        "good_at": runs.good_at,
        "ended": language.number(runs.ended),
        "failures": language.number(runs.failures),
        "running": runs.running,
        "broken_off": runs.broken_off,
    }


def _every(language: Language, time: timedelta) -> str:
    seconds = round(time.total_seconds())
    if seconds % _HOUR == 0:
        return language.ngettext("every %(num)s hour", "every %(num)s hours", seconds // _HOUR)
    if seconds % _MINUTE == 0:
        return language.ngettext(
            "every %(num)s minute", "every %(num)s minutes", seconds // _MINUTE
        )
    return language.ngettext("every %(num)s second", "every %(num)s seconds", seconds)


def _seconds(language: Language, time: timedelta) -> str:
    return f"{language.number(round(max(time.total_seconds(), 0), 1))}\N{NO-BREAK SPACE}s"


def make_blueprint(*, show_jobs: ShowJobs, refuse: Refusal, now: Clock) -> Blueprint:
    """One page."""
    blueprint = Blueprint("jobs", __name__)
    Entrance(blueprint, refuse).route("/jobs", Permission.SEE_JOBS)(_Jobs(show_jobs, now).timetable)
    return blueprint
