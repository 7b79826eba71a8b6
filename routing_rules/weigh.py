"""The rules that match one world, weighed by the hit policy of each output.

Everything is a mask with one bit for each rule: who gives what, who may take it away, who decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from routing_rules.match import keyed_on
from routing_rules.outcome import Outcome
from routing_rules.rule import Give, basis_of
from routing_rules.vocabulary import Output, Policy, Value

if TYPE_CHECKING:
    from routing_rules.ruleset import RuleSet


class ValuesConflict(LookupError):
    """Rules give one output two values for the same facts, and neither is stronger."""


class NoRuleGives(LookupError):
    """No rule gives an output that must be given."""


class Weigh:
    """Weighs the matching rules of one rule set."""

    def __init__(self, ruleset: RuleSet) -> None:
        self._ids = tuple(rule.id for rule in ruleset.rules)
        self._outputs = ruleset.vocabulary.outputs
        self._fallback = _bits(rule.fallback for rule in ruleset.rules)
        self._tiers = [
            _bits(rule.tier == tier for rule in ruleset.rules) for tier in ruleset.vocabulary.tiers
        ]
        self._first = self._tiers[0]
        self._givers: dict[Give, int] = {}
        for number, effects in enumerate(ruleset.effects):
            for give in effects:
                self._givers[give] = self._givers.get(give, 0) | 1 << number
        self._takes = [
            (give, Give(output.takes_from, give.of, give.value), mask & ~self._fallback)
            for give, mask in self._givers.items()
            if give.output in self._outputs
            and (output := self._outputs[give.output]).takes_from is not None
        ]
        self._open = self._open_to_keys(ruleset)
        self._decided = [output for output in self._outputs.values() if output.decided]
        self._plans = [
            (output, list(self._atoms(output, ruleset)))
            for output in self._outputs.values()
            if not output.decided and not output.takes_from
        ]
        self._bases = {
            output.name: [
                (Give(basis_of(output.name), str(member), basis), mask)
                for member in output.values
                for basis in ruleset.bases
                if (mask := self._givers.get(Give(basis_of(output.name), str(member), basis)))
            ]
            for output in self._outputs.values()
            if output.based
        }
        self._named: dict[int, tuple[str, ...]] = {0: ()}

    def __call__(self, mask: int, key: Value | None) -> Outcome:
        """Return the outcome where the rules of `mask` match. Raises ValuesConflict, NoRuleGives.

        `key`: the value of the fact that is a member of a set fact.
        """
        taken = self._taken(mask)
        chosen: dict[str, tuple[Value | None, int]] = {}
        barred: dict[Give, int] = {}
        for output in self._decided:
            chosen[output.name] = self._decide(output, mask, key, taken, barred)
        counted = self._counted(mask, chosen)
        present = self._present(counted, taken)
        for output in self._decided:
            there = present.get(output.joins or "")
            if there and chosen[output.name][0] not in there:
                # Someone gets it on a basis of its own, so one of them must stand first.
                chosen[output.name] = (min(there, key=output.rank), 0)
        if self._counted(mask, chosen) != counted:
            counted = self._counted(mask, chosen)
            present = self._present(counted, taken)
        found = self._found(counted, taken, present, chosen)
        found.update(self._takers(counted, taken, present, barred, found))
        return Outcome({give: self._names(rules) for give, rules in found.items()})

    def _counted(self, mask: int, chosen: Mapping[str, tuple[Value | None, int]]) -> int:
        """Return the rules that count: a fallback only where it decides."""
        counted = mask & ~self._fallback
        for _, deciders in chosen.values():
            counted |= deciders
        return counted

    def _taken(self, mask: int) -> dict[Give, int]:
        taken: dict[Give, int] = {}
        for _, target, takers in self._takes:
            if mask & takers:
                taken[target] = taken.get(target, 0) | mask & takers
        return taken

    def _decide(
        self,
        output: Output,
        mask: int,
        key: Value | None,
        taken: Mapping[Give, int],
        barred: dict[Give, int],
    ) -> tuple[Value | None, int]:
        """Return the value of a decided output and the rules that decide it."""
        speaking = mask & self._open.get(key, -1) if output.key else mask
        everyone = [-1] if output.policy is Policy.UNIQUE else self._tiers
        for tier in everyone:
            found: dict[Value, int] = {}
            for value in output.values:
                rules = speaking & tier & self._givers.get(Give(output.name, "", value), 0)
                joined = Give(output.joins or "", "", value)
                if rules and joined in taken and rules & ~self._first:
                    barred[joined] = barred.get(joined, 0) | rules & ~self._first
                    rules &= self._first
                if rules:
                    found[value] = rules
            if len(found) > 1:
                named = (name for rules in found.values() for name in self._names(rules))
                raise ValuesConflict(", ".join(named))
            if found:
                return next(iter(found.items()))
        if output.otherwise is None:
            raise NoRuleGives(", ".join(self._names(mask)) or "no rule matches")
        return output.otherwise, 0

    def _present(self, counted: int, taken: Mapping[Give, int]) -> dict[str, dict[Value, int]]:
        """Return the members of each plain union output, with the rules that give them."""
        present: dict[str, dict[Value, int]] = {}
        for output, atoms in self._plans:
            if output.policy is Policy.UNION and output.per is None:
                members = present[output.name] = {}
                for give, givers in atoms:
                    rules = counted & givers
                    if rules and give in taken:
                        rules &= self._first
                    if rules:
                        members[give.value] = rules
        return present

    def _found(
        self,
        counted: int,
        taken: Mapping[Give, int],
        present: Mapping[str, Mapping[Value, int]],
        chosen: Mapping[str, tuple[Value | None, int]],
    ) -> dict[Give, int]:
        found: dict[Give, int] = {}
        for name, (value, rules) in chosen.items():
            if value is not None:
                found[Give(name, "", value)] = rules
        for output, atoms in self._plans:
            if output.name in present:
                for member, rules in present[output.name].items():
                    found[Give(output.name, "", member)] = rules
                if output.based:
                    members = present[output.name]
                    for give, givers in self._bases[output.name]:
                        rules = givers & members.get(give.of, 0)
                        if rules:
                            found[give] = rules
                continue
            members = present[output.per] if output.per else {"": -1}
            if output.policy is Policy.MIN:
                found.update(_least(output, atoms, counted, members))
                continue
            for give, givers in atoms:
                rules = members.get(give.of, 0)
                if rules:
                    rules = counted & givers & (rules if output.beside else -1)
                    if rules and give in taken:
                        rules &= self._first
                    if rules:
                        found[give] = rules
        return found

    def _takers(
        self,
        counted: int,
        taken: Mapping[Give, int],
        present: Mapping[str, Mapping[Value, int]],
        barred: Mapping[Give, int],
        found: Mapping[Give, int],
    ) -> Iterator[tuple[Give, int]]:
        """Yield what takes something that a rule gives."""
        for take, target, takers in self._takes:
            rules = taken.get(target, 0) & takers
            output = self._outputs[target.output]
            if not rules or (target in found and not output.based):
                continue
            givers = counted & self._givers.get(target, 0) & ~self._first
            if output.per:
                givers &= present[output.per].get(target.of, 0)
            if givers or barred.get(target):
                yield take, rules

    def _atoms(self, output: Output, ruleset: RuleSet) -> Iterator[tuple[Give, int]]:
        """Yield each thing that some rule gives of an output, in the vocabulary's order."""
        owner = ruleset.vocabulary.outputs[output.per] if output.per else None
        for member in owner.values if owner else ("",):
            for value in output.values:
                give = Give(output.name, str(member), value)
                if give in self._givers or output.policy is Policy.MIN:
                    yield give, self._givers.get(give, 0)

    def _open_to_keys(self, ruleset: RuleSet) -> dict[Value | None, int]:
        """Return, by the key's value, the rules that have a say under it."""
        key = ruleset.vocabulary.lead_key
        found: dict[Value | None, int] = dict.fromkeys(key.values if key else (), 0)
        for number, rule in enumerate(ruleset.rules):
            bound = keyed_on(rule, ruleset.vocabulary)
            for value in found if bound is None else bound:
                found[value] |= 1 << number
        return found

    def _names(self, mask: int) -> tuple[str, ...]:
        named = self._named.get(mask)
        if named is None:
            named = self._named[mask] = tuple(
                name for number, name in enumerate(self._ids) if mask >> number & 1
            )
        return named


def _bits(holds: Iterable[bool]) -> int:
    return sum(1 << number for number, held in enumerate(holds) if held)


def _least(
    output: Output,
    atoms: list[tuple[Give, int]],
    counted: int,
    members: Mapping[Value, int],
) -> Iterator[tuple[Give, int]]:
    """Yield the least value of each member that is there; the atoms stand least first."""
    settled: set[str] = set()
    for give, givers in atoms:
        if give.of in settled or (give.of and give.of not in members):
            continue
        rules = counted & givers
        if give.value == output.otherwise:
            settled.add(give.of)
            yield give, 0
        elif rules:
            settled.add(give.of)
            yield give, rules
