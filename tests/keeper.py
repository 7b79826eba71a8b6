"""The keeper of the tests' directory key. While at hand, she signs at once what is proposed.

The signatures are real. What is not proposed but put into the database, she never signs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Insert, event

import config
from intake.services.entries import Entries
from intake.services.settle import write_new
from intake.store.entries import SIGNED
from intake.store.entry_tables import DirectoryEntryRow
from intake.vault.directory_signing import DirectorySigningKey

KEY = DirectorySigningKey(b"the keeper of the tests' own key")
PUBLIC = KEY.public()
TABLE = DirectoryEntryRow.__tablename__
_away: list[bool] = []


def signed() -> Entries:
    """What a process of a test site believes."""
    return Entries(PUBLIC)


def bring_public_half(keys: Path) -> None:
    """Put it into a key folder."""
    write_new(keys / config.DIRECTORY_PUBLIC, PUBLIC.raw)


@contextmanager
def away() -> Iterator[None]:
    """Within, what is proposed waits."""
    _away.append(True)
    try:
        yield
    finally:
        _away.pop()


@contextmanager
def at_hand() -> Iterator[None]:
    """Within ``away``, for a while back."""
    kept, _away[:] = list(_away), []
    try:
        yield
    finally:
        _away[:] = kept


def _sign(
    connection: Connection, statement: Any, many: Any, one: Any, _options: Any
) -> tuple[Any, Any, Any]:
    if isinstance(statement, Insert) and statement.table.name == TABLE:
        rows = many or [one]
        if not _away and _believes(connection) and not any("signature" in row for row in rows):
            many, one = [_signed(row) for row in rows], {}
    return statement, many, one


def _believes(connection: Connection) -> bool:
    """Not the key of another, such as a demo's."""
    signed = connection.get_execution_options().get(SIGNED)
    return signed is None or signed.key == PUBLIC


def _signed(row: dict[str, Any]) -> dict[str, Any]:
    signature = KEY.sign(row["kind"], row["body"])
    return row | {"signature": signature, "signed_at": row["proposed_at"]}


event.listen(Engine, "before_execute", _sign, retval=True)
