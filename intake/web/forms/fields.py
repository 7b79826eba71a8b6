"""Questions of a form. Each keeps what was typed, names what is wrong in the reader's language,
and gives its answer clean (for a worry) and in words (for a page).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from wtforms import Field, SelectField, SelectMultipleField, StringField, widgets
from wtforms.validators import StopValidation

from intake.domain.message import Message, mark

Choices = Sequence[tuple[str, str]]

TOO_LONG = mark(
    "“%(name)s” has room for %(limit)s characters, and now it has %(length)s. Shorten the text."
)
UNPRINTABLE = mark(
    "“%(name)s” has a character that cannot be used (%(code)s, number %(place)s from the start). "
    "Remove it."
)
NOT_A_CHOICE = mark("“%(name)s”: choose of the options on this page.")
YES = mark("Yes")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")
# Marks that turn the order of reading: invisible, and often around a copied telephone number.
_UNSEEN = "\ufffd\u2800\u3164\u115f\u1160\uffa0"
_TURNING = re.compile(r"[\u202a-\u202e\u2066-\u2069]")


def refuse(form: Any, key: str, **params: object) -> StopValidation:
    """What ends the checks of a field, said in the reader's language."""
    return StopValidation(form.say(Message(key, params)))


class Line(StringField):  # type: ignore[misc]  # WTForms ships no types
    """A text of one line. It may be left out unless ``missing`` says what to write.

    ``limit``: how many characters it has room for. Nothing is ever cut.
    """

    allowed = ""

    def __init__(self, label: str, *, limit: int, missing: str = "", **kwargs: Any) -> None:
        super().__init__(label, **kwargs)
        self.limit = limit
        self.missing = missing

    @property
    def cleaned(self) -> str:
        """As typed, with one kind of line break and no marks that turn the reading round; ""
        where nothing of it can be seen. One line without the tabs and breaks that are pasted along
        with a cell of a sheet.
        """
        return self._text if any(map(_is_seen, self._text)) else ""

    @property
    def shown(self) -> str:
        """As typed."""
        return self.cleaned

    @property
    def _text(self) -> str:
        text = _TURNING.sub("", str(self.data or "")).replace("\r\n", "\n")
        return text if self.allowed else text.strip("\t\n")

    def pre_validate(self, form: Any) -> None:
        """Refuse what is missing, too long or not printable."""
        name, text = self.label.text, self._text
        for found in _CONTROLS.finditer(text):
            if found[0] not in self.allowed:
                code, place = f"U+{ord(found[0]):04X}", found.end()
                raise refuse(form, UNPRINTABLE, name=name, code=code, place=place)
        if len(text) > self.limit:
            number = form.language.number
            limit, length = number(self.limit), number(len(text))
            raise refuse(form, TOO_LONG, name=name, limit=limit, length=length)
        if not self.cleaned:
            raise StopValidation(form.say(Message(self.missing)) if self.missing else None)


class Passage(Line):
    """A text of several lines."""

    widget = widgets.TextArea()
    allowed = "\n\t"


class OneOf(SelectField):  # type: ignore[misc]  # WTForms ships no types
    """One of several, as radio buttons or a list; "" stands for no answer.

    ``missing``: what to say of no answer; without it, no answer counts as ``otherwise``.
    """

    def __init__(
        self,
        label: str,
        choices: Choices = (),
        *,
        missing: str = "",
        otherwise: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(label, **kwargs)
        self.choices = list(choices)
        self.missing = missing
        self.otherwise = otherwise

    @property
    def cleaned(self) -> str:
        """The value chosen."""
        return self.data or self.otherwise

    @property
    def shown(self) -> str:
        """The chosen option's own words."""
        return dict(self.choices).get(self.data, "") if self.data else ""

    def pre_validate(self, form: Any) -> None:
        """Refuse no answer where there must be one, and any answer that was not offered."""
        if not self.data:
            raise StopValidation(form.say(Message(self.missing)) if self.missing else None)
        if len(self.raw_data or ()) > 1 or self.data not in dict(self.choices):
            raise refuse(form, NOT_A_CHOICE, name=self.label.text)


class Several(SelectMultipleField):  # type: ignore[misc]  # WTForms ships no types
    """Any of several, as check boxes."""

    def __init__(self, label: str, choices: Choices, *, missing: str = "", **kwargs: Any) -> None:
        super().__init__(label, **kwargs)
        self.choices = list(choices)
        self.missing = missing

    @property
    def cleaned(self) -> list[str]:
        """The values chosen."""
        return list(self.data or ())

    @property
    def shown(self) -> str:
        """The chosen options' words, each on a line of its own."""
        return "\n".join(text for value, text in self.choices if value in (self.data or ()))

    def pre_validate(self, form: Any) -> None:
        """Refuse no answer where there must be one, and any answer that was not offered."""
        if not self.data:
            raise StopValidation(form.say(Message(self.missing)) if self.missing else None)
        if not set(self.data) <= set(dict(self.choices)):
            raise refuse(form, NOT_A_CHOICE, name=self.label.text)


class Tick(Field):  # type: ignore[misc]  # WTForms ships no types
    """One yes, as a check box."""

    widget = widgets.CheckboxInput()

    def __init__(self, label: str, *, missing: str = "", **kwargs: Any) -> None:
        super().__init__(label, **kwargs)
        self.missing = missing

    @property
    def cleaned(self) -> bool:
        """Whether it is ticked."""
        return bool(self.data)

    @property
    def shown(self) -> str:
        """Yes, or nothing."""
        return str(self.gettext(YES)) if self.data else ""

    def process_formdata(self, valuelist: list[str]) -> None:
        """The box is ticked if anything was sent for it."""
        self.data = bool(valuelist)

    def pre_validate(self, form: Any) -> None:
        """Refuse a tick that is missing, or one that the page does not send."""
        if self.raw_data not in (None, [], ["y"]):
            raise refuse(form, NOT_A_CHOICE, name=self.label.text)
        if not self.data and self.missing:
            raise StopValidation(form.say(Message(self.missing)))


def _is_seen(character: str) -> bool:
    """Whether it leaves a mark on the page: no space, no joiner, no filler, no lost byte."""
    return unicodedata.category(character)[0] not in "ZCM" and character not in _UNSEEN
