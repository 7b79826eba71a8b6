"""On which day a half-year's figures were reported to THL."""

from __future__ import annotations

from intake.domain.message import mark
from intake.web.forms.base import PageForm
from intake.web.forms.day import Day

NOT_POSSIBLE = mark("The day must be after the half-year, and not in the future.")


class ReportedForm(PageForm):
    """The day of the report."""

    reported_on = Day(
        mark("On which day were the figures reported to THL?"),
        missing=mark("Write the day on which the figures were reported."),
    )
