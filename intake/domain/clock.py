"""A clock of the rule file: what the law or a configured default gives an agency time for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from intake.domain.public_holidays import HOME, is_known
from intake.domain.school_year import Names


class ClockInvalid(ValueError):
    """A ``[[clock]]`` table cannot be used; the text names the clock and the reason."""


class Kind(StrEnum):
    """What a clock counts."""

    SAME_DAY = "same_day"
    WORKING_DAYS = "working_days"
    SCHOOL_DAYS = "school_days"
    DAYS = "days"
    MONTHS = "months"
    HOURS = "hours"


class Starts(StrEnum):
    """What starts a clock: the arrival at the competent authority, which never moves and goes along
    to another agency of the same kind, or each agency's own arrival.
    """

    AUTHORITY = "authority"
    AGENCY = "agency"


MOST: Mapping[Kind, int] = {
    Kind.SAME_DAY: 0,
    Kind.DAYS: 120,
    Kind.WORKING_DAYS: 60,
    Kind.SCHOOL_DAYS: 60,
    Kind.MONTHS: 12,
    Kind.HOURS: 1000,
}
"""How many of each at the most: a longer count is a slip of the pen, not a clock."""
_ABOUT = {
    Kind.SAME_DAY: 0.0,
    Kind.HOURS: 1 / 24,
    Kind.DAYS: 1.0,
    Kind.WORKING_DAYS: 1.4,
    Kind.SCHOOL_DAYS: 1.6,
    Kind.MONTHS: 30.0,
}


@dataclass(frozen=True)
class Rule:
    """How far a clock runs: ``count`` of ``kind`` (0 for the same day).

    ``calendar``: whose public holidays count, a code of the ``holidays`` library.
    """

    kind: Kind
    count: int
    calendar: str = HOME

    @classmethod
    def read(cls, text: str) -> Rule:
        """What ``str`` made of one."""
        kind, count, *calendar = text.split()
        return cls(Kind(kind), int(count), *calendar)

    def __str__(self) -> str:
        words = f"{self.kind} {self.count}"
        return words if self.calendar == HOME else f"{words} {self.calendar}"


@dataclass(frozen=True)
class Clock:
    """One ``[[clock]]`` of the rule file.

    ``met_by`` names the moves that end it. ``today`` is the rule for a report whose urgency is
    today, where it differs. ``valid_from`` and ``valid_to`` bound the law reference, both included.
    ``extend``: how many more of its kind a supervisor may give, once.
    """

    id: str
    title: Names = field(hash=False)
    law: str | None
    rule: Rule
    met_by: tuple[str, ...]
    valid_from: date | None = None
    valid_to: date | None = None
    today: Rule | None = None
    starts: Starts = Starts.AGENCY
    extend: int = 0

    @property
    def kind(self) -> Kind:
        """What the clock counts for a report that is not for today."""
        return self.rule.kind

    @property
    def count(self) -> int:
        """How many of ``kind``."""
        return self.rule.count

    @property
    def calendar(self) -> str:
        """Whose public holidays count."""
        return self.rule.calendar

    def longer(self, rule: Rule) -> Rule | None:
        """The rule that a supervisor may give a deadline that runs by ``rule``; None where none.

        A law's clock is the law's; what was counted by another kind is not what the clock is about.
        """
        if not self.extend or self.law or rule.kind is not self.kind:
            return None
        return replace(rule, count=rule.count + self.extend)

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
        text), today (a table with kind and count), starts, calendar, extend.
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
        calendar = _calendar(name, table)
        rule = _rule(name, table, calendar)
        return cls(
            name,
            {str(language): str(text) for language, text in title.items()},
            law,
            rule,
            tuple(str(move) for move in met_by),
            _day(name, table, "valid_from"),
            _day(name, table, "valid_to"),
            None if today is None else _rule(name, today, calendar),
            _starts(name, table, law, rule.kind),
            _extension(name, table, law, rule.kind),
        )


def usual_start(law: str | None, kind: Kind) -> Starts:
    """What starts a clock that does not say it: the law's time is the authority's (417/2007 §26),
    but what is due the same day, and local practice, each agency has from its own arrival.
    """
    return Starts.AUTHORITY if law and kind is not Kind.SAME_DAY else Starts.AGENCY


def _calendar(name: str, table: Mapping[str, object]) -> str:
    code = table.get("calendar", HOME)
    if not isinstance(code, str) or not is_known(code):
        raise ClockInvalid(f"clock {name}: no calendar is called {code!r}")
    return code


def _starts(name: str, table: Mapping[str, object], law: str | None, kind: Kind) -> Starts:
    starts = table.get("starts")
    if starts is None:
        return usual_start(law, kind)
    if starts not in tuple(Starts):
        raise ClockInvalid(f"clock {name}: starts must be authority or agency, not {starts!r}")
    return Starts(str(starts))


def _extension(name: str, table: Mapping[str, object], law: str | None, kind: Kind) -> int:
    more = table.get("extend", 0)
    if type(more) is not int or not 0 <= more <= MOST[kind]:
        raise ClockInvalid(f"clock {name}: extend must be 0..{MOST[kind]}, not {more!r}")
    if more and law:
        raise ClockInvalid(f"clock {name}: a clock of a law cannot be extended")
    return more


def _rule(name: str, table: Mapping[str, object], calendar: str) -> Rule:
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
    if kind is Kind.SCHOOL_DAYS and calendar != HOME:
        raise ClockInvalid(f"clock {name}: school days are known of Finland alone, not {calendar}")
    return Rule(kind, count, calendar)


def _day(name: str, table: Mapping[str, object], key: str) -> date | None:
    value = table.get(key)
    if not value:
        return None
    try:
        return value if isinstance(value, date) else date.fromisoformat(str(value))
    except ValueError:
        raise ClockInvalid(f"clock {name}: {key} must be a date, not {value!r}") from None
