"""Leave a line in the trail of what a member does on a referral of their agency, or an operator on
the command line.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from intake.services.sign_in import Visit
from intake.store import trail
from intake.store.columns import AnyRow
from intake.store.database import Database
from intake.store.disclosed import disclosed


def leave_line(
    connection: Connection, visit: Visit, row: AnyRow, action: str, now: datetime, **told: Any
) -> None:
    """In the transaction of what was done. ``told``: purpose, basis and what is sealed with it."""
    trail.write_line(
        connection,
        at=now,
        action=action,
        person_id=visit.person.id,
        role=visit.person.role_at(row.agency_id),
        agency_id=row.agency_id,
        referral_id=row.id,
        **told,
    )


def leave_reading(
    connection: Connection,
    visit: Visit,
    row: AnyRow,
    action: str,
    now: datetime,
    purpose: str = "",
    *,
    only: Collection[str] | None = None,
    **sealed: Any,
) -> None:
    """In a transaction before what is read opens: on which basis the agency has the report, and
    its parts, or those of them alone that open.
    """
    has = disclosed(connection, row.id)
    parts = ", ".join(part for part in has.parts if only is None or part in only)
    told = ": ".join(filter(None, (purpose, parts))) or None
    leave_line(connection, visit, row, action, now, purpose=told, basis=has.basis, **sealed)


def leave_operators_line(
    database: Database, action: str, purpose: str, now: datetime, agency_id: str | None = None
) -> None:
    """Before anything is opened or taken out: nobody signs in on the command line."""
    with database.write() as connection:
        trail.write_line(connection, at=now, action=action, agency_id=agency_id, purpose=purpose)
