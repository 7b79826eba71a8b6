"""The second step of signing in, and what a person sets up for it."""

from __future__ import annotations

from typing import Any

from wtforms import HiddenField

from intake.domain.message import Message, mark
from intake.web.forms.base import PageForm
from intake.web.forms.fields import Line

LABEL_LIMIT = 60
_MOST = 60
NO_CODE = mark("Write the code.")
NO_LABEL = mark("Write a name for it.")


class SecondStepForm(PageForm):
    """A code, or what a passkey answered, which a script puts here. Its names are no other form's:
    a page that asks for a fresh factor is posted on to the one that takes it.
    """

    factor_code = Line(mark("Code"), limit=_MOST)
    factor_passkey = HiddenField()

    def validate(self, extra_validators: Any = None) -> bool:
        """Also: one of the two."""
        sound = bool(super().validate(extra_validators))
        code = self.factor_code
        if not self.factor_passkey.data and not code.cleaned and not code.errors:
            code.errors = [self.say(Message(NO_CODE))]
            return False
        return sound


class NewFactorForm(SecondStepForm):
    """The first code of an app, or a new passkey's answer; and what the person calls it."""

    label = Line(mark("Name"), limit=LABEL_LIMIT, missing=NO_LABEL)
    factor_code = Line(mark("Code"), limit=_MOST)  # after the name, as on the page
