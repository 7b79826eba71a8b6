"""What a supervisor has changed of a deadline, and why."""

from __future__ import annotations

from enum import StrEnum


class Change(StrEnum):
    """Counted anew with a calendar of later, or given more time."""

    RECOUNTED = "recounted"
    EXTENDED = "extended"


CALENDAR = "calendar"
"""The reason of what was counted anew."""


class Reason(StrEnum):
    """Why a deadline was extended: a closed list, so that nothing about a child is written here."""

    ABSENCE = "absence"
    FAMILY = "family"
    AGENCY = "agency"
    OTHER = "other"
