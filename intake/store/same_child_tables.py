"""The tables by which an agency recognises a child whom it has been told of before."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from intake.store.tables import Base


class SameChildRow(Base):
    """A blind mark of one child of a referral: equal where the child is, at one agency."""

    __tablename__ = "same_child"
    __table_args__ = (Index("ix_same_child_agency_id_blind", "agency_id", "blind"),)

    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"), primary_key=True)
    child: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    agency_id: Mapped[str] = mapped_column(ForeignKey("agency.id"))
    blind: Mapped[bytes]


class AgencyIndexKeyRow(Base):
    """The secret of an agency's marks, closed under the agency's key that is named."""

    __tablename__ = "agency_index_key"

    agency_id: Mapped[str] = mapped_column(ForeignKey("agency.id"), primary_key=True)
    agency_key_id: Mapped[str] = mapped_column(ForeignKey("agency_key.id"))
    sealed_secret: Mapped[bytes]
