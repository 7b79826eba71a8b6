"""Matching by masks: each field looks up the rules that its value allows; the AND is the match."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from routing_rules.rule import Rule, SetTest
from routing_rules.vocabulary import Field, FieldKind, Value, Vocabulary


class SetLookup(dict[frozenset[Value], int]):
    """Set of members -> mask of the rules that it allows, worked out on first use."""

    def __init__(self, field: Field, rules: Iterable[Rule]) -> None:
        super().__init__()
        self._known = frozenset(field.values)
        self._tests: list[SetTest | None] = []
        for rule in rules:
            test = rule.when.get(field.name)
            self._tests.append(test if isinstance(test, SetTest) else None)

    def __missing__(self, members: frozenset[Value]) -> int:
        if not members <= self._known:
            raise KeyError(members)
        mask = 0
        for number, test in enumerate(self._tests):
            if test is None or test.holds(members):
                mask |= 1 << number
        self[members] = mask
        return mask


class Matcher:
    """The rules as bits of one integer, in the order given."""

    def __init__(self, vocabulary: Vocabulary, rules: tuple[Rule, ...]) -> None:
        fields = vocabulary.fields.values()
        self._count = len(fields)
        self._every = (1 << len(rules)) - 1
        self._plain = tuple(
            (field.name, _lookup(field, rules)) for field in fields if field.kind != FieldKind.SET
        )
        self._sets = tuple(
            (field.name, SetLookup(field, rules)) for field in fields if field.kind == FieldKind.SET
        )
        # By field: the rules that a value fits. Of a set fact worked out on first use.
        self.lookups: dict[str, dict[Any, int]] = {**dict(self._plain), **dict(self._sets)}
        key = vocabulary.lead_key
        self._key = (key.name, key.member_of) if key and key.member_of else None

    def match(self, facts: Mapping[str, object]) -> tuple[int, Value | None]:
        """Return the mask of the matching rules, and the value of the lead key if there is one.

        Raises KeyError or TypeError for facts that are incomplete, unknown or not yet one world:
        this is the fast way, the vocabulary says what is wrong.
        """
        if len(facts) != self._count:
            raise KeyError
        mask = self._every
        for name, lookup in self._plain:
            mask &= lookup[facts[name]]
        for name, sets in self._sets:
            mask &= sets[frozenset(facts[name])]  # type: ignore[call-overload]
        if self._key is None:
            return mask, None
        key = facts[self._key[0]]
        if key not in facts[self._key[1]]:  # type: ignore[operator]
            raise KeyError
        return mask, key  # type: ignore[return-value]


def _lookup(field: Field, rules: tuple[Rule, ...]) -> dict[object, int]:
    lookup: dict[object, int] = {}
    for value in field.values:
        mask = 0
        for number, rule in enumerate(rules):
            test = rule.when.get(field.name)
            if not isinstance(test, frozenset) or value in test:
                mask |= 1 << number
        lookup[value] = mask
    return lookup


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
