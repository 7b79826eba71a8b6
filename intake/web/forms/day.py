"""Questions for a day, or a year, in three boxes."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from wtforms import Field, widgets
from wtforms.validators import StopValidation

from intake.domain.facts import days_of_year
from intake.domain.message import Message, mark
from intake.web.forms.fields import refuse

NO_SUCH_DAY = mark("There is no day %(day)s. Check the date.")
DAY_UNCLEAR = mark("“%(name)s”: write the day, the month and the year (four figures) in numbers.")
DAY_OR_YEAR_UNCLEAR = mark(
    "“%(name)s”: write the day, the month and the year (four figures) in numbers. If only the year "
    "is known, leave the day and the month empty."
)
YEAR_ALONE = mark("%(year)s (only the year is known)")
_YEAR_DIGITS = 4
_YEAR = re.compile("[1-9][0-9]{3}")


class Day(Field):  # type: ignore[misc]  # WTForms ships no types
    """A date in three boxes: day, month, year. ``data`` is the date once it is one.

    ``missing``: what to say of empty boxes; without it they are no answer.
    """

    widget = widgets.TextInput()
    unclear = DAY_UNCLEAR

    def __init__(self, label: str, *, missing: str = "", **kwargs: Any) -> None:
        super().__init__(label, **kwargs)
        self.missing = missing

    @property
    def cleaned(self) -> str | None:
        """The date in ISO form."""
        return self.data.isoformat() if self.data else None

    @property
    def shown(self) -> str:
        """Day, month and year, as in Finland."""
        return f"{self.data.day}.{self.data.month}.{self.data.year}" if self.data else ""

    @property
    def given(self) -> bool:
        """Whether anything was typed in the boxes."""
        return self.cleaned is not None or any(part.strip() for part in self.raw_data or ())

    def process_data(self, value: date | str | None) -> None:
        """Take a date, also in ISO form."""
        self.data = date.fromisoformat(value) if isinstance(value, str) else value

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the three boxes; `pre_validate` says what is wrong with them."""
        parts = [part.strip() for part in valuelist]
        self.data = None
        if _are_numbers(parts):
            day, month, year = map(int, parts)
            try:
                self.data = date(year, month, day)
            except ValueError:
                return

    def pre_validate(self, form: Any) -> None:
        """Refuse boxes that hold no date, and empty ones where there must be an answer."""
        if self.data is not None:
            return
        if not self.given:
            raise StopValidation(form.say(Message(self.missing)) if self.missing else None)
        parts = [part.strip() for part in self.raw_data]
        if not _are_numbers(parts):
            raise refuse(form, self.unclear, name=self.label.text)
        raise refuse(form, NO_SUCH_DAY, day=".".join(part.lstrip("0") or "0" for part in parts))


class DayOrYear(Day):
    """A date, or its year alone with the boxes of the day and the month empty: then ``data`` is
    None and ``year`` the year.
    """

    unclear = DAY_OR_YEAR_UNCLEAR
    year: int | None = None

    @property
    def days(self) -> tuple[date, date] | None:
        """The first and the last day that it may be."""
        if self.year is not None:
            return days_of_year(self.year)
        return (self.data, self.data) if self.data else None

    @property
    def cleaned(self) -> str | None:
        """The date in ISO form, or the year."""
        return super().cleaned if self.year is None else str(self.year)

    @property
    def shown(self) -> str:
        """Day, month and year, as in Finland, or that only the year is known."""
        if self.year is None:
            return super().shown
        return str(self.gettext(YEAR_ALONE)) % {"year": self.year}

    def process_data(self, value: date | str | None) -> None:
        """Take a date or a year, also as `cleaned` gives them."""
        alone = isinstance(value, str) and _YEAR.fullmatch(value)
        self.year = int(alone[0]) if alone else None
        super().process_data(None if alone else value)

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the three boxes, or the last one alone."""
        super().process_formdata(valuelist)
        *others, year = [part.strip() for part in valuelist] or [""]
        self.year = int(year) if others == ["", ""] and _YEAR.fullmatch(year) else None

    def pre_validate(self, form: Any) -> None:
        """Refuse boxes that hold neither a date nor a year."""
        if self.year is None:
            super().pre_validate(form)


def _are_numbers(parts: list[str]) -> bool:
    return (
        len(parts) == 3
        and all(part.isascii() and part.isdecimal() and len(part) <= _YEAR_DIGITS for part in parts)
        and len(parts[2]) == _YEAR_DIGITS
    )
