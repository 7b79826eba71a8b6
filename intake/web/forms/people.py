"""Questions about people of the staff: who they are, which roles they have, their passphrase."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date
from typing import Any

from wtforms import HiddenField, PasswordField, ValidationError

from intake.domain.directory import Directory
from intake.domain.message import Message, mark
from intake.domain.people import AGENCY_ROLES, Appointment, Membership, Role
from intake.services.refuse_weak import (
    SHORTEST_PASSPHRASE,
    PassphraseGuessable,
    PassphraseKnown,
    PassphraseTooPlain,
    PassphraseTooShort,
    refuse_weak,
)
from intake.web.forms.base import PageForm
from intake.web.forms.day import Day
from intake.web.forms.directory import LANGUAGES, PAST, named
from intake.web.forms.fields import Line, OneOf, Several, Tick
from intake.web.words import ROLES

NAME_LIMIT, EMAIL_LIMIT, SIGN_IN_LIMIT = 120, 200, 40
LONGEST_PASSPHRASE = 1000  # characters; what signs in reads no more either
OFFICE_ROLES = tuple(role for role in Role if role not in AGENCY_ROLES)
NO_ROLE = mark("Choose at least one role.")
NO_AGENCY_ROLE = mark("Choose the role at the agencies.")
NO_AGENCY = mark("Choose at which agencies.")
NO_MAIL = mark("“%(address)s” is not an e-mail address.")
NO_SIGN_IN_NAME = mark(
    "Use 3 to 40 small letters from a to z, digits, dots and hyphens, such as maija.meikalainen."
)
ENDS_FIRST = mark("The last day must not be before the first day.")
NO_LAST_DAY = mark("Write the last day of the role.")
DAY_BESIDE_NOW = mark("You chose that the role ends at once: remove the day, or choose the day.")
PASSPHRASE_MISSING = mark("Write your passphrase.")
TOO_SHORT = mark("The passphrase is too short: use at least %(least)s characters.")
TOO_PLAIN = mark("The passphrase is too easy to guess: use several different words.")
KNOWN = mark(
    "The passphrase is a line that many people know: use words that nobody has put together before."
)
GUESSABLE = mark(
    "The passphrase is too easy to guess: it is mostly names, common words or a sequence. Add "
    "words that have nothing to do with each other."
)
TOO_LONG = mark("The passphrase is too long: there is room for %(most)s characters.")
NOT_THE_SAME = mark("The two passphrases differ. Write the same one in both boxes.")
THE_SAME = mark("Choose another passphrase than the one you have now.")
_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_SIGN_IN = re.compile(r"[a-z0-9][a-z0-9.-]{1,38}[a-z0-9]")


class DetailsForm(PageForm):
    """What a person is called, and where letters go. ``seen``: a digest of what was shown."""

    seen = HiddenField("seen")
    name = Line(mark("Name"), limit=NAME_LIMIT, missing=mark("Write the name."))
    email = Line(mark("E-mail"), limit=EMAIL_LIMIT, missing=mark("Write the e-mail address."))
    reads = OneOf(mark("Language"), LANGUAGES, missing=mark("Choose the language."))

    def validate_email(self, field: Any) -> None:
        """One address."""
        address = field.cleaned.strip()
        if not _MAIL.fullmatch(address) or not address.isascii():
            raise ValidationError(self.say(Message(NO_MAIL, {"address": address})))

    @property
    def details(self) -> dict[str, str]:
        """As they are stored."""
        return {
            "name": self.name.cleaned.strip(),
            "email": self.email.cleaned.strip(),
            "language": self.reads.cleaned,
        }


class SignInNameForm(PageForm):
    """By which somebody signs in."""

    sign_in_name = Line(
        mark("User name"), limit=SIGN_IN_LIMIT, missing=mark("Write the user name.")
    )


class RolesForm(PageForm):
    """Roles at agencies and at controllers, with their days."""

    agencies = Several(mark("At which agencies?"), ())
    role = OneOf(
        mark("Role at the agencies"),
        (
            (Role.WORKER.value, mark("Worker: opens and handles reports")),
            (Role.DEPUTY.value, mark("Deputy: the same, is reminded second")),
            (Role.HEAD.value, mark("Unit's head: the same, and is reminded third")),
        ),
    )
    offices = Several(mark("Other roles"), ())
    valid_from = Day(mark("First day"), missing=mark("Write the first day."))
    valid_to = Day(mark("Last day"))
    today = date.min

    def bind(self, directory: Directory, own: Collection[str], today: date) -> None:
        """Offer the places of these controllers."""
        self.today = today
        self.agencies.choices = named(
            [
                (agency.id, agency.name)
                for agency in directory.agencies.values()
                if agency.controller in own and agency.in_use
            ],
            self.language,
        )
        say, text = self.language.gettext, self.language.text
        self.offices.choices = [
            (f"{role}:{one.id}", f"{say(ROLES[role])}: {text(one.name)}")
            for one in directory.controllers.values()
            if one.id in own
            for role in OFFICE_ROLES
        ]

    def validate(self, extra_validators: Any = None) -> bool:
        """Also: some role, and both halves of one at an agency."""
        sound = super().validate(extra_validators)
        told = None
        if not self.agencies.data and not self.offices.data and not self.role.data:
            told = self.agencies, NO_ROLE
        elif self.agencies.data and not self.role.data:
            told = self.role, NO_AGENCY_ROLE
        elif self.role.data and not self.agencies.data:
            told = self.agencies, NO_AGENCY
        if told is None:
            return bool(sound)
        told[0].errors = [*told[0].errors, self.say(Message(told[1]))]
        return False

    def validate_valid_from(self, field: Any) -> None:
        """Not in the past."""
        if field.data and field.data < self.today:
            raise ValidationError(self.say(Message(PAST)))

    def validate_valid_to(self, field: Any) -> None:
        """Not before it begins."""
        if field.data and self.valid_from.data and field.data < self.valid_from.data:
            raise ValidationError(self.say(Message(ENDS_FIRST)))

    @property
    def appointments(self) -> list[Appointment]:
        """Every role that was chosen."""
        memberships = [Membership(Role(self.role.data), agency=a) for a in self.agencies.data or ()]
        for office in self.offices.data or ():
            role, _, controller = office.partition(":")
            memberships.append(Membership(Role(role), controller=controller))
        first, last = self.valid_from.data or self.today, self.valid_to.data
        return [Appointment(membership, first, last) for membership in memberships]


class KnownForm(SignInNameForm, RolesForm):
    """Roles for a person who has a user name already. ``unknown``: what to say if nobody has it."""

    unknown = ""

    def validate_sign_in_name(self, _field: Any) -> None:
        """One that somebody has."""
        if self.unknown:
            raise ValidationError(self.unknown)


class InviteForm(SignInNameForm, DetailsForm, RolesForm):
    """A newcomer with their first roles."""

    def validate_sign_in_name(self, field: Any) -> None:
        """A name that can be typed on any keyboard."""
        if not _SIGN_IN.fullmatch(field.cleaned.strip().lower()):
            raise ValidationError(self.say(Message(NO_SIGN_IN_NAME)))


class KnowingForm(PageForm):
    """A tick where something would be left to nobody."""

    knowing = Tick(mark("I know this and end it all the same"))


class EndRoleForm(KnowingForm):
    """When a role ends."""

    when = OneOf(
        mark("When does the role end?"),
        (("now", mark("At once")), ("day", mark("With this day:"))),
        missing=mark("Choose when the role ends."),
    )
    last_day = Day(mark("Last day"))
    today = date.min

    def validate(self, extra_validators: Any = None) -> bool:
        """Also: a day where the role ends with one, and only there."""
        sound = super().validate(extra_validators)
        told = {("day", False): NO_LAST_DAY, ("now", True): DAY_BESIDE_NOW}
        wrong = told.get((self.when.data, self.last_day.given))
        if wrong is None or self.last_day.errors:
            return bool(sound)
        self.last_day.errors = [self.say(Message(wrong))]
        return False

    def validate_last_day(self, field: Any) -> None:
        """From today on."""
        if self.when.data == "day" and field.data < self.today:
            raise ValidationError(self.say(Message(PAST)))


class ButtonForm(PageForm):
    """A button."""


class AnotherForm(ButtonForm):
    """A button that makes something in the place of what there is; ``seen`` names that."""

    seen = HiddenField("seen")


class GiveKeyForm(PageForm):
    """The words of the colleague's key."""

    words = Line(mark("The colleague's eight words"), limit=200, missing=mark("Write the words."))


class ConfirmEntryForm(PageForm):
    """The words of the key that an entry is about."""

    words = Line(mark("The eight words"), limit=200, missing=mark("Write the words."))


class NewPassphraseForm(PageForm):
    """A passphrase of one's own choice, twice. ``about``: the person's names and addresses."""

    passphrase = PasswordField(mark("Passphrase"))
    again = PasswordField(mark("The same passphrase again"))
    about: Collection[str] = ()

    def validate_passphrase(self, field: Any) -> None:
        """Hard to guess, and no longer than is read at all."""
        _refuse_weak(self, field, self.about)

    def validate_again(self, field: Any) -> None:
        """The same."""
        if field.data != self.passphrase.data:
            raise ValidationError(self.say(Message(NOT_THE_SAME)))


class ChangePassphraseForm(PageForm):
    """The passphrase that somebody has, and a new one, twice. Their names are not the sign-in's: a
    page of a session that has ended is posted on to there.
    """

    my_passphrase = PasswordField(mark("Your passphrase now"))
    new_passphrase = PasswordField(mark("New passphrase"))
    new_again = PasswordField(mark("The same passphrase again"))
    about: Collection[str] = ()

    def validate_my_passphrase(self, field: Any) -> None:
        """Something, and no more than is read at all."""
        _refuse_unreadable(self, field)

    def validate_new_passphrase(self, field: Any) -> None:
        """Hard to guess, no longer than is read at all, and not the one there is."""
        _refuse_weak(self, field, self.about)
        if field.data == self.my_passphrase.data:
            raise ValidationError(self.say(Message(THE_SAME)))

    def validate_new_again(self, field: Any) -> None:
        """The same."""
        if field.data != self.new_passphrase.data:
            raise ValidationError(self.say(Message(NOT_THE_SAME)))


def _refuse_weak(form: PageForm, field: Any, about: Collection[str]) -> None:
    _refuse_unreadable(form, field)
    try:
        refuse_weak(field.data, about)
    except PassphraseTooShort:
        told = Message(TOO_SHORT, {"least": SHORTEST_PASSPHRASE})
        raise ValidationError(form.say(told)) from None
    except PassphraseTooPlain:
        raise ValidationError(form.say(Message(TOO_PLAIN))) from None
    except PassphraseKnown:
        raise ValidationError(form.say(Message(KNOWN))) from None
    except PassphraseGuessable:
        raise ValidationError(form.say(Message(GUESSABLE))) from None


def _refuse_unreadable(form: PageForm, field: Any) -> None:
    if not field.data:
        raise ValidationError(form.say(Message(PASSPHRASE_MISSING)))
    if len(field.data) > LONGEST_PASSPHRASE:
        raise ValidationError(form.say(Message(TOO_LONG, {"most": LONGEST_PASSPHRASE})))
