"""What a process counts of itself, for Prometheus. No label names a child, a person or an agency.

With several processes the library keeps the figures in files, which one of them adds up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
)
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from sqlalchemy import Engine, event

from intake.post.letter import Letter, LetterNotTaken, Sender
from intake.services.take_stock import Stock

disable_created_metrics()  # type: ignore[no-untyped-call]  # when a figure began to be kept
REGISTRY = CollectorRegistry()
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0)
_JOB_BUCKETS = (0.01, 0.05, 0.25, 1.0, 5.0, 15.0, 60.0, 300.0)

REQUESTS = Counter(
    "ankkuri_requests", "Requests answered", ("door", "endpoint", "status"), registry=REGISTRY
)
REQUEST_SECONDS = Histogram(
    "ankkuri_request_seconds",
    "How long requests took",
    ("door", "endpoint"),
    buckets=_BUCKETS,
    registry=REGISTRY,
)
OUTCOMES = Counter(
    "ankkuri_outcomes",
    "How a send, a sign-in or a coming back ended",
    ("door", "endpoint", "outcome"),
    registry=REGISTRY,
)
CONNECTIONS = Gauge(
    "ankkuri_database_connections",
    "Database connections in use",
    multiprocess_mode="livesum",
    registry=REGISTRY,
)
DATABASE_ERRORS = Counter(
    "ankkuri_database_errors", "Failures of the database", ("kind",), registry=REGISTRY
)
JOB_RUNS = Counter("ankkuri_job_runs", "Runs of a job", ("job", "outcome"), registry=REGISTRY)
JOB_SECONDS = Histogram(
    "ankkuri_job_seconds",
    "How long a job's runs took",
    ("job",),
    buckets=_JOB_BUCKETS,
    registry=REGISTRY,
)
HANDLED = Counter(
    "ankkuri_job_handled",
    "What a job's runs did: chase steps recorded, letters taken, rows purged",
    ("job",),
    registry=REGISTRY,
)
LETTERS = Counter("ankkuri_letters", "Letters brought to the post", ("outcome",), registry=REGISTRY)


def watch(engine: Engine) -> None:
    """Count an engine's connections in use and its failures."""

    @event.listens_for(engine, "checkout")
    def out(*_: Any) -> None:
        CONNECTIONS.inc()

    @event.listens_for(engine, "checkin")
    def back(*_: Any) -> None:
        CONNECTIONS.dec()

    @event.listens_for(engine, "handle_error")
    def failed(context: Any) -> None:
        error = context.sqlalchemy_exception or context.original_exception
        DATABASE_ERRORS.labels(type(error).__name__).inc()


@dataclass(frozen=True)
class CountedPost:
    """A post that counts the letters it took and did not take."""

    sender: Sender

    def send(self, letter: Letter) -> None:
        """As the post itself."""
        try:
            self.sender.send(letter)
        except LetterNotTaken:
            LETTERS.labels("not_taken").inc()
            raise
        LETTERS.labels("taken").inc()

    def close(self) -> None:
        """As the post itself."""
        self.sender.close()


@dataclass(frozen=True)
class StockCollector:
    """What waits in the database, counted when it is asked for."""

    take_stock: Callable[[datetime], Stock]
    now: Callable[[], datetime]

    def collect(self) -> Iterator[Metric]:
        """One gauge for each figure."""
        stock = self.take_stock(self.now())
        for name, about, figure in (
            ("letters_waiting", "Letters not taken yet", stock.letters.waiting),
            ("letters_oldest_seconds", "Age of the oldest of them", stock.letters.oldest),
            ("letters_dead", "Letters given up", stock.letters_dead),
            ("chase_due", "Deadlines whose chase step has come, not recorded", stock.due.waiting),
            ("chase_due_oldest_seconds", "How late the latest of them is", stock.due.oldest),
            ("referrals_unopened", "Referrals nobody has opened", stock.unopened.waiting),
            ("referrals_unopened_oldest_seconds", "Age of the oldest", stock.unopened.oldest),
            ("reconciliation_differing", "Daily counts that do not agree", stock.differing),
            ("referrals_lost", "Referrals unopened that nothing chases any more", stock.lost),
            ("routes_tried", "Routes that invented reports tried last", stock.routes),
            ("routes_faulty", "Of them those that do not work", stock.routes_faulty),
            ("agencies_without_opener", "Agencies nobody can open at", stock.without_opener),
            ("agencies_with_one_opener", "Agencies one person can open at", stock.with_one_opener),
        ):
            yield GaugeMetricFamily(f"ankkuri_{name}", about, value=figure)
        runs = GaugeMetricFamily(
            "ankkuri_job_last_success_timestamp_seconds",
            "When a job last ended well",
            labels=("job",),
        )
        for job, at in stock.last_runs.items():
            runs.add_metric([job], at.timestamp())
        yield runs
