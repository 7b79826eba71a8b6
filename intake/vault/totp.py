"""Codes of an authenticator app (RFC 6238): six figures, new ones every 30 seconds."""

from __future__ import annotations

import base64
import hmac
import os
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self
from uuid import UUID

import pyotp

from intake.vault import box
from intake.vault.envelope import EnvelopeDamaged, context
from intake.vault.keyring import PrivateKey, SessionSecret
from intake.vault.seal import PublicKey

STEP_SECONDS = 30
FIGURES = 6
ISSUER = "Ankkuri"
_SIZE = 20  # bytes, as RFC 4226 recommends
_BESIDE = 1  # steps before and after, for a clock that is wrong and for slow fingers


@dataclass(frozen=True)
class TotpSecret:
    """What an app and the service share: 20 random bytes. Raises `ValueError` for other sizes."""

    raw: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.raw) != _SIZE:
            raise ValueError(f"a secret of an app has {_SIZE} bytes")

    @classmethod
    def new(cls) -> Self:
        """A fresh secret."""
        return cls(os.urandom(_SIZE))

    @property
    def text(self) -> str:
        """As one types it into an app: base32."""
        return base64.b32encode(self.raw).decode()

    def address(self, name: str) -> str:
        """As an app reads it from a picture: an otpauth address."""
        return pyotp.TOTP(self.text).provisioning_uri(name=name, issuer_name=ISSUER)

    def code(self, step: int) -> str:
        """The code of a step (30 seconds since 1970)."""
        return pyotp.HOTP(self.text, digits=FIGURES).at(step)

    def step_of(self, code: str, at: datetime) -> int | None:
        """The step whose code was typed, at most one away from now; None for a wrong code."""
        now = step_at(at)
        near = range(now - _BESIDE, now + _BESIDE + 1)
        typed = code.encode(errors="replace")  # half a character is no figure
        found = [step for step in near if hmac.compare_digest(self.code(step).encode(), typed)]
        return max(found, default=None)


def step_at(at: datetime) -> int:
    """How many times 30 seconds have passed since 1970."""
    return int(at.timestamp()) // STEP_SECONDS


def seal_totp(public: PublicKey, secret: TotpSecret, person_id: UUID, factor_id: UUID) -> bytes:
    """Seal an app's secret to the person: it opens only after the passphrase."""
    return public.seal(secret.raw, _place(public.key_id, person_id, factor_id))


def open_totp(private: PrivateKey, sealed: bytes, person_id: UUID, factor_id: UUID) -> TotpSecret:
    """The secret that was sealed to the person. Raises `EnvelopeDamaged`."""
    raw = private.open(sealed, _place(private.key_id, person_id, factor_id))
    try:
        return TotpSecret(raw)
    except ValueError:  # anyone may seal to a public key
        raise EnvelopeDamaged("an app's secret") from None


def keep_totp(session: SessionSecret, secret: TotpSecret) -> bytes:
    """Seal a secret that waits for its first code: only this session's cookie opens it."""
    return box.close(session.derive("totp"), context("totp waits", session.session_id), secret.raw)


def kept_totp(session: SessionSecret, sealed: bytes) -> TotpSecret:
    """The secret that waits. Raises `EnvelopeDamaged`."""
    place = context("totp waits", session.session_id)
    return TotpSecret(box.reopen(session.derive("totp"), place, sealed))


def _place(key_id: str, person_id: UUID, factor_id: UUID) -> bytes:
    return context("totp", key_id, person_id.bytes, factor_id.bytes)
