"""Opening hours: two boxes for each weekday."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import time
from typing import Any

from wtforms import Field, ValidationError, widgets
from wtforms.validators import StopValidation

from intake.domain.directory import Hours
from intake.domain.directory_file import WEEKDAYS
from intake.domain.message import Message, mark
from intake.web.forms.base import PageForm
from intake.web.forms.fields import OneOf

ALWAYS, WEEK = "always", "week"
ALWAYS_TOLD = mark("Around the clock, every day")
WEEK_TOLD = mark("On working days, at these times")
SPAN_UNCLEAR = mark("“%(name)s”: write the times like 8.00 and 16.00, or leave both boxes empty.")
SPAN_TURNED = mark("“%(name)s”: the closing time must be later than the opening time.")
NO_HOURS = mark("Write the opening hours of at least one day.")
_CLOCK = re.compile(r"([01]?\d|2[0-3])(?:[.:]([0-5]\d))?")


class Span(Field):  # type: ignore[misc]  # WTForms ships no types
    """Opening and closing time in two boxes; ``data`` is the two times, None for a closed day."""

    widget = widgets.TextInput()

    @property
    def shown(self) -> str:
        """As in the directory's file: 08:00-16:00."""
        return "-".join(f"{at:%H:%M}" for at in self.data) if self.data else ""

    @property
    def given(self) -> bool:
        """Whether there is anything in the boxes."""
        return self.data is not None or any(text.strip() for text in self.raw_data or ())

    @property
    def boxes(self) -> list[str]:
        """What the two boxes hold: what was typed, else the times."""
        if self.raw_data and len(self.raw_data) == 2:
            return list(self.raw_data)
        return [f"{at.hour}.{at:%M}" for at in self.data] if self.data else ["", ""]

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the two boxes; `pre_validate` says what is wrong with them."""
        found = [_CLOCK.fullmatch(text.strip()) for text in valuelist]
        self.data = None
        if len(found) == 2 and all(found):
            self.data = tuple(time(int(one[1]), int(one[2] or 0)) for one in found if one)

    def pre_validate(self, form: Any) -> None:
        """Refuse boxes that hold no times, and times that are turned round."""
        if self.data is None and self.given:
            raise StopValidation(form.say(Message(SPAN_UNCLEAR, {"name": self.label.text})))
        if self.data and self.data[0] >= self.data[1]:
            raise StopValidation(form.say(Message(SPAN_TURNED, {"name": self.label.text})))


class HoursForm(PageForm):
    """When something is open. The boxes count where ``open`` says that they do."""

    open = OneOf(
        mark("When is it open?"),
        ((ALWAYS, ALWAYS_TOLD), (WEEK, WEEK_TOLD)),
        missing=mark("Choose when it is open."),
    )
    mon = Span(mark("Monday"))
    tue = Span(mark("Tuesday"))
    wed = Span(mark("Wednesday"))
    thu = Span(mark("Thursday"))
    fri = Span(mark("Friday"))

    def __iter__(self) -> Iterator[Any]:
        """The fields in the order of the page, for the summary of what is wrong: the hours come
        after the telephone number.
        """
        hours = ("open", *WEEKDAYS)
        for name in [name for name in self._fields if name not in hours]:
            yield self._fields[name]
            if name == "phone":
                yield from (self._fields[one] for one in hours)

    def validate_open(self, field: Any) -> None:
        """Some hours where there are to be hours."""
        if field.data == WEEK and not any(day.given for day in self.days):
            raise ValidationError(self.say(Message(NO_HOURS)))

    @property
    def days(self) -> list[Any]:
        """The boxes of the week."""
        return [self[day] for day in WEEKDAYS]

    @property
    def entry(self) -> str | dict[str, str]:
        """As the directory's file has it."""
        if self.open.data == ALWAYS:
            return ALWAYS
        return {day: self[day].shown for day in WEEKDAYS if self[day].data}

    def says(self, hours: Hours) -> bool:
        """Whether these are the hours."""
        data = hours_data(hours)
        if self.open.data != data["open"]:
            return False
        return data["open"] == ALWAYS or all(self[day].data == data[day] for day in WEEKDAYS)


def hours_data(hours: Hours) -> dict[str, Any]:
    """What the form shows of opening hours."""
    if hours.always_open:
        return {"open": ALWAYS}
    return {"open": WEEK, **dict(zip(WEEKDAYS, hours.week, strict=True))}
