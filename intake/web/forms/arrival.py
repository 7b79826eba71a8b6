"""How and when a worry that staff key in came to their agency."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from wtforms.validators import ValidationError

from intake.domain.deadline import ArrivalUnreadable, local_date, parse_arrival
from intake.domain.keyed import LATE
from intake.domain.message import Message, mark
from intake.web.forms import words
from intake.web.forms.day import Day
from intake.web.forms.fields import Line, OneOf, Passage
from intake.web.forms.report_form import ReportForm, Taking

REASON_LIMIT = 500
OLDEST = timedelta(days=5 * 365)
CLOCKS_DIFFER = timedelta(minutes=5)  # what the clock on a wall may be ahead of ours
_CLOCK = re.compile(r"([01]?\d|2[0-3])[.:]([0-5]\d)", re.ASCII)

DAY_AHEAD = mark("The day of arrival cannot be in the future.")
DAY_LONG_AGO = mark("The day of arrival is more than five years ago. Check the year.")
TIME_UNCLEAR = mark("Write the time in hours and minutes, such as 14.05.")
TIME_AHEAD = mark("The time of arrival cannot be in the future.")
TIME_SKIPPED = mark("There was no such time on that day: the clocks were put forward over it.")


class ArrivalForm(ReportForm):
    """How it came, to which agency and when."""

    channel = OneOf(mark("How did it come?"), words.CHANNELS, missing=mark("Choose how it came."))
    agency = OneOf(mark("Which agency got it?"), missing=mark("Choose which agency got it."))
    day = Day(
        mark("On which day did it come to the agency?"),
        missing=mark("Write the day on which it came to the agency."),
    )
    time = Line(
        mark("At what time did it come?"),
        limit=20,
        missing=mark("Write the time at which it came."),
    )
    late_reason = Passage(mark("Why is it keyed in only now?"), limit=REASON_LIMIT)

    def __init__(self, formdata: Any = None, **kwargs: Any) -> None:
        super().__init__(formdata, **kwargs)
        say = self.language
        self.agency.choices = [(each.id, say.text(each.name)) for each in self._taking.agencies]

    @property
    def arrived_at(self) -> datetime | None:
        """The instant that was typed, now at the latest; None while it is not one."""
        clock = _CLOCK.fullmatch(self.time.cleaned.strip())
        if self.day.data is None or clock is None:
            return None
        try:
            typed = parse_arrival(f"{self.day.data}T{int(clock[1]):02d}:{clock[2]}")
        except ArrivalUnreadable:
            return None
        now = self._taking.now
        return now if now < typed <= now + CLOCKS_DIFFER else typed

    def validate(self, extra_validators: Any = None) -> bool:
        """A late one says why."""
        arrived_at = self.arrived_at
        if arrived_at is not None and self._taking.now - arrived_at > LATE:
            self.late_reason.missing = mark(
                "Write why it is keyed in only now: it came more than 30 days ago."
            )
        return super().validate(extra_validators)

    def validate_day(self, field: Any) -> None:
        """A day that has come, and not one of another decade."""
        if field.data > local_date(self._taking.now):
            raise ValidationError(self.say(Message(DAY_AHEAD)))
        if field.data < local_date(self._taking.now - OLDEST):
            raise ValidationError(self.say(Message(DAY_LONG_AGO)))

    def validate_time(self, field: Any) -> None:
        """A time of that day that has come."""
        if not _CLOCK.fullmatch(field.cleaned.strip()):
            raise ValidationError(self.say(Message(TIME_UNCLEAR)))
        if self.day.data is None:
            return
        if self.arrived_at is None:
            raise ValidationError(self.say(Message(TIME_SKIPPED)))
        today = self.day.data == local_date(self._taking.now)
        if today and self.arrived_at > self._taking.now:
            raise ValidationError(self.say(Message(TIME_AHEAD)))

    def cleaned(self) -> dict[str, Any]:
        """The answers, with ``arrived_at``: the instant in UTC, ISO."""
        at = self.arrived_at
        return super().cleaned() | {"arrived_at": at.isoformat() if at else ""}

    @property
    def _taking(self) -> Taking:
        assert self.around.taking is not None  # noqa: S101 # nosec B101 # only staff are asked this
        return self.around.taking
