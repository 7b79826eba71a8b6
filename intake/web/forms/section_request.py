"""Asking for further sections, and the lead's answer."""

from __future__ import annotations

from intake.domain.message import mark
from intake.web.forms.base import PageForm
from intake.web.forms.fields import OneOf, Passage, Several
from intake.web.forms.hand_over import MOST_CONSENT
from intake.web.forms.moves import MOST, REASON, REASON_MISSING

GRANT, REFUSE, WITHDRAW = "grant", "refuse", "withdraw"


class AskForm(PageForm):
    """What may be chosen is set on the form; ``lead`` where several agencies lead."""

    lead = OneOf(mark("Whom do you ask?"), missing=mark("Choose the agency."))
    sections = Several(
        mark("Which parts do you need?"), (), missing=mark("Choose at least one part.")
    )
    way = OneOf(mark("On which legal basis?"), missing=mark("Choose the legal basis."))
    consent = Passage(mark("Who has consented, and to what?"), limit=MOST_CONSENT)
    reason = Passage(mark("For what do you need them?"), limit=MOST, missing=REASON_MISSING)


class GrantForm(PageForm):
    """The parts and the basis, as they were asked for unless the lead chooses otherwise."""

    sections = Several(
        mark("Which parts do you give?"), (), missing=mark("Choose at least one part.")
    )
    way = OneOf(mark("On which legal basis?"), missing=mark("Choose the legal basis."))
    consent = Passage(mark("Who has consented, and to what?"), limit=MOST_CONSENT)


class RequestReasonForm(PageForm):
    """Why it is refused or withdrawn."""

    reason = Passage(REASON, limit=MOST, missing=REASON_MISSING)
