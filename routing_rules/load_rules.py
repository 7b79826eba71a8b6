"""Reading [[rule]]: what it asks and what it gives, in the vocabulary's words alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from routing_rules.problem import Problem, mark
from routing_rules.reading import Table
from routing_rules.rule import Basis, Give, Rule, SetTest, Test
from routing_rules.vocabulary import (
    Field,
    FieldKind,
    Output,
    Policy,
    Value,
    Vocabulary,
)

MOST_RULES = 1_500
"""Of a set with those that it extends: half as many again as the proofs are measured with."""


def read_rules(
    top: Table,
    vocabulary: Vocabulary,
    bases: Mapping[str, Basis],
    layer: str,
    tiers: Sequence[str],
) -> list[Rule]:
    """Read the rules of one set, which may be of these tiers."""
    tables = top.tables("rule", mark("rule"))
    if len(tables) > MOST_RULES:
        too_many = mark("%(count)s rules are too many (at most %(most)s)")
        top.wrong(too_many, count=len(tables), most=MOST_RULES)
        return []
    return [_rule(table, vocabulary, bases, layer, tiers) for table in tables]


def _rule(
    table: Table,
    vocabulary: Vocabulary,
    bases: Mapping[str, Basis],
    layer: str,
    tiers: Sequence[str],
) -> Rule:
    named = table.word("basis", bases) if table.has("basis") else ""
    tier = table.word("tier", vocabulary.tiers)
    if tier in vocabulary.tiers and tier not in tiers:
        table.wrong(mark('tier "%(tier)s" is not for this set to use'), tier=tier)
    rule = Rule(
        id=table.string("id"),
        tier=tier if tier in vocabulary.tiers else vocabulary.tiers[-1],
        title=table.text("title"),
        because=table.text("because"),
        basis=bases.get(named),
        fallback=table.flag("fallback"),
        when=_when(table.table("when"), vocabulary),
        gives=tuple(dict.fromkeys(_gives(table.table("then"), vocabulary))),
        layer=layer,
    )
    table.done()
    for problem in _problems(rule, vocabulary, named=bool(named)):
        table.add(problem)
    return rule


def _problems(rule: Rule, vocabulary: Vocabulary, *, named: bool) -> Iterator[Problem]:
    """Yield what does not go together in one rule."""
    outputs = vocabulary.outputs
    gives = [(outputs[give.output], give) for give in rule.gives]
    added: dict[str, set[Value]] = {}
    alone: list[Value] = []
    for output, give in gives:
        if output.joins and give.value in outputs[output.joins].values:
            added.setdefault(output.joins, set()).add(give.value)
        elif output.joins:
            alone.append(give.value)
        elif output.policy is Policy.UNION and not output.per and not output.takes_from:
            added.setdefault(output.name, set()).add(give.value)
    based = {name for name in added if outputs[name].based}
    if based and not named:
        yield Problem(mark('"basis" is missing: who gets a report gets it on a basis'))
    for value in alone:
        joined = {output.joins for output, give in gives if give.value == value and output.joins}
        if any(added.get(name) for name in joined if name):
            yield Problem(mark('"%(value)s" and a member exclude each other'), value=value)
    if rule.fallback and not any(output.decided for output, _ in gives):
        yield Problem(mark("a fallback rule must have a say in what is decided"))
    if rule.fallback and any(output.takes_from for output, _ in gives):
        yield Problem(mark("a fallback rule cannot take anything away"))
    for output, give in gives:
        if output.beside and give.of not in added.get(output.per or "", ()):
            not_added = mark('"%(output)s" for "%(member)s", which this rule does not add')
            yield Problem(not_added, output=output.name, member=give.of)


def _when(table: Table, vocabulary: Vocabulary) -> Mapping[str, Test]:
    when: dict[str, Test] = {}
    for name in table.keys():  # noqa: SIM118  (a method of Table, not of a dict)
        field = vocabulary.fields.get(name)
        if field is None:
            unknown = Problem(mark('unknown field "%(field)s"'), field=name)
            table.add(unknown.near(name, vocabulary.fields))
        elif field.kind is FieldKind.SET:
            when[name] = _set_test(table.table(name), field)
        elif field.kind is FieldKind.INTEGER:
            when[name] = _range(table, field)
        else:
            when[name] = frozenset(table.words(name, [str(value) for value in field.values]))
    return MappingProxyType(when)


def _set_test(table: Table, field: Field) -> SetTest:
    known = [str(value) for value in field.values]
    parts = {
        word: frozenset[Value](table.words(word, known) if table.has(word) else ())
        for word in ("any", "all", "none")
    }
    if not any(parts.values()):
        table.wrong(mark('needs a list "any", "all" or "none"'))
    table.done()
    return SetTest(parts["any"], parts["all"], parts["none"])


def _range(table: Table, field: Field) -> frozenset[Value]:
    raw = str(table.get(field.name))
    first, _, last = raw.partition("-")
    last = last or first
    if len(raw) > 9 or not (raw.isascii() and first.isdecimal() and last.isdecimal()):
        no_range = mark('"%(key)s" must be a number or a range such as "7-14", not "%(value)s"')
        table.wrong(no_range, key=field.name, value=raw[:40])
        return frozenset()
    low, high = int(first), int(last)
    if low > high or low not in field.values or high not in field.values:
        strayed = mark('"%(key)s": %(value)s is not a range within %(first)s-%(last)s')
        ends = {"first": field.values[0], "last": field.values[-1]}
        table.wrong(strayed, key=field.name, value=raw, **ends)
        return frozenset()
    return frozenset[Value](range(low, high + 1))


def _gives(table: Table, vocabulary: Vocabulary) -> Iterator[Give]:
    """Yield what `then` states, in the order of the vocabulary."""
    nothing = True
    for output in vocabulary.outputs.values():
        if not table.has(output.name):
            continue
        if output.per is None:
            for value in _values(table, output.name, output):
                nothing = False
                yield Give(output.name, "", value)
            continue
        members = tuple(map(str, vocabulary.outputs[output.per].values))
        inner = table.table(output.name)
        for member in inner.keys():  # noqa: SIM118  (a method of Table)
            inner.check(output.name, member, members)
            for value in _values(inner, member, output):
                nothing = False
                yield Give(output.name, member, value)
    table.done()
    if nothing:
        table.wrong(mark("gives nothing"))


def _values(table: Table, key: str, output: Output) -> Sequence[Value]:
    if output.policy is Policy.OR:
        return (True,) if table.flag(key) else ()
    known = tuple(map(str, output.values))
    if not output.single:
        return table.words(key, known)
    value = table.word(key, known)
    return (value,) if value in known else ()
