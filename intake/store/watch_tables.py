"""The tables of what watches over the whole: counts that must agree, and invented reports."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import String, UniqueConstraint
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


class CanaryRow(Base):
    """One invented report sent along one route on a day; written before it is sent.

    ``report_id``: what it becomes, or would have; ``reached``: the agencies that have it;
    ``fault``: what is wrong, with the agencies that it concerns.
    """

    __tablename__ = "canary"
    __table_args__ = (UniqueConstraint("day", "route", "attempt"),)

    report_id: Mapped[UUID] = mapped_column(primary_key=True)
    day: Mapped[date]
    route: Mapped[str] = mapped_column(String(96))
    attempt: Mapped[int]
    begun_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    arrived_at: Mapped[datetime | None]
    chased_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]
    fault: Mapped[str | None] = mapped_column(String(16))
    agencies: Mapped[list[Any]]
    reached: Mapped[list[Any]]
