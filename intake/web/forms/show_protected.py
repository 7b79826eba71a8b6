"""Why a protected place is needed."""

from __future__ import annotations

from collections.abc import Mapping

from intake.domain.masked import Need
from intake.domain.message import mark
from intake.web.forms.base import PageForm
from intake.web.forms.fields import OneOf, Passage

MOST = 1000
NEEDS: Mapping[str, str] = {
    Need.REACH_CHILD: mark("I must reach the child or the family"),
    Need.COMPETENCE: mark("I find out which authority or unit is responsible"),
    Need.SAFETY: mark("The child’s safety requires it"),
    Need.RECORD: mark("I record the matter in the client system"),
    Need.OTHER: mark("Another reason"),
}


class ShowProtectedForm(PageForm):
    """A choice, and own words."""

    need = OneOf(
        mark("For what do you need it?"),
        tuple(NEEDS.items()),
        missing=mark("Choose for what you need it."),
    )
    words = Passage(mark("In your own words"), limit=MOST)
