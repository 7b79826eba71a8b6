"""The closed vocabulary: which facts there are, what a rule may give, and how several rules agree.

Everything here is data: the engine knows no field, no value and no output by name.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from routing_rules.problem import Problem, mark, one_line

Value = str | int
UNKNOWN = "unknown"
# Possible worlds one decision may spread over; far above what a form can leave open.
MOST_WORLDS = 5_000
LONGEST_ID = 100
# Unknown fields of facts that are told.
MOST_TOLD = 20


class FieldKind(StrEnum):
    """How a fact is written: one word, a whole number, or a set of words."""

    ONE = "one"
    INTEGER = "integer"
    SET = "set"


class Policy(StrEnum):
    """How several rules that speak of one output agree.

    FIRST: the strongest tier that names a value decides; two values of one tier conflict. UNIQUE:
    two values conflict, whatever their tiers. UNION: all values. MIN: the value that stands first
    in the output's list. OR: true where any rule says so.
    """

    FIRST = "first by tier"
    UNIQUE = "unique"
    UNION = "collect union"
    MIN = "collect min"
    OR = "or"


class RulesInvalid(ValueError):
    """The rule file or the vocabulary is wrong; `problems` holds one clear line for each fault."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = [p if isinstance(p, Problem) else one_line(p) for p in problems]
        super().__init__("\n".join(self.problems))


class FactsInvalid(ValueError):
    """The facts do not fit the vocabulary; `problems` holds one clear line for each fault."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = [problem.at("facts") for problem in problems]
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True)
class Field:
    """One fact: its kind and, in order, every value it may take (for a set: every member).

    `unknown` lists the values that the word "unknown" stands for in an integer fact (empty: the
    word is not allowed). `member_of` names the set fact that always contains this fact's value.
    """

    name: str
    kind: FieldKind
    values: tuple[Value, ...]
    unknown: tuple[int, ...] = ()
    member_of: str | None = None


@dataclass(frozen=True)
class Output:
    """One thing that rules give. The order of `values` is that of strictness, first the strictest.

    `key`: a fact that is a member of a set fact; a rule that asks for some of that set's members
    has a say only where the key is one of those. `joins`: the union output of which the value is a
    member as well. `per`: the union output of whose members it speaks, each by itself; `beside`:
    only of those that the same rule gives. `usual`: whether a table of usual values holds always or
    where the rule states none. `takes_from`: the union output that it takes members from; what a
    rule of the first tier gives stays. `needs`: the value that each member must be given, which the
    proof sees to. `based`: each member rests on the basis that its rule names.
    `otherwise`: the value where no rule gives one; a single output without it must be given always.
    """

    name: str
    policy: Policy
    values: tuple[Value, ...]
    key: str | None = None
    joins: str | None = None
    per: str | None = None
    beside: bool = False
    usual: str | None = None
    takes_from: str | None = None
    needs: Value | None = None
    based: bool = False
    otherwise: Value | None = None

    @property
    def single(self) -> bool:
        """Whether it has one value, not a set of them."""
        return self.policy in (Policy.FIRST, Policy.UNIQUE, Policy.MIN)

    @property
    def decided(self) -> bool:
        """Whether two rules may conflict in it, and it must be given."""
        return self.policy in (Policy.FIRST, Policy.UNIQUE)

    def rank(self, value: Value) -> int:
        """Return the place of `value` in the order of strictness."""
        return self.values.index(value)


@dataclass(frozen=True)
class Vocabulary:
    """Everything a rule may say. `tiers` stand strongest first: nothing takes from the first one.

    `names` holds the closed lists of words of the tables that stand beside the rules.
    """

    fields: Mapping[str, Field]
    outputs: Mapping[str, Output]
    tiers: tuple[str, ...]
    names: Mapping[str, tuple[str, ...]]

    @cached_property
    def lead_key(self) -> Field | None:
        """The fact that is a member of a set fact, if there is one."""
        return next((field for field in self.fields.values() if field.member_of), None)

    def beside(self, output: str) -> tuple[Output, ...]:
        """Return the outputs whose values come with each member of this one."""
        return tuple(o for o in self.outputs.values() if o.per == output and o.beside)

    def worlds(self, facts: Mapping[str, object]) -> Iterator[dict[str, object]]:
        """Yield each full set of facts that `facts` leaves possible.

        A fact that is not a set may be a list of possible values, or "unknown" where its field
        allows that. Raises FactsInvalid for a missing or unknown field or value.
        """
        problems = self._strays(facts)
        choices: dict[str, tuple[object, ...]] = {}
        count = 1
        for field in self.fields.values():
            found = choices[field.name] = _possible(field, facts, problems)
            count *= len(found)
        if not problems and count > MOST_WORLDS:
            too_many = mark("%(count)s possibilities are too many (at most %(most)s)")
            problems.append(Problem(too_many, count=count, most=MOST_WORLDS))
        if problems:
            raise FactsInvalid(problems)
        key = self.lead_key
        if key is not None:
            (members,) = choices[key.member_of or ""]
            among = members if isinstance(members, frozenset) else frozenset()
            choices[key.name] = tuple(value for value in choices[key.name] if value in among)
            if not choices[key.name]:
                strayed = mark('"%(field)s" is not among "%(members)s"')
                raise FactsInvalid([Problem(strayed, field=key.name, members=key.member_of)])
        for world in itertools.product(*choices.values()):
            yield dict(zip(choices, world, strict=True))

    def states(self, known: Mapping[str, object]) -> bool:
        """Return whether facts of which others may be missing have these fields and values."""
        problems = self._strays(known)
        for name in known.keys() & self.fields.keys():
            _possible(self.fields[name], known, problems)
        return not problems

    def _strays(self, facts: Mapping[str, object]) -> list[Problem]:
        strays = itertools.islice((name for name in facts if name not in self.fields), MOST_TOLD)
        return [
            Problem(mark('unknown field "%(field)s"'), field=name).near(name, self.fields)
            for name in strays
        ]


def _possible(
    field: Field, facts: Mapping[str, object], problems: list[Problem]
) -> tuple[object, ...]:
    if field.name not in facts:
        problems.append(Problem(mark('"%(key)s" is missing'), key=field.name))
        return ()
    stated = facts[field.name]
    if stated == UNKNOWN and field.unknown:
        return field.unknown
    several = isinstance(stated, list | tuple | set | frozenset)
    values = list(stated) if isinstance(stated, list | tuple | set | frozenset) else [stated]
    if field.kind is FieldKind.SET and not several:
        problems.append(Problem(mark('"%(key)s" must be a list of words'), key=field.name))
        return ()
    if field.kind is not FieldKind.SET and not values:
        problems.append(Problem(mark('"%(field)s" has no possible value'), field=field.name))
    wrong = [v for v in values if isinstance(v, bool | float) or v not in field.values]
    unknown = mark('unknown value %(value)s of "%(field)s"')
    problems.extend(
        Problem(unknown, value=repr(value)[:80], field=field.name).near(value, field.values)
        for value in wrong
    )
    if field.kind is FieldKind.SET:
        return () if wrong else (frozenset(values),)
    return tuple(dict.fromkeys(values)) if not wrong else ()
