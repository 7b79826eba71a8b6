"""Drafts of rule sets: begun from a set that was published, saved, read and proved."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from intake.domain.row_id import new_id
from intake.domain.trail import Action
from intake.services.prove import Agencies, Flaw, Proof, unresolvable
from intake.services.proving import Proving
from intake.services.rule_editor import Editor
from intake.services.rulebook import Rulebook, stored_rulebook
from intake.store import rules
from intake.store.columns import AnyRow
from intake.store.database import Database
from routing_rules.book import VOCABULARY, Book
from routing_rules.document import Document, read_document
from routing_rules.problem import Problem, mark
from routing_rules.vocabulary import RulesInvalid

_LAYER = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
NO_LAYER = mark('"id" of [ruleset] must be 1 to 64 of a-z, 0-9, "-" and "_", and not "vocabulary"')
FIXED = ("id", "extends", "tier")
NEW = ""
"""In the place of a digest: the draft is of a set that is not there yet."""


class SetNotYours(Exception):
    """There is no such set, or others keep it."""


class DraftGone(Exception):
    """The draft was published or thrown away."""


class DraftChanged(Exception):
    """Somebody has saved or proposed the draft since it was shown."""


class HeadChanged(Exception):
    """An editor may not change which set it is, what it extends, for whom it stands."""

    def __init__(self, key: str) -> None:
        self.problem = Problem(mark('"%(key)s" of [ruleset] may not be changed here'), key=key)
        super().__init__(self.problem)


@dataclass(frozen=True)
class Checked:
    """A draft as it was read. Without a ``book`` the ``problems`` say why it cannot be read.

    ``already``: agencies that are missing, or that nobody can open, whatever the draft says: they
    are so under the rules in force.
    """

    document: Document | None = None
    book: Book | None = None
    proof: Proof | None = None
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


def stamp_of(draft: AnyRow) -> str:
    """What a page shows of a draft's state: another one once it was saved or proposed."""
    return " ".join(at.isoformat() if at else "-" for at in (draft.saved_at, draft.proposed_at))


@dataclass(frozen=True)
class Drafts:
    """Drafts of the sets that an editor keeps. ``agencies`` says where recipients are to be found
    at an instant; ``known``: rules read before, which need not be read again.

    Sets that nobody keeps, such as the base, are written by operators and published by any editor;
    so is a new set by the keepers of the set that it extends.
    """

    database: Database
    agencies: Callable[[datetime], Agencies]
    proving: Proving
    known: Rulebook

    def layers(self, editor: Editor) -> list[Document]:
        """The sets that the editor may publish, as they were published last."""
        documents = self._last(self.rulebook()).values()
        return [document for document in documents if self._may_publish(editor, document)]

    def last(self, layer: str) -> Document | None:
        """A set as it was published last."""
        return self._last(self.rulebook()).get(layer)

    def layer(self, editor: Editor, layer: str) -> Document:
        """A set that the editor may write, as it was published last. Raises SetNotYours."""
        document = self.last(layer)
        if document is None or not self._may_write(editor, document):
            raise SetNotYours
        return document

    def begin(self, editor: Editor, layer: str, now: datetime, *, like: str | None = None) -> UUID:
        """A new draft: of the set published last, or of an earlier one whose digest is ``like``.

        Raises SetNotYours.
        """
        document = self.layer(editor, layer)
        text = document.text
        if like is not None:
            with self.database.read() as connection:
                earlier = {row.digest for row in rules.publications(connection, layer)}
                found = rules.texts(connection, {like} & earlier)
            if like not in found:
                raise SetNotYours
            text = found[like]
        return self._add(editor, layer, document.digest, text, now)

    def bring(self, editor: Editor, text: str, now: datetime) -> UUID:
        """A draft of an operator's text, of a set that may be new. Raises RulesInvalid,
        SetNotYours.
        """
        if editor.id is not None:
            raise SetNotYours
        document = read_document(text, "the set")
        layer = document.id or VOCABULARY
        if (document.id and not _LAYER.fullmatch(document.id)) or document.id == VOCABULARY:
            raise RulesInvalid([Problem(NO_LAYER).at("the set")])
        last = self.last(layer)
        return self._add(editor, layer, last.digest if last else NEW, text, now)

    def draft(self, editor: Editor, draft_id: UUID) -> AnyRow:
        """An open draft of a set that the editor may write, or a proposal that the editor may
        publish. Raises DraftGone, SetNotYours.
        """
        with self.database.read() as connection:
            row = rules.draft(connection, draft_id)
        if row is None:
            raise DraftGone
        if not self._may_see(editor, row, self._last(self.rulebook())):
            raise SetNotYours
        return row

    def writable(self, editor: Editor, draft_id: UUID) -> AnyRow:
        """An open draft of a set that the editor may write. Raises DraftGone, SetNotYours."""
        row = self.draft(editor, draft_id)
        if not self.may_write(editor, row.layer):
            raise SetNotYours
        return row

    def drafts(self, editor: Editor) -> list[AnyRow]:
        """The open drafts that ``draft`` gives, the newest first."""
        last = self._last(self.rulebook())
        with self.database.read() as connection:
            return [row for row in rules.drafts(connection) if self._may_see(editor, row, last)]

    def may_write(self, editor: Editor, layer: str) -> bool:
        """Whether the editor may begin, save, propose and throw away drafts of a set."""
        document = self.last(layer)
        return editor.id is None or bool(document and self._may_write(editor, document))

    def may_publish(self, editor: Editor, layer: str) -> bool:
        """Whether the editor publishes and withdraws a set that is there already."""
        document = self.last(layer)
        return document is not None and self._may_publish(editor, document)

    def save(self, editor: Editor, draft_id: UUID, content: str, seen: str, now: datetime) -> None:
        """Save a draft as it was last shown, ``seen``; a proposal of it is taken back.

        Raises DraftGone, DraftChanged, SetNotYours. Anything may be saved, also what does not hold;
        a text that is the same leaves the proposal and its writer as they were.
        """
        row = self.writable(editor, draft_id)
        digest = self.last_digest(row.layer)
        content = content.replace("\r\n", "\n")
        if (row.content, row.from_digest) == (content, digest):
            return
        if stamp_of(row) != seen:
            raise DraftChanged
        values = {
            "content": content,
            "from_digest": digest,
            "saved_by": editor.id,
            "saved_at": now,
            "proposed_by": None,
            "proposed_at": None,
        }
        with self.database.write() as connection:
            if not rules.change_draft(connection, row, **values):
                raise DraftChanged

    def read(self, row: AnyRow) -> Checked:
        """Read a draft over what was published last, without a proof."""
        rulebook = self.rulebook()
        try:
            document = read_document(row.content, row.layer)
            self._refuse_other_head(row, self._last(rulebook).get(row.layer), document)
            book = rulebook.made_of(rulebook.editions[-1].digests, [document])
        except HeadChanged as error:
            return Checked(problems=(error.problem.at(row.layer),))
        except RulesInvalid as error:
            return Checked(problems=tuple(error.problems))
        return Checked(document, book)

    def check(self, row: AnyRow, now: datetime) -> Checked:
        """Read and prove a draft over what was published last. Raises ProofsBusy."""
        checked = self.read(row)
        if checked.book is None:
            return checked
        proof = self.proving(checked.book, self.agencies(now))
        already = self.already(now) if proof.flaws else frozenset()
        return replace(checked, proof=proof, already=already)

    def already(self, now: datetime) -> frozenset[Flaw]:
        """Which agencies are missing or unmanned under the rules in force, and those to come."""
        rulebook, agencies = self.rulebook(), self.agencies(now)
        found = set(unresolvable(rulebook.to_decide_by(now), agencies))
        for edition in rulebook.coming(now):
            with suppress(RulesInvalid):
                found.update(unresolvable(rulebook.book(edition.digests), agencies))
        return frozenset(found)

    def throw_away(self, editor: Editor, draft_id: UUID, seen: str, now: datetime) -> None:
        """Close a draft without publishing it. Raises DraftGone, DraftChanged, SetNotYours."""
        row = self.to_write(editor, draft_id, seen)
        with self.database.write() as connection:
            if not rules.change_draft(connection, row, closed_at=now):
                raise DraftChanged
            said = "proposed" if row.proposed_at else "not proposed"
            editor.leave_line(connection, Action.DISCARD_RULES, row.layer, said, now)

    def to_write(self, editor: Editor, draft_id: UUID, seen: str) -> AnyRow:
        """A draft as it was ``seen``. Raises DraftGone, DraftChanged, SetNotYours."""
        row = self.writable(editor, draft_id)
        if stamp_of(row) != seen:
            raise DraftChanged
        return row

    def last_digest(self, layer: str) -> str:
        """Of the set of a layer that was published last; NEW where there is none."""
        return self.rulebook().editions[-1].digest_of(layer) or NEW

    def rulebook(self) -> Rulebook:
        """What is published."""
        return stored_rulebook(self.database, self.known) or self.known

    def _add(self, editor: Editor, layer: str, digest: str, text: str, now: datetime) -> UUID:
        row = {
            "id": new_id(now),
            "layer": layer,
            "from_digest": digest,
            "content": text,
            "saved_by": editor.id,
            "saved_at": now,
        }
        with self.database.write() as connection:
            rules.add_draft(connection, row)
        return UUID(str(row["id"]))

    def _last(self, rulebook: Rulebook) -> dict[str, Document]:
        return rulebook.documents(rulebook.editions[-1].digests)

    def _may_write(self, editor: Editor, document: Document) -> bool:
        return editor.id is None or bool(editor.controllers & set(document.keepers))

    def _may_publish(self, editor: Editor, document: Document) -> bool:
        return not document.keepers or self._may_write(editor, document)

    def _may_see(self, editor: Editor, row: AnyRow, last: Mapping[str, Document]) -> bool:
        document = last.get(row.layer)
        if editor.id is None or (document and self._may_write(editor, document)):
            return True
        if row.proposed_at is None:
            return False
        document = document or last.get(_extended(row))
        return document is not None and self._may_publish(editor, document)

    def _refuse_other_head(self, row: AnyRow, kept: Document | None, document: Document) -> None:
        """Raise HeadChanged: what a set is, and for whom, operators alone may change."""
        if (document.id or VOCABULARY) != row.layer:
            raise HeadChanged("id")
        if row.saved_by is None or kept is None:
            return
        for key in FIXED:
            if document.head(key) != kept.head(key):
                raise HeadChanged(key)
        if document.areas != kept.areas:
            raise HeadChanged("areas")
        if document.keepers != kept.keepers:
            raise HeadChanged("keepers")


def _extended(row: AnyRow) -> str:
    """The set that a draft extends."""
    try:
        return read_document(row.content, row.layer).extends
    except RulesInvalid:
        return ""
