"""Put a set of rules in force: proved, proposed by one person, published by another."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from intake.domain.deadline import local_instant
from intake.domain.row_id import new_id
from intake.domain.trail import Action
from intake.services.prove import Flaw, Proof
from intake.services.rule_drafts import DraftChanged, Drafts, SetNotYours, stamp_of
from intake.services.rule_editor import Editor
from intake.services.rulebook import Digests, Edition, Published, editions_of, published
from intake.store import rules
from intake.store.columns import AnyRow
from routing_rules.document import Document
from routing_rules.vocabulary import RulesInvalid

WAITS = timedelta(seconds=60)
"""How long a publication waits at least: until then every process has read it."""


class NothingChanged(Exception):
    """The draft says what is in force already."""


class NotProved(Exception):
    """The rules would not hold; ``flaws`` say why."""

    def __init__(self, flaws: Sequence[Flaw]) -> None:
        super().__init__(f"{len(flaws)} findings")
        self.flaws = flaws


class NotProposed(Exception):
    """Nobody has proposed this draft as it stands."""


class SamePerson(Exception):
    """Who wrote or proposed a set does not publish it."""


class OtherPublished(Exception):
    """Another set was published or withdrawn since this was begun."""


class TooEarly(Exception):
    """A set that was published before comes into force only after this one would."""


class OthersNeedIt(Exception):
    """A set that waits was proved together with this one, and does not hold without it."""


@dataclass(frozen=True)
class Publish:
    """Proposes drafts, publishes them, and withdraws what is not in force yet.

    ``now`` is the clock: proofs take their time, and the minute is counted from after them.
    """

    drafts: Drafts
    now: Callable[[], datetime]

    def propose(
        self, editor: Editor, draft_id: UUID, seen: str, in_force_from: date | None = None
    ) -> str:
        """Propose a draft as it was ``seen`` for a second person to publish; its digest.
        ``in_force_from``: its first day, as soon as it is published if none is named.

        Raises DraftGone, DraftChanged, NotProved, NothingChanged, OtherPublished, SetNotYours,
        ProofsBusy and RulesInvalid.
        """
        row = self.drafts.to_write(editor, draft_id, seen)
        document = self._readable(row)
        checked = self.drafts.check(row, self.now())
        if checked.proof is None or not checked.holds:
            raise NotProved(checked.flaws)
        now = self.now()
        proposal = {
            "proposed_by": editor.id,
            "proposed_at": now,
            "in_force_from": in_force_from,
        }
        with self.drafts.database.write() as connection:
            if not rules.change_draft(connection, row, **proposal):
                raise DraftChanged
            said = _said(document, checked.proof)
            editor.leave_line(connection, Action.PROPOSE_RULES, row.layer, said, now)
        return document.digest

    def publish(self, editor: Editor, draft_id: UUID, digest: str, seen: str) -> datetime:
        """Publish what somebody else has proposed, as it was shown: its ``digest`` and what was
        ``seen`` of it. Returns when it comes into force.

        Raises what ``propose`` raises, and NotProposed, SamePerson, TooEarly.
        """
        timeline = self._timeline()
        row = self.drafts.draft(editor, draft_id)
        if row.proposed_at is None:
            raise NotProposed
        if editor.id in (row.proposed_by, row.saved_by):
            raise SamePerson
        document = self._readable(row)
        if document.digest != digest or stamp_of(row) != seen:
            raise DraftChanged
        new = Published(new_id(self.now()), row.layer, digest, self._since(row, self.now()))
        if any(r.layer == row.layer and r.in_force_at >= new.in_force_at for r in timeline):
            raise TooEarly
        proofs = self._prove(_from(new.in_force_at, [*timeline, new]), [document])
        try:
            with self.drafts.database.write() as connection:
                self._refuse_stale(connection, timeline)
                now = self.now()
                new = new._replace(in_force_at=self._since(row, now))
                coming = _from(new.in_force_at, [*timeline, new])
                if any(edition.digests not in proofs for edition in coming):
                    raise OtherPublished  # another one comes into force in between
                proof = proofs[coming[0].digests]
                rules.add_text(connection, digest, row.layer, document.text, now)
                rules.publish(
                    connection,
                    {
                        **new._asdict(),
                        "follows": rules.last_publication(connection),
                        "proposed_by": row.proposed_by,
                        "proposed_at": row.proposed_at,
                        "published_by": editor.id,
                        "published_at": now,
                        "proof": proof.summary,
                    },
                )
                if not rules.change_draft(connection, row, closed_at=now):
                    raise DraftChanged
                said = _said(document, proof)
                editor.leave_line(connection, Action.PUBLISH_RULES, row.layer, said, now)
        except IntegrityError:
            raise OtherPublished from None
        return new.in_force_at

    def withdraw(self, editor: Editor, publication_id: UUID) -> bool:
        """Withdraw a publication that is not in force yet, if what waits holds without it; whether
        it was. Of sets that nobody keeps an operator may, or who published it.

        Raises SetNotYours, OthersNeedIt, OtherPublished, ProofsBusy.
        """
        timeline = self._timeline()
        row = next((row for row in timeline if row.id == publication_id), None)
        if row is None or row.in_force_at <= self.now() + WAITS:
            return False
        if not (self.drafts.may_write(editor, row.layer) or self._published(editor, row)):
            raise SetNotYours
        try:
            self._prove(_from(row.in_force_at, [other for other in timeline if other != row]))
        except (NotProved, RulesInvalid):
            raise OthersNeedIt from None
        with self.drafts.database.write() as connection:
            self._refuse_stale(connection, timeline)
            now = self.now()
            withdrawn = rules.withdraw(connection, publication_id, now, until=now + WAITS)
            if withdrawn:
                editor.leave_line(connection, Action.WITHDRAW_RULES, row.layer, row.digest, now)
        return withdrawn

    def _published(self, editor: Editor, row: Published) -> bool:
        with self.drafts.database.read() as connection:
            found = rules.publication(connection, row.id)
        return found is not None and found.published_by == editor.id

    def _readable(self, row: AnyRow) -> Document:
        """A draft that says something new, over the set that it was begun from."""
        if self.drafts.last_digest(row.layer) != row.from_digest:
            raise OtherPublished
        read = self.drafts.read(row)
        if read.document is None:
            raise RulesInvalid(read.problems)
        if read.document.digest == row.from_digest:
            raise NothingChanged
        return read.document

    def _since(self, row: AnyRow, now: datetime) -> datetime:
        """When a draft comes into force if it is published now."""
        soonest = now + WAITS
        if row.in_force_from is None:
            return soonest
        return max(soonest, local_instant(row.in_force_from, time()))

    def _prove(
        self, editions: Collection[Edition], instead: Collection[Document] = ()
    ) -> dict[Digests, Proof]:
        """The proof of each edition, with drafts in their places. Raises NotProved, RulesInvalid,
        ProofsBusy.
        """
        rulebook, now = self.drafts.rulebook(), self.now()
        agencies, already = self.drafts.agencies(now), self.drafts.already(now)
        proofs = {}
        for edition in editions:
            proof = self.drafts.proving(rulebook.made_of(edition.digests, instead), agencies)
            if flaws := [flaw for flaw in proof.flaws if flaw not in already]:
                raise NotProved(flaws)
            proofs[edition.digests] = proof
        return proofs

    def _timeline(self) -> list[Published]:
        with self.drafts.database.read() as connection:
            return published(connection)

    def _refuse_stale(self, connection: Connection, timeline: list[Published]) -> None:
        """Raise OtherPublished unless all is as it was when it was proved, and keep it so."""
        rules.lock(connection)
        if published(connection) != timeline:
            raise OtherPublished


def _from(since: datetime, timeline: Sequence[Published]) -> list[Edition]:
    """The editions of a timeline that begin at an instant or after it."""
    in_order = sorted(timeline, key=lambda row: row.in_force_at)
    return [edition for edition in editions_of(in_order) if edition.since >= since]


def _said(document: Document, proof: Proof) -> str:
    """What the trail keeps of a proof: the digest, and that nothing was found."""
    return f"{document.digest}; {proof.rules} rules proved, 0 findings"
