"""The tables of what watches over the whole: counts that must agree."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from intake.store.tables import Base

WHOLE = ""
"""In place of an agency: the counts are of reports, over all agencies."""


class ReconciliationRow(Base):
    """What was sent on a day (Helsinki's) to one agency, or in all, and where it is.

    ``sent`` as receipts or the trail say it, the others as the tables hold it. ``opened``,
    ``chased``, ``moved`` and ``lost`` make up all that came; of those ``lost`` nobody hears.
    """

    __tablename__ = "reconciliation"

    day: Mapped[date] = mapped_column(primary_key=True)
    agency_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    sent: Mapped[int]
    stored: Mapped[int]
    routed: Mapped[int]
    opened: Mapped[int]
    chased: Mapped[int]
    moved: Mapped[int]
    lost: Mapped[int]
    checked_at: Mapped[datetime]
