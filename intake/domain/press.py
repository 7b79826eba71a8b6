"""What a supervisor does about one deadline that is not met: a step of its chase, by hand."""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum

from intake.domain.chase import DUTY_DESK


class Press(StrEnum):
    """``REMIND`` somebody now, beside the plan; let the desk that stands by in (``STANDBY``)."""

    REMIND = "remind"
    STANDBY = "standby"


_STANDBY = re.compile(rf"{Press.STANDBY}-{DUTY_DESK}\.\d{{4}}-\d\d-\d\d")


def step_of(press: Press, to: str, on: date) -> str:
    """The step as the chase keeps it: once a day for each reader."""
    return f"{press}-{to}.{on.isoformat()}"


def lets_standby_in(step: str) -> bool:
    """Whether a recorded step is a supervisor's word that the desk may take over.

    Not a step of the rules, whatever it is called: what those allow they say themselves.
    """
    return _STANDBY.fullmatch(step) is not None
