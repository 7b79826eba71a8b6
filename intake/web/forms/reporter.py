"""Who reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wtforms.validators import ValidationError

from intake.domain.message import Message, mark
from intake.post.letter import AddressUnusable, mailbox
from intake.web.forms import words
from intake.web.forms.fields import Line, OneOf, Passage, Tick
from intake.web.forms.report_form import ReportForm

NAME_LIMIT = 120
PHONE_LIMIT = 40
ADDRESS_LIMIT = 254
CALLED_LIMIT = 500
_FEWEST_DIGITS = 3

NUMBER_UNCLEAR = mark("Write the telephone number in figures, such as 040 123 4567.")
ADDRESS_UNCLEAR = mark("Write the e-mail address in full, such as name@example.fi.")
NAMED_ANONYMOUS = mark(
    "You chose to stay anonymous: remove your name and telephone number, or the choice."
)


class WhoForm(ReportForm):
    """Which kind of reporter; it decides what else is asked."""

    kind = OneOf(
        mark("Who are you?"),
        words.REPORTER_KINDS,
        missing=mark("Choose who you are."),
    )


class _ReporterForm(ReportForm):
    def validate(self, extra_validators: Any = None) -> bool:
        """What a caller did not tell cannot be asked of whoever keys it in; a name can."""
        if self.around.taking:
            for field in self:
                if field.name in ("post", "organisation", "phone"):
                    field.missing = ""
        return super().validate(extra_validators)

    def validate_phone(self, field: Any) -> None:
        """A number that can be called."""
        if sum(character.isdigit() for character in field.data) < _FEWEST_DIGITS:
            raise ValidationError(self.say(Message(NUMBER_UNCLEAR)))

    def validate_notice_address(self, field: Any) -> None:
        """One that a letter can be brought to, at a host of several parts."""
        address = field.data.strip()
        try:
            mailbox("", address)
        except AddressUnusable:
            raise ValidationError(self.say(Message(ADDRESS_UNCLEAR))) from None
        if "." not in address.rpartition("@")[2].strip("."):
            raise ValidationError(self.say(Message(ADDRESS_UNCLEAR)))


def _name() -> Line:
    return Line(mark("Your name"), limit=NAME_LIMIT, missing=mark("Write your name."))


def _phone(missing: str = mark("Write your telephone number.")) -> Line:
    return Line(mark("Telephone number"), limit=PHONE_LIMIT, missing=missing)


def _already_called() -> Passage:
    return Passage(
        mark("Have you already called somebody about this? Whom, and when?"), limit=CALLED_LIMIT
    )


def _notice_address() -> Line:
    return Line(mark("E-mail address for news of the report"), limit=ADDRESS_LIMIT)


class ProfessionalForm(_ReporterForm):
    """A professional: never anonymous."""

    sector = OneOf(
        mark("Your field"),
        (("", mark("Choose")), *words.SECTORS),
        missing=mark("Choose your field."),
    )
    post = Line(mark("Your post"), limit=NAME_LIMIT, missing=mark("Write your post."))
    organisation = Line(
        mark("Your workplace or organisation"),
        limit=NAME_LIMIT,
        missing=mark("Write your workplace or organisation."),
    )
    name = _name()
    phone = _phone()
    already_called = _already_called()
    notice_address = _notice_address()


class PrivatePersonForm(_ReporterForm):
    """A private person, who may stay anonymous."""

    anonymous = Tick(mark("I want to stay anonymous"))
    name = _name()
    phone = _phone()
    already_called = _already_called()
    notice_address = _notice_address()

    def validate_anonymous(self, field: Any) -> None:
        """Never both a name and the wish to stay anonymous: one of them would be dropped."""
        if field.data and (self.name.cleaned.strip() or self.phone.cleaned.strip()):
            raise ValidationError(self.say(Message(NAMED_ANONYMOUS)))

    def validate(self, extra_validators: Any = None) -> bool:
        """Name and number are asked only of those who do not stay anonymous."""
        if self.anonymous.data:
            self.name.missing = self.phone.missing = ""
        return super().validate(extra_validators)


class GuardianReporterForm(_ReporterForm):
    """A guardian."""

    name = _name()
    phone = _phone()
    already_called = _already_called()
    notice_address = _notice_address()


class ChildReporterForm(_ReporterForm):
    """A child: a name is enough."""

    name = _name()
    phone = _phone(missing="")
    already_called = _already_called()
    notice_address = _notice_address()


REPORTER_FORMS: Mapping[str, type[ReportForm]] = {
    "professional": ProfessionalForm,
    "private_person": PrivatePersonForm,
    "guardian": GuardianReporterForm,
    "child": ChildReporterForm,
}
