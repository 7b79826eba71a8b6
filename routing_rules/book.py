"""All sets that are in force together, and the rule set of each area made of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType

from routing_rules.canonical import digest
from routing_rules.document import Document, read_document_file
from routing_rules.load import Beside, build, circle
from routing_rules.problem import Problem, mark
from routing_rules.ruleset import RuleSet
from routing_rules.vocabulary import RulesInvalid

VOCABULARY = "vocabulary"


@dataclass(frozen=True)
class Book:
    """A vocabulary, the sets written over it, and what they make for each area.

    `tables` holds the rule set of each area that some set names; `base` is that of the rest.
    """

    vocabulary: Document
    documents: Mapping[str, Document]
    tables: Mapping[str, RuleSet]
    base: RuleSet

    def table(self, area: str | None) -> RuleSet:
        """Return the rule set of an area; the base where no set names it."""
        return self.tables.get(area or "", self.base)

    @cached_property
    def distinct(self) -> tuple[tuple[RuleSet, tuple[str, ...]], ...]:
        """The different rule sets, each with its areas."""
        areas: dict[str, list[str]] = {self.base.digest: []} if not self.tables else {}
        for area, table in self.tables.items():
            areas.setdefault(table.digest, []).append(area)
        tables = {table.digest: table for table in (self.base, *self.tables.values())}
        return tuple((tables[name], tuple(named)) for name, named in areas.items())

    @cached_property
    def every(self) -> tuple[tuple[RuleSet, tuple[str, ...]], ...]:
        """The different rule sets that may decide, the base too: it does where no set names the
        area. Each with its areas."""
        known = any(table.digest == self.base.digest for table, _ in self.distinct)
        return self.distinct if known else (*self.distinct, (self.base, ()))

    @cached_property
    def digest(self) -> str:
        """The SHA-256 (hex) that names the book: of its vocabulary and all of its sets."""
        return digest([self.vocabulary.digest, sorted(d.digest for d in self.documents.values())])


def make_book(
    vocabulary: Document, documents: Iterable[Document], beside: Beside | None = None
) -> Book:
    """Make a book of sets, each id once. Raises RulesInvalid."""
    by_id: dict[str, Document] = {}
    for document in documents:
        if not document.id:
            raise RulesInvalid([Problem(mark("[ruleset] has no id")).at(document.name)])
        if document.id in by_id:
            twice = Problem(mark('the id "%(id)s" is used twice'), id=document.id)
            raise RulesInvalid([twice.at(document.name)])
        by_id[document.id] = document
    bases = [document for document in by_id.values() if not document.extends]
    if len(bases) != 1:
        named = ", ".join(document.name for document in bases) or Problem(mark("none"))
        raise RulesInvalid(
            [Problem(mark("exactly one set extends no other: %(sets)s"), sets=named)]
        )
    made: dict[str, RuleSet] = {}

    def table(name: str) -> RuleSet:
        if name not in made:
            made[name] = build(vocabulary, chain_of(by_id[name], by_id), beside)
        return made[name]

    for name in by_id:
        table(name)
    tables = {area: table(name) for area, name in _areas(by_id).items()}
    return Book(vocabulary, MappingProxyType(by_id), MappingProxyType(tables), table(bases[0].id))


def chain_of(document: Document, by_id: Mapping[str, Document]) -> list[Document]:
    """Return a set with those that it extends, the base first. Raises RulesInvalid."""
    chain = [document]
    while chain[0].extends:
        above = by_id.get(chain[0].extends)
        if above is None:
            name = chain[0].extends
            gone = Problem(mark('the set "%(set)s" that it extends is not there'), set=name)
            raise RulesInvalid([gone.near(name, by_id).at(chain[0].name)])
        if above in chain:
            raise RulesInvalid([circle().at(document.name)])
        chain.insert(0, above)
    return chain


def _areas(by_id: Mapping[str, Document]) -> dict[str, str]:
    """Return the set of each area: of several the one that is written over the others."""
    chains = {name: [d.id for d in chain_of(each, by_id)] for name, each in by_id.items()}
    found: dict[str, str] = {}
    problems: list[Problem] = []
    shared = mark('the area "%(area)s" is also that of "%(set)s", and neither extends the other')
    for name, document in by_id.items():
        for area in document.areas:
            other = found.get(area)
            if other is None or other in chains[name]:
                found[area] = name
            elif name not in chains[other]:
                problems.append(Problem(shared, area=area, set=other).at(document.name))
    if problems:
        raise RulesInvalid(problems)
    return found


def load_book(folder: Path, on: date, beside: Beside | None = None) -> Book:
    """Load the sets of a folder that are valid on a day. Raises RulesInvalid.

    Every `*.toml` but the vocabulary is a set. Files of one id are its versions: their days may
    neither overlap nor leave a gap.
    """
    vocabulary = read_document_file(folder / f"{VOCABULARY}.toml")
    versions: dict[str, list[Document]] = {}
    for path in sorted(folder.glob("*.toml")):
        if path.stem != VOCABULARY:
            document = read_document_file(path)
            versions.setdefault(document.id, []).append(document)
    chosen = [_valid(some, on) for some in versions.values()]
    return make_book(vocabulary, chosen, beside)


def _valid(versions: Sequence[Document], on: date) -> Document:
    """Return the version in force on a day; before the first one it is the first."""
    ordered = sorted(versions, key=lambda document: document.validity[0])
    for one, following in pairwise(ordered):
        last, first = one.validity[1], following.validity[0]
        if last is None or last >= first:
            overlap = Problem(mark("its days overlap those of %(set)s"), set=one.name)
            raise RulesInvalid([overlap.at(following.name)])
        if (first - last).days > 1:
            gap = Problem(mark("days are missing after %(set)s"), set=one.name)
            raise RulesInvalid([gap.at(following.name)])
    begun = [document for document in ordered if document.validity[0] <= on]
    return begun[-1] if begun else ordered[0]
