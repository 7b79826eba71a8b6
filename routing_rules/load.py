"""Reading rule sets. Every fault is found and said; nothing half-right is loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from routing_rules.canonical import digest
from routing_rules.document import Document, read_document_file
from routing_rules.load_cases import read_cases
from routing_rules.load_rules import MOST_RULES, read_rules
from routing_rules.load_vocabulary import read_vocabulary
from routing_rules.problem import Problem, mark
from routing_rules.reading import Table, is_id, validity_of
from routing_rules.rule import Basis, BasisKind, Case, Give, Rule
from routing_rules.ruleset import RuleSet
from routing_rules.toml_text import too_deep
from routing_rules.vocabulary import RulesInvalid, Vocabulary


@dataclass(frozen=True)
class Context:
    """What the reader of a further table may know: `base` is whether the set extends no other."""

    vocabulary: Vocabulary
    bases: Mapping[str, Basis]
    base: bool


Beside = Mapping[str, Callable[[Table, Context], Mapping[str, Any]]]
"""Readers of the tables that stand beside the rules, by the table's name. Each gets the whole set
as a table, adds what is wrong to its problems and returns what it read by id."""


@dataclass
class _Merged:
    """What has been read so far, the base first; a later id stands in for an earlier one."""

    usual: dict[str, tuple[Give, ...]] = field(default_factory=dict)
    bases: dict[str, Basis] = field(default_factory=dict)
    rules: dict[str, Rule] = field(default_factory=dict)
    cases: dict[str, Case] = field(default_factory=dict)
    defaults: dict[str, object] = field(default_factory=dict)
    beside: dict[str, dict[str, Any]] = field(default_factory=dict)


def load(path: Path, vocabulary: Path | None = None, beside: Beside | None = None) -> RuleSet:
    """Load the set in `path` over those that it extends, which lie beside it as `<id>.toml`.

    The vocabulary is by default `vocabulary.toml` beside it. Raises RulesInvalid with every fault
    found. Does not prove the rules: see `verify`.
    """
    path = Path(path)
    words = read_document_file(vocabulary or path.parent / "vocabulary.toml")
    chain = [read_document_file(path)]
    while chain[0].extends:
        if len(chain) > len({document.id for document in chain}):
            raise RulesInvalid([circle().at(path.name)])
        chain.insert(0, read_document_file(path.parent / f"{_file_of(chain[0])}.toml"))
    return build(words, chain, beside)


def build(
    vocabulary: Document, layers: Sequence[Document], beside: Beside | None = None
) -> RuleSet:
    """Make one rule set of a vocabulary and its layers, the base first. Raises RulesInvalid."""
    problems: list[Problem] = []
    try:
        return _build(vocabulary, layers, beside or {}, problems)
    except RecursionError as error:
        raise RulesInvalid([*problems, too_deep().at(layers[-1].name)]) from error


def _build(
    words: Document, layers: Sequence[Document], beside: Beside, problems: list[Problem]
) -> RuleSet:
    vocabulary = read_vocabulary(Table(words.raw, (words.name,), problems))
    if problems:
        raise RulesInvalid(problems)
    merged = _Merged()
    for number, document in enumerate(layers):
        top = Table(document.raw, (document.name,), problems)
        last = _read_layer(top, document, vocabulary, merged, beside, base=number == 0)
    if problems:
        raise RulesInvalid(problems)
    order = vocabulary.tiers.index
    return RuleSet(
        id=layers[-1].id,
        title=last[0],
        layers=tuple(document.id for document in layers),
        vocabulary=vocabulary,
        rules=tuple(sorted(merged.rules.values(), key=lambda rule: order(rule.tier))),
        usual=MappingProxyType(merged.usual),
        bases=MappingProxyType(merged.bases),
        cases=tuple(merged.cases.values()),
        defaults=MappingProxyType(merged.defaults),
        beside=MappingProxyType({k: MappingProxyType(v) for k, v in merged.beside.items()}),
        valid_from=last[1],
        valid_to=last[2],
        digest=digest([words.digest, *(document.digest for document in layers)]),
    )


def _read_layer(
    top: Table,
    document: Document,
    vocabulary: Vocabulary,
    merged: _Merged,
    beside: Beside,
    *,
    base: bool,
) -> Any:
    head = top.table("ruleset")
    if not is_id(head.string("id")) and head.has("id"):
        head.wrong(mark('"%(key)s" must be one short line'), key="id")
    title, validity = head.text("title"), validity_of(head)
    tier = vocabulary.tiers[0]
    if base:
        if head.has("extends"):
            head.wrong(mark("the set that it extends is missing"))
    else:
        head.string("extends")
        tier = head.word("tier", vocabulary.tiers) or tier
    for key in ("areas", "keepers"):
        if head.has(key):
            head.words(key)
    _leave_out(head, merged)
    head.done()
    merged.bases.update(map(_basis, top.tables("basis", mark("basis"))))
    merged.usual.update(_usual(top, vocabulary, base=base))
    allowed = vocabulary.tiers[vocabulary.tiers.index(tier) :] if tier in vocabulary.tiers else ()
    rules = read_rules(top, vocabulary, merged.bases, document.id, allowed)
    merged.rules.update((rule.id, rule) for rule in rules)
    if len(merged.rules) > MOST_RULES:
        many = mark("%(count)s rules, with those that it extends, are too many (at most %(most)s)")
        top.wrong(many, count=len(merged.rules), most=MOST_RULES)
    if top.has("case_defaults"):
        merged.defaults.update(top.table("case_defaults").raw())
    cases = read_cases(top, vocabulary, merged.defaults, frozenset(merged.rules))
    merged.cases.update((case.id, case) for case in cases)
    context = Context(vocabulary, merged.bases, base)
    for name, read in beside.items():
        merged.beside.setdefault(name, {}).update(read(top, context))
    top.done()
    return title, *validity


def _leave_out(head: Table, merged: _Merged) -> None:
    """Take out what this set names of those that it extends."""
    if not head.has("without"):
        return
    without = head.table("without")
    for key, known in (("rules", merged.rules), ("cases", merged.cases)):
        if not without.has(key):
            continue
        for name in without.words(key):
            if name not in known:
                gone = Problem(mark('no "%(id)s" to leave out'), id=name)
                without.add_near(gone, name, known)
            known.pop(name, None)
    without.done()


def _basis(table: Table) -> tuple[str, Basis]:
    kind = table.word("kind", tuple(BasisKind))
    law = table.string("law") if table.has("law") else None
    if kind == BasisKind.LAW and not law:
        table.wrong(mark('a basis of kind "law" needs "law", the provision'))
    valid_from, valid_to = validity_of(table)
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


def _usual(top: Table, vocabulary: Vocabulary, *, base: bool) -> Mapping[str, tuple[Give, ...]]:
    """Read [usual]: for each member what comes with it. A base names every member."""
    found: dict[str, tuple[Give, ...]] = {}
    owners = {o.per: vocabulary.outputs[o.per] for o in vocabulary.outputs.values() if o.per}
    owned = {name: vocabulary.beside(name) for name in owners if vocabulary.beside(name)}
    if not owned or not (base or top.has("usual")):
        return found
    table = top.table("usual")
    for name, outputs in owned.items():
        for member in map(str, owners[name].values):
            if not table.has(member) and not base:
                continue
            one = table.table(member)
            gives: list[Give] = []
            for output in outputs:
                words = one.words(output.name, tuple(map(str, output.values)))
                gives += (Give(output.name, member, word) for word in words)
            one.done()
            found[member] = tuple(gives)
    table.done()
    return found


def circle() -> Problem:
    """Return what is said of sets each of which extends the other."""
    return Problem(mark("the sets extend one another in a circle"))


def _file_of(document: Document) -> str:
    """Return the id of the set that a document extends, as a file's name and nothing else."""
    if not document.extends.replace("-", "").replace("_", "").isalnum():
        no_id = Problem(mark('"extends" must be the id of a set'))
        raise RulesInvalid([no_id.at(document.name)])
    return document.extends
