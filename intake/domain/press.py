"""What a supervisor does about one deadline that is not met: a step of its chase, by hand."""

from __future__ import annotations

from datetime import date
from enum import StrEnum


class Press(StrEnum):
    """``REMIND`` somebody now, beside the plan; let the desk that stands by in (``STANDBY``)."""

    REMIND = "remind"
    STANDBY = "standby"


def step_of(press: Press, to: str, on: date) -> str:
    """The step as the chase keeps it: once a day for each reader."""
    return f"{press}-{to}.{on.isoformat()}"


def lets_standby_in(step: str) -> bool:
    """Whether a recorded step is a supervisor's word that the desk may take over."""
    return step.startswith(f"{Press.STANDBY}-")
