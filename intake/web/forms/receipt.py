"""After sending: the code."""

from __future__ import annotations

from typing import Any

from wtforms import HiddenField
from wtforms.validators import ValidationError

from intake.domain.message import Message, mark
from intake.vault.own import CodeMistyped, ReceiptCode
from intake.web.forms.fields import Line, Tick
from intake.web.forms.report_form import ReportForm

CODE_MISTYPED = mark(
    "The code has a mistake. It has 24 letters and figures in six groups: check it and try again."
)


class PlainForm(ReportForm):
    """A button alone, with its token."""


class SendForm(PlainForm):
    """The button that sends. ``plan``: the digest of who gets what, as the page showed it."""

    plan = HiddenField("plan")


class NotedForm(ReportForm):
    """The reporter's word that the code is noted."""

    noted = Tick(
        mark("I have written down the code or printed this page"),
        missing=mark("Note the code first, then tick the box."),
    )


class StatusForm(ReportForm):
    """The code of a report. ``stop``: whether no more letters are wanted."""

    stop = HiddenField("stop")

    code = Line(mark("Follow-up code"), limit=200, missing=mark("Write the follow-up code."))

    def validate_code(self, field: Any) -> None:
        """A code that has no slip in it."""
        try:
            ReceiptCode.parse(field.data)
        except CodeMistyped:
            raise ValidationError(self.say(Message(CODE_MISTYPED))) from None
