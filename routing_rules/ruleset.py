"""A loaded rule set: immutable, and named by the digest of everything in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from routing_rules.match import Matcher
from routing_rules.outcome import Outcome
from routing_rules.reading import Text
from routing_rules.rule import Basis, Case, HandOver, Rule, Standby, Usual
from routing_rules.vocabulary import Value, Vocabulary


@dataclass(frozen=True)
class RuleSet:
    """Rules in force. `rules` stand by tier, then as in the file; their number is their mask bit.

    `clocks` and `chases` are read-only tables as written, dates as `date`. `digest` is the
    SHA-256 (hex) of the canonical form of all the rest, vocabulary included.
    """

    id: str
    title: Text
    valid_from: date
    valid_to: date | None
    vocabulary: Vocabulary
    rules: tuple[Rule, ...]
    usual: Mapping[str, Usual]
    bases: Mapping[str, Basis]
    standby: Mapping[str, Standby]
    hand_overs: tuple[HandOver, ...]
    clocks: tuple[Mapping[str, object], ...]
    chases: tuple[Mapping[str, object], ...]
    cases: tuple[Case, ...]
    digest: str = ""

    @cached_property
    def matcher(self) -> Matcher:
        """The rules compiled to masks."""
        return Matcher(self.vocabulary, self.rules)

    @cached_property
    def remembered(self) -> dict[tuple[int, Value | None], Outcome]:
        """Outcomes already worked out, by mask and lead key; filled by `decide`."""
        return {}
