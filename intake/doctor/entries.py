"""What the keeper of the directory key has signed: whole, all of it, and for long enough."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from intake.doctor.finding import Level, Said, fine_unless, some
from intake.services.check_entries import Found

PATIENCE = timedelta(days=3)
"""How long an entry may wait for its signature before that is a warning."""


def entries(found: Sequence[Found], waiting: Sequence[datetime], now: datetime) -> list[Said]:
    """``found``: what is wrong or will be; ``waiting``: since when what waits does."""
    return fine_unless(
        _problems(found, waiting, now), "every role and every agency's key is as it was signed"
    )


def _problems(found: Sequence[Found], waiting: Sequence[datetime], now: datetime) -> Iterator[Said]:
    altered = [one.about for one in found if one.ends is None]
    if altered:
        yield (
            Level.FAIL,
            f"not as it was signed, and refused: {some(altered)}; find out who changed the "
            "database, and tell the keeper of the directory key",
        )
    yield from _ending(found, now.date())
    late = [since for since in waiting if now - since > PATIENCE]
    if late:
        yield (
            Level.WARN,
            f"{len(late)} entries have waited for a signature since {min(late):%Y-%m-%d}: see "
            "`ankkuri keys entries list`, and bring the keeper `ankkuri keys requests FILE`",
        )


def _ending(found: Sequence[Found], today: date) -> Iterator[Said]:
    """Roles that have run out, or will soon."""
    days = [(one.ends, one.about) for one in found if one.ends is not None]
    over = [about for ends, about in days if ends < today]
    soon = [ends for ends, _ in days if ends >= today]
    bring = "bring the keeper `ankkuri keys requests FILE`"
    if over:
        yield Level.FAIL, f"run out, and let nobody in: {some(over)}; {bring}"
    if soon:
        yield Level.WARN, f"{len(soon)} roles run out, the first after {min(soon)}: {bring}"
