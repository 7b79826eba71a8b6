"""The child or children, and their guardians."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from stdnum.exceptions import ValidationError as CodeImpossible
from stdnum.fi import hetu as finnish_identity_code
from wtforms import HiddenField
from wtforms.validators import ValidationError

from intake.domain.facts import birth_date_of_code, full_years
from intake.domain.message import Message, mark
from intake.domain.report import ELSEWHERE, UNKNOWN
from intake.web.forms import words
from intake.web.forms.day import Day, DayOrYear
from intake.web.forms.fields import Line, OneOf, Passage, Tick
from intake.web.forms.report_form import WAS, ReportForm

NAME_LIMIT = 120
OLDEST = 120
OLDEST_BY_CODE = 99  # the sign of the wrong century makes every child older than this
LONGEST_PREGNANCY = timedelta(days=310)
NO_SCHOOL = "none"

HOW_OLD = mark("Write the identity code, the birth date or an estimate of the age.")
CODE_WRONG = mark("Check the identity code: one like this cannot exist.")
CODE_OLD = mark(
    "By this identity code the child is over a hundred years old. Check the sign in the middle: "
    "for those born in 2000 or later it is A, for example."
)
BORN_LATER = mark("The birth date cannot be in the future.")
TOO_OLD = mark("The birth date is more than 120 years ago. Check the year.")
AGE_WRONG = mark("Write the age in full years, from 0 to 120.")
DATES_DIFFER = mark("The birth date is not the one in the identity code. Correct or remove one.")
AGES_DIFFER = mark(
    "The age does not match the birth date or the personal identity code. Correct or remove one."
)
UNBORN_HAS_AGE = mark(
    "You chose that the child has not been born yet: remove the age, or the choice."
)
DUE_PAST = mark("The due date has passed. Has the child been born?")
DUE_FAR = mark("The due date is too far ahead. Check the date.")
DUE_OF_BORN = mark("Write a due date only for a child who has not been born yet.")
SCHOOL_TWICE = mark("Choose the school from the list or write its name, not both.")


class ChildForm(ReportForm):
    """One child."""

    was = HiddenField(WAS)
    name = Line(mark("The child’s name"), limit=NAME_LIMIT)
    hetu = Line(mark("Personal identity code"), limit=20)
    birth_date = DayOrYear(mark("Birth date"))
    age = Line(mark("Estimated age in years"), limit=10)
    unborn = Tick(mark("The child has not been born yet"))
    due_date = Day(mark("Due date"))
    municipality = OneOf(
        mark("Municipality where the child lives"),
        missing=mark("Choose the municipality where the child lives, or “I don’t know”."),
    )
    turvakielto = OneOf(
        mark("Does the child have a protected address?"),
        words.YES_NO_UNKNOWN,
        missing=mark("Choose whether the child has a protected address."),
    )
    school = OneOf(mark("School"))
    school_name = Line(mark("Name of the other school"), limit=NAME_LIMIT)
    school_class = Line(mark("Class or group"), limit=60)
    language = Line(mark("Language that the child speaks"), limit=60)
    interpreter = OneOf(mark("Is an interpreter needed?"), words.YES_NO_UNKNOWN, otherwise=UNKNOWN)
    whereabouts = Passage(mark("Where is the child now?"), limit=300)
    whereabouts_municipality = OneOf(mark("Municipality where the child is now"))

    def __init__(self, formdata: Any = None, **kwargs: Any) -> None:
        super().__init__(formdata, **kwargs)
        say, directory = self.language.gettext, self.around.directory
        towns = [
            (town.id, self.language.text(town.name)) for town in directory.municipalities.values()
        ]
        towns.sort(key=lambda town: town[1])
        choose = ("", say(mark("Choose")))
        elsewhere = (ELSEWHERE, say(mark("Another municipality")))
        self.municipality.choices = [
            choose,
            *towns,
            elsewhere,
            (UNKNOWN, say(mark("I don’t know"))),
        ]
        self.whereabouts_municipality.choices = [choose, *towns, elsewhere]
        names = dict(towns)
        self.school.choices = [
            choose,
            (NO_SCHOOL, say(mark("Does not go to school"))),
            (ELSEWHERE, say(mark("Another school"))),
            *sorted(
                (
                    (school.id, f"{names[school.municipality]}: {self.language.text(school.name)}")
                    for school in directory.schools.values()
                    if school.in_use
                ),
                key=lambda school: school[1],
            ),
        ]

    @property
    def ages(self) -> range:
        """The ages that the identity code or the birth date leaves possible; none without them."""
        code = self._code()
        born = (birth_date_of_code(code),) if code else self.birth_date.days or ()
        ages = [full_years(day, self.around.today) for day in born]
        return range(min(ages), max(ages) + 1) if ages else range(0)

    def validate(self, extra_validators: Any = None) -> bool:
        """Also: some answer to how old the child is."""
        sound = super().validate(extra_validators)
        told = (
            self.hetu.cleaned.strip(),
            self.birth_date.given,
            self.age.cleaned.strip(),
            self.unborn.data,
        )
        if not any(told):
            self.hetu.errors = [*self.hetu.errors, self.say(Message(HOW_OLD))]
            return False
        return sound

    def validate_hetu(self, _field: Any) -> None:
        """A code that could exist; individual numbers 900-999 are those of test data."""
        code = self._code()
        if code is None:
            raise ValidationError(self.say(Message(CODE_WRONG)))
        born = birth_date_of_code(code)
        if born > self.around.today:
            raise ValidationError(self.say(Message(BORN_LATER)))
        if full_years(born, self.around.today) > OLDEST_BY_CODE:
            raise ValidationError(self.say(Message(CODE_OLD)))

    def validate_birth_date(self, field: Any) -> None:
        """A date or a year of a living person, the same as in the code."""
        first, last = field.days
        if first > self.around.today:
            raise ValidationError(self.say(Message(BORN_LATER)))
        if full_years(first, self.around.today) > OLDEST:
            raise ValidationError(self.say(Message(TOO_OLD)))
        code = self._code()
        if code and not first <= birth_date_of_code(code) <= last:
            raise ValidationError(self.say(Message(DATES_DIFFER)))

    def validate_age(self, field: Any) -> None:
        """Full years, as the code or the birth date allows."""
        typed = field.cleaned.strip()
        if not (typed.isascii() and typed.isdecimal() and int(typed) <= OLDEST):
            raise ValidationError(self.say(Message(AGE_WRONG)))
        if self.ages and int(typed) not in self.ages:
            raise ValidationError(self.say(Message(AGES_DIFFER)))

    def validate_unborn(self, field: Any) -> None:
        """No age of a child who has not been born."""
        aged = self.hetu.cleaned.strip() or self.birth_date.given or self.age.cleaned.strip()
        if field.data and aged:
            raise ValidationError(self.say(Message(UNBORN_HAS_AGE)))

    def validate_due_date(self, field: Any) -> None:
        """A day ahead, of a child who has not been born."""
        if not self.unborn.data:
            raise ValidationError(self.say(Message(DUE_OF_BORN)))
        if field.data < self.around.today:
            raise ValidationError(self.say(Message(DUE_PAST)))
        if field.data > self.around.today + LONGEST_PREGNANCY:
            raise ValidationError(self.say(Message(DUE_FAR)))

    def validate_school_name(self, _field: Any) -> None:
        """A name is for a school that the list lacks."""
        if self.school.data not in (None, "", ELSEWHERE):
            raise ValidationError(self.say(Message(SCHOOL_TWICE)))

    def cleaned(self) -> dict[str, Any]:
        """The answers, with ``known_by``: the most exact answer to how old the child is."""
        answers = super().cleaned()
        answers["hetu"] = self._code() or ""
        answers["age"] = answers["age"].strip()
        if answers["school_name"].strip():
            answers["school"] = ELSEWHERE
        told = ("hetu", "birth_date", "age", "unborn")
        answers["known_by"] = next(name for name in told if answers[name])
        return answers

    def _code(self) -> str | None:
        """The identity code in its one form; "" where none was typed, None where it is wrong."""
        typed = self.hetu.cleaned.strip()
        if not typed:
            return ""
        try:
            return finnish_identity_code.validate(typed, allow_temporary=True)
        except CodeImpossible:
            return None


class GuardianForm(ReportForm):
    """One guardian, as far as the reporter knows."""

    was = HiddenField(WAS)
    name = Line(mark("The guardian’s name"), limit=NAME_LIMIT)
    contact = Line(mark("Telephone number, address or other contact details"), limit=200)
    lives_with_child = OneOf(
        mark("Does the guardian live with the child?"), words.LIVES_WITH, otherwise=UNKNOWN
    )
    suspected_perpetrator = OneOf(
        mark("Do you suspect that this guardian has done something to the child?"),
        words.YES_NO_UNKNOWN,
        missing=mark("Choose whether you suspect the guardian of something."),
    )
