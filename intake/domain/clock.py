"""A clock of the rule file: what the law or a configured default gives an agency time for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from intake.domain.school_year import Names


class ClockInvalid(ValueError):
    """A ``[[clock]]`` table cannot be used; the text names the clock and the reason."""


class Kind(StrEnum):
    """What a clock counts."""

    SAME_DAY = "same_day"
    WORKING_DAYS = "working_days"
    SCHOOL_DAYS = "school_days"
    MONTHS = "months"
    HOURS = "hours"


MOST: Mapping[Kind, int] = {
    Kind.SAME_DAY: 0,
    Kind.WORKING_DAYS: 60,
    Kind.SCHOOL_DAYS: 60,
    Kind.MONTHS: 12,
    Kind.HOURS: 1000,
}
"""How many of each at the most: a longer count is a slip of the pen, not a clock."""
_ABOUT = {
    Kind.SAME_DAY: 0.0,
    Kind.HOURS: 1 / 24,
    Kind.WORKING_DAYS: 1.4,
    Kind.SCHOOL_DAYS: 1.6,
    Kind.MONTHS: 30.0,
}


@dataclass(frozen=True)
class Rule:
    """How far a clock runs: ``count`` of ``kind`` (0 for the same day)."""

    kind: Kind
    count: int

    @classmethod
    def read(cls, text: str) -> Rule:
        """What ``str`` made of one."""
        kind, count = text.split()
        return cls(Kind(kind), int(count))

    def __str__(self) -> str:
        return f"{self.kind} {self.count}"


@dataclass(frozen=True)
class Clock:
    """One ``[[clock]]`` of the rule file.

    ``met_by`` names the moves that end it. ``today`` is the rule for a report whose urgency is
    today, where it differs. ``valid_from`` and ``valid_to`` bound the law reference, both included.
    """

    id: str
    title: Names = field(hash=False)
    law: str | None
    rule: Rule
    met_by: tuple[str, ...]
    valid_from: date | None = None
    valid_to: date | None = None
    today: Rule | None = None

    @property
    def kind(self) -> Kind:
        """What the clock counts for a report that is not for today."""
        return self.rule.kind

    @property
    def count(self) -> int:
        """How many of ``kind``."""
        return self.rule.count

    def as_counted(self, rule: str | None) -> Clock:
        """The same as it ran for a deadline: as long as its row says (None: not kept then)."""
        return replace(self, rule=Rule.read(rule), today=None) if rule else self

    def about_days(self, *, today: bool) -> float:
        """Roughly how many days it gives, to tell the shorter of two; ``today``: of the urgent."""
        rule = self.today if today and self.today else self.rule
        return _ABOUT[rule.kind] * rule.count

    @classmethod
    def parse(cls, table: Mapping[str, object]) -> Clock:
        """Read a clock from a plain table; raises ``ClockInvalid``.

        Keys: id, title {fi, sv, en}, law, kind, count, met_by, valid_from, valid_to (dates or ISO
        text), today (a table with kind and count).
        """
        name = table.get("id")
        if not isinstance(name, str) or not name:
            raise ClockInvalid(f"a clock has no id: {dict(table)!r}")
        title = table.get("title")
        if not isinstance(title, Mapping) or not all(title.get(lang) for lang in ("fi", "sv")):
            raise ClockInvalid(f"clock {name}: title needs fi and sv")
        law = table.get("law") or None
        if law is not None and not isinstance(law, str):
            raise ClockInvalid(f"clock {name}: law must be text, not {law!r}")
        met_by = table.get("met_by")
        if not isinstance(met_by, list | tuple) or not met_by:
            raise ClockInvalid(f"clock {name}: met_by must list at least one move")
        today = table.get("today")
        if today is not None and not isinstance(today, Mapping):
            raise ClockInvalid(f"clock {name}: today must be a table with kind and count")
        return cls(
            name,
            {str(language): str(text) for language, text in title.items()},
            law,
            _rule(name, table),
            tuple(str(move) for move in met_by),
            _day(name, table, "valid_from"),
            _day(name, table, "valid_to"),
            None if today is None else _rule(name, today),
        )


def _rule(name: str, table: Mapping[str, object]) -> Rule:
    try:
        kind = Kind(str(table.get("kind")))
    except ValueError:
        known = ", ".join(Kind)
        raise ClockInvalid(
            f"clock {name}: kind must be one of {known}, not {table.get('kind')!r}"
        ) from None
    count = table.get("count", 0)
    least, most = min(1, MOST[kind]), MOST[kind]
    if type(count) is not int or not least <= count <= most:
        raise ClockInvalid(f"clock {name}: count of {kind} must be {least}..{most}, not {count!r}")
    return Rule(kind, count)


def _day(name: str, table: Mapping[str, object], key: str) -> date | None:
    value = table.get(key)
    if not value:
        return None
    try:
        return value if isinstance(value, date) else date.fromisoformat(str(value))
    except ValueError:
        raise ClockInvalid(f"clock {name}: {key} must be a date, not {value!r}") from None
