"""A hold: why, and until when."""

from __future__ import annotations

from intake.domain.message import mark
from intake.web.forms.base import PageForm
from intake.web.forms.day import Day
from intake.web.forms.fields import Passage
from intake.web.forms.moves import MOST, REASON_MISSING


class HoldForm(PageForm):
    """Without a last day it stands until it is released."""

    reason = Passage(mark("Why is the content still needed?"), limit=MOST, missing=REASON_MISSING)
    last_day = Day(mark("Last day of the hold"))
