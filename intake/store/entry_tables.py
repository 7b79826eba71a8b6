"""The tables of what the keeper of the directory key signs, and of what waits beside it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from intake.store.tables import Base


class DirectoryEntryRow(Base):
    """A statement about an agency's key or a person's role: proposed, confirmed, signed.

    ``needs_two``: a second person must confirm it before it is signed. ``withdrawn_at``: it was
    refused, or another one has taken its place.
    """

    __tablename__ = "directory_entry"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    membership_id: Mapped[UUID | None] = mapped_column(index=True)
    agency_key_id: Mapped[str | None] = mapped_column(String(64), index=True)
    body: Mapped[str] = mapped_column(Text)
    needs_two: Mapped[bool]
    proposed_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    proposed_at: Mapped[datetime]
    confirmed_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    confirmed_at: Mapped[datetime | None]
    signature: Mapped[bytes | None]
    signed_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]


class DirectoryProposalRow(Base):
    """Changes of the directory, of which one lets an agency come or get more: made together, once a
    second person has confirmed them. What is confirmed or refused is deleted.
    """

    __tablename__ = "directory_proposal"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    changes: Mapped[list[dict[str, Any]]]
    proposed_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    proposed_at: Mapped[datetime]
