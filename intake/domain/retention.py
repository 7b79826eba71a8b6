"""For how long the content of a report is kept once an agency has taken it into its own system."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from intake.domain.deadline import local_date
from intake.domain.referral import State


@dataclass(frozen=True)
class Keeping:
    """A controller's figures, in days.

    ``recorded``: after it was recorded in the client system; ``closed``: after its handling ended
    with every deadline met, where nothing was recorded.
    """

    recorded: int
    closed: int


@dataclass(frozen=True)
class Part:
    """One agency's part in a report, as far as it says how long the content is needed.

    ``recorded_at``: in the client system. ``reopened_at`` and ``last_step_at``: the last time.
    ``runs``: some deadline does. ``unmet``: the handling ended before some deadline was met.
    """

    state: State
    keeping: Keeping
    recorded_at: datetime | None
    reopened_at: datetime | None
    last_step_at: datetime
    runs: bool
    unmet: bool


_PASSED_ON = frozenset({State.RETURNED, State.HANDED_OVER, State.WITHDRAWN})


def content_goes_on(parts: Sequence[Part]) -> date | None:
    """The day from which nothing keeps the content of a report; None where something still does.

    What an agency passed on is needed where it went. Of the others the one that needs it longest
    decides: whoever has not taken it up, or works on it, or ended its handling without recording
    it and with deadlines unmet, keeps it for all.
    """
    needed = [_needed_until(part) for part in parts if part.state not in _PASSED_ON]
    days = [day for day in needed if day is not None]
    return max(days) if days and len(days) == len(needed) else None


def _needed_until(part: Part) -> date | None:
    keeping = part.keeping
    if part.state is State.ACCEPTED:
        if part.recorded_at is None or part.runs:
            return None
        return _after(max(part.recorded_at, part.last_step_at), keeping.recorded)
    if part.state is not State.CLOSED:
        return None
    if part.recorded_at is not None:
        # Reopened since, it had been needed again.
        return _after(max(part.recorded_at, part.reopened_at or part.recorded_at), keeping.recorded)
    return None if part.unmet else _after(part.last_step_at, keeping.closed)


def _after(at: datetime, days: int) -> date:
    return local_date(at) + timedelta(days=days)
