"""The page that says that no key of an agency counts, so that nothing could be sealed to it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from flask import request
from flask_login import current_user

from intake import logs
from intake.domain.message import mark
from intake.services.desks import NobodyCanOpen
from intake.web.forms.moves import REASON
from intake.web.measured import outcome
from intake.web.page import reader_language, render

ASKED: Mapping[str, str] = {
    "reason": REASON,
    "words": mark("In your own words"),
    "consent": mark("Who has consented, and to what?"),
    "with_whom": mark("With whom?"),
    "text": mark("Note"),
}
"""The texts of the forms of staff that are sealed to an agency, and what they are called here."""
log = logging.getLogger(__name__)


def no_key(error: NobodyCanOpen) -> Any:
    """409: nothing was recorded. What was typed stays on the page, to be copied or sent again."""
    log.error("no key of an agency counts at %s", request.endpoint, extra=logs.failure(error))
    outcome("nobody_can_open")
    if not current_user.is_authenticated:
        return render("errors/500.html", 500)
    say = reader_language().gettext
    posted = list(request.form.items(multi=True))
    return render(
        "agency/no_key.html",
        409,
        action=request.full_path.rstrip("?"),
        fields=[(name, say(ASKED[name]) if name in ASKED else "", value) for name, value in posted],
        csrf_token=lambda: request.form.get("csrf_token", ""),
    )
