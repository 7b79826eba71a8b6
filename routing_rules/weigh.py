"""The rules that match one world, weighed by the hit policy of each output.

Everything is a mask with one bit for each rule: who gives what, who may take it away, who decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from routing_rules.match import keyed_on
from routing_rules.outcome import Outcome
from routing_rules.problem import Problem, mark
from routing_rules.rule import Give, basis_of
from routing_rules.vocabulary import Output, Policy, Value

if TYPE_CHECKING:
    from routing_rules.ruleset import RuleSet

# More combinations of rules than give the same thing in any real set; only a bound on memory.
MOST_NAMED = 50_000

Given = dict[Give, tuple[str, ...]]
Atoms = list[tuple[Give, int]]
"""What some rules give, in the vocabulary's order, and a mask of these rules."""


class ValuesConflict(LookupError):
    """Rules give one output two values for the same facts, and neither is stronger."""


class NoRuleGives(LookupError):
    """No rule gives an output that must be given."""


@dataclass(frozen=True)
class _Plan:
    """What some rules give of one output: of each member that it speaks of, or of "" alone."""

    output: Output
    atoms: Mapping[Value, Atoms]
    bases: Mapping[Value, Atoms]
    otherwise: Mapping[Value, Give]


@dataclass(frozen=True)
class _Decision:
    """What some rules give of one decided output: by tier, if it is decided by tiers.

    Of each value: the thing given, the rules that give it, and the member that it adds.
    """

    output: Output
    tiers: tuple[tuple[int, tuple[tuple[Give, int, Give], ...]], ...]
    gives: Mapping[Value, Give]


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
        # What is given all the same may have lost what came with it.
        self._carrying = {
            name
            for name, output in self._outputs.items()
            if output.based or ruleset.vocabulary.beside(name)
        }
        self._open = self._open_to_keys(ruleset)
        self._decisions = [
            self._decision(output) for output in self._outputs.values() if output.decided
        ]
        self._plans = [
            self._plan(output, ruleset)
            for output in self._outputs.values()
            if not output.decided and not output.takes_from
        ]
        self._named: dict[int, tuple[str, ...]] = {}

    def __call__(self, mask: int, key: Value | None) -> Outcome:
        """Return the outcome where the rules of `mask` match. Raises ValuesConflict, NoRuleGives.

        `key`: the value of the fact that is a member of a set fact.
        """
        taken = self._taken(mask)
        chosen: dict[str, tuple[Value | None, int]] = {}
        barred: dict[Give, int] = {}
        for decision in self._decisions:
            chosen[decision.output.name] = self._decide(decision, mask, key, taken, barred)
        counted = self._counted(mask, chosen)
        present = self._present(counted, taken)
        for decision in self._decisions:
            output = decision.output
            there = present.get(output.joins or "")
            if there and chosen[output.name][0] not in there:
                # Someone gets it on a basis of its own, so one of them must stand first.
                chosen[output.name] = (min(there, key=output.rank), 0)
        if self._counted(mask, chosen) != counted:
            counted = self._counted(mask, chosen)
            present = self._present(counted, taken)
        found: Given = {}
        for decision in self._decisions:
            value, rules = chosen[decision.output.name]
            if value is not None:
                found[decision.gives[value]] = self._names(rules)
        for plan in self._plans:
            self._add(found, plan, counted, taken, present)
        if taken:
            found.update(self._takers(counted, taken, present, barred, found))
        return Outcome(found)

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
        decision: _Decision,
        mask: int,
        key: Value | None,
        taken: Mapping[Give, int],
        barred: dict[Give, int],
    ) -> tuple[Value | None, int]:
        """Return the value of a decided output and the rules that decide it."""
        output = decision.output
        speaking = mask & self._open.get(key, -1) if output.key else mask
        for tier, gives in decision.tiers:
            if not speaking & tier:
                continue
            found: dict[Value, int] = {}
            for give, givers, joined in gives:
                rules = speaking & givers
                if rules and joined in taken and rules & ~self._first:
                    barred[joined] = barred.get(joined, 0) | rules & ~self._first
                    rules &= self._first
                if rules:
                    found[give.value] = rules
            if len(found) > 1:
                named = (name for rules in found.values() for name in self._names(rules))
                raise ValuesConflict(", ".join(named))
            if found:
                return next(iter(found.items()))
        if output.otherwise is None:
            raise NoRuleGives(", ".join(self._names(mask)) or Problem(mark("no rule matches")))
        return output.otherwise, 0

    def _present(self, counted: int, taken: Mapping[Give, int]) -> dict[str, dict[Value, int]]:
        """Return the members of each plain union output, with the rules that give them."""
        present: dict[str, dict[Value, int]] = {}
        for plan in self._plans:
            if plan.output.policy is Policy.UNION and plan.output.per is None:
                members = present[plan.output.name] = {}
                for give, givers in plan.atoms[""]:
                    rules = counted & givers
                    if rules and give in taken:
                        rules &= self._first
                    if rules:
                        members[give.value] = rules
        return present

    def _add(
        self,
        found: Given,
        plan: _Plan,
        counted: int,
        taken: Mapping[Give, int],
        present: Mapping[str, Mapping[Value, int]],
    ) -> None:
        """Add what is given of one output that nothing needs to decide."""
        output = plan.output
        named = self._named
        if output.name in present:
            members = present[output.name]
            for give, _ in plan.atoms[""]:
                if give.value in members:
                    found[give] = self._names(members[give.value])
            for member, givers in members.items() if output.based else ():
                for give, based in plan.bases[member]:
                    if rules := based & givers:
                        found[give] = named.get(rules) or self._names(rules)
            return
        least = output.policy is Policy.MIN
        members = present[output.per] if output.per else {"": -1}
        for member, givers in members.items():
            heard = counted & givers if output.beside else counted
            for give, some in plan.atoms[member]:
                rules = heard & some
                if rules and give in taken:
                    rules &= self._first
                if rules:
                    found[give] = named.get(rules) or self._names(rules)
                    if least:
                        break
            else:
                if member in plan.otherwise:
                    found[plan.otherwise[member]] = ()

    def _takers(
        self,
        counted: int,
        taken: Mapping[Give, int],
        present: Mapping[str, Mapping[Value, int]],
        barred: Mapping[Give, int],
        found: Given,
    ) -> Iterator[tuple[Give, tuple[str, ...]]]:
        """Yield what takes something that a rule gives."""
        for take, target, takers in self._takes:
            rules = taken.get(target, 0) & takers
            output = self._outputs[target.output]
            if not rules or (target in found and output.name not in self._carrying):
                continue
            givers = counted & self._givers.get(target, 0) & ~self._first
            if output.per:
                givers &= present[output.per].get(target.of, 0)
            if givers or barred.get(target):
                yield take, self._names(rules)

    def _decision(self, output: Output) -> _Decision:
        gives = {value: Give(output.name, "", value) for value in output.values}
        given = [
            (give, self._givers[give], Give(output.joins or "", "", value))
            for value, give in gives.items()
            if give in self._givers
        ]
        tiers = [-1] if output.policy is Policy.UNIQUE else self._tiers
        by_tier = (
            tuple((give, mask & tier, joined) for give, mask, joined in given if mask & tier)
            for tier in tiers
        )
        return _Decision(output, tuple(zip(tiers, by_tier, strict=True)), gives)

    def _plan(self, output: Output, ruleset: RuleSet) -> _Plan:
        members = self._outputs[output.per].values if output.per else ("",)
        values, otherwise = output.values, {}
        if output.policy is Policy.MIN and output.otherwise is not None:
            values = values[: output.rank(output.otherwise)]
            otherwise = {m: Give(output.name, str(m), output.otherwise) for m in members}
        return _Plan(
            output=output,
            atoms={member: self._given(output.name, member, values) for member in members},
            bases={
                member: self._given(basis_of(output.name), member, ruleset.bases)
                for member in output.values
                if output.based
            },
            otherwise=otherwise,
        )

    def _given(self, output: str, of: Value, values: Iterable[Value]) -> Atoms:
        gives = (Give(output, str(of), value) for value in values)
        return [(give, self._givers[give]) for give in gives if give in self._givers]

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
        """Return the ids of some rules, in their order."""
        named = self._named.get(mask)
        if named is None:
            if len(self._named) >= MOST_NAMED:
                self._named.clear()
            left, ids = mask, []
            while left:
                low = left & -left
                ids.append(self._ids[low.bit_length() - 1])
                left ^= low
            named = self._named[mask] = tuple(ids)
        return named


def _bits(holds: Iterable[bool]) -> int:
    return sum(1 << number for number, held in enumerate(holds) if held)
