"""Deadlines with their certificates and chase steps, counted as reports of two years would be."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta

import config
from intake.commands.progress import bar
from intake.domain.calendar import Calendar, load_calendar
from intake.domain.chase import ChaseStep, Chasing
from intake.domain.clock import Clock
from intake.domain.counting import count
from intake.domain.deadline import local_date
from intake.domain.rule_tables import BESIDE
from routing_rules.book import load_book

FIRST = datetime(2026, 8, 3, tzinfo=UTC)
SPAN = timedelta(days=730)


def certify_many(
    arrivals: Iterable[tuple[Clock, datetime]],
    calendar: Calendar,
    chasing: Chasing,
    show: Callable[[int], None],
) -> int:
    """Count each clock from its arrival; ``show`` is told how many are done. How many days all of
    the certificates show.
    """
    shown = 0
    for number, (clock, at) in enumerate(arrivals, 1):
        shown += len(count(clock, at, calendar, chasing).certificate.days)
        show(number)
    return shown


def run_certificates(count: int) -> float:
    """Seconds for so many deadlines, each of another instant, in no order, over all the clocks."""
    book = load_book(config.RULES, local_date(FIRST), BESIDE)
    clocks: Mapping[str, Clock] = book.base.beside["clock"]
    calendar = load_calendar()
    steps = tuple(map(ChaseStep.parse, book.base.beside["chase"].values()))
    drawn = random.Random(1)  # noqa: S311 (the same instants in each run)
    names = list(clocks)
    arrivals = [
        (clocks[names[number % len(names)]], FIRST + SPAN * drawn.random())
        for number in range(count)
    ]
    if len(set(arrivals)) != count:
        raise AssertionError("two deadlines are the same")
    show = bar(count, "certificates")
    began = time.perf_counter()
    certify_many(arrivals, calendar, Chasing(steps, calendar), show)
    return time.perf_counter() - began
