"""A deadline with its chase steps; provisional where the calendar ends before it does."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from intake.domain.calendar import Calendar, CalendarTooShort
from intake.domain.chase import Chasing
from intake.domain.clock import Clock, Kind
from intake.domain.deadline import Certificate, certify
from intake.domain.promised import next_chase


@dataclass(frozen=True)
class Counted:
    """A certificate, and the chase steps as a deadline's row keeps them."""

    certificate: Certificate
    steps: list[dict[str, object]]


def certify_anyhow(
    clock: Clock,
    arrival_at: datetime,
    calendar: Calendar,
    *,
    today: bool = False,
    municipality: str | None = None,
) -> Certificate:
    """As ``certify``, but where the calendar is too short by what is known of it, provisionally.

    Working days stand in for the school days of years that no calendar knows yet, and beyond the
    known public holidays only weekends are off: both give the right day or an earlier one, never
    a later one, but for a school Saturday in between.
    """
    try:
        return certify(clock, arrival_at, calendar, today=today, municipality=municipality)
    except CalendarTooShort:
        pass
    rule = clock.today if today and clock.today else clock.rule
    at_school = rule.kind is Kind.SCHOOL_DAYS
    stand_in = replace(rule, kind=Kind.WORKING_DAYS) if at_school else rule
    ever = calendar.of(rule.calendar).without_end
    made = certify(replace(clock, rule=stand_in, today=None), arrival_at, ever)
    return replace(made, clock=clock, rule=rule)


def count(
    clock: Clock,
    arrival_at: datetime,
    calendar: Calendar,
    chasing: Chasing,
    *,
    today: bool = False,
    municipality: str | None = None,
) -> Counted:
    """A deadline and when it is chased. Steps beyond the calendar make all of it provisional."""
    certificate = certify_anyhow(
        clock, arrival_at, calendar, today=today, municipality=municipality
    )
    try:
        return Counted(certificate, _entries(chasing, certificate, today))
    except CalendarTooShort:
        ever = calendar.of(certificate.rule.calendar).without_end
        certificate = replace(certificate, calendar=ever.version)
    return Counted(certificate, _entries(chasing.without_end, certificate, today))


def _entries(chasing: Chasing, certificate: Certificate, today: bool) -> list[dict[str, object]]:
    return [step.entry for step in chasing.times(certificate, today=today)]


def carried_on(
    counted: Sequence[Mapping[str, Any]],
    stored: Sequence[Mapping[str, Any]],
    done: Collection[str],
    next_at: datetime | None,
    now: datetime,
) -> tuple[list[Mapping[str, Any]], datetime | None]:
    """The steps of a deadline counted anew, and when the next of them comes.

    What was ``done`` stays at the instant at which it was due then, and is not done again. Where no
    sweep has been by since ``next_at``, when one was to, it takes what has come since then.
    """
    left = [step for step in counted if step["step"] not in done]
    steps = [*(step for step in stored if step["step"] in done), *left]
    steps.sort(key=lambda step: (datetime.fromisoformat(step["at"]), step["step"]))
    overdue = next_at is not None and next_at <= now
    return steps, next_at if overdue else next_chase(steps, now, done)
