"""Write a note or a contact on a referral of one's agency: sealed to the agency, never changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from intake.domain.deadline import local_instant
from intake.domain.note import STATES, Contact, Written, entry
from intake.domain.people import Permission
from intake.domain.referral import State
from intake.domain.report import canonical
from intake.domain.trail import Action
from intake.services.history import note_place
from intake.services.leave_line import leave_line
from intake.services.read import Read, ReferralNotYours, ReferralWithdrawn
from intake.services.record import MoveNotOpen
from intake.services.respond import DayImpossible, Respond, day_possible
from intake.services.sign_in import Visit
from intake.store import notes
from intake.store.columns import AnyRow
from intake.store.database import Database
from intake.vault.envelope import EnvelopeDamaged
from intake.vault.seal import seal_for


class AlreadyWritten(Exception):
    """The page was sent before, and what it said then is stored; this says something else."""


class SameAgain(Exception):
    """The same person has written the very same on this referral. ``at``: when."""

    def __init__(self, at: datetime) -> None:
        super().__init__(at.isoformat())
        self.at = at


@dataclass(frozen=True)
class WriteNote:
    """One page makes one note, however often it is sent: the page makes the note's id."""

    database: Database
    read: Read
    respond: Respond

    def place(self, visit: Visit, referral_id: UUID, now: datetime) -> AnyRow:
        """The referral to write on. Raises ReferralNotYours, KeyNotGranted."""
        row = self.read.entitled(visit, referral_id, now)
        if row.agency_id not in visit.person.agencies(Permission.MOVE_REFERRALS):
            raise ReferralNotYours
        try:
            self.read.agency_key(visit, row)
        except ReferralWithdrawn:
            return row
        return row

    def __call__(
        self,
        visit: Visit,
        referral_id: UUID,
        note_id: UUID,
        what: Written,
        now: datetime,
        *,
        again: bool = True,
    ) -> None:
        """Raises ReferralNotYours, KeyNotGranted, MoveNotOpen, DayImpossible, AlreadyWritten; and
        SameAgain unless it is to stand there ``again``. Nothing is kept then.
        """
        row = self.place(visit, referral_id, now)
        if self._stored(visit, row, note_id, what):
            return
        if State(row.state) not in STATES[type(what)]:
            raise MoveNotOpen
        if isinstance(what, Contact) and not contact_possible(row, what, now):
            raise DayImpossible
        if not again:
            self._refuse_same(visit, row, what)
        key = self.respond.key_of(row, now)
        values = {
            "id": note_id,
            "referral_id": row.id,
            "person_id": visit.person.id,
            "made_at": now,
            "agency_key_id": key.key_id,
            "sealed_content": seal_for(
                key, canonical(entry(what)), *note_place(row.id, note_id, visit.person.id)
            ),
        }
        try:
            with self.database.write() as connection:
                if not notes.add(connection, values, STATES[type(what)]):
                    raise MoveNotOpen
                leave_line(connection, visit, row, Action.NOTE, now)
        except IntegrityError:
            if not self._stored(visit, row, note_id, what):
                raise

    def _refuse_same(self, visit: Visit, row: AnyRow, what: Written) -> None:
        """As when one goes back to a page that was sent, and sends it again."""
        try:
            history = self.read.history(visit, row)
        except EnvelopeDamaged:
            return
        for known in history.notes:
            if known.person_id == visit.person.id and history.written.get(known.id) == what:
                raise SameAgain(known.made_at)

    def _stored(self, visit: Visit, row: AnyRow, note_id: UUID, what: Written) -> bool:
        """Whether this very note is there. Raises AlreadyWritten where the id has another."""
        with self.database.read() as connection:
            known = notes.note(connection, note_id)
        if known is None:
            return False
        ours = (known.referral_id, known.person_id) == (row.id, visit.person.id)
        if ours and self.read.history(visit, row).written.get(note_id) == what:
            return True
        raise AlreadyWritten


def contact_possible(row: AnyRow, contact: Contact, now: datetime) -> bool:
    """Whether it can have happened: not before the report came, nor later than now."""
    if not day_possible(row.arrived_at, contact.on, now):
        return False
    return contact.at is None or local_instant(contact.on, contact.at) <= now
