"""The rules in force at any instant, as the database keeps them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby

from intake.domain.rule_tables import BESIDE
from intake.store import rules
from intake.store.columns import AnyRow
from intake.store.database import Database
from routing_rules.book import VOCABULARY, Book, make_book
from routing_rules.document import Document, read_document
from routing_rules.vocabulary import RulesInvalid

Digests = tuple[tuple[str, str], ...]
"""Each layer with the set in force; the vocabulary is one of them."""


@dataclass(frozen=True)
class Edition:
    """All sets in force together, since an instant, until the next edition."""

    since: datetime
    digests: Digests

    def digest_of(self, layer: str) -> str | None:
        """The set of a layer, None where it has none."""
        return dict(self.digests).get(layer)


@dataclass(frozen=True)
class Rulebook:
    """Every edition, the oldest first. ``fetch`` gives the texts of digests.

    Books are made when they are asked for, and kept: a set that was in force never changes.
    """

    editions: Sequence[Edition]
    fetch: Callable[[Collection[str]], Mapping[str, str]]
    _documents: dict[str, Document] = field(default_factory=dict)
    _books: dict[Digests, Book] = field(default_factory=dict)

    def edition(self, at: datetime) -> Edition:
        """The edition in force; before the first one it is the first."""
        number = bisect_right(self.editions, at, key=lambda edition: edition.since)
        return self.editions[max(number - 1, 0)]

    def at(self, at: datetime) -> Book:
        """The book in force. Raises RulesInvalid."""
        digests = self.edition(at).digests
        book = self._books.get(digests)
        if book is None:
            book = self._books[digests] = self.made_of(digests)
        return book

    def made_of(self, digests: Digests, instead: Collection[Document] = ()) -> Book:
        """The book of these sets, with some drafts in their places or beside them.

        Raises RulesInvalid.
        """
        drafted = {document.id or VOCABULARY: document for document in instead}
        kept = {layer: digest for layer, digest in digests if layer not in drafted}
        missing = [digest for digest in kept.values() if digest not in self._documents]
        found = self.fetch(missing) if missing else {}
        for layer, digest in kept.items():
            if digest in missing:
                if digest not in found:
                    raise RulesInvalid([f"{layer}: the set in force is not kept in the database"])
                document = read_document(found[digest], layer)
                if document.digest != digest:
                    raise RulesInvalid([f"{layer}: the stored set is not what its digest names"])
                self._documents[digest] = document
        documents = {layer: self._documents[digest] for layer, digest in kept.items()} | drafted
        if VOCABULARY not in documents:
            raise RulesInvalid(["no vocabulary is in force"])
        return make_book(documents.pop(VOCABULARY), documents.values(), BESIDE)


def stored_rulebook(database: Database, known: Rulebook | None = None) -> Rulebook | None:
    """The rulebook of the database, None if no set was ever published.

    ``known``: one that was read before, whose books need not be made again.
    """
    with database.read() as connection:
        editions = editions_of(rules.timeline(connection))
    if not editions:
        return None

    def fetch(digests: Collection[str]) -> Mapping[str, str]:
        with database.read() as connection:
            return rules.texts(connection, digests)

    if known is None:
        return Rulebook(editions, fetch)
    return replace(known, editions=editions, fetch=fetch)


def editions_of(timeline: Sequence[AnyRow]) -> list[Edition]:
    """The editions that a timeline makes: a set stays in force until the next of its layer."""
    editions: list[Edition] = []
    digests: dict[str, str] = {}
    for since, published in groupby(timeline, lambda row: row.in_force_at):
        digests = digests | {row.layer: row.digest for row in published}
        editions.append(Edition(since, tuple(sorted(digests.items()))))
    return editions
