"""How old what is open has become, in classes."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from intake.domain.deadline import local_date, local_instant

CLASSES: tuple[tuple[int, int | None], ...] = (
    (0, 2),
    (3, 7),
    (8, 14),
    (15, 30),
    (31, 90),
    (91, None),
)
"""The youngest and the oldest of each in days, both included: days of the calendar in Helsinki
between the day of arrival and today. The last has no end.
"""


def arrived_since(now: datetime) -> list[datetime]:
    """The instant since which what is in each class has arrived, but for the last."""
    today = local_date(now)
    return [
        local_instant(today - timedelta(days=oldest), time())
        for _, oldest in CLASSES
        if oldest is not None
    ]
