"""The tables of the half-year statistics: what was reported to THL, and who was reminded of it."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from intake.store.tables import Base


class HalfYearReportRow(Base):
    """Somebody says on which day a county's figures of a period were reported to THL.

    The last row of a county and a period holds; without a day it takes the one before it back.
    ``number`` counts them from 1: of two written at once the second finds its number taken.
    """

    __tablename__ = "half_year_report"

    controller_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    period: Mapped[str] = mapped_column(String(7), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    reported_on: Mapped[date | None]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    recorded_at: Mapped[datetime]


class HalfYearStepRow(Base):
    """One reminder to a county of a period's report, written exactly once."""

    __tablename__ = "half_year_step"

    controller_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    period: Mapped[str] = mapped_column(String(7), primary_key=True)
    step: Mapped[str] = mapped_column(String(16), primary_key=True)
    written_at: Mapped[datetime]
    letters: Mapped[int]
