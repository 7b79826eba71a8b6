"""What other rules would have done with the reports of the past: who gains, who loses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from intake.domain.directory import Directory
from intake.services.desks import Desks, Place
from intake.services.past import MOST_ALIKE, Kept, Past, kept_of
from intake.services.route import tables_of
from routing_rules.book import Book
from routing_rules.decide import decide
from routing_rules.merge import strictest
from routing_rules.outcome import Outcome
from routing_rules.ruleset import RuleSet
from routing_rules.vocabulary import FactsInvalid
from routing_rules.weigh import NoRuleGives, ValuesConflict

MOST_READ = 20_000  # a bound on memory
Seats = frozenset[tuple[str, str]]
"""Who gets a child's report: kinds with their desks."""


@dataclass
class Impact:
    """Of ``count`` reports ``moved`` would go otherwise; ``failed`` could not be decided anew.

    ``gained`` and ``lost``: reports by kind of recipient. ``leads``: by lead before and after
    ("nobody" for none). ``before`` and ``after``: reports by agency, of those whose places are
    known.
    """

    count: int = 0
    moved: int = 0
    failed: int = 0
    gained: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    leads: Counter[tuple[str, str]] = field(default_factory=Counter)
    before: Counter[str] = field(default_factory=Counter)
    after: Counter[str] = field(default_factory=Counter)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {
            **{name: getattr(self, name) for name in ("count", "moved", "failed")},
            **{n: dict(getattr(self, n)) for n in ("gained", "lost", "before", "after")},
            "leads": [[*pair, number] for pair, number in self.leads.items()],
        }


@dataclass(frozen=True)
class Rehearse:
    """Decides the stored reports by a book that is not in force, and compares."""

    past: Past
    directory: Directory

    def __call__(
        self,
        book: Book,
        newest: int | None = None,
        progress: Callable[[int], None] = lambda _: None,
        *,
        before: Book | None = None,
        arrived_before: datetime | None = None,
        areas: frozenset[str] = frozenset(),
    ) -> Impact:
        """All, or so many of the newest. ``progress`` hears how many are done; ``before``: compare
        with what this book would have done, not with what was done. ``areas``: count children alone
        whom the rules of these areas decided, not those whose area was not known.
        """
        seen = _Seen(self.directory, book)
        other = _Seen(self.directory, before) if before else None
        found, alike = Impact(), dict[bytes | None, _Alike]()
        with self.past.opened(newest, arrived_before) as opened:
            for number, (row, plain) in enumerate(opened, 1):
                one = alike.get(plain)
                if one is None:
                    if len(alike) >= MOST_ALIKE:
                        _add_up(found, alike)
                    one = alike[plain] = _alike(kept_of(row, plain), seen, other, areas)
                one.times += 1
                progress(number)
        _add_up(found, alike)
        return found


@dataclass
class _Alike:
    """What happens to all reports of the same facts and places, and how many there are."""

    concerned: bool = True
    failed: bool = False
    moved: bool = False
    gained: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()
    leads: frozenset[tuple[str, str]] = frozenset()
    before: frozenset[str] = frozenset()
    after: frozenset[str] = frozenset()
    times: int = 0


def _add_up(found: Impact, alike: dict[bytes | None, _Alike]) -> None:
    """Add to the figures, and forget."""
    for one in alike.values():
        if not one.concerned:
            continue
        found.count += one.times
        found.failed += one.times if one.failed else 0
        found.moved += one.times if one.moved else 0
        for name in ("gained", "lost", "leads", "before", "after"):
            counter = getattr(found, name)
            for each in getattr(one, name):
                counter[each] += one.times
    alike.clear()


def _alike(
    kept: Kept, seen: _Seen, other: _Seen | None, only: frozenset[str] = frozenset()
) -> _Alike:
    """What happens to one report: an agency counts once, whichever of its children it is for."""
    children = [
        child
        for child in zip(kept.facts, kept.areas, kept.places, kept.outcomes, strict=True)
        if not only or (child[1] and only.issuperset(child[1]))
    ]
    if only and not children:
        return _Alike(concerned=False)
    if kept.damaged:
        return _Alike(failed=True)
    try:
        after = [seen.outcome(facts, areas) for facts, areas, *_ in children]
        before = [
            other.outcome(facts, areas) if other else _stored(outcome)
            for facts, areas, _, outcome in children
        ]
    except (FactsInvalid, NoRuleGives, ValuesConflict):
        return _Alike(failed=True)
    kinds = [frozenset(kind for _, seats in some for kind, _ in seats) for some in (before, after)]
    agencies = [
        frozenset(
            agency
            for (_, seats), (_, _, place, _) in zip(some, children, strict=True)
            if place is not None
            for agency in seen.agencies(seats, place)
        )
        for some in (before, after)
    ]
    leads = zip(before, after, strict=True)
    return _Alike(
        moved=before != after,
        gained=kinds[1] - kinds[0],
        lost=kinds[0] - kinds[1],
        leads=frozenset((old, new) for (old, _), (new, _) in leads if old != new),
        before=agencies[0],
        after=agencies[1],
    )


class _Seen:
    """What was worked out already: many reports are alike."""

    def __init__(self, directory: Directory, book: Book) -> None:
        self._book = book
        self._desks = Desks(directory, book.base.beside["standby"])
        self._tables: dict[tuple[str, ...], list[RuleSet]] = {}
        self._read: dict[int, tuple[Outcome, tuple[str, Seats]]] = {}
        self._agencies: dict[tuple[Seats, Place], frozenset[str]] = {}

    def outcome(self, facts: Mapping[str, object], areas: Sequence[str]) -> tuple[str, Seats]:
        """Lead and seats of one child."""
        tables = self._tables.get(tuple(areas))
        if tables is None:
            tables = self._tables[tuple(areas)] = tables_of(self._book, areas)
        outcomes = [decide(table, facts) for table in tables]
        if len(outcomes) > 1:
            united = strictest(tables[0].vocabulary, [facts] * len(tables), outcomes)
            return _seats(united)
        known = self._read.get(id(outcomes[0]))
        if known is None:
            if len(self._read) >= MOST_READ:
                self._read.clear()
            # The outcome is kept with it: while it lives nothing else has its identity.
            known = self._read[id(outcomes[0])] = outcomes[0], _seats(outcomes[0])
        return known[1]

    def agencies(self, seats: Seats, place: Place) -> frozenset[str]:
        """The agencies of these seats at one place, whether or not they are manned."""
        found = self._agencies.get((seats, place))
        if found is None:
            desks = (next(self._desks.of_kind(*seat, place), None) for seat in seats)
            found = frozenset(agency.id for agency in desks if agency)
            self._agencies[seats, place] = found
        return found


def _stored(outcome: Mapping[str, Any]) -> tuple[str, Seats]:
    seats = frozenset((str(kind), str(desk)) for kind, desk, *_ in outcome["recipients"])
    return str(outcome["lead"] or "nobody"), seats


def _seats(outcome: Outcome) -> tuple[str, Seats]:
    kinds = outcome.members("recipients")
    seats = frozenset((kind, str(outcome.value("desk", kind))) for kind in kinds)
    return str(outcome.value("lead")), seats
