"""The tables of the directory, of people and of their keys."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from intake.store.tables import Base


class DirectoryRow(Base):
    """A county, municipality, agency, school, agreement or telephone line, as its data says.

    These change as a whole and are read as a whole.
    """

    __tablename__ = "directory"

    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    position: Mapped[int]
    entry: Mapped[dict[str, Any]]


class DirectoryStampRow(Base):
    """One row: its stamp is renewed in the transaction of every change of the directory."""

    __tablename__ = "directory_stamp"

    id: Mapped[int] = mapped_column(primary_key=True)
    stamp: Mapped[bytes]


class AgencyRow(Base):
    """An agency that receives referrals: what other rows point at."""

    __tablename__ = "agency"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))
    controller_id: Mapped[str] = mapped_column(String(64), index=True)


class PersonRow(Base):
    """A member of staff. The private key opens with the passphrase or the recovery code, and each
    with the pepper only.
    """

    __tablename__ = "person"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    sign_in_name: Mapped[str] = mapped_column(String(120), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    email: Mapped[str] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(2))
    public_key: Mapped[bytes]
    sealed_private_key: Mapped[bytes]
    sealed_recovery: Mapped[bytes | None]
    created_at: Mapped[datetime]
    left_at: Mapped[datetime | None]


class MembershipRow(Base):
    """A role of a person at an agency or at a controller."""

    __tablename__ = "membership"
    __table_args__ = (Index("ix_membership_agency_id_role", "agency_id", "role"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    role: Mapped[str] = mapped_column(String(16))
    agency_id: Mapped[str | None] = mapped_column(ForeignKey("agency.id"))
    controller_id: Mapped[str | None] = mapped_column(String(64), index=True)
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]


_IN_USE = "activated_at IS NOT NULL AND retired_at IS NULL"
"""In the very words of the index."""


class AgencyKeyRow(Base):
    """An agency's public key. It receives new reports from ``activated_at`` to ``retired_at``."""

    __tablename__ = "agency_key"
    __table_args__ = (
        Index(
            "ix_agency_key_agency_id_in_use",
            "agency_id",
            unique=True,
            sqlite_where=text(_IN_USE),
            postgresql_where=text(_IN_USE),
        ),
    )

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    agency_id: Mapped[str] = mapped_column(ForeignKey("agency.id"), index=True)
    public_key: Mapped[bytes]
    created_at: Mapped[datetime]
    activated_at: Mapped[datetime | None]
    retired_at: Mapped[datetime | None]


KEY_IN_USE = AgencyKeyRow.activated_at.is_not(None), AgencyKeyRow.retired_at.is_(None)
"""Of the key of an agency that receives new reports."""


class GrantRow(Base):
    """An agency's private key, sealed to one member. ``voucher``: to which key of theirs, as only
    holders of the agency's key can say; grants of before it was kept have none. What is taken back
    is deleted; ``withdrawn_at`` comes from lists of deletions of before that.
    """

    __tablename__ = "agency_grant"
    __table_args__ = (UniqueConstraint("agency_key_id", "person_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    agency_key_id: Mapped[str] = mapped_column(ForeignKey("agency_key.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    sealed_key: Mapped[bytes]
    voucher: Mapped[bytes | None]
    granted_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class AgencyRecoveryRow(Base):
    """The public half of an agency's printed recovery key, in a box under the key of its own that
    was in use as the sheets were made.
    """

    __tablename__ = "agency_recovery"

    agency_id: Mapped[str] = mapped_column(ForeignKey("agency.id"), primary_key=True)
    recovery_key_id: Mapped[str] = mapped_column(String(32))
    agency_key_id: Mapped[str] = mapped_column(ForeignKey("agency_key.id"))
    sealed_public: Mapped[bytes]
    made_at: Mapped[datetime]


class RecoverySealRow(Base):
    """An agency's private key, sealed to its printed recovery key; and the public half of that, in
    a box under this key. Rows of before each key had its own have none.
    """

    __tablename__ = "recovery_seal"

    agency_key_id: Mapped[str] = mapped_column(ForeignKey("agency_key.id"), primary_key=True)
    recovery_key_id: Mapped[str] = mapped_column(String(32))
    sealed_key: Mapped[bytes]
    sealed_public: Mapped[bytes | None]


class KeyLeaverRow(Base):
    """Who held a key and left its agency: while it is in use, the others are asked to change it."""

    __tablename__ = "key_leaver"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    agency_key_id: Mapped[str] = mapped_column(ForeignKey("agency_key.id"), index=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    left_at: Mapped[datetime]


class OpenersStampRow(Base):
    """One row: triggers renew its stamp with every change of the rows that say who can open."""

    __tablename__ = "openers_stamp"

    id: Mapped[int] = mapped_column(primary_key=True)
    stamp: Mapped[bytes]


class InvitationRow(Base):
    """A link that makes a person, or gives one a new key. Only a derivation of it is kept."""

    __tablename__ = "invitation"
    __table_args__ = (
        Index(
            "ix_invitation_sign_in_name_open",
            "sign_in_name",
            unique=True,
            sqlite_where=text("accepted_at IS NULL AND withdrawn_at IS NULL"),
            postgresql_where=text("accepted_at IS NULL AND withdrawn_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    lookup_id: Mapped[bytes] = mapped_column(unique=True)
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    sign_in_name: Mapped[str] = mapped_column(String(120))
    name: Mapped[str] = mapped_column(String(120))
    email: Mapped[str] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(2))
    roles: Mapped[list[dict[str, Any]]]
    invited_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    invited_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]


class AlarmRow(Base):
    """What a controller's administrators were told of on a day, as a digest: told once."""

    __tablename__ = "alarm"
    __table_args__ = (UniqueConstraint("controller_id", "day", "digest"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    controller_id: Mapped[str] = mapped_column(String(64))
    day: Mapped[date]
    digest: Mapped[str] = mapped_column(String(64))
    raised_at: Mapped[datetime]


class SessionRow(Base):
    """A signed-in person; found and opened by two halves of the cookie's derivation.

    Without ``factor_at`` only the passphrase was right: good for the second step alone.
    ``challenge``: what a passkey is to answer, once; ``sealed_totp``: an app's secret that waits
    for its first code.
    """

    __tablename__ = "session"

    id: Mapped[bytes] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    sealed_person_key: Mapped[bytes]
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    factor_at: Mapped[datetime | None]
    challenge: Mapped[bytes | None]
    sealed_totp: Mapped[bytes | None]


class AttemptRow(Base):
    """A failed try, counted per account or globally; the account is a keyed digest."""

    __tablename__ = "attempt"
    __table_args__ = (Index("ix_attempt_subject_at", "subject", "at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    subject: Mapped[bytes]
    at: Mapped[datetime]
