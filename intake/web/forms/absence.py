"""The form of an absence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from wtforms import ValidationError

from intake.domain.message import Message, mark
from intake.services.absence import Away
from intake.web.forms.base import PageForm
from intake.web.forms.day import Day
from intake.web.forms.fields import OneOf

NO_FIRST_DAY = mark("Write the first day of the absence.")
NOT_NEAR = mark("The first day of an absence may be a year ago or ahead at most. Check the year.")
TOO_LONG = mark("The last day of an absence may be five years ahead at most. Check the year.")
IS_OVER = mark("The last day is over already.")
LAST_BEFORE_FIRST = mark("The last day cannot be before the first day.")
_FURTHEST = timedelta(days=366)
_LONGEST = timedelta(days=5 * 366)


class AbsenceForm(PageForm):
    """From when until when, and who stands in."""

    first_day = Day(mark("First day of the absence"), missing=NO_FIRST_DAY)
    last_day = Day(mark("Last day of the absence"))
    stand_in = OneOf(mark("Who gets the reminders meanwhile"))
    today = date.min

    def bind(self, stand_ins: Mapping[UUID, str], today: date) -> None:
        """Offer these people."""
        self.today = today
        nobody = self.language.gettext(mark("The agency's deputies, else the next one up"))
        self.stand_in.choices = [("", nobody), *((str(i), name) for i, name in stand_ins.items())]

    def validate_first_day(self, field: Any) -> None:
        """Neither in years nor years ago: then the year is mistyped."""
        if field.data and abs(field.data - self.today) > _FURTHEST:
            raise ValidationError(self.say(Message(NOT_NEAR)))

    def validate_last_day(self, field: Any) -> None:
        """Neither before the first nor over, nor in many years."""
        if field.data and self.first_day.data and field.data < self.first_day.data:
            raise ValidationError(self.say(Message(LAST_BEFORE_FIRST)))
        if field.data and field.data < self.today:
            raise ValidationError(self.say(Message(IS_OVER)))
        if field.data and field.data > self.today + _LONGEST:
            raise ValidationError(self.say(Message(TOO_LONG)))

    @property
    def away(self) -> Away:
        """What was told."""
        named = self.stand_in.cleaned
        return Away(
            self.first_day.data or self.today, self.last_day.data, UUID(named) if named else None
        )
