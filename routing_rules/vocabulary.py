"""The closed vocabulary: which facts there are, which values they take, and every output name."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

Value = str | int
UNKNOWN = "unknown"
# Possible worlds one decision may spread over; far above what a form can leave open.
MOST_WORLDS = 5_000


class FieldKind(StrEnum):
    """How a fact is written: one word, a whole number, or a set of words."""

    ONE = "one"
    INTEGER = "integer"
    SET = "set"


class RulesInvalid(ValueError):
    """The rule file or the vocabulary is wrong; `problems` holds one clear line for each fault."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))


class FactsInvalid(ValueError):
    """The facts do not fit the vocabulary; `problems` holds one clear line for each fault."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))


def did_you_mean(word: object, known: Iterable[Value]) -> str:
    """Return ` (did you mean "x"?)` for the nearest known word, or nothing when none is near."""
    near = difflib.get_close_matches(str(word), [str(value) for value in known], n=1, cutoff=0.6)
    return f' (did you mean "{near[0]}"?)' if near else ""


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
class Vocabulary:
    """Everything a rule may say. Order carries meaning in three lists:

    `tiers` strongest first (the first is the one that nothing withholds from), `desks` by rising
    rank (the first is the usual one), `leads` strictest first.
    """

    fields: Mapping[str, Field]
    recipients: tuple[str, ...]
    desks: tuple[str, ...]
    sections: tuple[str, ...]
    clocks: tuple[str, ...]
    notices: tuple[str, ...]
    tiers: tuple[str, ...]
    leads: tuple[str, ...]
    moves: tuple[str, ...]
    chase_to: tuple[str, ...]

    @cached_property
    def lead_key(self) -> Field | None:
        """The fact that picks among the members of a set fact which one leads, if there is one."""
        return next((field for field in self.fields.values() if field.member_of), None)

    def worlds(self, facts: Mapping[str, object]) -> Iterator[dict[str, object]]:
        """Yield each full set of facts that `facts` leaves possible.

        A fact that is not a set may be a list of possible values, or "unknown" where its field
        allows that. Raises FactsInvalid for a missing or unknown field or value.
        """
        problems: list[str] = [
            f'facts: unknown field "{name}"{did_you_mean(name, self.fields)}'
            for name in facts
            if name not in self.fields
        ]
        choices: list[tuple[object, ...]] = []
        count = 1
        for field in self.fields.values():
            found = _possible(field, facts, problems)
            choices.append(found)
            count *= len(found)
        if not problems and count > MOST_WORLDS:
            problems.append(f"facts: {count} possibilities are too many (at most {MOST_WORLDS})")
        if problems:
            raise FactsInvalid(problems)
        key = self.lead_key
        possible = 0
        for world in itertools.product(*choices):
            full = dict(zip(self.fields, world, strict=True))
            if key is None or _contains(full[key.member_of or ""], full[key.name]):
                possible += 1
                yield full
        if not possible and key is not None:
            raise FactsInvalid([f'facts: "{key.name}" is not among "{key.member_of}"'])


def _contains(members: object, value: object) -> bool:
    return isinstance(members, frozenset) and value in members


def _possible(field: Field, facts: Mapping[str, object], problems: list[str]) -> tuple[object, ...]:
    if field.name not in facts:
        problems.append(f'facts: "{field.name}" is missing')
        return ()
    stated = facts[field.name]
    if stated == UNKNOWN and field.unknown:
        return field.unknown
    several = isinstance(stated, list | tuple | set | frozenset)
    values = list(stated) if isinstance(stated, list | tuple | set | frozenset) else [stated]
    if field.kind is FieldKind.SET and not several:
        problems.append(f'facts: "{field.name}" must be a list of words')
        return ()
    if field.kind is not FieldKind.SET and not values:
        problems.append(f'facts: "{field.name}" has no possible value')
    wrong = [v for v in values if isinstance(v, bool | float) or v not in field.values]
    problems.extend(
        f'facts: unknown value {value!r} of "{field.name}"{did_you_mean(value, field.values)}'
        for value in wrong
    )
    if field.kind is FieldKind.SET:
        return () if wrong else (frozenset(values),)
    return tuple(dict.fromkeys(values)) if not wrong else ()
