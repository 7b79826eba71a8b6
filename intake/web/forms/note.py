"""A note, and a contact that was made or tried. The page makes the id: sent twice, it is one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, time
from typing import Any
from uuid import UUID

from wtforms import HiddenField, ValidationError

from intake.domain.message import Message, mark
from intake.domain.note import Contact, Means, Note, Written
from intake.web.forms.base import EXPIRED, PageForm
from intake.web.forms.day import Day
from intake.web.forms.fields import Line, OneOf, Passage
from intake.web.forms.moves import MOST

NOTE, CONTACT = mark("Write a note"), mark("Record a contact")
TIME_UNCLEAR = mark("Write the time in figures, for example 14.30, or leave it out.")
MEANS: Mapping[str, str] = {
    Means.PHONE: mark("Telephone"),
    Means.MEETING: mark("Meeting"),
    Means.HOME_VISIT: mark("Home visit"),
    Means.MESSAGE: mark("Message"),
    Means.LETTER: mark("Letter"),
}
REACHED: Mapping[str, str] = {"yes": mark("Reached"), "no": mark("Not reached")}
_TIME = re.compile(r"(\d{1,2})[.:](\d{2})")


class _Page(PageForm):
    """The id of what is written. ``again``: it is to stand there, though the same does already."""

    note_id = HiddenField()
    again = HiddenField()

    def validate_note_id(self, field: Any) -> None:
        """One of ours, or the page is not."""
        if _id(field.data) is None:
            raise ValidationError(self.say(Message(EXPIRED)))

    @property
    def id_made(self) -> UUID | None:
        """The id that the page was made with; None if what came is no id."""
        return _id(self.note_id.data)


class NoteForm(_Page):
    """A text."""

    text = Passage(mark("Note"), limit=MOST, missing=mark("Write the note."))

    @property
    def written(self) -> Written:
        """What was typed, once it is valid."""
        return Note(self.text.cleaned.strip())


class ContactForm(_Page):
    """When, how, with whom, and whether they were reached."""

    on = Day(mark("On which day?"), missing=mark("Write the day of the contact."))
    at = Line(mark("At what time?"), limit=100)
    means = OneOf(
        mark("How?"), tuple(MEANS.items()), missing=mark("Choose how the contact was made.")
    )
    with_whom = Line(
        mark("With whom?"), limit=200, missing=mark("Write with whom the contact was.")
    )
    reached = OneOf(
        mark("Was the person reached?"),
        tuple(REACHED.items()),
        missing=mark("Choose whether the person was reached."),
    )
    text = Passage(mark("What was talked about or agreed"), limit=MOST)

    def validate_at(self, field: Any) -> None:
        """A time of day, or nothing."""
        if field.cleaned and time_of(field.cleaned) is None:
            raise ValidationError(self.say(Message(TIME_UNCLEAR)))

    @property
    def written(self) -> Written:
        """What was typed, once it is valid."""
        return Contact(
            on=date.fromisoformat(self.on.cleaned or ""),
            at=time_of(self.at.cleaned),
            means=Means(self.means.cleaned),
            with_whom=self.with_whom.cleaned.strip(),
            reached=self.reached.cleaned == "yes",
            text=self.text.cleaned.strip(),
        )


def time_of(text: str) -> time | None:
    """Read 9.05 or 14:30; None if it is neither."""
    found = _TIME.fullmatch(text.strip())
    if not found:
        return None
    try:
        return time(int(found[1]), int(found[2]))
    except ValueError:
        return None


def _id(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None
