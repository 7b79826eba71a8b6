"""What should be going on: letters leave, jobs run, nothing due lies about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from intake.doctor.finding import Level, Said, fine_unless
from intake.post.letter import LetterNotTaken, Sender
from intake.services.take_stock import Stock

SLOW = timedelta(hours=1)
STUCK = timedelta(hours=6)
LATE = timedelta(minutes=10)


@runtime_checkable
class Checked(Protocol):
    """A post that can tell, without sending anything, whether it would take a letter."""

    def check(self) -> None:
        """Raises LetterNotTaken where it would not."""
        ...


def mail(setting: str, sender: Sender) -> list[Said]:
    """Letters reach somebody."""
    if setting == "null":
        return [(Level.WARN, "mail is off: nobody is reminded but on the pages")]
    if setting == "files":
        return [(Level.WARN, "letters become files: nobody gets them by mail")]
    if isinstance(sender, Checked):
        try:
            sender.check()
        except LetterNotTaken as error:
            return [(Level.FAIL, f"the post takes no letters: {error}")]
    return [(Level.OK, "the post takes letters")]


def letters(stock: Stock) -> list[Said]:
    """None waits for long, none was given up."""
    return fine_unless(_stuck(stock), f"{stock.letters.waiting} wait, none for long")


def jobs(stock: Stock, patience: Mapping[str, timedelta], now: datetime) -> list[Said]:
    """Each job ended well of late, and no chase step that has come waits for the sweep."""
    return fine_unless(_idle(stock, patience, now), f"{', '.join(patience)} ran of late")


def reconciled(stock: Stock) -> list[Said]:
    """What was sent is stored, routed, and opened or being chased."""
    return fine_unless(_missing(stock), "what was sent is stored, routed and looked at")


def _missing(stock: Stock) -> Iterator[Said]:
    if stock.differing:
        yield (
            Level.FAIL,
            f"{stock.differing} daily counts differ, a report may be lost: see the supervisor's "
            "page Reconciliation",
        )
    if stock.routes_faulty:
        yield (
            Level.FAIL,
            f"{stock.routes_faulty} of {stock.routes} routes do not work: see the supervisor's "
            "page Reconciliation, and the log",
        )
    if stock.lost:
        yield (
            Level.FAIL,
            f"{stock.lost} referrals were never opened and nothing chases them: tell who has them",
        )


def _stuck(stock: Stock) -> Iterator[Said]:
    oldest = timedelta(seconds=round(stock.letters.oldest))
    if oldest > SLOW:
        level = Level.FAIL if oldest > STUCK else Level.WARN
        yield level, f"{stock.letters.waiting} letters wait, the first for {oldest}: see the log"
    if stock.letters_dead:
        yield (
            Level.WARN,
            f"{stock.letters_dead} letters were given up: check their readers' addresses",
        )


def _idle(stock: Stock, patience: Mapping[str, timedelta], now: datetime) -> Iterator[Said]:
    for job, longest in patience.items():
        last = stock.last_runs.get(job)
        if last is None:
            yield Level.FAIL, f"{job} has not run in two days: start `ankkuri jobs`"
        elif now - last > longest:
            yield Level.FAIL, f"{job} last ended well at {last:%Y-%m-%d %H:%M} UTC: see the log"
    if stock.due.oldest > LATE.total_seconds():
        yield Level.FAIL, f"{stock.due.waiting} chase steps have come and are not recorded"
