"""While pages of staff are served, somebody notices that the sweep has stopped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask import request

from intake.web.page import Clock as Now

APART = (None, "reporter", "probe")
"""Blueprints whose requests wait for nothing that is not theirs; None: no page of ours."""


@dataclass(frozen=True)
class Heed:
    """Before each request of staff."""

    notice: Callable[[datetime], str]
    now: Now

    def __call__(self) -> None:
        """Look, unless this process has of late."""
        if request.blueprint not in APART:
            self.notice(self.now())
