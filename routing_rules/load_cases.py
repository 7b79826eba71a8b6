"""Reading [[case]]: worked examples, which must come out as they say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from routing_rules.problem import Problem, mark
from routing_rules.reading import Table, freeze
from routing_rules.rule import Case
from routing_rules.vocabulary import FactsInvalid, Output, Policy, Vocabulary

UNCERTAIN = "uncertain"


def read_cases(
    top: Table, vocabulary: Vocabulary, defaults: Mapping[str, object], rule_ids: frozenset[str]
) -> list[Case]:
    """Read the cases of one set over the facts that hold where a case states no other.

    Where a case states only the fact that is a member of a set fact, the set is that one member.
    """
    found = []
    for table in top.tables("case", mark("case")):
        stated = table.table("facts").raw()
        facts = {**defaults, **stated}
        key = vocabulary.lead_key
        if key and key.member_of and key.name in stated and key.member_of not in stated:
            facts[key.member_of] = [stated[key.name]]
        for problem in _problems(vocabulary, facts):
            table.add(problem)
        case = Case(
            id=table.string("id"),
            title=table.string("title"),
            facts=MappingProxyType(facts),
            expect=_expect(table.table("expect"), vocabulary),
            hits=table.words("hits", rule_ids),
        )
        table.done()
        found.append(case)
    return found


def _problems(vocabulary: Vocabulary, facts: Mapping[str, object]) -> Sequence[Problem]:
    """Return what is wrong with the facts of a case."""
    for field in vocabulary.fields.values():
        stated = facts.get(field.name)
        if isinstance(stated, list) and len(stated) > len(field.values):
            too_many = mark('"%(field)s" has more values than there are')
            return [Problem(too_many, field=field.name).at("facts")]
    try:
        next(vocabulary.worlds(facts))
    except FactsInvalid as error:
        return error.problems
    return []


def _expect(table: Table, vocabulary: Vocabulary) -> Mapping[str, object]:
    """Read what must come out; what is decided and what rests on a basis is always stated."""
    expected: dict[str, object] = {}
    for output in vocabulary.outputs.values():
        if output.decided or output.based or table.has(output.name):
            expected[output.name] = _output(table, output, vocabulary)
    if table.has(UNCERTAIN):
        expected[UNCERTAIN] = _list(table, UNCERTAIN, tuple(vocabulary.fields))
    table.done()
    frozen = freeze(expected)
    return frozen if isinstance(frozen, Mapping) else {}


def _output(table: Table, output: Output, vocabulary: Vocabulary) -> object:
    known = tuple(map(str, output.values))
    if output.per is None:
        if output.policy is Policy.OR:
            return table.flag(output.name)
        return table.word(output.name, known) if output.single else _list(table, output.name, known)
    inner = table.table(output.name)
    members = tuple(map(str, vocabulary.outputs[output.per].values))
    found: dict[str, object] = {}
    for member in inner.keys():  # noqa: SIM118  (a method of Table)
        inner.check(output.name, member, members)
        found[member] = inner.word(member, known) if output.single else _list(inner, member, known)
    return found


def _list(table: Table, key: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """Return a list that may be empty: nobody, nothing."""
    return () if table.get(key) == [] else table.words(key, known)
