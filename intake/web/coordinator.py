"""The police coordinator's door: a situational picture of counts, without any child's data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from babel.dates import format_date
from flask import Blueprint, Response

from intake.domain.directory import Kind
from intake.domain.people import Permission
from intake.domain.timing import months_until
from intake.services.oversee import Oversee
from intake.services.sign_in import Visit
from intake.web.counts import HIDDEN, count_of
from intake.web.guards import Entrance, Refusal
from intake.web.page import Clock, reader_language, render
from intake.web.words import KINDS

MONTHS = 12


@dataclass(frozen=True)
class _Coordinator:
    oversee: Oversee
    now: Clock

    def picture(self, _visit: Visit) -> Response:
        """Months, the newest first, by kinds of agency; small numbers hidden, no totals. A month
        without reports between others is told too.
        """
        language = reader_language()
        counted = self.oversee.picture()
        last = months_until(self.now(), MONTHS)
        since = min(counted, default="9999")
        newest = [(month, counted.get(month, {})) for month in reversed(last) if month >= since]
        months = [
            (
                format_date(date.fromisoformat(f"{month}-01"), "LLLL y", locale=language.code),
                [count_of(language.gettext(KINDS[kind]), counts.get(kind, 0)) for kind in Kind],
            )
            for month, counts in newest
        ]
        return render(
            "coordinator/picture.html",
            months=months,
            most=max((count.bar for _, counts in months for count in counts), default=0),
            hidden=HIDDEN,
        )


def make_blueprint(*, oversee: Oversee, refuse: Refusal, now: Clock) -> Blueprint:
    """The door's routes."""
    blueprint = Blueprint("coordinator", __name__)
    Entrance(blueprint, refuse).route("/picture", Permission.SEE_PICTURE)(
        _Coordinator(oversee, now).picture
    )
    return blueprint
