"""The nouns of a rule: what it asks, what it gives, and on which legal basis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from routing_rules.reading import Text
from routing_rules.vocabulary import Value


class BasisKind(StrEnum):
    """What a disclosure rests on. `default` is a placeholder that a lawyer must confirm."""

    LAW = "law"
    CONSENT = "consent"
    DEFAULT = "default"


@dataclass(frozen=True)
class Basis:
    """The legal basis of a disclosure. `law` is a reference such as "417/2007 §25.1".

    `confirmed` false means: show it as "to be confirmed". Valid on both end dates.
    """

    id: str
    kind: BasisKind
    text: Text
    law: str | None
    confirmed: bool
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True)
class SetTest:
    """What a rule asks of a set fact: some of `any_of`, all of `all_of`, none of `none_of`.

    An empty set asks nothing.
    """

    any_of: frozenset[Value] = frozenset()
    all_of: frozenset[Value] = frozenset()
    none_of: frozenset[Value] = frozenset()

    def holds(self, members: frozenset[Value]) -> bool:
        """Tell whether `members` passes."""
        return (
            (not self.any_of or not self.any_of.isdisjoint(members))
            and self.all_of <= members
            and self.none_of.isdisjoint(members)
        )


Test = frozenset[Value] | SetTest


class Give(NamedTuple):
    """One thing given: a value of an output, `of` the member that the output speaks of, else "".

    The bases of a based output are given as values of the output that `basis_of` names.
    """

    output: str
    of: str
    value: Value


def basis_of(output: str) -> str:
    """Return the name under which the bases of a based output's members are given."""
    return f"{output} basis"


@dataclass(frozen=True)
class Rule:
    """One rule. A field absent from `when` does not matter to it; `gives` is what it states.

    A `fallback` rule counts only where it decides. `layer` is the id of the set that it is of.
    """

    id: str
    tier: str
    title: Text
    because: Text
    basis: Basis | None
    fallback: bool
    when: Mapping[str, Test]
    gives: tuple[Give, ...]
    layer: str

    def given(self, output: str, of: str = "") -> tuple[Value, ...]:
        """Return what this rule states for an output."""
        return tuple(give.value for give in self.gives if give[:2] == (output, of))


@dataclass(frozen=True)
class Case:
    """A worked example: full facts, what must come out, and the rules that must have matched."""

    id: str
    title: str
    facts: Mapping[str, object]
    expect: Mapping[str, object]
    hits: tuple[str, ...]
