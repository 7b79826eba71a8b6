"""The tables of second factors, of printed codes and of known browsers."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from intake.store.tables import Base


class FactorRow(Base):
    """A passkey or an authenticator app of a person, as they call it.

    Of an app: its secret, sealed to the person, and the last step whose code was taken. Of a
    passkey: its id, its public key and its counter.
    """

    __tablename__ = "factor"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    kind: Mapped[str] = mapped_column(String(8))
    label: Mapped[str] = mapped_column(String(60))
    sealed_secret: Mapped[bytes | None]
    last_step: Mapped[int | None]
    credential_id: Mapped[bytes | None] = mapped_column(unique=True)
    public_key: Mapped[bytes | None]
    sign_count: Mapped[int | None] = mapped_column(BigInteger)
    made_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class OneTimeCodeRow(Base):
    """A printed code, as a keyed digest; good once."""

    __tablename__ = "one_time_code"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    digest: Mapped[bytes] = mapped_column(unique=True)
    made_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class DeviceRow(Base):
    """A browser in which a person has signed in; found by a derivation of its cookie."""

    __tablename__ = "device"

    id: Mapped[bytes] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    made_at: Mapped[datetime]
    seen_at: Mapped[datetime]
