"""The meaning of a rule set in a few lines, without masks or boxes."""

from __future__ import annotations

from collections.abc import Mapping

from routing_rules.rule import Give, Rule, SetTest, basis_of
from routing_rules.ruleset import RuleSet
from routing_rules.vocabulary import Policy, Value

Facts = Mapping[str, object]
Credits = dict[Give, set[str]]


def holds(rule: Rule, facts: Facts) -> bool:
    """Whether every line of `when` holds."""
    return all(
        test.holds(frozenset(facts[name])) if isinstance(test, SetTest) else facts[name] in test  # type: ignore[call-overload]
        for name, test in rule.when.items()
    )


class Naive:
    """One world under one rule set: `credits` says what is given by which rules."""

    def __init__(self, ruleset: RuleSet, facts: Facts) -> None:
        self.set, self.facts = ruleset, facts
        self.outputs = ruleset.vocabulary.outputs
        self.first = ruleset.vocabulary.tiers[0]
        self.effects = {
            rule.id: gives for rule, gives in zip(ruleset.rules, ruleset.effects, strict=True)
        }
        self.matching = [rule for rule in ruleset.rules if holds(rule, facts)]
        self.taken = {
            Give(self.outputs[g.output].takes_from or "", g.of, g.value)
            for rule in self.matching
            for g in rule.gives
            if self.outputs[g.output].takes_from
        }
        self.deciding = {o.name: self.decide(o.name) for o in self.outputs.values() if o.decided}
        self.credits = self.give()

    def passes(self, rule: Rule, *targets: Give) -> bool:
        return rule.tier == self.first or not self.taken & set(targets)

    def speaks(self, rule: Rule, output: str) -> bool:
        """A rule that asks for some members has no say where the key is another one."""
        key = self.set.vocabulary.lead_key
        if not self.outputs[output].key or key is None or key.name in rule.when:
            return True
        test = rule.when.get(key.member_of or "")
        some = test.any_of if isinstance(test, SetTest) else frozenset()
        return not some or self.facts[key.name] in some

    def decide(self, name: str) -> list[tuple[Rule, Value]]:
        output = self.outputs[name]
        found = [
            (rule, value)
            for rule in self.matching
            for value in rule.given(name)
            if self.speaks(rule, name) and self.passes(rule, Give(output.joins or "", "", value))
        ]
        if output.policy is Policy.UNIQUE:
            return found
        for tier in self.set.vocabulary.tiers:
            if best := [(rule, value) for rule, value in found if rule.tier == tier]:
                return best
        return []

    def give(self) -> Credits:
        everyone = self.counted(dict(self.deciding))
        credits = self.members(everyone)
        deciding = dict(self.deciding)
        found: Credits = {}
        for name, rules in self.deciding.items():
            output = self.outputs[name]
            values: set[Value | None] = {value for _, value in rules} or {output.otherwise}
            there = [v for v in output.values if Give(output.joins or "", "", v) in credits]
            if there and values != {None} and not values & set(there):
                deciding[name] = []
                found[Give(name, "", there[0])] = set()
                continue
            for value in values:
                if value is not None:
                    found[Give(name, "", value)] = {r.id for r, v in rules if v == value}
        counted = self.counted(deciding)
        members = credits if counted == everyone else self.members(counted)
        return found | members | self.rest(counted, members)

    def lacking(self) -> set[tuple[str, ...]]:
        """Members that are given without what they need."""
        return {
            (output.name, str(output.needs), str(member))
            for output in self.outputs.values()
            if output.needs is not None
            for member in self.outputs[output.per or ""].values
            if Give(output.per or "", "", member) in self.credits
            and Give(output.name, str(member), output.needs) not in self.credits
        }

    def counted(self, deciding: Mapping[str, list[tuple[Rule, Value]]]) -> list[Rule]:
        deciders = [rule for rules in deciding.values() for rule, _ in rules]
        return [rule for rule in self.matching if not rule.fallback or rule in deciders]

    def members(self, counted: list[Rule]) -> Credits:
        """Members of plain unions, and what comes with them."""
        found: Credits = {}
        for rule in counted:
            for give in self.effects[rule.id]:
                output = self.outputs.get(give.output)
                plain = output and output.policy is Policy.UNION and not output.takes_from
                if output and plain and not output.per and self.passes(rule, give):
                    found.setdefault(give, set()).add(rule.id)
                owner = (
                    next(o for o in self.outputs if basis_of(o) == give.output)
                    if output is None
                    else output.per
                    if output.beside
                    else None
                )
                if owner and self.passes(rule, give, Give(owner, "", give.of)):
                    found.setdefault(give, set()).add(rule.id)
        return found

    def rest(self, counted: list[Rule], members: Credits) -> Credits:
        """What speaks of members whoever gives them, what holds where any rule says so, takers."""
        stated: dict[tuple[str, str], dict[Value, set[str]]] = {}
        for rule in counted:
            for give in rule.gives:
                said = stated.setdefault((give.output, give.of), {})
                said.setdefault(give.value, set()).add(rule.id)
        found: Credits = {}
        for output in self.outputs.values():
            owner = self.outputs[output.per].values if output.per else ("",)
            for of in map(str, owner):
                there = not output.per or Give(output.per, "", of) in members
                said = stated.get((output.name, of), {})
                if output.policy is Policy.MIN and there:
                    given = [v for v in output.values if v in said or v == output.otherwise]
                    for least in given[:1]:
                        found[Give(output.name, of, least)] = (
                            set() if least == output.otherwise else said[least]
                        )
                elif output.takes_from:
                    for value, rules in said.items():
                        target = Give(output.takes_from, of, value)
                        if self.takes_something(target, counted, members):
                            found[Give(output.name, of, value)] = rules
                elif output.policy is Policy.OR or (output.per and not output.beside and there):
                    for value, rules in said.items():
                        found[Give(output.name, of, value)] = rules
        return found

    def takes_something(self, target: Give, counted: list[Rule], members: Credits) -> bool:
        """Some rule gives it, or would have decided, and it is not there all the same."""
        output = self.outputs[target.output]
        if target in members and not (output.based or self.set.vocabulary.beside(output.name)):
            return False
        member = Give(output.per or "", "", target.of)
        lost = any(
            target in self.effects[rule.id]
            and rule.tier != self.first
            and (not output.per or self.passes(rule, member))
            for rule in counted
        )
        return lost or any(self.barred(o.name, target) for o in self.outputs.values() if o.decided)

    def barred(self, name: str, target: Give) -> bool:
        output = self.outputs[name]
        if output.joins != target.output:
            return False
        rank = self.set.vocabulary.tiers.index
        deciding = self.deciding[name]
        last = rank(deciding[0][0].tier) if deciding and output.policy is Policy.FIRST else 99
        return any(
            rule.tier != self.first
            and rank(rule.tier) <= last
            and target.value in rule.given(name)
            and self.speaks(rule, name)
            for rule in self.matching
        )
