"""How pressing a deadline is, in the same words and colours on every page."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from intake.domain.deadline import HELSINKI, local_date
from intake.domain.message import Message, mark
from intake.language import Language

SOON = timedelta(days=3)
_HOURS_UP_TO = timedelta(days=2)
_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Due:
    """``kind``: late, soon or "" (the tag's). ``word``: what the tag says, None without a tag."""

    at: datetime
    kind: str
    word: Message | None

    @property
    def late(self) -> bool:
        """Whether its last moment has passed."""
        return self.kind == "late"

    def by(self, language: Language) -> str:
        """The last day, with its time of day where the deadline does not end with the day."""
        if self.at.astimezone(HELSINKI).time() == time():
            return language.date(_last_moment(self.at))
        return language.date_and_time(self.at)


def due(at: datetime, now: datetime) -> Due:
    """How pressing a deadline is that is over at the instant ``at``."""
    left = at - now
    if left <= timedelta(0):
        return Due(at, "late", _late(at, now))
    if left > SOON:
        return Due(at, "", None)
    if at.astimezone(HELSINKI).time() != time() and left <= _HOURS_UP_TO:
        hours = math.ceil(left / _HOUR)
        return Due(at, "soon", Message(mark("%(hours)s h left"), {"hours": hours}))
    days = (local_date(_last_moment(at)) - local_date(now)).days
    words = {0: Message(mark("Today")), 1: Message(mark("Tomorrow"))}
    return Due(at, "soon", words.get(days, Message(mark("%(days)s d left"), {"days": days})))


def _late(at: datetime, now: datetime) -> Message:
    by = now - at
    if by < _HOURS_UP_TO:
        return Message(mark("Late by %(hours)s h"), {"hours": max(1, math.ceil(by / _HOUR))})
    days = (local_date(now) - local_date(_last_moment(at))).days
    return Message(mark("Late by %(days)s d"), {"days": days})


def _last_moment(at: datetime) -> datetime:
    """An instant of the last day: a day is over at the next one's midnight."""
    return at - timedelta(microseconds=1)
