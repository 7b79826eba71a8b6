"""For known facts, the fields for which each rule does not hold: by lookups alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from routing_rules.vocabulary import FieldKind

if TYPE_CHECKING:
    from routing_rules.ruleset import RuleSet


class Misses:
    """By field and value, the numbers of the rules that the value does not fit."""

    def __init__(self, ruleset: RuleSet) -> None:
        self._matcher = ruleset.matcher
        self._count = len(ruleset.rules)
        self.fields = tuple(ruleset.vocabulary.fields)
        self._found: list[tuple[str, int, bool, dict[object, tuple[int, ...]]]] = [
            (field.name, 1 << place, field.kind is FieldKind.SET, {})
            for place, field in enumerate(ruleset.vocabulary.fields.values())
        ]

    def __call__(self, facts: Mapping[str, object]) -> list[int]:
        """Return for each rule a mask of the fields that it misses, a bit each in their order.

        Raises KeyError or TypeError for facts that are incomplete, unknown or not one world.
        """
        missed = [0] * self._count
        for name, bit, is_set, known in self._found:
            value = frozenset(facts[name]) if is_set else facts[name]  # type: ignore[call-overload]
            numbers = known.get(value)
            if numbers is None:
                allowed = self._matcher.lookups[name][value]
                numbers = known[value] = tuple(
                    number for number in range(self._count) if not allowed >> number & 1
                )
            for number in numbers:
                missed[number] |= bit
        return missed
