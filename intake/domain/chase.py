"""When a deadline is chased: the ``[[chase]]`` steps of the rule file become instants."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property, lru_cache

from intake.domain.calendar import Calendar
from intake.domain.clock import Kind
from intake.domain.deadline import Certificate, local_date, local_instant
from intake.domain.people import UPWARD

_DAY = timedelta(days=1)
MOST_DAYS = 250
MOST_MINUTES = 100_000
LONGEST_ID = 40
"""Characters of a step's id, so that there is room for the number of a step that comes again."""
DUTY_DESK = "duty_desk"
"""Not a role: the members of the desk that stands by, or of the county's duty desk."""
CHASED: tuple[str, ...] = (*UPWARD, DUTY_DESK)
"""Whom a step may name, from below."""


class ChaseInvalid(ValueError):
    """A ``[[chase]]`` table cannot be used; the text names the step and the reason."""


class Plan(StrEnum):
    """Which deadlines a step belongs to: those of days and months, or those of today and hours."""

    DAYS = "days"
    SAME_DAY = "same_day"

    @classmethod
    def of(cls, kind: Kind) -> Plan:
        """The plan of a clock that ran by this kind of count."""
        return cls.SAME_DAY if kind in (Kind.SAME_DAY, Kind.HOURS) else cls.DAYS


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

    ``clocks``: the clock ids it is for; empty = every clock. ``repeats``: it comes again every so
    many working days, for as long as nothing has met the clock. ``today``: only for reports whose
    urgency is today.
    """

    id: str
    to: str
    plan: Plan
    clocks: frozenset[str]
    when: WorkingDaysFromDue | MinutesAfterArrival
    allows_standby: bool = False
    repeats: int | None = None
    today: bool = False

    def chases(self, clock: str) -> bool:
        """Whether it is for this clock."""
        return not self.clocks or clock in self.clocks

    @classmethod
    def parse(cls, table: Mapping[str, object]) -> ChaseStep:
        """Read a step from a plain table; raises ``ChaseInvalid``.

        Keys: id, to, plan (days or same_day), clocks (a list) or clock (one id), working_days with
        at ("09:00") and repeats, or minutes_after_arrival, allows_standby, today.
        """
        name, to = table.get("id"), table.get("to")
        if not (isinstance(name, str) and name and isinstance(to, str) and to):
            raise ChaseInvalid(f"a chase step needs id and to: {dict(table)!r}")
        if len(name) > LONGEST_ID:
            raise ChaseInvalid(f"chase step {name}: its id has room for {LONGEST_ID} characters")
        if table.get("plan") not in tuple(Plan):
            raise ChaseInvalid(
                f"chase step {name}: plan must be days or same_day, not {table.get('plan')!r}"
            )
        standby, today = table.get("allows_standby", False), table.get("today", False)
        for key, value in (("allows_standby", standby), ("today", today)):
            if not isinstance(value, bool):
                raise ChaseInvalid(f"chase step {name}: {key} must be true or false")
        when = _when(name, table)
        return cls(
            name,
            to,
            Plan(str(table["plan"])),
            _clocks(name, table),
            when,
            bool(standby),
            _repeats(name, table, when),
            bool(today),
        )


@dataclass(frozen=True)
class ChaseAt:
    """A step of one deadline at its UTC instant."""

    step_id: str
    to: str
    at: datetime
    allows_standby: bool
    repeats: int | None = None

    @cached_property
    def entry(self) -> dict[str, object]:
        """The step as a deadline's row keeps it; when it comes again is counted as it comes."""
        at = self.at.isoformat()
        again = {"repeats": self.repeats} if self.repeats else {}
        told = {"step": self.step_id, "to": self.to, "at": at, "standby": self.allows_standby}
        return told | again


@dataclass(frozen=True, eq=False)
class Chasing:
    """The chase steps of a rule set, counted on a calendar."""

    steps: tuple[ChaseStep, ...]
    calendar: Calendar

    def times(self, certificate: Certificate, *, today: bool = False) -> tuple[ChaseAt, ...]:
        """When each step that belongs to the deadline falls, in order.

        ``today``: the report's urgency. Steps that would fall before the arrival are left out.
        Raises ``CalendarTooShort``.
        """
        plan = Plan.of(certificate.rule.kind)
        due, arrival = certificate.due, certificate.arrival
        return self.around(plan, certificate.clock.id, due, arrival, today=today)

    def around(
        self, plan: Plan, clock: str, due: date, arrival: datetime, *, today: bool
    ) -> tuple[ChaseAt, ...]:
        """The same of a deadline that is known by its day and its start."""
        times = [
            *_by_minutes(self, plan, clock, today, arrival),
            *_by_days(self, plan, clock, today, due, local_date(arrival)),
        ]
        in_order = sorted(times, key=lambda chase: (chase.at, chase.step_id))
        return tuple(chase for chase in in_order if chase.at >= arrival)

    def of(self, plan: Plan, clock: str, *, today: bool) -> Iterator[ChaseStep]:
        """The steps of a plan that chase this clock."""
        for step in self.steps:
            if step.plan is plan and step.chases(clock) and (today or not step.today):
                yield step

    @cached_property
    def without_end(self) -> Chasing:
        """The same on a calendar for all years, on which only weekends are off beyond its reach."""
        return replace(self, calendar=self.calendar.without_end)

    @cached_property
    def known(self) -> Mapping[str, ChaseStep]:
        """The steps by their ids."""
        return {step.id: step for step in self.steps}

    def holds(self, step_id: str, clock: str) -> bool:
        """Whether a step that was promised to a deadline of this clock is one still."""
        step = self.known.get(step_id)
        return step is not None and step.chases(clock)


def _by_minutes(
    chasing: Chasing, plan: Plan, clock: str, today: bool, arrival: datetime
) -> Iterator[ChaseAt]:
    for step in chasing.of(plan, clock, today=today):
        if isinstance(step.when, MinutesAfterArrival):
            at = arrival + timedelta(minutes=step.when.minutes)
            yield ChaseAt(step.id, step.to, at, step.allows_standby)


@lru_cache(maxsize=4096)  # a year of days, for each clock
def _by_days(
    chasing: Chasing, plan: Plan, clock: str, today: bool, due: date, arrived: date
) -> tuple[ChaseAt, ...]:
    """The steps that fall on working days; the reports of one day share them."""
    return tuple(
        ChaseAt(
            step.id,
            step.to,
            _instant(step.when, due, arrived, chasing),
            step.allows_standby,
            step.repeats,
        )
        for step in chasing.of(plan, clock, today=today)
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


def _repeats(
    name: str, table: Mapping[str, object], when: WorkingDaysFromDue | MinutesAfterArrival
) -> int | None:
    every = table.get("repeats")
    if every is None:
        return None
    if not isinstance(when, WorkingDaysFromDue):
        raise ChaseInvalid(f"chase step {name}: repeats goes with working_days")
    if type(every) is not int or not 1 <= every <= MOST_DAYS:
        raise ChaseInvalid(f"chase step {name}: repeats must be 1..{MOST_DAYS}, not {every!r}")
    return every


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
