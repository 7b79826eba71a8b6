"""What is kept of deadlines whose calendar has changed since they were counted."""

from __future__ import annotations

from sqlalchemy import Index, text

from intake.store.tables import DeadlineRow

PROVISIONAL_OPEN = (
    "met_at IS NULL AND calendar_version >= 'provisional' AND calendar_version < 'provisionam'"
)
"""Open deadlines whose version begins with that word, in the very words of their index: databases
compare them.
"""

Index(
    "ix_deadline_agency_id_provisional",
    DeadlineRow.agency_id,
    sqlite_where=text(PROVISIONAL_OPEN),
    postgresql_where=text(PROVISIONAL_OPEN),
)
