"""What handing over asks: to whom, and then on which basis, which parts and why."""

from __future__ import annotations

from intake.domain.message import mark
from intake.web.forms.base import PageForm
from intake.web.forms.fields import OneOf, Passage, Several
from intake.web.forms.moves import MOST, REASON_MISSING

MOST_CONSENT = 1000
AGENCY_MISSING = mark("Choose the agency.")
CONSENT_MISSING = mark("Write who has consented, and to what.")


class ToForm(PageForm):
    """The agency; what may be chosen is set on the form."""

    to = OneOf(mark("To which agency?"), missing=AGENCY_MISSING)


class HandOverForm(PageForm):
    """The rest; the bases and the parts are those of the agency that was chosen."""

    way = OneOf(mark("On which legal basis?"), missing=mark("Choose the legal basis."))
    consent = Passage(mark("Who has consented, and to what?"), limit=MOST_CONSENT)
    sections = Several(
        mark("Which parts do you hand over?"), (), missing=mark("Choose at least one part.")
    )
    reason = Passage(mark("Why do you hand the report over?"), limit=MOST, missing=REASON_MISSING)
