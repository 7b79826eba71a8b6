"""Questions about rule sets that are being written."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from werkzeug.datastructures import FileStorage
from wtforms import FileField, HiddenField
from wtforms.validators import StopValidation, ValidationError

from intake.domain.message import Message, mark
from intake.web.forms.base import PageForm
from intake.web.forms.day import Day
from intake.web.forms.directory import PAST
from intake.web.forms.fields import Passage

MOST_CHARACTERS = 300_000
MOST_AHEAD = timedelta(days=366)
TOO_FAR = mark("The first day may be a year ahead at most. Check the year.")
NOT_TEXT = mark("The file is not text in UTF-8. Save it as UTF-8, and choose it again.")
TOO_LARGE = mark("The file is too large: there is room for %(limit)s characters.")
BOTH = mark(
    "You have changed the text and chosen a file. Save the text first, then choose the file: it "
    "replaces the text."
)


class SeenForm(PageForm):
    """A button. ``seen``: the stamp of the draft that was shown."""

    seen = HiddenField("seen")


class BeginForm(PageForm):
    """``like``: the digest of an earlier set, empty for the last one."""

    like = HiddenField("like")


class DraftForm(SeenForm):
    """The text of a set, typed or from a file."""

    content = Passage(
        mark("The text of the set"),
        limit=MOST_CHARACTERS,
        missing=mark("Write the text of the set."),
    )
    file = FileField(mark("Or take the text from a file"))

    def take_file(self, stored: str) -> bool:
        """Put the chosen file's text in the place of what is stored; whether that can be done."""
        sent = self.file.data
        if not isinstance(sent, FileStorage) or not sent:
            return True
        if self.content.cleaned != stored:
            return self._refuse(BOTH)
        raw: bytes = sent.read(4 * MOST_CHARACTERS + 1)
        if len(raw) > 4 * MOST_CHARACTERS:
            limit = self.language.number(MOST_CHARACTERS)
            return self._refuse(TOO_LARGE, limit=limit)
        try:
            self.content.data = raw.decode("utf-8-sig")
            self.content.pre_validate(self)
        except UnicodeDecodeError:
            return self._refuse(NOT_TEXT)
        except StopValidation as error:
            self.content.data = stored
            return self._say_of_file(str(error))
        return True

    def _refuse(self, key: str, **params: Any) -> bool:
        return self._say_of_file(self.say(Message(key, params)))

    def _say_of_file(self, text: str) -> bool:
        self.file.errors = [text]
        return False


class ProposeForm(SeenForm):
    """From which day on a set is to be in force."""

    first_day = Day(mark("First day in force"))

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def validate_first_day(self, field: Any) -> None:
        """Refuse a day before today, or one so far ahead that it can only be a slip."""
        if field.data and field.data < self.today:
            raise ValidationError(self.say(Message(PAST)))
        if field.data and field.data > self.today + MOST_AHEAD:
            raise ValidationError(self.say(Message(TOO_FAR)))


class PublishForm(SeenForm):
    """``digest``: of what was shown."""

    digest = HiddenField("digest")
