"""A supervisor's reminder beside the plan."""

from __future__ import annotations

from intake.domain.chase import DUTY_DESK
from intake.domain.message import mark
from intake.domain.people import Role
from intake.web.forms.base import PageForm
from intake.web.forms.fields import OneOf

READERS = (
    (Role.WORKER.value, mark("The worker")),
    (Role.DEPUTY.value, mark("The deputy")),
    (Role.HEAD.value, mark("The unit's head")),
    (DUTY_DESK, mark("The duty desk")),
)


class RemindForm(PageForm):
    """Whom to remind."""

    to = OneOf(mark("Whom do you remind?"), READERS, missing=mark("Choose whom you remind."))
