"""Reading a rule file. Every fault is found and said; nothing half-right is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from routing_rules import tables
from routing_rules.canonical import digest
from routing_rules.load_vocabulary import load_vocabulary
from routing_rules.reading import Table, read_toml
from routing_rules.rule import Basis, BasisKind, Rule, SetTest, Test, Then, Usual
from routing_rules.ruleset import RuleSet
from routing_rules.verify import verify
from routing_rules.vocabulary import (
    Field,
    FieldKind,
    RulesInvalid,
    Value,
    Vocabulary,
    did_you_mean,
)


def load(path: Path, vocabulary_path: Path | None = None) -> RuleSet:
    """Load a rule file and its vocabulary (by default `vocabulary.toml` beside it).

    Raises RulesInvalid with every fault found. Does not prove the rules complete: see
    `load_checked`.
    """
    path = Path(path)
    vocabulary = load_vocabulary(vocabulary_path or path.parent / "vocabulary.toml")
    problems: list[str] = []
    top = Table(read_toml(path), path.name, problems)
    head = top.table("ruleset")
    bases = dict(map(_basis, top.tables("basis", "basis")))
    clocks = tables.clocks(top, vocabulary)
    rules = [_rule(each, vocabulary, bases) for each in top.tables("rule", "rule")]
    rules.sort(key=lambda rule: _rank(rule.tier, vocabulary))
    valid_from, valid_to = head.validity()
    ruleset = RuleSet(
        id=head.string("id"),
        title=head.text("title"),
        valid_from=valid_from,
        valid_to=valid_to,
        vocabulary=vocabulary,
        rules=tuple(rules),
        usual=_usual(top.table("recipient"), vocabulary),
        bases=MappingProxyType(bases),
        standby=tables.standby(top.table("standby"), vocabulary, bases),
        hand_overs=tables.hand_overs(top, vocabulary, bases),
        clocks=clocks,
        chases=tables.chases(top, vocabulary),
        cases=tables.cases(top, vocabulary, frozenset(rule.id for rule in rules)),
    )
    head.done()
    top.done()
    _check_clocks(ruleset, top)
    if problems:
        raise RulesInvalid(problems)
    return replace(ruleset, digest=digest(ruleset))


def load_checked(path: Path, vocabulary_path: Path | None = None) -> RuleSet:
    """Load and prove: RulesInvalid also when some facts have no lead, or two."""
    ruleset = load(path, vocabulary_path)
    findings = verify(ruleset)
    if findings:
        raise RulesInvalid(f"{Path(path).name}: {finding.line()}" for finding in findings)
    return ruleset


def _rank(tier: str, vocabulary: Vocabulary) -> int:
    return vocabulary.tiers.index(tier) if tier in vocabulary.tiers else len(vocabulary.tiers)


def _basis(table: Table) -> tuple[str, Basis]:
    kind = table.word("kind", tuple(BasisKind))
    law = table.string("law") if table.has("law") else None
    if kind == BasisKind.LAW and not law:
        table.wrong('a basis of kind "law" needs "law", the provision')
    valid_from, valid_to = table.validity()
    basis = Basis(
        id=table.string("id"),
        kind=BasisKind(kind) if kind in tuple(BasisKind) else BasisKind.DEFAULT,
        text=table.text("text"),
        law=law,
        confirmed=table.flag("confirmed"),
        valid_from=valid_from,
        valid_to=valid_to,
    )
    table.done()
    return basis.id, basis


def _usual(table: Table, vocabulary: Vocabulary) -> Mapping[str, Usual]:
    usual = {}
    for kind in vocabulary.recipients:
        one = table.table(kind)
        usual[kind] = Usual(
            sections=one.words("sections", vocabulary.sections),
            clocks=one.words("clocks", vocabulary.clocks),
        )
        one.done()
    table.done()
    return MappingProxyType(usual)


def _rule(table: Table, vocabulary: Vocabulary, bases: Mapping[str, Basis]) -> Rule:
    named = table.word("basis", tuple(bases)) if table.has("basis") else ""
    rule = Rule(
        id=table.string("id"),
        tier=table.word("tier", vocabulary.tiers),
        title=table.text("title"),
        because=table.text("because"),
        basis=bases.get(named),
        fallback=table.flag("fallback"),
        when=_when(table.table("when"), vocabulary),
        then=_then(table.table("then"), vocabulary),
    )
    table.done()
    then = rule.then
    if then.kinds and not named:
        table.wrong('"basis" is missing: who gets a report gets it on a basis')
    if then.nobody and then.kinds:
        table.wrong('"nobody" and a recipient exclude each other')
    if rule.fallback and not then.leads:
        table.wrong('a fallback rule needs "lead" or "nobody"')
    if rule.fallback and (then.withhold or then.withhold_sections):
        table.wrong("a fallback rule cannot withhold")
    for kind in (*then.clocks, *then.sections):
        if kind not in then.kinds:
            table.wrong(f'clocks and sections for "{kind}", which this rule does not add')
    return rule


def _when(table: Table, vocabulary: Vocabulary) -> Mapping[str, Test]:
    when: dict[str, Test] = {}
    for name in table.keys():  # noqa: SIM118  (a method of Table, not of a dict)
        field = vocabulary.fields.get(name)
        if field is None:
            table.wrong(f'unknown field "{name}"{did_you_mean(name, vocabulary.fields)}')
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
        table.wrong('needs a list "any", "all" or "none"')
    table.done()
    return SetTest(parts["any"], parts["all"], parts["none"])


def _range(table: Table, field: Field) -> frozenset[Value]:
    raw = table.get(field.name)
    first, _, last = str(raw).partition("-")
    last = last or first
    if isinstance(raw, bool) or not (first.isdecimal() and last.isdecimal()):
        table.wrong(f'"{field.name}" must be a number or a range such as "7-14", not {raw!r}')
        return frozenset()
    found = frozenset[Value](range(int(first), int(last) + 1))
    if not found or not found <= set(field.values):
        table.wrong(
            f'"{field.name}": {raw} is not a range within {field.values[0]}-{field.values[-1]}'
        )
    return found


def _then(table: Table, vocabulary: Vocabulary) -> Then:
    def words(key: str, known: tuple[str, ...]) -> tuple[str, ...]:
        return table.words(key, known) if table.has(key) else ()

    def by_kind(key: str, known: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
        if not table.has(key):
            return MappingProxyType({})
        inner = table.table(key)
        kinds = inner.keys()
        for kind in kinds:
            inner.check(key, kind, vocabulary.recipients)
        return MappingProxyType({kind: inner.words(kind, known) for kind in kinds})

    desks = by_kind("desk", vocabulary.desks)
    for kind, several in desks.items():
        if len(several) > 1:
            table.wrong(f'"desk" names several desks for "{kind}"')
    then = Then(
        lead=table.word("lead", vocabulary.leads) if table.has("lead") else None,
        nobody=table.flag("nobody"),
        add=words("add", vocabulary.recipients),
        clocks=by_kind("clocks", vocabulary.clocks),
        sections=by_kind("sections", vocabulary.sections),
        desk=MappingProxyType({kind: several[0] for kind, several in desks.items() if several}),
        withhold=words("withhold", vocabulary.recipients),
        withhold_sections=by_kind("withhold_sections", vocabulary.sections),
        alert=table.flag("alert"),
        notices=words("notices", vocabulary.notices),
    )
    table.done()
    given = (then.kinds, then.nobody, then.desk, then.withhold, then.withhold_sections)
    if not any((*given, then.alert, then.notices)):
        table.wrong("gives nothing")
    return then


def _check_clocks(ruleset: RuleSet, top: Table) -> None:
    described = {str(clock["id"]) for clock in ruleset.clocks}
    used = {clock for usual in ruleset.usual.values() for clock in usual.clocks}
    used.update(
        clock for rule in ruleset.rules for each in rule.then.clocks.values() for clock in each
    )
    used.update(clock for hand_over in ruleset.hand_overs for clock in hand_over.clocks)
    for clock in sorted(used & set(ruleset.vocabulary.clocks) - described):
        top.wrong(f'clock "{clock}" is used, but has no [[clock]] table')
