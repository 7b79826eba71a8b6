"""Which agencies' keys a report may be sealed to: those that a member can open."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from intake.store import people
from intake.store.columns import AnyRow
from intake.store.database import Database
from intake.vault.seal import KeyUnusable, PublicKey

log = logging.getLogger(__name__)


@dataclass
class KeysThatOpen:
    """By agency, the key in use that at least one member can open on a day.

    Remembered while the database's stamp of the rows behind it stays the same. The stamp is read
    each time, here or by the caller: a change counts as soon as it is committed.
    """

    database: Database
    _known: tuple[bytes, date, Mapping[str, PublicKey]] | None = field(default=None, init=False)

    def __call__(self, on: date, stamp: bytes | None = None) -> Mapping[str, PublicKey]:
        """Checked against the database; read again where something changed.

        ``stamp``: the database's, if the caller has just read it.
        """
        known = self._known
        if stamp is None:
            with self.database.glance() as connection:
                stamp = people.openers_stamp(connection)
        if known and known[:2] == (stamp, on):
            return known[2]
        with self.database.read() as connection:
            stamp = people.openers_stamp(connection)
            rows = people.agency_keys_that_open(connection, on)
        keys = dict(_usable(rows))
        self._known = stamp, on, keys
        return keys


def _usable(rows: Mapping[str, AnyRow]) -> Iterator[tuple[str, PublicKey]]:
    """The keys that can be sealed to: a damaged one costs its agency, and no other."""
    for agency, row in rows.items():
        try:
            yield agency, PublicKey(row.id, row.public_key)
        except KeyUnusable:
            log.error("the key of agency %s is damaged: nothing is sealed to it", agency)
