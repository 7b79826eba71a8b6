"""The page that says that something stored cannot be opened."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from flask import request
from flask_login import current_user

from intake import logs
from intake.services.tell_damage import TellDamage
from intake.vault.envelope import EnvelopeDamaged
from intake.web.page import Clock, render

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Damaged:
    """Answers for every page of staff: an error in the log, a line in the trail, then the page."""

    tell: TellDamage
    now: Clock

    def __call__(self, error: EnvelopeDamaged) -> Any:
        """409: what is stored is not what was sealed there."""
        page = request.endpoint or ""
        log.error("what is sealed does not open at %s", page, extra=logs.failure(error))
        if not current_user.is_authenticated:
            return render("errors/500.html", 500)
        about = (request.view_args or {}).get("referral_id")
        self.tell(current_user.visit, page, about, self.now())
        return render("errors/damaged.html", 409)
