"""The tables that prove the trail. Nothing in them ever changes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from intake.store.tables import Base


class TrailNumberRow(Base):
    """The number of a line, from 1 without a gap, and its leaf in the tree.

    It stays when the line has had its time: the tree still proves the others.
    """

    __tablename__ = "trail_number"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    line_id: Mapped[UUID] = mapped_column(unique=True)
    leaf_hash: Mapped[bytes]


class CheckpointRow(Base):
    """A signed note of the first ``size`` numbers. ``peaks``: those of its tree, one after another;
    they are proved by the root that was signed, and what follows is counted on from them.
    """

    __tablename__ = "checkpoint"

    size: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(index=True)
    note: Mapped[str] = mapped_column(Text)
    peaks: Mapped[bytes]


class TrailEpochRow(Base):
    """A restore: since the trail had ``size`` numbers these are given anew."""

    __tablename__ = "trail_epoch"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    line_id: Mapped[UUID]
    size: Mapped[int]
    began_at: Mapped[datetime]
