"""The decisions that are stored, opened for replay by who holds the replay key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from intake.domain.contents import DECIDED
from intake.services.desks import Place
from intake.services.open_content import content_of
from intake.store import rules
from intake.store.columns import AnyRow
from intake.store.database import Database
from intake.vault.envelope import EnvelopeDamaged
from intake.vault.keyring import PrivateKey
from intake.vault.open import FactsOpener

MOST_ALIKE = 20_000
"""Decisions of so many kinds may be remembered at once: a bound on memory."""


@dataclass(frozen=True)
class Kept:
    """One stored decision: for each child its facts, areas, place and outcome (as ``brief``).

    Reports of before areas were kept have none, and no places. ``damaged``: what was sealed cannot
    be opened; then there is nothing else.
    """

    report_id: UUID
    decided_at: datetime
    rules_digest: str
    facts: Sequence[Mapping[str, object]] = ()
    areas: Sequence[Sequence[str]] = ()
    places: Sequence[Place | None] = ()
    outcomes: Sequence[Mapping[str, Any]] = ()
    damaged: bool = False


@dataclass(frozen=True)
class Past:
    """Opens stored decisions. ``replay_key``: the private half."""

    database: Database
    replay_key: PrivateKey

    def count(self, newest: int | None = None, before: datetime | None = None) -> int:
        """How many ``opened`` will yield."""
        with self.database.read() as connection:
            stored = rules.count_decisions(connection, before)
        return stored if newest is None else min(newest, stored)

    @contextmanager
    def kept(
        self, newest: int | None = None, before: datetime | None = None
    ) -> Iterator[Iterator[Kept]]:
        """Each stored decision while the block lasts: all or so many of the newest, of all reports
        or of those that arrived ``before``.
        """
        with self.opened(newest, before) as opened:
            yield (kept_of(row, plain) for row, plain in opened)

    @contextmanager
    def opened(
        self, newest: int | None = None, before: datetime | None = None
    ) -> Iterator[Iterator[tuple[AnyRow, bytes | None]]]:
        """The same as rows with what was sealed, as bytes; None where it is damaged."""
        opener = FactsOpener(self.replay_key)

        def opened(row: AnyRow) -> tuple[AnyRow, bytes | None]:
            sealed_facts, key_id, sealed_key, report_id, *_ = row
            try:
                return row, opener(sealed_key, sealed_facts, key_id, report_id)
            except EnvelopeDamaged:
                return row, None

        with self.database.read() as connection:
            yield map(opened, rules.decisions(connection, newest, before))


def kept_of(row: AnyRow, plain: bytes | None) -> Kept:
    """A stored decision as it was opened."""
    damaged = Kept(row.report_id, row.decided_at, row.rules_digest, damaged=True)
    if plain is None:
        return damaged
    try:
        told = content_of(plain, DECIDED)
    except EnvelopeDamaged:
        return damaged
    facts, outcomes = told["facts"], told["outcomes"]
    areas = told.get("areas") or [()] * len(facts)
    places = told.get("places") or [None] * len(facts)
    if not len(facts) == len(areas) == len(places) == len(outcomes):
        return damaged
    found = [_place(place) if place else None for place in places]
    return Kept(row.report_id, row.decided_at, row.rules_digest, facts, areas, found, outcomes)


def _place(told: Mapping[str, Any]) -> Place:
    """As it was kept; what another version tells of it besides is left out."""
    return Place(**{each.name: told[each.name] for each in fields(Place) if each.name in told})
