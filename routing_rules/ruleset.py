"""A loaded rule set: immutable, and named by the digest of everything that it was read from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from routing_rules.match import Matcher
from routing_rules.misses import Misses
from routing_rules.outcome import Outcome
from routing_rules.reading import Text
from routing_rules.rule import Basis, Case, Give, Rule, basis_of
from routing_rules.vocabulary import Policy, Value, Vocabulary
from routing_rules.weigh import Weigh

Usual = Mapping[str, tuple[Give, ...]]
"""By member: what comes with it whenever a rule gives it."""


@dataclass(frozen=True)
class RuleSet:
    """The rules of one area: those of its own set over those of the sets that this one extends.

    `rules` stand by tier, then as in the files; their number is their mask bit. `layers` names
    the sets, the base first; `id` and `title` are the last one's. `beside` holds what the owners
    of the further tables read from them, by table and id. `digest` is the SHA-256 (hex) of the
    canonical form of the vocabulary and every layer. `defaults`: facts of an ordinary case, which
    hold where a case states no other.
    """

    id: str
    title: Text
    layers: tuple[str, ...]
    vocabulary: Vocabulary
    rules: tuple[Rule, ...]
    usual: Usual
    bases: Mapping[str, Basis]
    cases: tuple[Case, ...]
    defaults: Mapping[str, object]
    beside: Mapping[str, Mapping[str, Any]]
    valid_from: date
    valid_to: date | None
    digest: str

    @cached_property
    def matcher(self) -> Matcher:
        """The rules compiled to masks."""
        return Matcher(self.vocabulary, self.rules)

    @cached_property
    def weigh(self) -> Weigh:
        """What weighs the rules that match."""
        return Weigh(self)

    @cached_property
    def effects(self) -> tuple[tuple[Give, ...], ...]:
        """All that each rule gives: what it states, and what comes with it."""
        return tuple(tuple(dict.fromkeys(self._effects(rule))) for rule in self.rules)

    @cached_property
    def by_id(self) -> Mapping[str, Rule]:
        """The rules by their ids."""
        return {rule.id: rule for rule in self.rules}

    @cached_property
    def remembered(self) -> dict[tuple[int, Value | None], Outcome]:
        """Outcomes already worked out, by mask and lead key; filled by `decide`."""
        return {}

    @cached_property
    def misses(self) -> Misses:
        """What tells for which fields each rule does not hold."""
        return Misses(self)

    @cached_property
    def known_whys(self) -> tuple[dict[int, Any], ...]:
        """Explanations already made, of each rule by mask of `misses`; filled by `explain`."""
        return tuple({} for _ in self.rules)

    def _effects(self, rule: Rule) -> Iterator[Give]:
        outputs = self.vocabulary.outputs
        for give in rule.gives:
            output = outputs[give.output]
            if not output.beside:
                yield give
            if output.joins and give.value in outputs[output.joins].values:
                yield from self._member(rule, output.joins, give.value)
            elif output.policy is Policy.UNION and not output.per and not output.takes_from:
                yield from self._member(rule, output.name, give.value)

    def _member(self, rule: Rule, output: str, member: Value) -> Iterator[Give]:
        """Yield one member that a rule gives, and what comes with it."""
        yield Give(output, "", member)
        if self.vocabulary.outputs[output].based and rule.basis:
            yield Give(basis_of(output), str(member), rule.basis.id)
        for beside in self.vocabulary.beside(output):
            stated = rule.given(beside.name, str(member))
            usual = [g for g in self.usual.get(str(member), ()) if g.output == beside.name]
            yield from (Give(beside.name, str(member), value) for value in stated)
            if beside.usual == "always" or not stated:
                yield from usual
