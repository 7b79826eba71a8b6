"""Decide every stored report anew, by the rules in force at its arrival: it must come out alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from uuid import UUID

from intake.domain.decision import brief
from intake.domain.report import canonical
from intake.services.past import MOST_ALIKE, Kept, Past, kept_of
from intake.services.route import decide_by, tables_of
from intake.services.rulebook import Rulebook
from routing_rules.vocabulary import FactsInvalid, RulesInvalid
from routing_rules.weigh import NoRuleGives, ValuesConflict

FORMERLY = frozenset({"b0a7310b20682f967f47d73457e7b36a13255d0bdccf8accd81fc613a8a095c9"})
"""Digests by which earlier versions named the first set, which the database did not keep then."""


@dataclass(frozen=True)
class Difference:
    """A stored decision that does not come out alike; ``parts``: what differs, never a value."""

    report_id: UUID
    parts: tuple[str, ...]


@dataclass
class Replayed:
    """How many were decided anew, and those that differ."""

    count: int = 0
    differences: list[Difference] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether all came out alike."""
        return not self.differences


@dataclass(frozen=True)
class Replay:
    """Replays stored decisions bit for bit."""

    past: Past
    rulebook: Rulebook

    def __call__(
        self, newest: int | None = None, progress: Callable[[int], None] = lambda _: None
    ) -> Replayed:
        """All, or so many of the newest. ``progress`` hears how many are done."""
        found, alike = Replayed(), dict[object, tuple[str, ...]]()
        with self.past.opened(newest) as opened:
            for row, plain in opened:
                kind = plain, row.rules_digest, self.rulebook.edition(row.decided_at).digests
                parts = alike.get(kind)
                if parts is None:
                    if len(alike) >= MOST_ALIKE:
                        alike.clear()
                    parts = alike[kind] = tuple(self._differing(kept_of(row, plain)))
                if parts:
                    found.differences.append(Difference(row.report_id, parts))
                found.count += 1
                progress(found.count)
        return found

    def _differing(self, kept: Kept) -> Iterator[str]:
        if kept.damaged:
            yield "what was sealed cannot be opened"
            return
        try:
            book = self.rulebook.to_decide_by(kept.decided_at)
        except RulesInvalid:
            yield "the rules in force then cannot be read"
            return
        if kept.rules_digest not in (book.digest, *FORMERLY):
            yield "other rules are named than were in force then"
        for facts, areas, stored in zip(kept.facts, kept.areas, kept.outcomes, strict=True):
            try:
                found = brief(decide_by(tables_of(book, areas), dict(facts)))
            except (FactsInvalid, NoRuleGives, ValuesConflict) as error:
                yield type(error).__name__
                continue
            for part, value in found.items():
                if canonical(value) != canonical(stored.get(part)):
                    yield part
