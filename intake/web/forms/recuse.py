"""Who is disqualified, and why."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from wtforms import BooleanField

from intake.domain.message import mark
from intake.domain.recusal import Ground
from intake.web.forms.base import PageForm
from intake.web.forms.fields import OneOf, Passage

MOST = 1000
GROUNDS: Mapping[str, str] = {
    Ground.PARTY: mark("Party to the matter, or close to somebody who is"),
    Ground.ASSISTS: mark("Assists or represents a party, or somebody close does"),
    Ground.GAIN: mark("Particular benefit or loss is to be expected, to oneself or somebody close"),
    Ground.SERVICE: mark("In the service of a party, or holds a commission in the matter"),
    Ground.BODY: mark("Belongs to the management of a party, or somebody close does"),
    Ground.OTHER: mark("Impartiality is endangered for another particular reason"),
}
"""434/2003 §28, shortened: the page names the section."""


class RecuseForm(PageForm):
    """Oneself."""

    ground = OneOf(
        mark("On what ground?"), tuple(GROUNDS.items()), missing=mark("Choose the ground.")
    )
    words = Passage(mark("In your own words"), limit=MOST)
    knowing = BooleanField(mark("I know that nobody at an agency can open the report after this."))


class ColleagueForm(RecuseForm):
    """A colleague."""

    person = OneOf(mark("Who is disqualified?"), missing=mark("Choose who is disqualified."))

    def bind(self, colleagues: Mapping[UUID, str]) -> None:
        """Offer these people."""
        self.person.choices = [(str(one), name) for one, name in colleagues.items()]
