"""Put a set of rules in force: proved, proposed by one person, published by another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from intake.domain.deadline import local_instant
from intake.domain.row_id import new_id
from intake.domain.trail import Action
from intake.services.prove import Flaw, prove, unresolvable
from intake.services.rule_drafts import (
    Checked,
    DraftChanged,
    DraftGone,
    Drafts,
    Editor,
    SetNotYours,
)
from intake.services.rulebook import Rulebook, editions_of
from intake.store import rules, trail
from intake.store.columns import AnyRow
from routing_rules.document import Document
from routing_rules.vocabulary import RulesInvalid

WAITS = timedelta(seconds=60)
"""How long a publication waits at least: until then every process has read it."""
MOST_PURPOSE, MOST_BASIS = 80, 160


class NothingChanged(Exception):
    """The draft says what is in force already."""


class NotProved(Exception):
    """The draft does not hold; ``flaws`` say why."""

    def __init__(self, flaws: Sequence[Flaw]) -> None:
        super().__init__(f"{len(flaws)} findings")
        self.flaws = flaws


class NotProposed(Exception):
    """Nobody has proposed this draft as it stands."""


class SamePerson(Exception):
    """Who wrote or proposed a set does not publish it."""


class OtherPublished(Exception):
    """Another set was published since this draft was begun."""


class TooEarly(Exception):
    """A set that was published before comes into force only after this one would."""


@dataclass(frozen=True)
class Publish:
    """Proposes drafts, publishes them, and withdraws what is not in force yet."""

    drafts: Drafts

    def propose(
        self,
        editor: Editor,
        draft_id: UUID,
        seen: datetime,
        now: datetime,
        in_force_from: date | None = None,
    ) -> str:
        """Propose a draft for a second person to publish; its digest. ``in_force_from``: its first
        day, as soon as it is published if none is named.

        Raises DraftGone, DraftChanged, NotProved, NothingChanged, OtherPublished, SetNotYours and
        RulesInvalid.
        """
        row = self.drafts.draft(editor, draft_id)
        checked = self._held(row, now)
        document = checked.document
        if document is None:
            raise DraftGone
        if row.saved_at != seen:
            raise DraftChanged
        proposal = {
            "proposed_by": editor.id,
            "proposed_at": now,
            "in_force_from": in_force_from,
        }
        with self.drafts.database.write() as connection:
            if not rules.change_draft(connection, row, **proposal):
                raise DraftChanged
            self._trail(connection, editor, Action.PROPOSE_RULES, row.layer, _said(checked), now)
        return document.digest

    def publish(self, editor: Editor, draft_id: UUID, digest: str, now: datetime) -> datetime:
        """Publish what somebody else has proposed, as it was shown: its ``digest``. Returns when it
        comes into force.

        Raises what ``propose`` raises, and NotProposed, SamePerson, TooEarly.
        """
        row = self.drafts.draft(editor, draft_id)
        if row.proposed_at is None:
            raise NotProposed
        if editor.id in (row.proposed_by, row.saved_by):
            raise SamePerson
        checked = self._held(row, now)
        document, proof = checked.document, checked.proof
        if document is None or proof is None or document.digest != digest:
            raise DraftChanged
        in_force_at = now + WAITS
        if row.in_force_from is not None:
            in_force_at = max(in_force_at, local_instant(row.in_force_from, time()))
        rulebook = self.drafts.rulebook()
        self._refuse_before_others(rulebook, row.layer, document, in_force_at, now)
        try:
            with self.drafts.database.write() as connection:
                follows = rules.last_publication(connection)
                self._refuse_stale(connection, rulebook)
                rules.add_text(connection, digest, row.layer, document.text, now)
                rules.publish(
                    connection,
                    {
                        "id": new_id(now),
                        "follows": follows,
                        "layer": row.layer,
                        "digest": digest,
                        "in_force_at": in_force_at,
                        "proposed_by": row.proposed_by,
                        "proposed_at": row.proposed_at,
                        "published_by": editor.id,
                        "published_at": now,
                        "proof": proof.summary,
                    },
                )
                if not rules.change_draft(connection, row, closed_at=now):
                    raise DraftChanged
                self._trail(
                    connection, editor, Action.PUBLISH_RULES, row.layer, _said(checked), now
                )
        except IntegrityError:
            raise OtherPublished from None
        return in_force_at

    def withdraw(self, editor: Editor, publication_id: UUID, now: datetime) -> bool:
        """Withdraw a publication that is not in force yet; whether it was. Raises SetNotYours."""
        with self.drafts.database.read() as connection:
            row = rules.publication(connection, publication_id)
        if row is None:
            raise SetNotYours
        self.drafts.layer(editor, self.drafts.rulebook(), row.layer)
        with self.drafts.database.write() as connection:
            withdrawn = rules.withdraw(connection, publication_id, now + WAITS)
            if withdrawn:
                self._trail(connection, editor, Action.WITHDRAW_RULES, row.layer, row.digest, now)
        return withdrawn

    def _held(self, row: AnyRow, now: datetime) -> Checked:
        """A draft that may be put in force, over the set that it was begun from."""
        rulebook = self.drafts.rulebook()
        if rulebook.editions[-1].digest_of(row.layer) != row.from_digest:
            raise OtherPublished
        checked = self.drafts.check(row, now)
        if checked.problems:
            raise RulesInvalid(checked.problems)
        if checked.document and checked.document.digest == row.from_digest:
            raise NothingChanged
        if not checked.holds:
            raise NotProved(checked.flaws)
        return checked

    def _refuse_before_others(
        self,
        rulebook: Rulebook,
        layer: str,
        document: Document,
        in_force_at: datetime,
        now: datetime,
    ) -> None:
        """Prove each edition that this set will be part of. Raises TooEarly, NotProved."""
        previous: str | None = None
        for edition in rulebook.editions:
            if edition.digest_of(layer) != previous and edition.since >= in_force_at:
                raise TooEarly
            previous = edition.digest_of(layer)
        first = rulebook.edition(in_force_at)
        later = [edition for edition in rulebook.editions if edition.since > in_force_at]
        agencies = self.drafts.agencies(now)
        for edition in (first, *later):
            proof = prove(rulebook.made_of(edition.digests, [document]), agencies)
            already = set(unresolvable(rulebook.made_of(edition.digests), agencies))
            if flaws := [flaw for flaw in proof.flaws if flaw not in already]:
                raise NotProved(flaws)

    def _refuse_stale(self, connection: Connection, rulebook: Rulebook) -> None:
        if editions_of(rules.timeline(connection)) != list(rulebook.editions):
            raise OtherPublished

    def _trail(
        self,
        connection: Connection,
        editor: Editor,
        action: Action,
        layer: str,
        said: str,
        now: datetime,
    ) -> None:
        """A line with the set, what was proved and the digest that names it."""
        trail.write_line(
            connection,
            at=now,
            action=action,
            person_id=editor.id,
            role=editor.role,
            purpose=layer[:MOST_PURPOSE],
            basis=said[:MOST_BASIS],
        )


def _said(checked: Checked) -> str:
    """What the trail keeps of a proof: the digest, and that nothing was found."""
    if checked.document is None or checked.proof is None:
        raise NotProposed
    return f"{checked.document.digest}; {checked.proof.rules} rules proved, 0 findings"
