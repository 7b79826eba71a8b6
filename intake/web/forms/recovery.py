"""Questions to one who has lost the passphrase."""

from __future__ import annotations

from typing import Any

from wtforms import PasswordField, ValidationError

from intake.domain.message import Message, mark
from intake.vault.own import CodeMistyped
from intake.vault.recovery import RecoveryCode
from intake.web.forms.fields import Line
from intake.web.forms.people import NewPassphraseForm

MISTYPED = mark(
    "The recovery code has a mistake. It has 24 letters and figures in six groups: check it and "
    "try again."
)


class RecoverForm(NewPassphraseForm):
    """Who it is, the printed code, and a new passphrase."""

    name = Line(mark("User name"), limit=1000, missing=mark("Write your user name."))
    code = Line(mark("Recovery code"), limit=200, missing=mark("Write the recovery code."))
    passphrase = PasswordField(mark("Passphrase"))
    again = PasswordField(mark("The same passphrase again"))

    def validate_code(self, field: Any) -> None:
        """A code that has no slip in it."""
        try:
            RecoveryCode.parse(field.data or "")
        except CodeMistyped:
            raise ValidationError(self.say(Message(MISTYPED))) from None
