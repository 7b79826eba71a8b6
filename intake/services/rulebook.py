"""The rules in force at any instant, as the database keeps them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from math import inf
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection

from intake.domain.rule_tables import BESIDE
from intake.domain.vocabulary import misfits
from intake.store import rules
from intake.store.database import Database
from routing_rules.book import VOCABULARY, Book, make_book
from routing_rules.budget import Budget
from routing_rules.document import Document, read_document
from routing_rules.verify import refuse_unproved
from routing_rules.vocabulary import RulesInvalid

Digests = tuple[tuple[str, str], ...]
"""Each layer with the set in force; the vocabulary is one of them."""


class Published(NamedTuple):
    """A publication that was not withdrawn."""

    id: UUID
    layer: str
    digest: str
    in_force_at: datetime


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
    _proved: dict[Digests, RulesInvalid | None] = field(default_factory=dict)

    def edition(self, at: datetime) -> Edition:
        """The edition in force; before the first one it is the first."""
        return self._until(at)[-1]

    def at(self, at: datetime) -> Book:
        """The book in force. Raises RulesInvalid."""
        return self.book(self.edition(at).digests)

    def to_decide_by(self, at: datetime) -> Book:
        """The book in force, or of the last edition before it by which every report finds its
        lead: rules that this program cannot use stop no report.

        Raises RulesInvalid where there is none.
        """
        refused = None
        for edition in reversed(self._until(at)):
            refused = self.refusal(edition)
            if refused is None:
                return self.book(edition.digests)
        raise refused or RulesInvalid(["no rules are in force"])

    def refusal(self, edition: Edition) -> RulesInvalid | None:
        """Why reports cannot be decided by an edition, None where they can."""
        digests = edition.digests
        if digests not in self._proved:
            refused = None
            try:
                book = self.book(digests)
                if unfit := list(misfits(book.base.vocabulary)):
                    raise RulesInvalid(unfit)
                for table, _ in book.every:
                    refuse_unproved(table, Budget(seconds=inf))  # however busy the machine is
            except RulesInvalid as error:
                refused = error
            self._proved[digests] = refused
        return self._proved[digests]

    def book(self, digests: Digests) -> Book:
        """The book of these sets. Raises RulesInvalid."""
        book = self._books.get(digests)
        if book is None:
            book = self._books[digests] = self.made_of(digests)
        return book

    def made_of(self, digests: Digests, instead: Collection[Document] = ()) -> Book:
        """The book of these sets, with some drafts in their places or beside them.

        Raises RulesInvalid.
        """
        drafted = {document.id or VOCABULARY: document for document in instead}
        kept = self.documents((layer, d) for layer, d in digests if layer not in drafted)
        documents = {**kept, **drafted}
        if VOCABULARY not in documents:
            raise RulesInvalid(["no vocabulary is in force"])
        return make_book(documents.pop(VOCABULARY), documents.values(), BESIDE)

    def documents(self, digests: Iterable[tuple[str, str]]) -> dict[str, Document]:
        """The sets of layers by their digests, as they were written. Raises RulesInvalid."""
        wanted = dict(digests)
        missing = [digest for digest in wanted.values() if digest not in self._documents]
        found = self.fetch(missing) if missing else {}
        for layer, digest in wanted.items():
            if digest in missing:
                if digest not in found:
                    raise RulesInvalid([f"{layer}: the set in force is not kept in the database"])
                document = read_document(found[digest], layer)
                if document.digest != digest:
                    raise RulesInvalid([f"{layer}: the stored set is not what its digest names"])
                self._documents[digest] = document
        return {layer: self._documents[digest] for layer, digest in wanted.items()}

    def coming(self, at: datetime) -> Sequence[Edition]:
        """The edition in force and those after it."""
        return self.editions[len(self._until(at)) - 1 :]

    def _until(self, at: datetime) -> Sequence[Edition]:
        """The editions of before and the one in force, which is the last; never none."""
        number = bisect_right(self.editions, at, key=lambda edition: edition.since)
        return self.editions[: max(number, 1)]


def stored_rulebook(database: Database, known: Rulebook | None = None) -> Rulebook | None:
    """The rulebook of the database, None if no set was ever published.

    ``known``: one that was read before, whose books need not be made again.
    """
    with database.read() as connection:
        editions = editions_of(published(connection))
    if not editions:
        return None

    def fetch(digests: Collection[str]) -> Mapping[str, str]:
        with database.read() as connection:
            return rules.texts(connection, digests)

    if known is None:
        return Rulebook(editions, fetch)
    return replace(known, editions=editions, fetch=fetch)


def published(connection: Connection) -> list[Published]:
    """Every publication that was not withdrawn, in the order in which they come into force."""
    return [Published(*row) for row in rules.timeline(connection)]


def editions_of(timeline: Iterable[Published]) -> list[Edition]:
    """The editions that a timeline makes: a set stays in force until the next of its layer."""
    editions: list[Edition] = []
    digests: dict[str, str] = {}
    for since, published in groupby(timeline, lambda row: row.in_force_at):
        digests = digests | {row.layer: row.digest for row in published}
        editions.append(Edition(since, tuple(sorted(digests.items()))))
    return editions
