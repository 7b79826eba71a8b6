"""The nouns of a rule: what it asks, what it gives, and on which legal basis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

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


@dataclass(frozen=True)
class Then:
    """What a rule gives. Mappings are keyed by recipient kind.

    `lead` proposes a lead and adds it; `nobody` says that nobody leads; `add` adds recipients.
    `clocks` and `sections` belong to recipients that this rule adds (`sections` replaces the
    kind's usual ones); `desk`, `withhold` and `withhold_sections` act on whoever adds them.
    """

    lead: str | None
    nobody: bool
    add: tuple[str, ...]
    clocks: Mapping[str, tuple[str, ...]]
    sections: Mapping[str, tuple[str, ...]]
    desk: Mapping[str, str]
    withhold: tuple[str, ...]
    withhold_sections: Mapping[str, tuple[str, ...]]
    alert: bool
    notices: tuple[str, ...]

    @property
    def kinds(self) -> tuple[str, ...]:
        """The recipient kinds that this rule adds, its lead first."""
        return tuple(dict.fromkeys(((self.lead,) if self.lead else ()) + self.add))

    @property
    def leads(self) -> bool:
        """Whether this rule has a say in who leads."""
        return self.lead is not None or self.nobody


@dataclass(frozen=True)
class Rule:
    """One rule. A field absent from `when` does not matter to it.

    A `fallback` rule counts only where it decides the lead.
    """

    id: str
    tier: str
    title: Text
    because: Text
    basis: Basis | None
    fallback: bool
    when: Mapping[str, Test]
    then: Then


@dataclass(frozen=True)
class Usual:
    """What a recipient kind gets whenever a rule adds it."""

    sections: tuple[str, ...]
    clocks: tuple[str, ...]


@dataclass(frozen=True)
class Standby:
    """The named desk that stands by for a silent lead, and on which basis."""

    to: str
    desk: str
    basis: Basis


@dataclass(frozen=True)
class HandOver:
    """A basis on which a person may hand a report over: which kinds may, to which kinds.

    `same_kind` narrows it to an agency of the giver's own kind. `clocks` start at the taker
    beside its kind's usual ones. `asks_consent`: it must be recorded who consented to what.
    """

    id: str
    basis: Basis
    by: tuple[str, ...]
    to: tuple[str, ...]
    same_kind: bool
    clocks: tuple[str, ...]
    asks_consent: bool

    def fits(self, by: str, to: str) -> bool:
        """Tell whether an agency of kind `by` may hand over to one of kind `to` on this basis."""
        return by in self.by and to in self.to and (by == to or not self.same_kind)


@dataclass(frozen=True)
class Case:
    """A worked example: full facts, what must come out, and the rules that must have matched."""

    id: str
    title: str
    facts: Mapping[str, object]
    expect: Mapping[str, object]
    hits: tuple[str, ...]
