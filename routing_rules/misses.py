"""For each rule the fields for which it does not hold: by lookups alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import and_, or_
from struct import Struct
from typing import TYPE_CHECKING, Any

from routing_rules.vocabulary import UNKNOWN, FieldKind

if TYPE_CHECKING:
    from routing_rules.ruleset import RuleSet

_WORD = 64
# Sets of members whose misses are kept; only a bound on memory.
MOST_KEPT = 1_000


class Misses:
    """Tells which fields each rule misses, and which leave it open.

    Each rule has some words of bits in one integer, so that a field adds its misses to all rules
    at once.
    """

    def __init__(self, ruleset: RuleSet) -> None:
        asked = {name for rule in ruleset.rules for name in rule.when}
        fields = [f for f in ruleset.vocabulary.fields.values() if f.name in asked]
        self.fields = tuple(field.name for field in fields)
        self._count = len(ruleset.rules)
        self._words = max(1, -(-2 * len(fields) // _WORD))
        self._unpack = Struct(f"<{self._count * self._words}Q")
        self._vocabulary = ruleset.vocabulary
        self._lookups = ruleset.matcher.lookups
        self._plain: list[tuple[str, int, dict[Any, int]]] = []
        self._sets: list[tuple[str, int, dict[Any, int]]] = []
        for place, field in enumerate(fields):
            if field.kind is FieldKind.SET:
                self._sets.append((field.name, place, {}))
            else:
                lookup = self._lookups[field.name].items()
                misses = {value: self._spread(~allowed, place) for value, allowed in lookup}
                self._plain.append((field.name, place, misses))

    def __call__(self, facts: Mapping[str, object]) -> Sequence[int]:
        """Return for each rule a mask: a bit for each of `fields` that it misses, and above all
        these a bit for each of whose possible values some fit.

        The facts are such as `decide` takes.
        """
        packed = 0
        for name, place, misses in self._plain:
            stated: Any = facts[name]
            try:
                packed |= misses[stated]
            except (KeyError, TypeError):
                packed |= self._open(place, name, facts)
        for name, place, misses in self._sets:
            members = frozenset(facts[name])  # type: ignore[call-overload]
            found = misses.get(members)
            if found is None:
                if len(misses) >= MOST_KEPT:
                    misses.clear()
                found = misses[members] = self._spread(~self._lookups[name][members], place)
            packed |= found
        words = self._unpack.unpack(packed.to_bytes(self._unpack.size, "little"))
        if self._words == 1:
            return words
        parts = zip(*[iter(words)] * self._words, strict=True)
        return [sum(word << _WORD * at for at, word in enumerate(part)) for part in parts]

    def _open(self, place: int, name: str, facts: Mapping[str, Any]) -> int:
        """Return which rules none of the possible values fits, and which some fit but not all."""
        field, stated = self._vocabulary.fields[name], facts[name]
        possible = field.unknown if stated == UNKNOWN else stated
        if field.member_of:
            possible = [value for value in possible if value in facts[field.member_of]]
        fitting = [self._lookups[name][value] for value in possible]
        some, every = reduce(or_, fitting), reduce(and_, fitting)
        unsure = self._spread(some & ~every, place + len(self.fields))
        return self._spread(~some, place) | unsure

    def _spread(self, mask: int, place: int) -> int:
        """Set the bit at `place` of each rule in the mask."""
        width = self._words * _WORD
        numbers = (number for number in range(self._count) if mask >> number & 1)
        return sum(1 << number * width + place for number in numbers)
