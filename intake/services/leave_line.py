"""Leave a line in the trail of what a member does on a referral of their agency."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from intake.services.sign_in import Visit
from intake.store import trail
from intake.store.columns import AnyRow


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
