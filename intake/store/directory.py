"""The directory in the database, entry by entry as its data says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.sqlite import insert

from intake.store.people_tables import AgencyRow, DirectoryRow

AGENCY = "agency"
_SCALAR = "value"


def replace(connection: Connection, tables: Mapping[str, Any]) -> None:
    """Store the parsed tables of a directory file; what they lack and nothing uses is deleted.

    Agencies are kept even if they are no longer listed: referrals point at them.
    """
    connection.execute(delete(DirectoryRow))
    rows = []
    for kind, entries in tables.items():
        if not isinstance(entries, list):
            rows.append({"kind": _SCALAR, "id": kind, "position": 0, "entry": {"value": entries}})
            continue
        for position, entry in enumerate(entries):
            stored = {k: v.isoformat() if isinstance(v, date) else v for k, v in entry.items()}
            rows.append({"kind": kind, "id": entry["id"], "position": position, "entry": stored})
            if kind == AGENCY:
                _put_agency(connection, entry)
    connection.execute(insert(DirectoryRow), rows)


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
        found.setdefault(row.kind, []).append(
            {
                k: date.fromisoformat(v) if k in ("valid_from", "valid_to") else v
                for k, v in row.entry.items()
            }
        )
    return found


def _put_agency(connection: Connection, entry: Mapping[str, Any]) -> None:
    values = {"kind": entry["kind"], "controller_id": entry["controller"]}
    connection.execute(
        insert(AgencyRow)
        .values(id=entry["id"], **values)
        .on_conflict_do_update(index_elements=[AgencyRow.id], set_=values)
    )
