"""Counts of reports as a page may show them: small numbers hidden."""

from __future__ import annotations

from dataclasses import dataclass

from intake.domain.small_numbers import SMALLEST_SHOWN

ROUNDED_TO = 5
HIDDEN = f"<{SMALLEST_SHOWN}"


@dataclass(frozen=True)
class Count:
    """What is counted, what is shown of the number, and how long its bar is."""

    kind: str
    shown: str
    bar: int


def count_of(kind: str, count: int) -> Count:
    """A count; from 1 to 4 it is hidden, and has no bar."""
    if 0 < count < SMALLEST_SHOWN:
        return Count(kind, HIDDEN, 0)
    return Count(kind, str(count), count)


def rounded(kind: str, count: int) -> Count:
    """A count to the nearest 5, and so its bar; from 0 to 4 it is hidden, and has no bar.

    Who may ask for other counts at will learns of a single report from 0 or 1 as from 7 or 8.
    """
    near = ROUNDED_TO * round(count / ROUNDED_TO) if count >= SMALLEST_SHOWN else 0
    return Count(kind, str(near) if near else HIDDEN, near)
