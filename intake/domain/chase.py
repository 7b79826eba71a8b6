"""When a deadline is chased: the ``[[chase]]`` steps of the rule file become instants."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Any

from intake.domain.calendar import Calendar
from intake.domain.clock import Kind
from intake.domain.deadline import Certificate, local_date, local_instant

_DAY = timedelta(days=1)
MOST_DAYS = 250
MOST_MINUTES = 100_000


class ChaseInvalid(ValueError):
    """A ``[[chase]]`` table cannot be used; the text names the step and the reason."""


class Plan(StrEnum):
    """Which deadlines a step belongs to: those of days and months, or those of today and hours."""

    DAYS = "days"
    SAME_DAY = "same_day"


@dataclass(frozen=True)
class WorkingDaysFromDue:
    """``days`` working days after the due day (0 on it, negative before), at local time ``at``."""

    days: int
    at: time


@dataclass(frozen=True)
class MinutesAfterArrival:
    """``minutes`` after the arrival, at any hour."""

    minutes: int


@dataclass(frozen=True)
class ChaseStep:
    """One ``[[chase]]``: whom to write to and when, if nothing has met the clock by then.

    ``clocks``: the clock ids it is for; empty = every clock.
    """

    id: str
    to: str
    plan: Plan
    clocks: frozenset[str]
    when: WorkingDaysFromDue | MinutesAfterArrival
    allows_standby: bool = False

    @classmethod
    def parse(cls, table: Mapping[str, object]) -> ChaseStep:
        """Read a step from a plain table; raises ``ChaseInvalid``.

        Keys: id, to, plan (days or same_day), clocks (a list) or clock (one id), working_days with
        at ("09:00") or minutes_after_arrival, allows_standby.
        """
        name, to = table.get("id"), table.get("to")
        if not (isinstance(name, str) and name and isinstance(to, str) and to):
            raise ChaseInvalid(f"a chase step needs id and to: {dict(table)!r}")
        if table.get("plan") not in tuple(Plan):
            raise ChaseInvalid(
                f"chase step {name}: plan must be days or same_day, not {table.get('plan')!r}"
            )
        standby = table.get("allows_standby", False)
        if not isinstance(standby, bool):
            raise ChaseInvalid(f"chase step {name}: allows_standby must be true or false")
        plan = Plan(str(table["plan"]))
        return cls(name, to, plan, _clocks(name, table), _when(name, table), standby)


@dataclass(frozen=True)
class ChaseAt:
    """A step of one deadline at its UTC instant."""

    step_id: str
    to: str
    at: datetime
    allows_standby: bool

    @cached_property
    def entry(self) -> dict[str, object]:
        """The step as a deadline's row keeps it."""
        at = self.at.isoformat()
        return {"step": self.step_id, "to": self.to, "at": at, "standby": self.allows_standby}


@dataclass(frozen=True, eq=False)
class Chasing:
    """The chase steps of a rule set, counted on a calendar."""

    steps: tuple[ChaseStep, ...]
    calendar: Calendar

    def times(self, certificate: Certificate) -> tuple[ChaseAt, ...]:
        """When each step that belongs to the deadline falls, in order.

        Steps that would fall before the arrival are left out. Raises ``CalendarTooShort``.
        """
        by_today = certificate.rule.kind in (Kind.SAME_DAY, Kind.HOURS)
        plan = Plan.SAME_DAY if by_today else Plan.DAYS
        arrival = certificate.arrival
        times = [
            *_by_minutes(self, plan, certificate.clock.id, arrival),
            *_by_days(self, plan, certificate.clock.id, certificate.due, local_date(arrival)),
        ]
        in_order = sorted(times, key=lambda chase: (chase.at, chase.step_id))
        return tuple(chase for chase in in_order if chase.at >= arrival)

    def of(self, plan: Plan, clock: str) -> Iterator[ChaseStep]:
        """The steps of a plan that chase this clock."""
        for step in self.steps:
            if step.plan is plan and (not step.clocks or clock in step.clocks):
                yield step


def next_chase(steps: Sequence[Mapping[str, Any]], now: datetime) -> datetime | None:
    """The instant of the first of a deadline's steps, as its row keeps them, after ``now``.

    Where all are past the last of them, so that it is taken at once and somebody hears of it.
    """
    instants = [datetime.fromisoformat(step["at"]) for step in steps]
    return min((at for at in instants if at > now), default=max(instants, default=None))


def _by_minutes(chasing: Chasing, plan: Plan, clock: str, arrival: datetime) -> Iterator[ChaseAt]:
    for step in chasing.of(plan, clock):
        if isinstance(step.when, MinutesAfterArrival):
            at = arrival + timedelta(minutes=step.when.minutes)
            yield ChaseAt(step.id, step.to, at, step.allows_standby)


@lru_cache(maxsize=256)
def _by_days(
    chasing: Chasing, plan: Plan, clock: str, due: date, arrived: date
) -> tuple[ChaseAt, ...]:
    """The steps that fall on working days; the reports of one day share them."""
    return tuple(
        ChaseAt(step.id, step.to, _instant(step.when, due, arrived, chasing), step.allows_standby)
        for step in chasing.of(plan, clock)
        if isinstance(step.when, WorkingDaysFromDue)
    )


def _instant(when: WorkingDaysFromDue, due: date, arrived: date, chasing: Chasing) -> datetime:
    day = due
    for _ in range(abs(when.days)):
        step = _DAY if when.days > 0 else -_DAY
        day = _next_working_day(day, step, arrived, chasing.calendar)
    return local_instant(day, when.at)


def _next_working_day(day: date, step: timedelta, arrival: date, calendar: Calendar) -> date:
    """The next working day in a direction; looked for no further back than before ``arrival``."""
    day += step
    while day >= arrival and not calendar.is_working_day(day):
        day += step
    return day


def _clocks(name: str, table: Mapping[str, object]) -> frozenset[str]:
    one, several = table.get("clock"), table.get("clocks", [])
    ids = several if one is None else [one]
    if isinstance(ids, list | tuple) and all(isinstance(clock, str) and clock for clock in ids):
        return frozenset(ids)
    raise ChaseInvalid(f"chase step {name}: clocks must be a list of clock ids, not {ids!r}")


def _when(name: str, table: Mapping[str, object]) -> WorkingDaysFromDue | MinutesAfterArrival:
    days, minutes = table.get("working_days"), table.get("minutes_after_arrival")
    if (days is None) == (minutes is None):
        raise ChaseInvalid(f"chase step {name}: give working_days or minutes_after_arrival")
    if minutes is not None:
        if type(minutes) is int and 0 < minutes <= MOST_MINUTES:
            return MinutesAfterArrival(minutes)
        raise ChaseInvalid(
            f"chase step {name}: minutes_after_arrival must be 1..{MOST_MINUTES}, not {minutes!r}"
        )
    if type(days) is not int or abs(days) > MOST_DAYS:
        raise ChaseInvalid(
            f"chase step {name}: working_days must be -{MOST_DAYS}..{MOST_DAYS}, not {days!r}"
        )
    at = table.get("at")
    try:
        return WorkingDaysFromDue(days, time.fromisoformat(str(at)))
    except ValueError:
        raise ChaseInvalid(
            f'chase step {name}: at must be a time such as "09:00", not {at!r}'
        ) from None
