"""Drafts of rule sets: begun from a set that was published, saved, read and proved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from intake.domain.people import Role
from intake.domain.row_id import new_id
from intake.services.prove import Agencies, Flaw, Proof, prove, unresolvable
from intake.services.rulebook import Edition, Rulebook, stored_rulebook
from intake.store import rules
from intake.store.columns import AnyRow
from intake.store.database import Database
from routing_rules.book import VOCABULARY, Book
from routing_rules.document import Document, read_document
from routing_rules.vocabulary import RulesInvalid

FIXED = ("id", "extends", "tier")


@dataclass(frozen=True)
class Editor:
    """Who writes rules, for which controllers. ``id`` is None for operators on the command line:
    together they count as one person, who may write every set.
    """

    id: UUID | None
    controllers: frozenset[str] = frozenset()

    @property
    def role(self) -> Role | None:
        """As the trail has it."""
        return Role.RULE_EDITOR if self.id else None


class SetNotYours(Exception):
    """There is no such set, or others keep it."""


class DraftGone(Exception):
    """The draft was published or thrown away."""


class DraftChanged(Exception):
    """Somebody has saved or proposed the draft since it was shown."""


class HeadChanged(Exception):
    """A draft may not change which set it is, what it extends, for whom it stands; ``key``."""

    def __init__(self, key: str) -> None:
        super().__init__(f'"{key}" of [ruleset] may not be changed here')
        self.key = key


@dataclass(frozen=True)
class Checked:
    """A draft as it was read. Without a ``book`` the ``problems`` say why it cannot be read.

    ``already``: agencies that are missing, or that nobody can open, whatever the draft says: they
    are so under the rules in force.
    """

    document: Document | None
    book: Book | None
    proof: Proof | None
    problems: tuple[str, ...] = ()
    already: frozenset[Flaw] = frozenset()

    @property
    def flaws(self) -> tuple[Flaw, ...]:
        """For what it may not be put in force."""
        return tuple(f for f in self.proof.flaws if f not in self.already) if self.proof else ()

    @property
    def holds(self) -> bool:
        """Whether it may be put in force."""
        return self.proof is not None and not self.flaws


@dataclass(frozen=True)
class Drafts:
    """Drafts of the sets that an editor keeps. ``agencies`` says where recipients are to be found
    at an instant.
    """

    database: Database
    agencies: Callable[[datetime], Agencies]

    def layers(self, editor: Editor) -> list[Document]:
        """The sets that the editor may write, as they were published last."""
        rulebook = self.rulebook()
        last = rulebook.editions[-1]
        return [
            document
            for layer, _ in last.digests
            for document in [self._document(rulebook, last, layer)]
            if self._may(editor, document)
        ]

    def begin(self, editor: Editor, layer: str, now: datetime, *, like: str | None = None) -> UUID:
        """A new draft: of the set published last, or of an earlier one whose digest is ``like``.

        Raises SetNotYours.
        """
        rulebook = self.rulebook()
        document = self.layer(editor, rulebook, layer)
        text = document.text
        if like is not None:
            with self.database.read() as connection:
                earlier = {row.digest for row in rules.publications(connection, layer)}
                found = rules.texts(connection, {like} & earlier)
            if like not in found:
                raise SetNotYours
            text = found[like]
        draft_id = new_id(now)
        row = {
            "id": draft_id,
            "layer": layer,
            "from_digest": document.digest,
            "content": text,
            "saved_by": editor.id,
            "saved_at": now,
        }
        with self.database.write() as connection:
            rules.add_draft(connection, row)
        return draft_id

    def draft(self, editor: Editor, draft_id: UUID) -> AnyRow:
        """An open draft of a set that is the editor's. Raises DraftGone, SetNotYours."""
        with self.database.read() as connection:
            row = rules.draft(connection, draft_id)
        if row is None:
            raise DraftGone
        self.layer(editor, self.rulebook(), row.layer)
        return row

    def drafts(self, editor: Editor) -> list[AnyRow]:
        """The open drafts of the editor's sets, the newest first."""
        own = {document.id or VOCABULARY for document in self.layers(editor)}
        with self.database.read() as connection:
            return [row for row in rules.drafts(connection) if row.layer in own]

    def save(
        self, editor: Editor, draft_id: UUID, content: str, seen: datetime, now: datetime
    ) -> None:
        """Save a draft as it was last shown, ``seen``; a proposal of it is taken back.

        Raises DraftGone, DraftChanged, SetNotYours. Anything may be saved, also what does not hold;
        a text that is the same leaves the proposal and its writer as they were.
        """
        row = self.draft(editor, draft_id)
        rulebook = self.rulebook()
        document = self.layer(editor, rulebook, row.layer)
        content = content.replace("\r\n", "\n")
        if (row.content, row.from_digest, row.saved_at) == (content, document.digest, seen):
            return
        values = {
            "content": content,
            "from_digest": document.digest,
            "saved_by": editor.id,
            "saved_at": now,
            "proposed_by": None,
            "proposed_at": None,
        }
        self._change(row, seen, **values)

    def check(self, row: AnyRow, now: datetime) -> Checked:
        """Read and prove a draft over what is in force."""
        rulebook = self.rulebook()
        edition = rulebook.editions[-1]
        try:
            document = read_document(row.content, row.layer)
            self._refuse_other_head(rulebook, edition, row.layer, document)
            book = rulebook.made_of(edition.digests, [document])
        except HeadChanged as error:
            return Checked(None, None, None, (f"{row.layer}: {error}",))
        except RulesInvalid as error:
            return Checked(None, None, None, tuple(error.problems))
        agencies = self.agencies(now)
        proof = prove(book, agencies)
        already = unresolvable(rulebook.made_of(edition.digests), agencies) if proof.flaws else ()
        return Checked(document, book, proof, already=frozenset(already))

    def throw_away(self, editor: Editor, draft_id: UUID, now: datetime) -> None:
        """Close a draft without publishing it. Raises DraftGone, SetNotYours."""
        row = self.draft(editor, draft_id)
        self._change(row, row.saved_at, closed_at=now)

    def rulebook(self) -> Rulebook:
        """What is published. Raises SetNotYours where nothing is."""
        rulebook = stored_rulebook(self.database)
        if rulebook is None:
            raise SetNotYours
        return rulebook

    def layer(self, editor: Editor, rulebook: Rulebook, layer: str) -> Document:
        """A set as it was published last. Raises SetNotYours where others keep it."""
        edition = rulebook.editions[-1]
        if edition.digest_of(layer) is None:
            raise SetNotYours
        document = self._document(rulebook, edition, layer)
        if not self._may(editor, document):
            raise SetNotYours
        return document

    def _document(self, rulebook: Rulebook, edition: Edition, layer: str) -> Document:
        book = rulebook.made_of(edition.digests)
        return book.vocabulary if layer == VOCABULARY else book.documents[layer]

    def _may(self, editor: Editor, document: Document) -> bool:
        return editor.id is None or bool(editor.controllers & set(document.keepers))

    def _refuse_other_head(
        self, rulebook: Rulebook, edition: Edition, layer: str, document: Document
    ) -> None:
        kept = self._document(rulebook, edition, layer)
        for key in FIXED:
            if document.head(key) != kept.head(key):
                raise HeadChanged(key)
        if document.areas != kept.areas:
            raise HeadChanged("areas")
        if document.keepers != kept.keepers:
            raise HeadChanged("keepers")

    def _change(self, row: AnyRow, seen: datetime, **values: object) -> None:
        if row.saved_at != seen:
            raise DraftChanged
        with self.database.write() as connection:
            if not rules.change_draft(connection, row, **values):
                raise DraftChanged
