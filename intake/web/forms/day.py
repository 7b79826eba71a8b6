"""Questions for a day, in three boxes."""

from __future__ import annotations

from datetime import date
from typing import Any

from wtforms import Field, widgets
from wtforms.validators import StopValidation

from intake.domain.message import Message, mark
from intake.web.forms.fields import refuse

NO_SUCH_DAY = mark("There is no day %(day)s. Check the date.")
DAY_UNCLEAR = mark("“%(name)s”: write the day, the month and the year (four figures) in numbers.")
_YEAR_DIGITS = 4


class Day(Field):  # type: ignore[misc]  # WTForms ships no types
    """A date in three boxes: day, month, year. ``data`` is the date once it is one.

    ``missing``: what to say of empty boxes; without it they are no answer.
    """

    widget = widgets.TextInput()

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
        return self.data is not None or any(part.strip() for part in self.raw_data or ())

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
            raise refuse(form, DAY_UNCLEAR, name=self.label.text)
        raise refuse(form, NO_SUCH_DAY, day=".".join(part.lstrip("0") or "0" for part in parts))


def _are_numbers(parts: list[str]) -> bool:
    return (
        len(parts) == 3
        and all(part.isascii() and part.isdecimal() and len(part) <= _YEAR_DIGITS for part in parts)
        and len(parts[2]) == _YEAR_DIGITS
    )
