"""The tables of the rule sets: what was ever in force, since when, and what is being written."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from intake.store.tables import Base


class RuleTextRow(Base):
    """A set of rules, or their vocabulary, as it was written. Its digest names it for good."""

    __tablename__ = "rule_text"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    layer: Mapped[str] = mapped_column(String(64))
    content: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime]


class PublicationRow(Base):
    """A set put in force: until the next one of its layer. People are absent for operators.

    Each ``follows`` the one published before it, of whichever layer: of two that do not know of
    one another only one is kept. One that is not in force yet can be withdrawn.
    """

    __tablename__ = "publication"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    follows: Mapped[UUID | None] = mapped_column(ForeignKey("publication.id"), unique=True)
    layer: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(ForeignKey("rule_text.digest"))
    in_force_at: Mapped[datetime]
    proposed_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    proposed_at: Mapped[datetime]
    published_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    published_at: Mapped[datetime]
    proof: Mapped[dict[str, Any]]
    withdrawn_at: Mapped[datetime | None]


class RuleDraftRow(Base):
    """A set that somebody writes. ``from_digest``: the set in force that it was begun from.

    Once proposed it waits for a second person; ``closed_at``: published or thrown away.
    """

    __tablename__ = "rule_draft"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    layer: Mapped[str] = mapped_column(String(64))
    from_digest: Mapped[str] = mapped_column(String(64))
    content: Mapped[str] = mapped_column(Text)
    saved_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    saved_at: Mapped[datetime]
    in_force_from: Mapped[date | None]
    proposed_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    proposed_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
