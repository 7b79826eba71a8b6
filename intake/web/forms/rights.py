"""What was asked for of a report, what came of it, and why."""

from __future__ import annotations

from intake.domain.message import mark
from intake.web.forms.base import PageForm
from intake.web.forms.fields import OneOf, Passage
from intake.web.forms.moves import MOST
from intake.web.rights_words import ASKED, OUTCOMES, RIGHT_BASES

DOES_NOT_FIT = mark("This legal basis is about the other request. Choose another one.")


class RightForm(PageForm):
    """A request and its answer."""

    asked = OneOf(
        mark("What was asked for?"),
        tuple(ASKED.items()),
        missing=mark("Choose what was asked for."),
    )
    outcome = OneOf(
        mark("What came of it?"), tuple(OUTCOMES.items()), missing=mark("Choose what came of it.")
    )
    basis = OneOf(
        mark("Legal basis"), tuple(RIGHT_BASES.items()), missing=mark("Choose the legal basis.")
    )
    reason = Passage(
        mark("Who asked, and why it was decided so"),
        limit=MOST,
        missing=mark("Write who asked, and why it was decided so."),
    )
