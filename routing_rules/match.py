"""Matching by masks: fields look up the rules that their values allow; the AND is the match."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any

from routing_rules.rule import Rule, SetTest
from routing_rules.vocabulary import MOST_WORLDS, UNKNOWN, Field, FieldKind, Value, Vocabulary

# Sets of members looked up before; only a bound on memory.
MOST_SETS = 50_000
# Combinations of values in one table of several fields: small enough for the processor's cache.
MOST_COMBINED = 512

Lookup = dict[Any, int]
World = dict[str, object]
Match = tuple[int, Value | None]
"""The mask of the matching rules, and the value of the lead key if there is one."""


class SetLookup(dict[frozenset[Value], int]):
    """Set of members -> mask of the rules that it allows, worked out on first use."""

    def __init__(self, field: Field, rules: Sequence[Rule]) -> None:
        super().__init__()
        tests = [rule.when.get(field.name) for rule in rules]
        asked = [test if isinstance(test, SetTest) else SetTest() for test in tests]
        self._any_will_do = _bits(not test.any_of for test in asked)
        self._some = {v: _bits(v in test.any_of for test in asked) for v in field.values}
        self._needed = {v: _bits(v in test.all_of for test in asked) for v in field.values}
        self._barred = {v: _bits(v in test.none_of for test in asked) for v in field.values}

    def __missing__(self, members: frozenset[Value]) -> int:
        mask = self._any_will_do
        for member in members:
            mask |= self._some[member]
        for member in self._some:
            mask &= ~(self._barred if member in members else self._needed)[member]
        if len(self) >= MOST_SETS:
            self.clear()
        self[members] = mask
        return mask


class Matcher:
    """The rules as bits of one integer, in the order given."""

    def __init__(self, vocabulary: Vocabulary, rules: tuple[Rule, ...]) -> None:
        fields = vocabulary.fields.values()
        self._vocabulary = vocabulary
        self._count = len(fields)
        self._every = (1 << len(rules)) - 1
        plain = [field for field in fields if field.kind != FieldKind.SET]
        looked_up = {field.name: _lookup(field, rules) for field in plain}
        self._plain = list(looked_up.items())
        self._combined = list(_combined(self._plain))
        key = vocabulary.lead_key
        self._key = (key.name, key.member_of) if key and key.member_of else None
        # With each set the name of the lead key, if that is a member of it.
        self._sets = [
            (
                field.name,
                SetLookup(field, rules),
                key.name if key and key.member_of == field.name else None,
            )
            for field in fields
            if field.kind == FieldKind.SET
        ]
        # By field: the rules that a value fits. Of a set fact worked out on first use.
        self.lookups: dict[str, Lookup] = {
            **looked_up,
            **{name: sets for name, sets, _ in self._sets},
        }
        self._unknown: dict[str, dict[Value, int]] = {
            field.name: {value: looked_up[field.name][value] for value in field.unknown}
            for field in plain
            if field.unknown
        }

    def match(self, facts: Mapping[str, object]) -> Match:
        """Match one world.

        Raises KeyError or TypeError for facts that are incomplete, unknown or not yet one world:
        this is the fast way, the vocabulary says what is wrong.
        """
        if len(facts) != self._count:
            raise KeyError
        mask = self._every
        for values, lookup in self._combined:
            mask &= lookup[values(facts)]
        key: Any = None
        for name, sets, owned in self._sets:
            members: Any = facts[name]
            if members.__class__ is not frozenset:
                members = frozenset(members)
            allowed = sets.get(members)  # faster than what a subclass of dict does by itself
            mask &= sets[members] if allowed is None else allowed
            if owned is not None:
                key = facts[owned]
                if key not in members:
                    raise KeyError
        return mask, key

    def match_worlds(self, facts: Mapping[str, object]) -> list[tuple[World, Match]]:
        """Match each possible world, told by the values of the open facts alone.

        Raises FactsInvalid.
        """
        try:
            return list(self._worlds(facts))
        except (KeyError, TypeError):
            worlds = self._vocabulary.worlds(facts)
            return [(world, self.match(world)) for world in worlds]

    def _worlds(self, facts: Mapping[str, object]) -> Iterator[tuple[World, Match]]:
        """Yield as `match_worlds` does. Raises KeyError or TypeError for what may be wrong."""
        if len(facts) != self._count:
            raise KeyError
        mask = self._every
        choices: dict[str, dict[Value, int]] = {}
        for name, lookup in self._plain:
            stated = facts[name]
            if stated.__class__ is str or stated.__class__ is int:
                if stated in lookup:
                    mask &= lookup[stated]
                elif stated == UNKNOWN:
                    choices[name] = self._unknown[name]
                else:
                    raise KeyError
            else:
                choices[name] = {_exact(value): lookup[value] for value in stated}  # type: ignore[attr-defined]
        for name, sets, _ in self._sets:
            mask &= sets[frozenset(facts[name])]  # type: ignore[call-overload]
        if math.prod(map(len, choices.values())) > MOST_WORLDS:
            raise KeyError
        possible = False
        for world, match in self._each(facts, choices, mask):
            possible = True
            yield world, match
        if not possible:
            raise KeyError

    def _each(
        self, facts: Mapping[str, object], choices: Mapping[str, Mapping[Value, int]], closed: int
    ) -> Iterator[tuple[World, Match]]:
        key, owner = self._key or (None, "")
        for values in itertools.product(*choices.values()):
            world: World = dict(zip(choices, values, strict=True))
            member: Any = None
            if key is not None:
                member = world[key] if key in world else facts[key]
                if member not in facts[owner]:  # type: ignore[operator]
                    continue
            mask = closed
            for allowed, value in zip(choices.values(), values, strict=True):
                mask &= allowed[value]
            yield world, (mask, member)


def _exact(value: Any) -> Value:
    """Return a value as it is: 1 and true are equal to Python, but not the same fact."""
    if isinstance(value, bool | float):
        raise TypeError
    return value  # type: ignore[no-any-return]


def _bits(holds: Iterable[bool]) -> int:
    return sum(1 << number for number, held in enumerate(holds) if held)


def _lookup(field: Field, rules: tuple[Rule, ...]) -> Lookup:
    tests = [rule.when.get(field.name) for rule in rules]
    return {
        value: _bits(not isinstance(test, frozenset) or value in test for test in tests)
        for value in field.values
    }


def _combined(
    fields: Iterable[tuple[str, Lookup]],
) -> Iterator[tuple[Callable[[Mapping[str, object]], object], Lookup]]:
    """Yield tables that look up the values of several fields at once, and what gets these values.

    Neighbours are taken together as long as their combinations are few.
    """
    together: list[tuple[str, Lookup]] = []
    size = 1
    for name, lookup in fields:
        if together and size * len(lookup) > MOST_COMBINED:
            yield _table(together)
            together, size = [], 1
        together.append((name, lookup))
        size *= len(lookup)
    if together:
        yield _table(together)


def _table(
    together: Sequence[tuple[str, Lookup]],
) -> tuple[Callable[[Mapping[str, object]], object], Lookup]:
    names = [name for name, _ in together]
    table = dict(together[0][1])
    if len(together) > 1:
        table = {(value,): mask for value, mask in table.items()}
        for _, lookup in together[1:]:
            table = {
                (*values, value): mask & allowed
                for values, mask in table.items()
                for value, allowed in lookup.items()
            }
    # Many combinations allow the same rules: one number for all of them is nearer at hand.
    same: dict[int, int] = {}
    return itemgetter(*names), {key: same.setdefault(mask, mask) for key, mask in table.items()}


def keyed_on(rule: Rule, vocabulary: Vocabulary) -> frozenset[Value] | None:
    """Return the values of the lead key under which this rule has a say in the lead.

    A rule that asks for one of several members of a set speaks of those members: where another
    member is the key (the primary one), the rule adds its recipients but its lead does not count.
    None: every value. A rule that asks about the key itself is not bound further.
    """
    key = vocabulary.lead_key
    if key is None or key.name in rule.when:
        return None
    test = rule.when.get(key.member_of or "")
    return test.any_of if isinstance(test, SetTest) and test.any_of else None
