"""Questions about rule sets that are being written."""

from __future__ import annotations

from typing import Any

from werkzeug.datastructures import FileStorage
from wtforms import FileField, HiddenField

from intake.domain.message import Message, mark
from intake.web.forms.base import PageForm
from intake.web.forms.day import Day
from intake.web.forms.fields import Passage

MOST_CHARACTERS = 300_000
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
        except UnicodeDecodeError:
            return self._refuse(NOT_TEXT)
        return True

    def _refuse(self, key: str, **params: Any) -> bool:
        self.file.errors = [self.say(Message(key, params))]
        return False


class ProposeForm(SeenForm):
    """From which day on a set is to be in force."""

    first_day = Day(mark("First day in force"))


class PublishForm(SeenForm):
    """``digest``: of what was shown."""

    digest = HiddenField("digest")
