"""Questions about the entries of the directory."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from typing import Any

from wtforms import HiddenField, ValidationError

from intake.domain.directory import Text
from intake.domain.directory_file import PHONE
from intake.domain.message import Message, mark
from intake.language import Language
from intake.web.forms.base import PageForm
from intake.web.forms.day import Day
from intake.web.forms.fields import Choices, Line, OneOf, Tick
from intake.web.forms.hours import ALWAYS, ALWAYS_TOLD, WEEK, WEEK_TOLD, HoursForm
from intake.web.words import LINE_USES

NAME_LIMIT, PHONE_LIMIT = 120, 30
AS_AGENCY = "agency"
LANGUAGES: Choices = (("fi", mark("Finnish")), ("sv", mark("Swedish")), ("en", mark("English")))
PHONE_MISSING = mark("Write the telephone number.")
PHONE_WRONG = mark(
    "“%(number)s” is not a telephone number like 09 000 0123, +358 9 000 0123 or 112."
)
PAST = mark("Give today or a later day.")
NO_DAY = mark("Write the day from which on it is out of use.")
NAMED_ALREADY = mark("There is a school of this name in the municipality already.")
ENDS_FIRST = mark("The last day must not be before the first day.")
CHOOSE = mark("Choose")


class EntryForm(PageForm):
    """An entry. ``seen``: the digest of what was shown; empty for a new one."""

    seen = HiddenField("seen")


class NamedForm(EntryForm):
    """An entry with a name in three languages."""

    name_fi = Line(
        mark("Name in Finnish"), limit=NAME_LIMIT, missing=mark("Write the name in Finnish.")
    )
    name_sv = Line(
        mark("Name in Swedish"), limit=NAME_LIMIT, missing=mark("Write the name in Swedish.")
    )
    name_en = Line(mark("Name in English"), limit=NAME_LIMIT)

    @property
    def names(self) -> dict[str, str]:
        """By language; the English one only where it is given."""
        found = {code: self[f"name_{code}"].cleaned.strip() for code in ("fi", "sv", "en")}
        return {code: name for code, name in found.items() if name}


class DialledForm(NamedForm):
    """An entry with a telephone number, which may be left out."""

    phone = Line(mark("Telephone"), limit=PHONE_LIMIT)

    def validate_phone(self, field: Any) -> None:
        """A number in one of the forms that a telephone can dial and a reader can read."""
        number = field.cleaned.strip()
        if number and not PHONE.fullmatch(number):
            raise ValidationError(self.say(Message(PHONE_WRONG, {"number": number})))


class PhoneLineForm(HoursForm, DialledForm):
    """A line that reporters see. Number and hours are the agency's unless given."""

    county = OneOf(mark("Area"), missing=mark("Choose whose line it is."))
    use = OneOf(
        mark("What is the line for?"),
        tuple(LINE_USES.items()),
        missing=mark("Choose what the line is for."),
    )
    agency = OneOf(mark("Who answers?"), missing=mark("Choose who answers."))
    open = OneOf(
        mark("When does it answer?"),
        (
            (AS_AGENCY, mark("When the agency is open")),
            (ALWAYS, ALWAYS_TOLD),
            (WEEK, WEEK_TOLD),
        ),
        missing=mark("Choose when it answers."),
    )


class SchoolForm(DialledForm):
    """A school and its principal's number. ``others``: place and name of the other schools."""

    municipality = OneOf(mark("Municipality"), missing=mark("Choose the municipality."))
    teaching = OneOf(
        mark("Language of teaching"),
        LANGUAGES[:2],
        missing=mark("Choose the language of teaching."),
    )
    phone = Line(mark("The principal's telephone"), limit=PHONE_LIMIT, missing=PHONE_MISSING)
    place = ""
    others: Collection[tuple[str, str]] = ()

    def validate_name_fi(self, field: Any) -> None:
        """A name that no other school of the municipality has."""
        if (self.place, field.cleaned.strip().casefold()) in self.others:
            raise ValidationError(self.say(Message(NAMED_ALREADY)))


class AgreementForm(EntryForm):
    """A cooperation agreement of a municipality and an Ankkuri team."""

    agency = OneOf(mark("Ankkuri team"), missing=mark("Choose the Ankkuri team."))
    municipality = OneOf(mark("Municipality"), missing=mark("Choose the municipality."))
    valid_from = Day(mark("First day"), missing=mark("Write the first day."))
    valid_to = Day(mark("Last day"), missing=mark("Write the last day."))

    def validate_valid_to(self, field: Any) -> None:
        """Not before it begins."""
        if field.data and self.valid_from.data and field.data < self.valid_from.data:
            raise ValidationError(self.say(Message(ENDS_FIRST)))


class EndForm(EntryForm):
    """A day from which on an entry is out of use; empty: it is in use until further notice."""

    out_of_use_from = Day(mark("From which day on is it out of use?"))
    earliest = date.min

    def bind(self, set_before: date | None, today: date) -> None:
        """A day that is set already may stay, and be taken away; else there must be one."""
        self.earliest = min(today, set_before or today)
        self.out_of_use_from.missing = "" if set_before else NO_DAY

    @property
    def day(self) -> date | None:
        """The day."""
        found: date | None = self.out_of_use_from.data
        return found

    def validate_out_of_use_from(self, field: Any) -> None:
        """No day that is past."""
        if field.data and field.data < self.earliest:
            raise ValidationError(self.say(Message(PAST)))


class RemoveForm(EntryForm):
    """A button."""


class RegisterForm(EntryForm):
    """A register of schools: a file first, then its text again with what was shown of it."""

    register = HiddenField("register")
    close_absent = Tick(mark("Close from today the schools that the file does not name"))


def named(
    places: Iterable[tuple[str, Text]], language: Language, *, choose: bool = False
) -> list[tuple[str, str]]:
    """Choices by their names in the reader's language, in the order of the alphabet."""
    found = sorted(((id_, language.text(name)) for id_, name in places), key=lambda one: one[1])
    return [("", language.gettext(CHOOSE)), *found] if choose else found
