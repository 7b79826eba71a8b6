"""Where each thing is given, and by which rule: the hit policies once more, as regions of facts.

`weigh` says for one set of facts what is given by whom; this says for each thing that can be given
in which regions which rule gives it. The proofs and the difference of two sets rest on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property

from routing_rules.budget import STORED
from routing_rules.cut import Cut, Region
from routing_rules.match import keyed_on
from routing_rules.rule import Give, Rule, SetTest, basis_of
from routing_rules.ruleset import RuleSet
from routing_rules.vocabulary import Output, Policy, Value

Where = list[tuple[int | None, Region]]
"""Regions with the number of the rule that gives it there; None: no rule does, it stands in."""

ENTRY = 5 * STORED


class Regions:
    """The regions of one rule set."""

    def __init__(self, ruleset: RuleSet, cut: Cut) -> None:
        self.ruleset = ruleset
        self.cut = cut
        self.outputs = ruleset.vocabulary.outputs
        self.first = ruleset.vocabulary.tiers[0]
        self.boxes = [
            [cut.region(box) for box in cut.space.boxes(rule.when)] for rule in ruleset.rules
        ]
        self.givers: dict[Give, list[int]] = {}
        for number, effects in enumerate(ruleset.effects):
            cut.spend(len(effects))
            for give in effects:
                self.givers.setdefault(give, []).append(number)
        self._found: dict[Give, Where] = {}
        self._in_some: dict[str, list[Region]] = {}

    def where(self, give: Give) -> Where:
        """Return where `give` is given, and by which rule."""
        found = self._found.get(give)
        if found is None:
            found = []
            self.cut.spend(1)
            for each in self._where(give):
                self.cut.spend(ENTRY)
                found.append(each)
            self._found[give] = found
        return found

    def candidates(self, output: Output) -> list[tuple[int, Value, list[Region]]]:
        """Return the rules with a say in a decided output, each with its value and its regions."""
        return self._candidates[output.name]

    def stronger(self, output: Output, tier: str) -> list[Region]:
        """Return the regions in which a stronger tier than this one decides."""
        if output.policy is Policy.UNIQUE:
            return []
        return self._stronger[output.name, tier]

    @cached_property
    def _candidates(self) -> dict[str, list[tuple[int, Value, list[Region]]]]:
        found: dict[str, list[tuple[int, Value, list[Region]]]] = {}
        for output in self.outputs.values():
            if output.decided:
                found[output.name] = [
                    (
                        number,
                        value,
                        list(self._loosely(number, target, self._speaking(number, output))),
                    )
                    for number, rule in enumerate(self.ruleset.rules)
                    for value in rule.given(output.name)
                    for target in [Give(output.joins or "", "", value)]
                ]
        return found

    @cached_property
    def _stronger(self) -> dict[tuple[str, str], list[Region]]:
        found: dict[tuple[str, str], list[Region]] = {}
        for output in self.outputs.values():
            if output.decided:
                above: list[Region] = []
                for tier in self.ruleset.vocabulary.tiers:
                    found[output.name, tier] = list(above)
                    above += self._kept(
                        region
                        for number, _, regions in self.candidates(output)
                        if self.ruleset.rules[number].tier == tier
                        for region in regions
                    )
        return found

    @cached_property
    def _deciding(self) -> dict[tuple[str, int], list[Region]]:
        """Where each rule decides an output, whether or not another value stands in for it."""
        found: dict[tuple[str, int], list[Region]] = {}
        for output in self.outputs.values():
            if output.decided:
                for number, _, regions in self.candidates(output):
                    stronger = self.stronger(output, self.ruleset.rules[number].tier)
                    found[output.name, number] = [
                        self.cut.without(region, stronger) for region in regions
                    ]
        return found

    @cached_property
    def counting(self) -> list[list[Region]]:
        """Where each rule counts: everywhere it matches, a fallback only where it decides."""
        found = []
        for number, rule in enumerate(self.ruleset.rules):
            if not rule.fallback:
                found.append(self.boxes[number])
                continue
            own: list[Region] = []
            for output in self.outputs.values():
                if (output.name, number) in self._deciding:
                    regions = self._deciding[output.name, number]
                    if output.joins and not self._joins(output, rule):
                        members = self._members(output.joins)
                        regions = [self.cut.without(region, members) for region in regions]
                    own += regions
            found.append(own)
        return found

    def _joins(self, output: Output, rule: Rule) -> bool:
        values = self.outputs[output.joins or ""].values
        return all(value in values for value in rule.given(output.name))

    def _members(self, output: str) -> list[Region]:
        """Return the regions in which a union output has some member.

        Given by others than fallback rules that stand for no member: those give none.
        """
        found = self._in_some.get(output)
        if found is None:
            found = self._in_some[output] = self._kept(
                region
                for member in self.outputs[output].values
                for region in self._all_given(Give(output, "", member))
            )
        return found

    def _all_given(self, give: Give) -> Iterator[Region]:
        """Yield where any rule gives a member of a plain union output."""
        for number in self.givers.get(give, ()):
            yield from self._given(number, give)

    def _kept(self, regions: Iterable[Region]) -> list[Region]:
        """Return the regions as a list, for which is paid."""
        found = []
        for region in regions:
            self.cut.spend(STORED)
            found.append(region)
        return found

    def _given(self, number: int, give: Give) -> Iterator[Region]:
        """Yield where one rule gives a member of a plain union output."""
        rule = self.ruleset.rules[number]
        own = self._deciding_members(number) if rule.fallback else self.boxes[number]
        return self._loosely(number, give, own)

    def _deciding_members(self, number: int) -> list[Region]:
        return [
            region
            for output in self.outputs.values()
            for region in self._deciding.get((output.name, number), ())
        ]

    def _where(self, give: Give) -> Iterator[tuple[int | None, Region]]:
        output = self.outputs.get(give.output)
        if output is None:
            owner = next(o for o in self.outputs if basis_of(o) == give.output)
            for number in self.givers.get(give, ()):
                for region in self._given(number, Give(owner, "", give.of)):
                    yield number, region
        elif output.decided:
            yield from self._decided(output, give)
        elif output.takes_from:
            yield from self._taking(give, Give(output.takes_from, give.of, give.value))
        elif output.policy is Policy.MIN:
            yield from self._least(output, give)
        elif output.beside:
            member = Give(output.per or "", "", give.of)
            for number in self.givers.get(give, ()):
                for region in self._given(number, member):
                    for left in self._loosely(number, give, [region]):
                        yield number, left
        elif output.per:
            yield from self._where_present(output, give)
        elif output.policy is Policy.UNION:
            for number in self.givers.get(give, ()):
                for region in self._loosely(number, give, self.counting[number]):
                    yield number, region
        else:
            for number in self.givers.get(give, ()):
                for region in self.counting[number]:
                    yield number, region

    def _decided(self, output: Output, give: Give) -> Iterator[tuple[int | None, Region]]:
        joined = self.outputs[output.joins].values if output.joins else ()
        members = self._members(output.joins) if output.joins else []
        for number, value, _ in self.candidates(output):
            if value == give.value:
                for region in self._deciding[output.name, number]:
                    beside = members if output.joins and value not in joined else []
                    yield number, self.cut.without(region, beside)
        nothing: list[Region] = []
        if output.otherwise is not None:
            every = self._kept(r for _, _, regions in self.candidates(output) for r in regions)
            nothing = [self.cut.region(self.cut.space.everything, tuple(every))]
            if give.value == output.otherwise:
                for region in nothing:
                    yield None, self.cut.without(region, members)
        if output.joins and give.value in joined:
            nothing += self._kept(
                region
                for number, value, _ in self.candidates(output)
                if value not in joined
                for region in self._deciding[output.name, number]
            )
            yield from self._standing_in(output, give, nothing)

    def _standing_in(
        self, output: Output, give: Give, nothing: Sequence[Region]
    ) -> Iterator[tuple[None, Region]]:
        """Yield where a member stands in for a value that is none: the first that is there."""
        joined = output.joins or ""
        before = self._kept(
            region
            for value in output.values[: output.rank(give.value)]
            for region in self._all_given(Give(joined, "", value))
        )
        for own in self._all_given(Give(joined, "", give.value)):
            for region in nothing:
                both = self.cut.meet(own, region)
                if both is not None:
                    yield None, self.cut.without(both, before)

    def _least(self, output: Output, give: Give) -> Iterator[tuple[int | None, Region]]:
        better = self._kept(
            region
            for value in output.values[: output.rank(give.value)]
            for number in self.givers.get(give._replace(value=value), ())
            for region in self.counting[number]
        )
        for number, region in self._where_present(output, give):
            if give.value != output.otherwise:
                yield number, self.cut.without(region, better)
        if give.value == output.otherwise:
            for place in self._present(output, give):
                yield None, self.cut.without(place, better)

    def _where_present(self, output: Output, give: Give) -> Iterator[tuple[int, Region]]:
        places = self._present(output, give)
        for number in self.givers.get(give, ()):
            for region in self.counting[number]:
                for place in places:
                    both = self.cut.meet(region, place)
                    if both is not None:
                        yield number, both

    def _present(self, output: Output, give: Give) -> list[Region]:
        """Return where the member is of which an output speaks; of no member: everywhere."""
        if not output.per:
            return [self.cut.region(self.cut.space.everything)]
        return self._kept(region for _, region in self.where(Give(output.per, "", give.of)))

    def _taking(self, give: Give, target: Give) -> Iterator[tuple[int, Region]]:
        """Yield where a rule takes something that another one gives."""
        output = self.outputs[target.output]
        carries = output.based or bool(self.ruleset.vocabulary.beside(output.name))
        lost: list[Region] = []
        kept: list[Region] = []
        for number in self.givers.get(target, ()):
            rule = self.ruleset.rules[number]
            if output.per:
                places = self._kept(self._given(number, Give(output.per, "", target.of)))
            else:
                places = self._deciding_members(number) if rule.fallback else self.boxes[number]
            (kept if rule.tier == self.first else lost).extend(places)
        lost += self._barred(target)
        for number in self.givers.get(give, ()):
            for own in self.boxes[number]:
                for region in lost:
                    both = self.cut.meet(own, region)
                    if both is not None:
                        yield number, both if carries else self.cut.without(both, kept)

    def _barred(self, target: Give) -> Iterator[Region]:
        """Yield where a rule would have decided, had its value not been taken."""
        for output in self.outputs.values():
            if output.decided and output.joins == target.output:
                for number, rule in enumerate(self.ruleset.rules):
                    if target.value in rule.given(output.name) and rule.tier != self.first:
                        stronger = self.stronger(output, rule.tier)
                        for region in self._speaking(number, output):
                            yield self.cut.without(region, stronger)

    def _speaking(self, number: int, output: Output) -> list[Region]:
        """Return where a rule has a say in a decided output."""
        rule = self.ruleset.rules[number]
        bound = keyed_on(rule, self.ruleset.vocabulary) if output.key else None
        key = self.ruleset.vocabulary.lead_key
        if bound is None or key is None or key.member_of is None:
            return self.boxes[number]
        test = rule.when[key.member_of]
        # Where the key is one of them, some of them is a member.
        rest = replace(test, any_of=frozenset()) if isinstance(test, SetTest) else test
        space = self.cut.space
        boxes = (
            box & space.where_key(bound) for box in space.boxes({**rule.when, key.member_of: rest})
        )
        return [self.cut.region(box) for box in boxes if space.possible(box)]

    @cached_property
    def _takers(self) -> dict[Give, list[Region]]:
        found: dict[Give, list[Region]] = {}
        for give, numbers in self.givers.items():
            output = self.outputs.get(give.output)
            if output and output.takes_from:
                target = Give(output.takes_from, give.of, give.value)
                found.setdefault(target, []).extend(
                    self._kept(region for number in numbers for region in self.boxes[number])
                )
        return found

    def _loosely(self, number: int, target: Give, regions: Iterable[Region]) -> Iterator[Region]:
        """Yield the regions without those in which the target is taken from this rule."""
        strong = self.ruleset.rules[number].tier == self.first
        takers = () if strong else self._takers.get(target, ())
        for region in regions:
            yield self.cut.without(region, takers)
