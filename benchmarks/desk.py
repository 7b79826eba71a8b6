"""The supervisor's desk over 10,000 and over 1,000,000 referrals of two years, 3 of 100 open.

The open ones are those of ``two_years``, of the last three months, with deadlines, reminders and
letters; a tenth of what should have been done by now has not been. The others are closed rows
without content, letters or steps, which no page of the desk reads; how long they took is counted
as their moves would have counted it. Asked for by a supervisor of a county, and by one who watches
every controller's agencies. Measured like ``benchmarks.pages``.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, insert

from benchmarks import pages, two_years
from benchmarks.pages import Page
from intake.commands.progress import bar
from intake.domain.referral import State
from intake.domain.row_id import new_id
from intake.domain.timing import What, bucket_of, month_of
from intake.parts import Parts
from intake.store.prepared import insert_prepared
from intake.store.tables import DeadlineRow, ReferralRow, ReportRow
from intake.store.timing import TimingRow

SIZES = (10_000, 1_000_000)
MOST_MS, MOST_RATIO = 300, 2
OPEN = 0.03
PAST, FRESH = timedelta(days=730), timedelta(days=90)
TYPICAL = {What.ACCEPT: timedelta(hours=30), What.RESPOND: timedelta(days=12)}
BATCH = 10_000
DESK = tuple(
    f"/deadlines{page}" for page in ("", "/today", "/ahead", "/ageing", "/times", "/half-year")
)
PAGES = tuple(
    Page(f"{title}, {path}", who, path)
    for title, who in (("a county", "supervisor"), ("everything", "overseer"))
    for path in (*DESK, "/deadlines?clock=lsl26_start&state=soon")
)


@dataclass(frozen=True)
class Measured:
    """Whether the goal is met, the figures by page, and the same in lines."""

    holds: bool
    figures: dict[str, Any]
    lines: tuple[str, ...]


def run_desk(database: str) -> Measured:
    """Measure on SQLite or PostgreSQL."""
    with ExitStack() as stack:
        place = stack.enter_context(pages.databases(database))
        sites = {size: stack.enter_context(pages.site_of(place(), size, fill)) for size in SIZES}
        return _told(pages.measure(sites, PAGES))


def fill(parts: Parts, referrals: int, workers: list[UUID], now: datetime) -> None:
    """Two years of a site that has agencies and people only."""
    life = two_years.Life(parts, workers, now, random.Random(referrals))  # noqa: S311 (no secrets)
    life.keys()
    still_open = round(OPEN * referrals)
    done = bar(referrals, f"{referrals:,} referrals")
    with parts.database.write() as connection:
        number = 0
        while number < still_open:
            at = life.within(FRESH)
            for agency in life.recipients(at):
                life.arrive(number, agency, at, stays=True)
                number += 1
            if number % BATCH < len(two_years.ALSO):
                life.write(connection)
        life.write(connection)
        done(number)
        times: Counter[tuple[str, str, str, int]] = Counter()
        while number < referrals:
            count = min(BATCH, referrals - number)
            _close(connection, life, number, count, times)
            number += count
            done(number)
        keys = ("agency_id", "month", "what", "bucket", "count")
        connection.execute(
            insert(TimingRow),
            [dict(zip(keys, (*key, n), strict=True)) for key, n in times.items()],
        )
    two_years.settle(parts.database)


def _close(
    connection: Connection, life: two_years.Life, first: int, count: int, times: Counter[Any]
) -> None:
    """So many closed referrals, each of a report of its own."""
    dice, rows = life.dice, dict[Any, list[dict[str, Any]]]()
    desks = {**two_years.LEADS, **{of: 100 * share for of, share in two_years.ALSO.items()}}
    agencies = dice.choices(list(desks), list(desks.values()), k=count)
    kinds = {agency: life.parts.directory.agency(agency).kind for agency in desks}
    for number, agency in enumerate(agencies, first):
        at = life.within(PAST)
        report, referral = new_id(at), new_id(at)
        for what, typical in TYPICAL.items():
            took = typical * dice.expovariate(1)
            if at + took < life.now:
                times[agency, month_of(at + took), what, bucket_of(took)] += 1
        closed_at = min(life.now, at + two_years.MOST_WORK * dice.random())
        rows.setdefault(ReportRow, []).append({"id": report, "received_at": at})
        rows.setdefault(ReferralRow, []).append(
            {
                "id": referral,
                "report_id": report,
                "agency_id": agency,
                "reference": f"C{number}",
                "state": State.CLOSED.value,
                "is_lead": agency in two_years.LEADS,
                "arrived_at": at,
                "opened_at": at,
                "moved_at": closed_at,
                "worker_id": life.workers[0],
                "sealed_reasons": b"",
            }
        )
        rows.setdefault(DeadlineRow, []).extend(
            {
                "id": new_id(at),
                "referral_id": referral,
                "agency_id": agency,
                "clock": clock,
                "started_at": at,
                "today": False,
                "due_on": closed_at.date(),
                "due_extended_on": closed_at.date(),
                "due_at": closed_at,
                "calendar_version": "",
                "steps": [],
                "met_at": closed_at,
                "met_by": "close",
            }
            for clock in two_years.CLOCKS.get(kinds[agency], ("accept",))
        )
    insert_prepared(connection, rows)


def _told(asked: dict[Page, dict[int, pages.Asked]]) -> Measured:
    small, large = SIZES
    lines: list[str] = []
    figures: dict[str, Any] = {}
    for page, of in asked.items():
        ratio = of[large].p95 / of[small].p95
        figures[page.title] = {"p95_ms": {size: one.p95 for size, one in of.items()}}
        figures[page.title] |= {"median_ms": {size: one.median for size, one in of.items()}}
        figures[page.title] |= {"ratio": ratio}
        lines.append(f"{page.title}: ratio of p95 {ratio:.2f}")
        lines += [f"  {size:9,} referrals: {one.told}" for size, one in of.items()]
    first = [figures[page.title] for page in asked if page.path == DESK[0]]
    worst, most = _worst(first, large)
    holds = worst < MOST_MS and most <= MOST_RATIO
    lines.append(
        f"goal of the first page (p95 < {MOST_MS} ms over {large:,}, at most {MOST_RATIO} times "
        f"that over {small:,}): {'met' if holds else 'missed'}, {worst:.1f} ms and {most:.2f}"
    )
    worst, most = _worst(figures.values(), large)
    lines.append(f"all of its pages at worst: {worst:.1f} ms and {most:.2f}")
    return Measured(holds, figures, tuple(lines))


def _worst(figures: Iterable[dict[str, Any]], large: int) -> tuple[float, float]:
    """The longest p95 over so many referrals, and the greatest ratio."""
    found = list(figures)
    return max(one["p95_ms"][large] for one in found), max(one["ratio"] for one in found)
