"""Which agencies' keys a report may be sealed to: those that a member can open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from intake.store import people
from intake.store.database import Database
from intake.vault.seal import PublicKey


@dataclass
class KeysThatOpen:
    """By agency, the key in use that at least one member can open on a day.

    Remembered while the database's stamp of the rows behind it stays the same: the stamp is read
    each time, so that a key that nobody opens any more is never sealed to.
    """

    database: Database
    _known: tuple[bytes, date, Mapping[str, PublicKey]] | None = field(default=None, init=False)

    def __call__(self, on: date) -> Mapping[str, PublicKey]:
        """Checked against the database; read again where something changed."""
        known = self._known
        with self.database.read() as connection:
            stamp = people.openers_stamp(connection)
            if known and known[:2] == (stamp, on):
                return known[2]
            rows = people.agency_keys_that_open(connection, on)
        keys = {agency: PublicKey(row.id, row.public_key) for agency, row in rows.items()}
        self._known = stamp, on, keys
        return keys
