"""The directory in the database, entry by entry as its data says, with a stamp of its state."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, cast

from sqlalchemy import Connection, Table, delete, exists, func, insert, or_, select, update

from intake.store.people_tables import (
    AgencyRow,
    DirectoryRow,
    DirectoryStampRow,
    MembershipRow,
    PersonRow,
)
from intake.store.tables import ReferralRow
from intake.store.writing import insert_or_change, take_turn

AGENCY = "agency"
_SCALAR = "value"
_DAYS = ("valid_from", "valid_to", "out_of_use_from")


def stamp(connection: Connection) -> bytes:
    """While it is the same, so is every entry."""
    return connection.execute(select(DirectoryStampRow.stamp)).scalar_one()


def lock(connection: Connection) -> None:
    """Keep others from changing the directory until this transaction ends."""
    connection.execute(select(DirectoryStampRow.id).with_for_update())


def renew_stamp(connection: Connection) -> None:
    """Let every process see that the directory has changed."""
    connection.execute(update(DirectoryStampRow).values(stamp=os.urandom(16)))


def replace(connection: Connection, tables: Mapping[str, Any]) -> None:
    """Store the parsed tables of a directory file; what they lack and nothing uses is deleted.

    Agencies are kept even if they are no longer listed: referrals point at them.
    """
    take_turn(connection, cast(Table, DirectoryRow.__table__))
    connection.execute(delete(DirectoryRow))
    rows = []
    for kind, entries in tables.items():
        if not isinstance(entries, list):
            rows.append({"kind": _SCALAR, "id": kind, "position": 0, "entry": {"value": entries}})
            continue
        for position, entry in enumerate(entries):
            told = written_entry(entry)
            rows.append({"kind": kind, "id": entry["id"], "position": position, "entry": told})
            if kind == AGENCY:
                _put_agency(connection, entry)
    connection.execute(insert(DirectoryRow), rows)
    renew_stamp(connection)


def put(connection: Connection, kind: str, entry: Mapping[str, Any]) -> None:
    """Store one entry: in its place, or after the others of its kind."""
    if kind == AGENCY:
        _put_agency(connection, entry)
    changed = connection.execute(
        update(DirectoryRow)
        .where(DirectoryRow.kind == kind, DirectoryRow.id == entry["id"])
        .values(entry=written_entry(entry))
    )
    if changed.rowcount:
        return
    last = connection.scalar(
        select(func.max(DirectoryRow.position)).where(DirectoryRow.kind == kind)
    )
    connection.execute(
        insert(DirectoryRow).values(
            kind=kind,
            id=entry["id"],
            position=0 if last is None else last + 1,
            entry=written_entry(entry),
        )
    )


def remove(connection: Connection, kind: str, entry_id: str) -> None:
    """Delete one entry."""
    connection.execute(
        delete(DirectoryRow).where(DirectoryRow.kind == kind, DirectoryRow.id == entry_id)
    )


def in_use_but_not(connection: Connection, listed: Collection[str], on: date) -> Sequence[str]:
    """Agencies that are not listed though they have referrals, or members from a day on."""
    referred = select(ReferralRow.id).where(ReferralRow.agency_id == AgencyRow.id).exists()
    manned = exists().where(
        MembershipRow.agency_id == AgencyRow.id,
        or_(MembershipRow.valid_to.is_(None), MembershipRow.valid_to >= on),
        PersonRow.id == MembershipRow.person_id,
        PersonRow.left_at.is_(None),
    )
    return connection.scalars(
        select(AgencyRow.id)
        .where(AgencyRow.id.not_in(listed), or_(referred, manned))
        .order_by(AgencyRow.id)
    ).all()


def kinds(connection: Connection) -> dict[str, str]:
    """The kind of every agency that there has ever been, by its id."""
    rows = connection.execute(select(AgencyRow.id, AgencyRow.kind))
    return {row.id: row.kind for row in rows}


def tables(connection: Connection) -> dict[str, Any]:
    """The tables as a directory file would have them; empty if none was ever loaded."""
    found: dict[str, Any] = {}
    rows = connection.execute(
        select(DirectoryRow.kind, DirectoryRow.id, DirectoryRow.entry).order_by(
            DirectoryRow.kind, DirectoryRow.position
        )
    )
    for row in rows:
        if row.kind == _SCALAR:
            found[row.id] = row.entry["value"]
            continue
        found.setdefault(row.kind, []).append(read_entry(row.entry))
    return found


def written_entry(entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry as JSON can hold it."""
    return {k: v.isoformat() if isinstance(v, date) else v for k, v in entry.items()}


def read_entry(entry: Mapping[str, Any]) -> dict[str, Any]:
    """What `written_entry` was made of."""
    return {k: date.fromisoformat(v) if k in _DAYS else v for k, v in entry.items()}


def _put_agency(connection: Connection, entry: Mapping[str, Any]) -> None:
    insert_or_change(
        connection,
        cast(Table, AgencyRow.__table__),
        {"id": entry["id"]},
        kind=entry["kind"],
        controller_id=entry["controller"],
    )
