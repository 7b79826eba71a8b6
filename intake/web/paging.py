"""Long lists, a page at a time: which part of a list an address asks for, and where the next is."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

from flask import request, url_for

from intake.store.columns import AnyRow
from intake.store.lists import ANY_TIME, Part, Place, Span
from intake.web.due import SOON

ROWS = 50
"""As many as a person reads on a page."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_PLACE = re.compile(r"([123])\.(-?[0-9]{1,18})\.([0-9a-f]{32})")


@dataclass(frozen=True)
class Pages:
    """The addresses of a list's first page and of its next one; "" where there is none to go to."""

    first_href: str
    next_href: str


@dataclass(frozen=True)
class Asked:
    """What the address asks for; whatever it may not ask for is left out of it.

    ``shown``: the name of a filter; ``agency``: one of the reader's own, None for all of them;
    ``clock``: one of those that the list may be filtered by, None for all.
    """

    shown: str
    agency: str | None
    after: Place | None
    clock: str | None = None

    @classmethod
    def here(
        cls, shown: Collection[str], agencies: Collection[str], clocks: Collection[str] = ()
    ) -> Asked:
        """Read the address of this request; the first of ``shown`` is what it asks for untold."""
        state, agency = request.args.get("state", ""), request.args.get("agency", "")
        clock = request.args.get("clock", "")
        return cls(
            state if state in shown else next(iter(shown)),
            agency if agency in agencies else None,
            _read(request.args.get("after", "")),
            clock if clock in clocks else None,
        )

    @property
    def limit(self) -> int:
        """How many rows to look for: one more than a page has, to know whether the list goes on."""
        return ROWS + 1

    def span(self, now: datetime) -> Span:
        """When what is asked for falls due."""
        return {"late": Span(until=now), "soon": Span(now, now + SOON)}.get(self.shown, ANY_TIME)

    def page(self, rows: Sequence[AnyRow], endpoint: str) -> tuple[Sequence[AnyRow], Pages]:
        """The rows of this page, of those and one more, and the way to the others."""
        shown = rows[:ROWS]
        first = partial(url_for, endpoint, state=self.shown, agency=self.agency, clock=self.clock)
        following = first(after=_write(shown[-1])) if len(rows) > ROWS else ""
        return shown, Pages(first() if self.after else "", following)


def _write(row: AnyRow) -> str:
    return f"{row.part}.{(row.at - _EPOCH) // _MICROSECOND}.{row.key.hex}"


def _read(text: str) -> Place | None:
    """A place; None for none, and for what is none of ours: the list begins at its start then."""
    found = _PLACE.fullmatch(text)
    if found is None:
        return None
    try:
        at = _EPOCH + int(found[2]) * _MICROSECOND
    except OverflowError:
        return None
    return Place(Part(int(found[1])), at, UUID(found[3]))


def page_number() -> int:
    """Which page of a numbered list the address asks for; the first is 0."""
    asked = request.args.get("page", "")
    return int(asked) if asked.isdecimal() and len(asked) < 6 else 0
