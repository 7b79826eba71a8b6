"""What the worry is, what was seen, and who knows of it."""

from __future__ import annotations

from typing import Any

from wtforms.validators import ValidationError

from intake.domain.message import Message, mark
from intake.web.forms import words
from intake.web.forms.fields import Line, OneOf, Passage, Several
from intake.web.forms.report_form import ReportForm

LONG = 10_000
SHORT = 2_000


class WorryForm(ReportForm):
    """What kind of worry; which one matters most is asked after it where there are several."""

    categories = Several(
        mark("What is the worry about?"),
        words.CATEGORIES,
        missing=mark("Choose at least one topic."),
    )
    child_role = OneOf(
        mark("What is the child’s part in it?"),
        words.CHILD_ROLES,
        missing=mark("Choose the child’s part."),
    )


class PrimaryForm(ReportForm):
    """Which of the topics chosen matters most."""

    primary = OneOf(
        mark("Which of these matters most?"),
        words.CATEGORIES,
        missing=mark("Choose what matters most."),
    )

    def __init__(self, formdata: Any = None, **kwargs: Any) -> None:
        super().__init__(formdata, **kwargs)
        if self.around.topics:
            offered = self.around.topics
            self.primary.choices = [c for c in self.primary.choices if c[0] in offered]


class UrgencyForm(ReportForm):
    """How soon help is needed."""

    urgency = OneOf(
        mark("How soon is help needed?"),
        words.URGENCIES,
        missing=mark("Choose how soon help is needed."),
    )
    threat_to_life = OneOf(
        mark("Is somebody’s life or health threatened?"),
        words.THREATS,
        missing=mark("Choose whether somebody’s life or health is threatened."),
    )
    weapon = OneOf(
        mark("Is a weapon or another dangerous object involved?"),
        words.YES_NO_UNKNOWN,
        missing=mark("Choose whether a weapon is involved."),
    )


class ProtectionForm(ReportForm):
    """What decides under which act the report is made."""

    may_need_protection = OneOf(
        mark("May the child need the help of child welfare?"),
        words.PROTECTION,
        missing=mark("Choose whether the child may need the help of child welfare."),
    )
    crime_against_child = OneOf(
        mark("Do you suspect an offence against the child?"),
        words.CRIMES,
        missing=mark("Choose whether you suspect an offence against the child."),
    )
    made_together = OneOf(
        mark("Are you making this report together with the child or a guardian?"),
        words.YES_NO,
        missing=mark("Choose whether you are making the report together."),
    )


class ObservationsForm(ReportForm):
    """What was seen or heard, apart from the reporter's own view."""

    seen = Passage(
        mark("What have you seen or heard?"),
        limit=LONG,
        missing=mark("Write what you have seen or heard."),
    )
    when = Line(mark("When did it happen?"), limit=300)
    own_view = Passage(mark("Your own view"), limit=LONG)
    done_already = Passage(mark("What has been done already?"), limit=SHORT)
    health = Passage(mark("Information on the child’s health"), limit=LONG)


class ConsentForm(ReportForm):
    """Who knows of the report, and who has consented to what."""

    child_informed = OneOf(
        mark("Does the child know of this report?"),
        words.INFORMED,
        missing=mark("Choose whether the child knows of the report."),
    )
    guardian_informed = OneOf(
        mark("Does a guardian know of this report?"),
        words.INFORMED,
        missing=mark("Choose whether a guardian knows of the report."),
    )
    informed_reason = Passage(mark("If you answered no: why?"), limit=SHORT)
    child_consent = OneOf(
        mark("Has the child consented to the information being passed on?"),
        words.CHILD_CONSENT,
        missing=mark("Choose whether the child has consented."),
    )
    guardian_consent = OneOf(
        mark("Has a guardian consented to it?"),
        words.GUARDIAN_CONSENT,
        missing=mark("Choose whether a guardian has consented."),
    )
    consent_to = Several(mark("To whom may the information be given?"), words.CONSENT_TO)

    def validate(self, extra_validators: Any = None) -> bool:
        """A professional gives a reason; a consent names its recipients, and they a consent."""
        untold = {self.child_informed.data, self.guardian_informed.data} & {"no", "not_safe"}
        if self.around.kind == "professional" and untold:
            self.informed_reason.missing = mark("Write why the report has not been told of.")
        if "given" in (self.child_consent.data, self.guardian_consent.data):
            self.consent_to.missing = mark("Choose to whom the consent was given.")
        return super().validate(extra_validators)

    def validate_consent_to(self, _field: Any) -> None:
        """Recipients without a consent would be dropped in silence."""
        if "given" not in (self.child_consent.data, self.guardian_consent.data):
            raise ValidationError(
                self.say(
                    Message(
                        mark(
                            "You chose recipients, but by your answers nobody has consented: "
                            "correct one of them."
                        )
                    )
                )
            )
