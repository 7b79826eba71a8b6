"""Recognise a child whom the agency has been told of before, without reading what was told."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from intake.domain.same_child import Mark, marks
from intake.domain.trail import Action
from intake.services.leave_line import leave_line
from intake.services.sign_in import Visit
from intake.store import people, printed_keys, recusals, referrals, same_child
from intake.store.columns import AnyRow
from intake.store.database import Database
from intake.vault.blind import IndexSecret, open_index_secret, seal_index_secret
from intake.vault.envelope import EnvelopeDamaged
from intake.vault.keyring import PrivateKey, open_grant

RECOGNISING = "recognising a child"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SameChild:
    """Marks of children, made as a referral is opened and looked for among those of its agency."""

    database: Database

    def __call__(
        self,
        visit: Visit,
        referral: AnyRow,
        key: PrivateKey,
        sections: Mapping[str, Any],
        now: datetime,
    ) -> Sequence[AnyRow] | None:
        """Earlier referrals on a child of this one at its agency, the newest first, without those
        that the reader is shut out of; marks its children first, where that was not done. Nothing
        here keeps anybody from reading: None where they cannot be told, with a line in the trail
        where what is sealed does not open.
        """
        try:
            found = marks(sections)
            if not found:
                return ()
            with self.database.read() as connection:
                marked = same_child.has_marks(connection, referral.id)
            if not marked:
                self._mark(visit, referral, key, found, now)
            with self.database.read() as connection:
                shut = recusals.shut_to(connection, visit.person.id)
                rows = same_child.earlier(connection, referral)
            return [row for row in rows if row.id not in shut]
        except (EnvelopeDamaged, SQLAlchemyError) as error:
            log.error("children of a referral were not marked: %s", type(error).__name__)
            if isinstance(error, EnvelopeDamaged):
                self._tell_damaged(visit, referral, now)
            return None

    def _tell_damaged(self, visit: Visit, referral: AnyRow, now: datetime) -> None:
        with suppress(SQLAlchemyError), self.database.write() as connection:
            leave_line(connection, visit, referral, Action.DAMAGED, now, purpose=RECOGNISING)

    def _mark(
        self,
        visit: Visit,
        referral: AnyRow,
        key: PrivateKey,
        found: Sequence[Mark],
        now: datetime,
    ) -> None:
        secret = self._secret(visit, referral.agency_id, key, now)
        if secret is None:
            return
        rows = [
            {
                "referral_id": referral.id,
                "child": mark.child,
                "kind": mark.kind.value,
                "agency_id": referral.agency_id,
                "blind": secret.blind(mark.kind, mark.value),
            }
            for mark in found
        ]
        with self.database.write() as connection:
            if referrals.hold_to_open(connection, referral.id):
                same_child.add_marks(connection, rows)

    def _secret(
        self, visit: Visit, agency: str, key: PrivateKey, now: datetime
    ) -> IndexSecret | None:
        """The agency's, made now if there is none; None if a colleague or the sheets alone can open
        it.

        One under a key that nobody can open any more gives way to a new one, with all marks of it.
        """
        with self.database.read() as connection:
            _refuse_unsigned(connection, key)
            row = same_child.index_key(connection, agency)
            lost = row is None or not _opens(connection, agency, row.agency_key_id)
        if row is not None and not lost:
            return self._opened(visit, agency, key, row)
        made = IndexSecret.new(agency)
        values = {
            "agency_id": agency,
            "agency_key_id": key.key_id,
            "sealed_secret": seal_index_secret(key, made),
        }
        with self.database.write() as connection:
            row = same_child.index_key(connection, agency)
            if row is not None and not _opens(connection, agency, row.agency_key_id):
                same_child.erase_of_agency(connection, agency, now)
            if same_child.add_index_key(connection, values):
                return made
            row = same_child.index_key(connection, agency)
        return self._opened(visit, agency, key, row) if row is not None else None

    def _opened(
        self, visit: Visit, agency: str, key: PrivateKey, row: AnyRow
    ) -> IndexSecret | None:
        if row.agency_key_id == key.key_id:
            return open_index_secret(key, agency, row.sealed_secret)
        with self.database.read() as connection:
            sealed = people.grant(connection, row.agency_key_id, visit.person.id)
        if sealed is None:
            return None
        other = open_grant(visit.key, sealed, row.agency_key_id, visit.person.id)
        with self.database.read() as connection:
            _refuse_unsigned(connection, other)
        return open_index_secret(other, agency, row.sealed_secret)


def _refuse_unsigned(connection: Connection, key: PrivateKey) -> None:
    """Who can write to the database can put in a key and a secret that they know."""
    if not people.is_as_signed(connection, key.key_id, key.public().raw):
        raise EnvelopeDamaged("not as it was signed")


def _opens(connection: Connection, agency: str, key_id: str) -> bool:
    """Whether anything opens a key of the agency: a member's grant, or its sheets."""
    return people.has_holder(connection, key_id) or printed_keys.opens(connection, agency, key_id)
